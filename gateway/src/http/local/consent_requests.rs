//! `POST /v1/consent-requests`, `GET /v1/consent-requests/{id}`: one of our systems asks a citizen.

use actix_web::{HttpResponse, http::Method, web};
use schemas::{
    id::{MessageId, SystemName},
    local::ConsentRequestOrder,
    problem::Code,
};
use service_kit::{
    access::{Caller, Routes, System},
    server::{Body, ProblemResponse, Reply, RouteLimits},
};
use utoipa::OpenApi;

use crate::{
    app::App,
    config::SystemRight,
    consents::AskError,
    http::people::said::{failed, refused},
};

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(ask, show))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let caller = Caller::System(SystemRight::Ask.as_str());
    routes.route(Method::POST, "/v1/consent-requests", caller, RouteLimits::body(16 * 1024), ask).route(
        Method::GET,
        "/v1/consent-requests/{id}",
        caller,
        RouteLimits::NO_BODY,
        show,
    )
}

/// The calling system by the name that the configuration gave it.
pub(super) fn name(system: &System) -> Result<SystemName, ProblemResponse> {
    system.0.name.parse().map_err(|_| ProblemResponse::new(Code::NotAuthenticated))
}

fn not_asked(error: AskError) -> ProblemResponse {
    match error {
        AskError::Refused(refusal) => refused(refusal),
        other => failed(other),
    }
}

/// Makes a request for consent.
#[utoipa::path(post, path = "/v1/consent-requests", tag = "local",
    request_body(content = String, content_type = "application/json", description = "ConsentRequestOrder"),
    responses(
        (status = 201, description = "ConsentRequestView with the link for the citizen", content_type = "application/json"),
        (status = 400, description = "request-malformed"),
        (status = 401, description = "peer-unknown: the provider"),
        (status = 403, description = "access-denied, role-missing, consent-above-template, peer-suspended"),
        (status = 404, description = "dataset-unknown"),
        (status = 503, description = "directory-outdated"),
    ))]
async fn ask(app: web::Data<App>, system: System, body: Body) -> Reply {
    let order: ConsentRequestOrder = body.json()?;
    let view = app.ask_consent(&name(&system)?, order).await.map_err(not_asked)?;
    Ok(HttpResponse::Created().json(view))
}

/// How a request stands.
#[utoipa::path(get, path = "/v1/consent-requests/{id}", tag = "local",
    params(("id" = String, Path, description = "Id of the request")),
    responses(
        (status = 200, description = "ConsentRequestView", content_type = "application/json"),
        (status = 404, description = "not-found: no such request of this system"),
    ))]
async fn show(app: web::Data<App>, system: System, id: web::Path<String>) -> Reply {
    let absent = || ProblemResponse::new(Code::NotFound);
    let id: MessageId = id.parse().map_err(|_| absent())?;
    let view = app.consent_request(&name(&system)?, &id).await.map_err(not_asked)?.ok_or_else(absent)?;
    Ok(HttpResponse::Ok().json(view))
}
