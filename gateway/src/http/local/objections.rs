//! `POST /v1/objections`: a counter's own system, or an assisted operator's, enters an objection and prints its slip.

use actix_web::{HttpResponse, http::Method, web};
use schemas::problem::Code;
use service_kit::{
    access::{Caller, Routes, System},
    server::{Body, ProblemResponse, Reply, RouteLimits},
};
use utoipa::OpenApi;

use crate::{
    app::App,
    config::SystemRight,
    decisions::OfficerRefused,
    http::people::said::{failed, refused},
    review::counter::CounterObjection,
};

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(enter))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let caller = Caller::System(SystemRight::Object.as_str());
    routes.route(Method::POST, "/v1/objections", caller, RouteLimits::body(32 * 1024), enter)
}

/// Takes an objection against a removal: the time to object stands still, and two officers hear it. Repeated, it is answered alike.
#[utoipa::path(post, path = "/v1/objections", tag = "local",
    request_body(content = String, content_type = "application/json",
        description = "decision; or case and number as they stand on the letter; route (counter or operator), words, papers (a list of lines), officer (an account of an operator or reviewer)"),
    responses(
        (status = 200, description = "The slip: decision, case, slip, at, record (the signed dx-decision+jwt in state contested: the receipt), digest, qr, text by language", content_type = "application/json"),
        (status = 400, description = "request-malformed"),
        (status = 403, description = "access-denied: the system may not, or no open account of this name may; four-eyes-required: no \
                                      delivery of the notice was recorded yet, and the officer confirmed the removal or said who is meant"),
        (status = 404, description = "not-found: nothing of this case and number may be objected to"),
        (status = 409, description = "conflict: nothing can be objected to, or no more; or the decision must be named"),
    ))]
async fn enter(app: web::Data<App>, caller: System, body: Body) -> Reply {
    let said: CounterObjection = body.json()?;
    let system = caller.0.name.parse().map_err(|_| ProblemResponse::new(Code::AccessDenied))?;
    let slip = app.objection_at_counter(&system, said).await.map_err(not_taken)?;
    Ok(HttpResponse::Ok().json(slip))
}

fn not_taken(error: OfficerRefused) -> ProblemResponse {
    match error {
        OfficerRefused::Refused(refusal) => refused(refusal),
        OfficerRefused::Failed(error) => failed(error),
    }
}
