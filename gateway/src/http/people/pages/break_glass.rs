//! `/console/break-glass`: the second pair of eyes on what was asked in an emergency.

use actix_web::{
    http::{Method, StatusCode},
    web,
};
use schemas::{
    id::{KeyId, MessageId},
    problem::Code,
};
use serde::Deserialize;
use service_kit::{
    access::{Caller, Routes, Submitted, User},
    server::{ProblemResponse, Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::{FORM, View, refused, see, show, sign_in::Done};
use crate::{
    app::App,
    break_glass::{Officer, Outcome, Review, ReviewError},
    console::views,
    http::{people::said::failed, problem},
    people::Role,
};

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(list, decide))]
pub struct Api;

const CALLER: Caller = Caller::User(Role::Reviewer.as_str());

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.route(Method::GET, "/console/break-glass", CALLER, RouteLimits::NO_BODY, list).route(
        Method::POST,
        "/console/break-glass/decide",
        CALLER,
        RouteLimits::body(FORM),
        decide,
    )
}

/// Uses that wait for a review, the most urgent first.
#[utoipa::path(get, path = "/console/break-glass", tag = "people", responses(
    (status = 200, description = "The page", content_type = "text/html"),
    (status = 401, description = "not-authenticated"),
    (status = 403, description = "access-denied"),
))]
async fn list(view: View, done: web::Query<Done>) -> Reply {
    let uses = view.app.open_reviews().await.map_err(failed)?;
    let (page, now) = (view.page("break-glass").notice(done.done.as_deref()), view.app.now());
    show(&view, StatusCode::OK, &views::BreakGlass { page, uses, now })
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Judged {
    Upheld,
    Rejected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decision {
    exchange: MessageId,
    outcome: Judged,
    reason: String,
}

/// The officer's own key, so that one key of two officers is found too.
async fn key(app: &App, user: &User) -> Result<Option<KeyId>, ProblemResponse> {
    app.officers().officer_key_of(user.person.clone()).await.map_err(refused)
}

/// Decides a review.
#[utoipa::path(post, path = "/console/break-glass/decide", tag = "people",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "exchange, outcome (upheld or rejected), reason"),
    responses(
        (status = 303, description = "Decided"),
        (status = 400, description = "request-malformed, reason-missing"),
        (status = 403, description = "access-denied, form-foreign, four-eyes-required"),
        (status = 404, description = "not-found"),
        (status = 409, description = "conflict: decided already"),
    ))]
async fn decide(view: View, submitted: Submitted<Decision>) -> Reply {
    let Decision { exchange, outcome, reason } = submitted.form;
    let outcome = match outcome {
        Judged::Upheld => Outcome::Upheld,
        Judged::Rejected => Outcome::Rejected,
    };
    let review = Review { exchange, outcome, reason: reason.parse().map_err(problem)? };
    let by = Officer { key: key(&view.app, &submitted.user).await?, name: submitted.user.person };
    view.app.decide_review(by, review).await.map_err(|error| match error {
        ReviewError::Refused(refusal) => problem(refusal),
        error => {
            tracing::error!(%error, "a review could not be decided");
            ProblemResponse::new(Code::Internal)
        }
    })?;
    Ok(see("/console/break-glass?done=reviewed", None))
}
