//! `POST /v1/messages/{id}/arrived`: a carrier's delivery report of a short message, passed on by one of the department's systems.

use actix_web::{HttpResponse, http::Method, web};
use protocol::consent::Refusal;
use schemas::{id::MessageId, notice::MessageArrived, problem::Code};
use service_kit::{
    access::{Caller, Routes, System},
    server::{Body, ProblemResponse, Reply, RouteLimits},
};
use utoipa::OpenApi;

use crate::{
    app::App,
    config::SystemRight,
    http::people::said::{failed, refused},
    notices::ReportRefused,
};

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(arrived))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let caller = Caller::System(SystemRight::Carrier.as_str());
    routes.route(Method::POST, "/v1/messages/{id}/arrived", caller, RouteLimits::body(1024), arrived)
}

/// The short message of a notice arrived: its window may start.
#[utoipa::path(post, path = "/v1/messages/{id}/arrived", tag = "local",
    params(("id" = String, Path, description = "The notice, as `{id}` in the body that was sent")),
    request_body(content = String, content_type = "application/json", description = "MessageArrived: when, as the carrier says"),
    responses(
        (status = 204, description = "Taken, or taken before"),
        (status = 400, description = "request-malformed: before the message went, or in the future"),
        (status = 403, description = "access-denied: the system carries no messages"),
        (status = 404, description = "not-found: no short message of this notice went out"),
    ))]
async fn arrived(app: web::Data<App>, caller: System, path: web::Path<String>, body: Body) -> Reply {
    let report: MessageArrived = body.json()?;
    let system = caller.0.name.parse().map_err(|_| ProblemResponse::new(Code::AccessDenied))?;
    let unknown = || refused(Refusal::new(Code::NotFound, "no short message of this notice went out"));
    let id: MessageId = path.parse().map_err(|_| unknown())?;
    match app.message_arrived(&id, (&system, report.at)).await {
        Ok(()) => Ok(HttpResponse::NoContent().finish()),
        Err(ReportRefused::Refused(refusal)) => Err(refused(refusal)),
        Err(ReportRefused::Store(error)) => Err(failed(error)),
    }
}
