//! `POST /identity/bindings/revoke`: a citizen ends bindings of hers, such as those of a lost phone.

use actix_web::{
    HttpResponse,
    http::{Method, header},
    web,
};
use schemas::citizen::RevokeRequest;
use service_kit::{
    access::{Caller, Routes},
    server::{Body, Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::said::unchanged;
use crate::app::App;

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(revoke))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let caller = Caller::Signer("a citizen, by her binding's key over a nonce");
    routes.route(Method::POST, "/identity/bindings/revoke", caller, RouteLimits::body(20 * 1024), revoke)
}

/// Ends her other bindings, or all of them.
#[utoipa::path(post, path = "/identity/bindings/revoke", tag = "people",
    request_body(content = String, content_type = "application/json", description = "RevokeRequest: a binding over a nonce of this department"),
    responses(
        (status = 200, description = "Revoked: within a minute no department takes them any more", content_type = "application/json"),
        (status = 400, description = "request-malformed, stale"),
        (status = 403, description = "access-denied (an assisted session), role-missing, binding-invalid, binding-suspended, binding-revoked"),
        (status = 409, description = "replayed: the nonce was used before"),
        (status = 503, description = "binding-status-unavailable"),
    ))]
async fn revoke(app: web::Data<App>, body: Body) -> Reply {
    let request: RevokeRequest = body.json()?;
    let revoked = app.revoke_own_bindings(&request).await.map_err(unchanged)?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(revoked))
}
