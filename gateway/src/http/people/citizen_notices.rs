//! `POST /citizen/v1/notices`: what this department has to tell one person.

use actix_web::{
    HttpResponse,
    http::{Method, header},
    web,
};
use schemas::notice::NoticesRequest;
use service_kit::{
    access::{Caller, Routes},
    server::{Body, Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::said::{failed, unproven};
use crate::{app::App, notices::ToldError};

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(tell_notices))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let caller = Caller::Signer("a citizen, by her binding's key over a nonce");
    routes.route(Method::POST, "/citizen/v1/notices", caller, RouteLimits::body(20 * 1024), tell_notices)
}

/// Tells a person's own notices, in every language of the state; those that her wallet names in `seen` count as delivered to it.
#[utoipa::path(post, path = "/citizen/v1/notices", tag = "people",
    request_body(content = String, content_type = "application/json", description = "NoticesRequest: the binding over a nonce of this department"),
    responses(
        (status = 200, description = "Notices", content_type = "application/json"),
        (status = 400, description = "request-malformed, stale"),
        (status = 403, description = "binding-invalid, binding-revoked"),
        (status = 409, description = "replayed: the nonce was used before"),
        (status = 503, description = "binding-status-unavailable"),
    ))]
async fn tell_notices(app: web::Data<App>, body: Body) -> Reply {
    let request: NoticesRequest = body.json()?;
    let notices = app.tell_notices(&request).await.map_err(|error| match error {
        ToldError::Presentation(error) => unproven(error),
        ToldError::Store(error) => failed(error),
    })?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(notices))
}
