//! `POST /citizen/v1/preferences`: how much a person wants to hear, and where.

use actix_web::{
    HttpResponse,
    http::{Method, header},
    web,
};
use schemas::notice::PreferencesRequest;
use service_kit::{
    access::{Caller, Routes},
    server::{Body, Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::said::{failed, refused, unproven};
use crate::{app::App, notices::PreferencesError};

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(choose_notices))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let caller = Caller::Signer("a citizen, by her binding's key over a nonce and in an order");
    routes.route(Method::POST, "/citizen/v1/preferences", caller, RouteLimits::body(28 * 1024), choose_notices)
}

/// Keeps a person's choice. Break-glass and what takes something from her are told on every level.
#[utoipa::path(post, path = "/citizen/v1/preferences", tag = "people",
    request_body(content = String, content_type = "application/json",
        description = "PreferencesRequest: the binding over a nonce of this department, and a dx-preferences+jwt by the same key"),
    responses(
        (status = 200, description = "PreferencesView: without the addresses", content_type = "application/json"),
        (status = 400, description = "request-malformed, stale, token-malformed, token-type-wrong, version-unsupported"),
        (status = 401, description = "signature-invalid"),
        (status = 403, description = "access-denied (an assisted session), binding-invalid, binding-suspended, binding-revoked, consent-wrong-subject, audience-wrong"),
        (status = 409, description = "replayed: the nonce was used before; conflict: a later order is kept"),
        (status = 503, description = "binding-status-unavailable"),
    ))]
async fn choose_notices(app: web::Data<App>, body: Body) -> Reply {
    let request: PreferencesRequest = body.json()?;
    let chosen = app.choose_notices(&request).await.map_err(|error| match error {
        PreferencesError::Presentation(error) => unproven(error),
        PreferencesError::Refused(refusal) => refused(refusal),
        PreferencesError::Store(error) => failed(error),
    })?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(chosen))
}
