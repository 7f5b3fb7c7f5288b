//! `POST /v1/bindings/revoke`, `POST /v1/bindings/resume`: the identity registry's desk ends or resumes a resident's bindings.

use actix_web::{HttpResponse, http::Method, web};
use schemas::local::BindingsOrder;
use service_kit::{
    access::{Caller, Routes, System},
    server::{Body, Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::consent_requests::name;
use crate::{app::App, config::SystemRight, http::people::said::unchanged};

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(revoke, resume))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let (caller, limits) = (Caller::System(SystemRight::Invite.as_str()), RouteLimits::body(4 * 1024));
    routes.route(Method::POST, "/v1/bindings/revoke", caller, limits, revoke).route(
        Method::POST,
        "/v1/bindings/resume",
        caller,
        limits,
        resume,
    )
}

/// Ends every binding of a resident for good, as for a lost phone.
#[utoipa::path(post, path = "/v1/bindings/revoke", tag = "local",
    request_body(content = String, content_type = "application/json", description = "BindingsOrder"),
    responses(
        (status = 200, description = "BindingsChanged", content_type = "application/json"),
        (status = 400, description = "request-malformed"),
        (status = 403, description = "access-denied; role-missing: this department is no identity registry"),
        (status = 404, description = "not-found-or-not-permitted: no such number"),
    ))]
async fn revoke(app: web::Data<App>, system: System, body: Body) -> Reply {
    let order: BindingsOrder = body.json()?;
    let changed = app.revoke_bindings(name(&system)?.as_str(), &order).await.map_err(unchanged)?;
    Ok(HttpResponse::Ok().json(changed))
}

/// Lifts the suspension of a resident whom the register names alive, as after an annulled death.
#[utoipa::path(post, path = "/v1/bindings/resume", tag = "local",
    request_body(content = String, content_type = "application/json", description = "BindingsOrder"),
    responses(
        (status = 200, description = "BindingsChanged", content_type = "application/json"),
        (status = 400, description = "request-malformed"),
        (status = 403, description = "access-denied; role-missing: this department is no identity registry"),
        (status = 404, description = "not-found-or-not-permitted: nobody alive has this number"),
        (status = 503, description = "registry-unavailable"),
    ))]
async fn resume(app: web::Data<App>, system: System, body: Body) -> Reply {
    let order: BindingsOrder = body.json()?;
    let changed = app.resume_bindings(&name(&system)?, &order).await.map_err(unchanged)?;
    Ok(HttpResponse::Ok().json(changed))
}
