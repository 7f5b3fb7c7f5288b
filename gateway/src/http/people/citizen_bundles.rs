//! `POST /citizen/v1/bundles`: evidence of one of her own exchanges, to keep.

use std::time::Duration;

use actix_web::{
    HttpResponse,
    http::{Method, header},
    web,
};
use schemas::citizen::BundleRequest;
use service_kit::{
    access::{Caller, Routes},
    server::{Body, Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::said::unproven;
use crate::{app::App, consents::EvidenceError, http::local::bundle::problem};

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(give))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let caller = Caller::Signer("a citizen, by her binding's key over a nonce");
    let limits = RouteLimits::body(20 * 1024).within(Duration::from_secs(15));
    routes.route(Method::POST, "/citizen/v1/bundles", caller, limits, give)
}

/// Gives the bundle of an exchange of hers: receipts, proofs, trust chains; no data.
#[utoipa::path(post, path = "/citizen/v1/bundles", tag = "people",
    request_body(content = String, content_type = "application/json", description = "BundleRequest: the binding over a nonce of this department, and the exchange"),
    responses(
        (status = 200, description = "Bundle", content_type = "application/json"),
        (status = 400, description = "request-malformed, stale"),
        (status = 403, description = "binding-invalid, binding-suspended, binding-revoked"),
        (status = 404, description = "not-found: no exchange of hers"),
        (status = 409, description = "replayed: the nonce was used before"),
        (status = 503, description = "binding-status-unavailable; anchor-overdue: not in a published checkpoint yet"),
    ))]
async fn give(app: web::Data<App>, body: Body) -> Reply {
    let request: BundleRequest = body.json()?;
    let bundle = app.bundle_for_citizen(&request).await.map_err(|error| match error {
        EvidenceError::Presentation(error) => unproven(error),
        EvidenceError::Bundle(error) => problem(error),
    })?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(bundle))
}
