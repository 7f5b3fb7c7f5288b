//! `POST /identity/guardianships`: for whom a citizen's key may decide.

use actix_web::{
    HttpResponse,
    http::{Method, header},
    web,
};
use schemas::citizen::GuardianshipsRequest;
use service_kit::{
    access::{Caller, Routes},
    server::{Body, Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::said::unguarded;
use crate::app::App;

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(issue))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let caller = Caller::Signer("a citizen, by her binding's key over a nonce");
    routes.route(Method::POST, "/identity/guardianships", caller, RouteLimits::body(20 * 1024), issue)
}

/// Issues a guardianship of this key for each ward of its owner.
#[utoipa::path(post, path = "/identity/guardianships", tag = "people",
    request_body(content = String, content_type = "application/json", description = "GuardianshipsRequest: the binding over a nonce of this department, disclosing resident_id"),
    responses(
        (status = 200, description = "Guardianships; none if the register names no ward of hers", content_type = "application/json"),
        (status = 400, description = "request-malformed, stale"),
        (status = 403, description = "access-denied (an assisted session), role-missing, binding-invalid, binding-suspended, binding-revoked"),
        (status = 409, description = "replayed: the nonce was used before"),
        (status = 503, description = "binding-status-unavailable, registry-unavailable"),
    ))]
async fn issue(app: web::Data<App>, body: Body) -> Reply {
    let request: GuardianshipsRequest = body.json()?;
    let issued = app.issue_guardianships(&request).await.map_err(unguarded)?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(issued))
}
