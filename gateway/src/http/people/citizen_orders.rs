//! `POST /citizen/v1/orders`: a citizen revokes, pauses, resumes or shortens a consent.

use actix_web::{
    HttpResponse,
    http::{Method, header},
    web,
};
use protocol::seal::Limits;
use service_kit::{
    access::{Caller, Routes},
    server::{Body, Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::said::{failed, refused};
use crate::{app::App, consents::OrderError};

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(obey))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let caller = Caller::Signer("a citizen, by the consent's key");
    routes.route(Method::POST, "/citizen/v1/orders", caller, RouteLimits::body(Limits::ORDER.bytes), obey)
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
    let ack = app.obey_order(order).await.map_err(|error| match error {
        OrderError::Refused(refusal) => refused(refusal),
        other => failed(other),
    })?;
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::CACHE_CONTROL, "no-store"));
    Ok(answer.content_type("application/dx-order-ack+jwt").body(ack.to_string()))
}
