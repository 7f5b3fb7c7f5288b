//! `POST /citizen/v1/orders`: a citizen revokes, pauses, resumes or shortens a consent; `GET /citizen/v1/orders/{sha256}`: how her
//! order stands at both parties.

use actix_web::{
    HttpResponse,
    http::{Method, header},
    web,
};
use protocol::seal::Limits;
use schemas::problem::Code;
use service_kit::{
    access::{Caller, Routes},
    server::{Body, ProblemResponse, Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::said::{failed, refused};
use crate::{app::App, consents::OrderError};

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(obey, standing))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let caller = Caller::Signer("a citizen, by the consent's key");
    routes.route(Method::POST, "/citizen/v1/orders", caller, RouteLimits::body(Limits::ORDER.bytes), obey).route(
        Method::GET,
        "/citizen/v1/orders/{sha256}",
        Caller::Public,
        RouteLimits::NO_BODY,
        standing,
    )
}

/// Obeys an order and signs that it holds.
#[utoipa::path(post, path = "/citizen/v1/orders", tag = "people",
    request_body(content = String, content_type = "application/consent-order+jwt", description = "ConsentOrder, with the consent inside"),
    responses(
        (status = 200, description = "OrderAck: it holds from now on", content_type = "application/dx-order-ack+jwt", body = String),
        (status = 400, description = "token-malformed, token-type-wrong, version-unsupported, stale, request-malformed"),
        (status = 403, description = "consent-wrong-subject, audience-wrong"),
        (status = 409, description = "conflict: a later order holds, or the consent is revoked"),
    ))]
async fn obey(app: web::Data<App>, body: Body) -> Reply {
    let order = body.require_media_type("application/consent-order+jwt")?;
    let ack = app.obey_order(order).await.map_err(not_obeyed)?;
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::CACHE_CONTROL, "no-store"));
    Ok(answer.content_type("application/dx-order-ack+jwt").body(ack.to_string()))
}

/// An order that was not obeyed.
pub(in crate::http) fn not_obeyed(error: OrderError) -> ProblemResponse {
    match error {
        OrderError::Refused(refusal) => refused(refusal),
        other => failed(other),
    }
}

/// How an order stands at this member and, as far as it has heard, at the other party. Only who made or carried the order knows
/// its digest.
#[utoipa::path(get, path = "/citizen/v1/orders/{sha256}", tag = "people",
    params(("sha256" = String, Path, description = "SHA-256 of the order as sent, 64 lowercase hex digits")),
    responses(
        (status = 200, description = "OrderStanding: acknowledgements of both, or who is pending", content_type = "application/json"),
        (status = 404, description = "not-found: no such order was obeyed here"),
    ))]
async fn standing(app: web::Data<App>, sha256: web::Path<String>) -> Reply {
    let absent = || ProblemResponse::new(Code::NotFound);
    let digest = format!("sha256:{sha256}").parse().map_err(|_| absent())?;
    let standing = app.order_standing(digest).await.map_err(failed)?.ok_or_else(absent)?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(standing))
}
