//! `POST /v1/cases` and `GET /v1/cases/{id}`: a case worker's view of one person or family across departments, on their consents.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, http::Method, web};
use schemas::{
    asking::CaseQuery,
    id::{MessageId, SystemName},
    problem::Code,
};
use service_kit::{
    access::{Caller, Routes, System},
    server::{Body, ProblemResponse, Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::queries::{idempotency_key, settings};
use crate::{app::App, config::SystemRight};

/// Which officer looks.
const OFFICER: &str = "Officer";

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(open, look))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let caller = Caller::System(SystemRight::Ask.as_str());
    let limits = RouteLimits::body(32 * 1024).within(Duration::from_secs(15));
    routes.route(Method::POST, "/v1/cases", caller, limits, open).route(
        Method::GET,
        "/v1/cases/{id}",
        caller,
        RouteLimits::NO_BODY,
        look,
    )
}

/// Opens a case file and asks its parts; repeated under the same key, goes on with those that are open.
#[utoipa::path(post, path = "/v1/cases", tag = "local",
    params(("Idempotency-Key" = String, Header, description = "A UUID of version 7, one for each case file")),
    request_body(content = String, content_type = "application/json", description = "CaseQuery: case, purpose, officer if any, and parts on consents, each with the label of its person"),
    responses(
        (status = 200, description = "CaseView", content_type = "application/json", body = String),
        (status = 400, description = "request-malformed"),
        (status = 403, description = "access-denied"),
        (status = 409, description = "conflict: the key was used for another request"),
        (status = 410, description = "request-expired: the case file is no longer kept"),
        (status = 503, description = "overloaded"),
    ))]
async fn open(app: web::Data<App>, system: System, request: HttpRequest, body: Body) -> Reply {
    let key = idempotency_key(&request)?;
    let query: CaseQuery = body.json()?;
    Ok(HttpResponse::Ok().json(app.open_case(settings(&app, &system)?, key, &query).await?))
}

/// A case file as it stands, for the system and the officer that made it. Each look is written into the audit trail.
#[utoipa::path(get, path = "/v1/cases/{id}", tag = "local",
    params(
        ("id" = String, Path, description = "The id that opening it gave"),
        ("Officer" = Option<String>, Header, description = "The officer for whom it was made, if there was one"),
    ),
    responses(
        (status = 200, description = "CaseView: values as long as the consents let them be kept", content_type = "application/json", body = String),
        (status = 404, description = "not-found: none, or another system's or officer's"),
        (status = 410, description = "request-expired: it is no longer kept"),
        (status = 503, description = "overloaded"),
    ))]
async fn look(app: web::Data<App>, system: System, request: HttpRequest, id: web::Path<MessageId>) -> Reply {
    let officer = officer(&request)?;
    let system = settings(&app, &system)?;
    Ok(HttpResponse::Ok().json(app.look_at_case(&system.name, officer.as_ref(), &id).await?))
}

fn officer(request: &HttpRequest) -> Result<Option<SystemName>, ProblemResponse> {
    let Some(given) = request.headers().get(OFFICER) else { return Ok(None) };
    let read = given.to_str().ok().and_then(|text| text.parse().ok());
    read.map(Some).ok_or(ProblemResponse::new(Code::RequestMalformed).detail("`Officer` is the officer's pseudonym"))
}
