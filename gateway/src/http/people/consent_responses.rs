//! `POST /consents/responses`: what a citizen decided (OpenID4VP 1.0 §8.2, `direct_post.jwt`).

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

use super::{
    identity_token::FORM,
    said::{failed, refused},
};
use crate::{app::App, consents::ResponseError};

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(receive))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let caller = Caller::Signer(
        "a citizen: sealed to the request's key, signed by her binding's key; or her no, by the request's id",
    );
    routes.route(Method::POST, "/consents/responses", caller, RouteLimits::body(Limits::PRESENTATION.bytes), receive)
}

/// Takes consents, or a no.
#[utoipa::path(post, path = "/consents/responses", tag = "people",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "response=<JWE>, or error=access_denied&state="),
    responses(
        (status = 200, description = "Taken", content_type = "application/json"),
        (status = 400, description = "request-malformed, token-malformed, token-type-wrong, stale"),
        (status = 403, description = "binding-missing, binding-invalid, binding-revoked, binding-suspended, consent-wrong-subject"),
        (status = 404, description = "not-found"),
        (status = 409, description = "conflict: decided before, or not what was asked"),
        (status = 410, description = "request-expired"),
        (status = 503, description = "binding-status-unavailable, directory-outdated"),
    ))]
async fn receive(app: web::Data<App>, body: Body) -> Reply {
    let form = body.require_media_type(FORM)?;
    app.consent_response(form).await.map_err(|error| match error {
        ResponseError::Refused(refusal) => refused(refusal),
        ResponseError::Store(error) => failed(error),
    })?;
    // OpenID4VP 1.0 §8.2: a JSON object; there is nowhere to be sent on to.
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(serde_json::json!({})))
}
