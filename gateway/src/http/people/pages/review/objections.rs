//! `/console/objections`: the counter, where an officer enters an objection for somebody who came in person.
//!
//! Whose letter it is is sent in forms, so that no number of a person stands in an address.

use actix_web::http::{Method, StatusCode};
use schemas::{decision::AppealRoute, id::MessageId};
use serde::Deserialize;
use service_kit::{
    access::{Caller, Routes, Submitted, User},
    server::{ProblemResponse, Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::{refused, views};
use crate::{
    console::qr,
    http::people::{
        pages::{FORM, View, show},
        said::failed,
    },
    review::{ReviewAct, ReviewDone},
};

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(counter, find, enter))]
pub struct Api;

/// Bytes of a form with an objection: 2,000 characters of any script, and papers.
const WORDS: usize = 48 * 1024;
/// Who sits where citizens come.
const CALLER: Caller = Caller::User("operator reviewer centre-operator");

pub(super) fn routes(routes: Routes) -> Routes {
    let body = RouteLimits::body(FORM);
    routes
        .route(Method::GET, "/console/objections", CALLER, RouteLimits::NO_BODY, counter)
        .route(Method::POST, "/console/objections/find", CALLER, body, find)
        .route(Method::POST, "/console/objections", CALLER, RouteLimits::body(WORDS), enter)
}

/// Where an objection begins: case and number, as they stand on the letter.
#[utoipa::path(get, path = "/console/objections", tag = "people", responses(
    (status = 200, description = "The page", content_type = "text/html"),
    (status = 401, description = "not-authenticated"),
    (status = 403, description = "access-denied"),
))]
async fn counter(view: View) -> Reply {
    let today = view.app.now().civil_day();
    show(&view, StatusCode::OK, &views::Counter { page: view.page("objections"), found: None, today })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OnTheLetter {
    case: String,
    number: String,
}

/// What the letter was about.
#[utoipa::path(post, path = "/console/objections/find", tag = "people",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "case, number"),
    responses(
        (status = 200, description = "The page with the decision", content_type = "text/html"),
        (status = 403, description = "access-denied, form-foreign"),
        (status = 404, description = "not-found: nothing of this case and number may be objected to"),
        (status = 409, description = "conflict: several decisions of this case are hers"),
    ))]
async fn find(view: View, submitted: Submitted<OnTheLetter>) -> Reply {
    let OnTheLetter { case, number } = submitted.form;
    let found = view.app.decision_for_counter(&submitted.user.name, &case, &number).await.map_err(refused)?;
    let view = view.of_person(submitted.user, submitted.token);
    let today = view.app.now().civil_day();
    show(&view, StatusCode::OK, &views::Counter { page: view.page("objections"), found: Some(found), today })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    decision: MessageId,
    words: String,
    papers: String,
}

/// A centre's operator takes it for somebody whom she helps; others sit at the department's counter.
fn route(user: &User) -> AppealRoute {
    if user.holds("operator reviewer") { AppealRoute::Counter } else { AppealRoute::Operator }
}

/// Enters the objection; the slip is printed.
#[utoipa::path(post, path = "/console/objections", tag = "people",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "decision, words, papers (one a line)"),
    responses(
        (status = 200, description = "The slip", content_type = "text/html"),
        (status = 400, description = "request-malformed"),
        (status = 403, description = "access-denied, form-foreign"),
        (status = 404, description = "not-found"),
        (status = 409, description = "conflict: nothing can be objected to, or no more"),
    ))]
async fn enter(view: View, submitted: Submitted<Said>) -> Reply {
    let Said { decision, words, papers } = submitted.form;
    let papers = papers.lines().map(str::to_owned).collect();
    let act = ReviewAct::Object { decision, route: route(&submitted.user), words, papers };
    let done = view.app.review_act(&submitted.user.name, act).await.map_err(refused)?;
    let ReviewDone::Entered(slip) = done else {
        return Err(failed("an objection without a slip")) as Result<_, ProblemResponse>;
    };
    let code = qr::path(&slip.qr).unwrap_or_default();
    let view = view.of_person(submitted.user, submitted.token);
    show(&view, StatusCode::OK, &views::SlipPage { page: view.page("objection-slip"), slip: *slip, code })
}
