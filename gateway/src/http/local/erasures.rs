//! `GET /v1/erasures` and `POST /v1/erasures/confirmations`: for systems without an address for webhooks.

use actix_web::{HttpResponse, http::Method, web};
use schemas::{erasure::ErasureConfirmation, id::SystemName, problem::Code};
use service_kit::{
    access::{Caller, Routes, System},
    server::{Body, ProblemResponse, Reply, RouteLimits},
};
use utoipa::OpenApi;

use crate::{app::App, config::SystemRight, retention::ConfirmError};

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(erasures, confirm_erasure))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let caller = Caller::System(SystemRight::Ask.as_str());
    let confirm = "/v1/erasures/confirmations";
    let routes = routes.route(Method::GET, "/v1/erasures", caller, RouteLimits::NO_BODY, erasures);
    routes.route(Method::POST, confirm, caller, RouteLimits::body(1024), confirm_erasure)
}

/// What the calling system has to erase and has not confirmed, oldest first, at most 100: the same events that a webhook gets.
#[utoipa::path(get, path = "/v1/erasures", tag = "local", responses(
    (status = 200, description = "A list of WebhookEvent; `data` of each is a dx-erase-order+jwt", content_type = "application/json"),
    (status = 403, description = "access-denied: the system may not ask"),
))]
async fn erasures(app: web::Data<App>, system: System) -> Reply {
    let events = app.erasures_for(&name(&system)?).await.map_err(failed)?;
    Ok(HttpResponse::Ok().json(events))
}

/// The calling system says that what an order names is gone there.
#[utoipa::path(post, path = "/v1/erasures/confirmations", tag = "local",
    request_body(content = String, content_type = "application/json", description = "ErasureConfirmation: the order's id"),
    responses(
        (status = 204, description = "Taken; a repeat as well"),
        (status = 400, description = "request-malformed"),
        (status = 403, description = "access-denied: the system may not ask"),
        (status = 404, description = "not-found: the system has no such order"),
    ))]
async fn confirm_erasure(app: web::Data<App>, system: System, body: Body) -> Reply {
    let confirmation: ErasureConfirmation = body.json()?;
    match app.confirm_erasure(&name(&system)?, &confirmation.id).await {
        Ok(()) => Ok(HttpResponse::NoContent().finish()),
        Err(ConfirmError::Unknown) => Err(ProblemResponse::new(Code::NotFound).detail("this system has no such order")),
        Err(ConfirmError::Store(error)) => Err(failed(error)),
    }
}

fn name(system: &System) -> Result<SystemName, ProblemResponse> {
    system.0.name.parse().map_err(|_| ProblemResponse::new(Code::Internal))
}

fn failed(error: service_kit::db::DatabaseError) -> ProblemResponse {
    tracing::error!(%error, "orders to erase could not be read or written");
    ProblemResponse::new(Code::Internal)
}
