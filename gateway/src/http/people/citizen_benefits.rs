//! `POST /citizen/v1/benefits`, `/citizen/v1/benefits/answers`, `/citizen/v1/objections`: decisions about a person, and her answers.

use actix_web::{
    HttpResponse,
    http::{Method, header},
    web,
};
use schemas::benefits::{BenefitsRequest, ObjectionRequest, OfferAnswer};
use service_kit::{
    access::{Caller, Routes},
    server::{Body, ProblemResponse, Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::said::{failed, refused, unproven};
use crate::{app::App, decisions::CitizenError};

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(benefits, answer_offer, object))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let she = || Caller::Signer("a citizen, by her binding's key over a nonce");
    let signed = Caller::Signer("a citizen, by her binding's key over a nonce and in an objection");
    let limits = || RouteLimits::body(28 * 1024);
    let routes = routes.route(Method::POST, "/citizen/v1/benefits", she(), limits(), benefits);
    let routes = routes.route(Method::POST, "/citizen/v1/benefits/answers", she(), limits(), answer_offer);
    routes.route(Method::POST, "/citizen/v1/objections", signed, limits(), object)
}

fn not_done(error: CitizenError) -> ProblemResponse {
    match error {
        CitizenError::Presentation(error) => unproven(error),
        CitizenError::Refused(refusal) => refused(refusal),
        CitizenError::Failed(error) => failed(error),
    }
}

/// What was decided about her here and why, with the signed records.
#[utoipa::path(post, path = "/citizen/v1/benefits", tag = "people",
    request_body(content = String, content_type = "application/json", description = "BenefitsRequest: the binding over a nonce of this department"),
    responses(
        (status = 200, description = "Benefits", content_type = "application/json"),
        (status = 400, description = "request-malformed, stale"),
        (status = 403, description = "binding-invalid, binding-revoked"),
        (status = 409, description = "replayed: the nonce was used before"),
        (status = 503, description = "binding-status-unavailable"),
    ))]
async fn benefits(app: web::Data<App>, body: Body) -> Reply {
    let request: BenefitsRequest = body.json()?;
    let benefits = app.benefits(&request).await.map_err(not_done)?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(benefits))
}

/// Takes an offer, or does not; leaves what a law entered her in.
#[utoipa::path(post, path = "/citizen/v1/benefits/answers", tag = "people",
    request_body(content = String, content_type = "application/json", description = "OfferAnswer: the binding over a nonce, the decision, accept or decline"),
    responses(
        (status = 200, description = "The decision's state from now on", content_type = "application/json"),
        (status = 400, description = "request-malformed, stale"),
        (status = 403, description = "access-denied (an assisted session), binding-invalid, binding-suspended, binding-revoked"),
        (status = 404, description = "not-found"),
        (status = 409, description = "conflict: nothing is to be answered, or no more; replayed: the nonce was used before"),
        (status = 503, description = "binding-status-unavailable"),
    ))]
async fn answer_offer(app: web::Data<App>, body: Body) -> Reply {
    let request: OfferAnswer = body.json()?;
    let state = app.answer_offer(&request).await.map_err(not_done)?;
    let state = std::collections::BTreeMap::from([("state", state)]);
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(state))
}

/// Takes an objection against a removal: the window stops, and two officers hear it.
#[utoipa::path(post, path = "/citizen/v1/objections", tag = "people",
    request_body(content = String, content_type = "application/json",
        description = "ObjectionRequest: the binding over a nonce of this department, and a dx-objection+jwt by the same key"),
    responses(
        (status = 200, description = "ObjectionTaken: the slip and the signed record", content_type = "application/json"),
        (status = 400, description = "request-malformed, stale, token-malformed, token-type-wrong, version-unsupported"),
        (status = 401, description = "signature-invalid"),
        (status = 403, description = "binding-invalid, binding-revoked, consent-wrong-subject, audience-wrong"),
        (status = 404, description = "not-found"),
        (status = 409, description = "conflict: nothing can be objected to, or no more; replayed: the nonce was used before"),
        (status = 503, description = "binding-status-unavailable"),
    ))]
async fn object(app: web::Data<App>, body: Body) -> Reply {
    let request: ObjectionRequest = body.json()?;
    let taken = app.object(&request).await.map_err(not_done)?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(taken))
}
