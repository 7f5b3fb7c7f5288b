//! `POST /citizen/v1/history`: who used my data, as far as this department took part.

use actix_web::{
    HttpResponse,
    http::{Method, header},
    web,
};
use schemas::citizen::HistoryRequest;
use service_kit::{
    access::{Caller, Routes},
    server::{Body, Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::said::{failed, refused, unproven};
use crate::{app::App, consents::HistoryError};

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(tell))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let caller = Caller::Signer("a citizen, by her binding's key over a nonce");
    routes.route(Method::POST, "/citizen/v1/history", caller, RouteLimits::body(20 * 1024), tell)
}

/// Tells the uses of her own data.
#[utoipa::path(post, path = "/citizen/v1/history", tag = "people",
    request_body(content = String, content_type = "application/json", description = "HistoryRequest: the binding over a nonce of this department"),
    responses(
        (status = 200, description = "History: names of items, never values", content_type = "application/json"),
        (status = 400, description = "request-malformed, stale"),
        (status = 403, description = "binding-invalid, binding-suspended, binding-revoked"),
        (status = 409, description = "replayed: the nonce was used before"),
        (status = 503, description = "binding-status-unavailable"),
    ))]
async fn tell(app: web::Data<App>, body: Body) -> Reply {
    let request: HistoryRequest = body.json()?;
    let history = app.history(&request).await.map_err(|error| match error {
        HistoryError::Presentation(error) => unproven(error),
        HistoryError::Refused(refusal) => refused(refusal),
        HistoryError::Store(error) => failed(error),
    })?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(history))
}
