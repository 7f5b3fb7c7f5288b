//! `POST /v1/events`: one of the department's own systems reports a life event.

use actix_web::{HttpResponse, http::Method, web};
use serde_json::json;
use service_kit::{
    access::{Caller, Routes, System},
    server::{Body, ProblemResponse, Reply, RouteLimits},
};
use utoipa::OpenApi;

use crate::{
    app::App,
    config::SystemRight,
    triggers::report::{Report, Reported},
};

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(report))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let caller = Caller::System(SystemRight::Report.as_str());
    routes.route(Method::POST, "/v1/events", caller, RouteLimits::body(16 * 1024), report)
}

/// Tells the departments that follow the person.
#[utoipa::path(post, path = "/v1/events", tag = "local",
    request_body(content = String, content_type = "application/json", description = "id (UUID v7 of the system's own), type, subject (the register's number), effective, payload (members of the type), related (other people's numbers), supersedes (the number of an earlier registration)"),
    responses(
        (status = 201, description = "{told}: to how many departments"),
        (status = 200, description = "The same report was taken before"),
        (status = 400, description = "request-malformed: not the payload of the type"),
        (status = 403, description = "role-missing: the system may not report this type, or the department is no source of it; access-denied"),
        (status = 404, description = "not-found-or-not-permitted: nobody has this number"),
        (status = 409, description = "conflict: another report has this id"),
        (status = 503, description = "directory-outdated, overloaded"),
    ))]
async fn report(app: web::Data<App>, caller: System, body: Body) -> Reply {
    let report: Report = body.json()?;
    let name = caller.0.name.parse().map_err(|_| ProblemResponse::new(schemas::problem::Code::AccessDenied))?;
    Ok(match app.report(&name, report).await? {
        Reported::Told(told) => HttpResponse::Created().json(json!({ "told": told })),
        Reported::Known => HttpResponse::Ok().finish(),
    })
}
