//! `POST /citizen/v1/links`: a citizen ties her pseudonym to her number in this department.

use actix_web::{
    HttpResponse,
    http::{Method, header},
    web,
};
use schemas::citizen::LinkRequest;
use service_kit::{
    access::{Caller, Routes},
    server::{Body, Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::said::{failed, refused, unproven};
use crate::{app::App, consents::LinkError};

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(link))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let caller = Caller::Signer("a citizen, by her binding's key over a nonce");
    routes.route(Method::POST, "/citizen/v1/links", caller, RouteLimits::body(20 * 1024), link)
}

/// Ties pseudonym and number.
#[utoipa::path(post, path = "/citizen/v1/links", tag = "people",
    request_body(content = String, content_type = "application/json", description = "LinkRequest: binding with name and birth date over a nonce, and the number"),
    responses(
        (status = 200, description = "Linked", content_type = "application/json"),
        (status = 400, description = "request-malformed, stale"),
        (status = 403, description = "access-denied (an assisted session), binding-invalid, binding-suspended, binding-revoked"),
        (status = 404, description = "not-found-or-not-permitted"),
        (status = 409, description = "replayed: the nonce was used before"),
        (status = 503, description = "binding-status-unavailable, registry-unavailable"),
    ))]
async fn link(app: web::Data<App>, body: Body) -> Reply {
    let request: LinkRequest = body.json()?;
    let linked = app.link_by_citizen(&request).await.map_err(|error| match error {
        LinkError::Presentation(error) => unproven(error),
        LinkError::Refused(refusal) => refused(refusal),
        LinkError::Store(error) => failed(error),
    })?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(linked))
}
