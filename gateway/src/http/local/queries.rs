//! `POST /v1/queries`: one of the department's own systems asks another department, on a consent that is held here.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, http::Method, web};
use schemas::{
    id::{MessageId, SystemName},
    local::LocalQuery,
    problem::Code,
};
use service_kit::{
    access::{Caller, Routes, System},
    server::{Body, ProblemResponse, Reply, RouteLimits},
};
use utoipa::OpenApi;

use crate::{app::App, config::SystemRight};

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(ask))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let limits = RouteLimits::body(4 * 1024).within(Duration::from_secs(15));
    routes.route(Method::POST, "/v1/queries", Caller::System(SystemRight::Ask.as_str()), limits, ask)
}

/// Asks another department. The same request under the same key gets the same answer for a day.
#[utoipa::path(post, path = "/v1/queries", tag = "local",
    params(("Idempotency-Key" = String, Header, description = "A UUID of version 7, one for each question")),
    request_body(content = String, content_type = "application/json", description = "LocalQuery: consent, fields, purpose; case and officer if any"),
    responses(
        (status = 200, description = "LocalAnswer: the record, and the ids of both receipts", content_type = "application/json", body = String),
        (status = 400, description = "request-malformed"),
        (status = 403, description = "access-denied; consent-…: a problem, with the other department's signed refusal where it gave one"),
        (status = 404, description = "not-found-or-not-permitted, dataset-unknown: signed by the other department"),
        (status = 409, description = "conflict: the key was used for another request, or its answer is no longer kept"),
        (status = 502, description = "peer-unavailable, peer-answer-invalid: repeat with the same key"),
        (status = 503, description = "anchor-overdue, directory-outdated, overloaded"),
    ))]
async fn ask(app: web::Data<App>, system: System, request: HttpRequest, body: Body) -> Reply {
    let key = idempotency_key(&request)?;
    let query: LocalQuery = body.json()?;
    let name: SystemName = system.0.name.parse().map_err(|_| ProblemResponse::new(Code::AccessDenied))?;
    let system = app.system(&name).ok_or(ProblemResponse::new(Code::AccessDenied))?;
    let answer = app.ask(system, key, &query).await?;
    Ok(HttpResponse::Ok().json(answer))
}

fn idempotency_key(request: &HttpRequest) -> Result<MessageId, ProblemResponse> {
    let given = request.headers().get("Idempotency-Key").and_then(|value| value.to_str().ok());
    given.and_then(|text| text.parse().ok()).ok_or_else(|| {
        ProblemResponse::new(Code::RequestMalformed)
            .detail("send a header `Idempotency-Key`: a UUID of version 7 in lower case")
    })
}
