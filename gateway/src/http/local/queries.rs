//! `POST /v1/queries`: one of the department's own systems asks another department on a consent that is held here, or several
//! departments in one case, on consents and under laws.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, http::Method, web};
use schemas::{
    asking::LocalQuestion,
    id::{MessageId, SystemName},
    problem::Code,
};
use service_kit::{
    access::{Caller, Routes, System},
    server::{Body, ProblemResponse, Reply, RouteLimits},
};
use utoipa::OpenApi;

use crate::{
    app::App,
    config::{SystemRight, SystemSettings},
};

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(ask))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let limits = RouteLimits::body(32 * 1024).within(Duration::from_secs(15));
    routes.route(Method::POST, "/v1/queries", Caller::System(SystemRight::Ask.as_str()), limits, ask)
}

/// Asks another department, or several in one case. The same request under the same key gets the same answer for a day, and goes on
/// with the parts that are open.
#[utoipa::path(post, path = "/v1/queries", tag = "local",
    params(("Idempotency-Key" = String, Header, description = "A UUID of version 7, one for each question")),
    request_body(content = String, content_type = "application/json", description = "LocalQuery: consent, fields or predicates, purpose, case and officer if any; or CaseQuery: case, purpose, officer and parts, each on a consent or under a law"),
    responses(
        (status = 200, description = "LocalAnswer: the record, and the ids of both receipts; of a CaseQuery a CaseView: each part answered, refused or unavailable, with its code and receipts", content_type = "application/json", body = String),
        (status = 400, description = "request-malformed"),
        (status = 403, description = "access-denied; consent-…: a problem, with the other department's signed refusal where it gave one"),
        (status = 404, description = "not-found-or-not-permitted, dataset-unknown: signed by the other department"),
        (status = 409, description = "conflict: the key was used for another request, or its answer is no longer kept"),
        (status = 502, description = "peer-unavailable, peer-answer-invalid: repeat with the same key"),
        (status = 503, description = "anchor-overdue, directory-outdated, overloaded"),
    ))]
async fn ask(app: web::Data<App>, system: System, request: HttpRequest, body: Body) -> Reply {
    let key = idempotency_key(&request)?;
    let question: LocalQuestion = body.json()?;
    let system = settings(&app, &system)?;
    Ok(match question {
        LocalQuestion::One(query) => HttpResponse::Ok().json(app.ask(system, key, &query).await?),
        LocalQuestion::Case(query) => HttpResponse::Ok().json(app.ask_case(system, key, &query).await?),
    })
}

/// What is configured for the calling system.
pub(super) fn settings<'a>(app: &'a App, system: &System) -> Result<&'a SystemSettings, ProblemResponse> {
    let name: Option<SystemName> = system.0.name.parse().ok();
    name.and_then(|name| app.system(&name)).ok_or(ProblemResponse::new(Code::AccessDenied))
}

/// The request's own name.
pub(super) fn idempotency_key(request: &HttpRequest) -> Result<MessageId, ProblemResponse> {
    let given = request.headers().get("Idempotency-Key").and_then(|value| value.to_str().ok());
    given.and_then(|text| text.parse().ok()).ok_or_else(|| {
        ProblemResponse::new(Code::RequestMalformed)
            .detail("send a header `Idempotency-Key`: a UUID of version 7 in lower case")
    })
}
