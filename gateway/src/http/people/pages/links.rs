//! `/console/links`: an officer says which person of the register is meant where the matcher was not sure.
//!
//! Who is compared is sent in forms, so that no person stands in an address.

use actix_web::{
    http::{Method, StatusCode},
    web,
};
use registry_adapter::key::LocalKey;
use schemas::{id::SectorSubject, problem::Code};
use serde::Deserialize;
use service_kit::{
    access::{Caller, Routes, Submitted},
    server::{ProblemResponse, Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::{FORM, View, see, show, sign_in::Done};
use crate::{
    console::views,
    http::{people::said::failed, problem},
    links::{Decider, Linked},
    people::Role,
};

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(list, compare, confirm, dismiss))]
pub struct Api;

const CALLER: Caller = Caller::User(Role::Operator.as_str());

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .route(Method::GET, "/console/links", CALLER, RouteLimits::NO_BODY, list)
        .route(Method::POST, "/console/links/compare", CALLER, RouteLimits::body(FORM), compare)
        .route(Method::POST, "/console/links", CALLER, RouteLimits::body(FORM), confirm)
        .route(Method::POST, "/console/links/dismiss", CALLER, RouteLimits::body(FORM), dismiss)
}

/// Who waits for an officer.
#[utoipa::path(get, path = "/console/links", tag = "people", responses(
    (status = 200, description = "The page", content_type = "text/html"),
    (status = 401, description = "not-authenticated"),
    (status = 403, description = "access-denied"),
))]
async fn list(view: View, done: web::Query<Done>) -> Reply {
    let waiting = view.app.open_links().await.map_err(failed)?;
    show(&view, StatusCode::OK, &views::Links { page: view.page("linking").notice(done.done.as_deref()), waiting })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whom {
    subject: SectorSubject,
}

/// One person beside the rows that she could be.
#[utoipa::path(post, path = "/console/links/compare", tag = "people",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "subject"),
    responses(
        (status = 200, description = "The page", content_type = "text/html"),
        (status = 403, description = "access-denied, form-foreign"),
        (status = 404, description = "not-found: she does not wait"),
    ))]
async fn compare(view: View, submitted: Submitted<Whom>) -> Reply {
    let subject = submitted.form.subject;
    let compared = view.app.compare_link(&subject, &submitted.user.name).await.map_err(failed)?;
    let (person, candidates) = compared.ok_or(ProblemResponse::new(Code::NotFound))?;
    let view = view.of_person(submitted.user, submitted.token);
    show(&view, StatusCode::OK, &views::Compare { page: view.page("linking"), person, candidates })
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Certain {
    Yes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Confirmed {
    subject: SectorSubject,
    key: String,
    reason: String,
    /// Without it the form is not whole.
    #[serde(rename = "certain")]
    _certain: Certain,
}

/// Links the person to one of the rows that were shown.
#[utoipa::path(post, path = "/console/links", tag = "people",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "subject, key, reason, certain"),
    responses(
        (status = 303, description = "Linked"),
        (status = 400, description = "request-malformed, reason-missing"),
        (status = 403, description = "access-denied, form-foreign"),
        (status = 404, description = "not-found: she does not wait, or this is none of her rows"),
        (status = 409, description = "conflict: linked to another row already"),
    ))]
async fn confirm(view: View, submitted: Submitted<Confirmed>) -> Reply {
    let Confirmed { subject, key, reason, .. } = submitted.form;
    let key: LocalKey = key.parse().map_err(|_| ProblemResponse::new(Code::RequestMalformed))?;
    let by = Decider { officer: submitted.user.person, reason: reason.parse().map_err(problem)? };
    match view.app.confirm_link(&subject, key, &by).await.map_err(failed)? {
        Some(Linked::New | Linked::Same) => Ok(see("/console/links?done=linked", None)),
        Some(Linked::Other | Linked::Taken) => Err(Code::Conflict.into()),
        None => Err(Code::NotFound.into()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dismissed {
    subject: SectorSubject,
    reason: String,
}

/// Says that the person is none of the rows; nobody is linked.
#[utoipa::path(post, path = "/console/links/dismiss", tag = "people",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "subject, reason"),
    responses(
        (status = 303, description = "Dismissed"),
        (status = 400, description = "request-malformed, reason-missing"),
        (status = 403, description = "access-denied, form-foreign"),
        (status = 404, description = "not-found: she does not wait"),
    ))]
async fn dismiss(view: View, submitted: Submitted<Dismissed>) -> Reply {
    let Dismissed { subject, reason } = submitted.form;
    let by = Decider { officer: submitted.user.person, reason: reason.parse().map_err(problem)? };
    if view.app.dismiss_link(&subject, &by).await.map_err(failed)? {
        return Ok(see("/console/links?done=dismissed", None));
    }
    Err(Code::NotFound.into())
}
