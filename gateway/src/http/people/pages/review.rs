//! `/console/review`: decisions that wait for an officer, and the evidence of each.
//!
//! Guarantees: who looks at a person's evidence, and who does anything, is a row of the audit trail. Deliberately absent: the rules
//! (`crate::decisions`); the counter, letters and breakers, which have files of their own.

pub mod breakers;
pub mod objections;

use actix_web::{
    http::{Method, StatusCode},
    web,
};
use protocol::consent::Refusal;
use schemas::{decision::DeliveryEvidence, id::MessageId, problem::Code, scheme::DecisionState};
use serde::Deserialize;
use service_kit::{
    access::{Caller, Routes, Submitted, User},
    server::{ProblemResponse, Reply, RouteLimits},
    words::Language,
};
use utoipa::OpenApi;

use super::{FORM, View, see, show, sign_in::Done};
use crate::{
    console::{qr, review as views},
    decisions::{OfficerRefused, ReviewOutcome},
    http::people::said::{self, failed},
    people::Role,
    review::{ReviewAct, ReviewDone, places::PlaceLists},
};

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(list, case, decide, delivered, letter, places))]
pub struct Api;

const CALLER: Caller = Caller::User(Role::Reviewer.as_str());

pub(crate) fn routes(routes: Routes) -> Routes {
    let body = RouteLimits::body(FORM);
    let routes = objections::routes(breakers::routes(routes));
    routes
        .route(Method::GET, "/console/review", CALLER, RouteLimits::NO_BODY, list)
        .route(Method::POST, "/console/review/decide", CALLER, body, decide)
        .route(Method::POST, "/console/review/delivered", CALLER, body, delivered)
        .route(Method::POST, "/console/review/letter", CALLER, body, letter)
        .route(Method::POST, "/console/review/places", CALLER, body, places)
        .route(Method::GET, "/console/review/{decision}", CALLER, RouteLimits::NO_BODY, case)
}

/// Why an officer's wish was not done.
pub(super) fn refused(error: OfficerRefused) -> ProblemResponse {
    match error {
        OfficerRefused::Refused(refusal) => with_reason(refusal),
        OfficerRefused::Failed(error) => failed(error),
    }
}

/// These reasons are written for officers and name nobody.
fn with_reason(refusal: Refusal) -> ProblemResponse {
    match refusal.code() {
        Code::FourEyesRequired | Code::NotFound => said::refused(refusal).detail(refusal.because()),
        _ => said::refused(refusal),
    }
}

/// Decisions that wait, by what they wait for.
#[utoipa::path(get, path = "/console/review", tag = "people", responses(
    (status = 200, description = "The page", content_type = "text/html"),
    (status = 401, description = "not-authenticated"),
    (status = 403, description = "access-denied"),
))]
async fn list(view: View, done: web::Query<Done>) -> Reply {
    let waiting = view.app.review_list().await.map_err(failed)?;
    let stopped = view.app.breakers().await.map_err(failed)?.len();
    let (page, today) = (view.page("review").notice(done.done.as_deref()), view.app.now().civil_day());
    show(&view, StatusCode::OK, &views::Queue { page, waiting, stopped, today })
}

/// Everything on which a decision rests.
#[utoipa::path(get, path = "/console/review/{decision}", tag = "people", params(("decision" = String, Path, description = "Its id")), responses(
    (status = 200, description = "The page; that it was looked at is on record", content_type = "text/html"),
    (status = 401, description = "not-authenticated"),
    (status = 403, description = "access-denied"),
    (status = 404, description = "not-found"),
))]
async fn case(view: View, user: User, decision: web::Path<String>, done: web::Query<Done>) -> Reply {
    let unknown = || ProblemResponse::new(Code::NotFound);
    let decision: MessageId = decision.parse().map_err(|_| unknown())?;
    let evidence = view.app.look_at_decision(&user.name, &decision).await.map_err(refused)?;
    let page = view.page("review-case").notice(done.done.as_deref());
    let today = view.app.now().civil_day();
    show(&view, StatusCode::OK, &views::Case { page, evidence, today, reader: user.name })
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Judged {
    Upheld,
    Reversed,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decision {
    decision: MessageId,
    outcome: Judged,
    reason: String,
}

/// Where the officer reads what came of it.
fn back(decision: &MessageId, done: &str) -> actix_web::HttpResponse {
    see(&format!("/console/review/{decision}?done={done}"), None)
}

/// Says whether what was proposed stands.
#[utoipa::path(post, path = "/console/review/decide", tag = "people",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "decision, outcome (upheld: it stands, or reversed: it is dropped), reason"),
    responses(
        (status = 303, description = "On record; about an objection another person must say the same"),
        (status = 400, description = "request-malformed, reason-missing"),
        (status = 403, description = "access-denied, form-foreign, four-eyes-required"),
        (status = 404, description = "not-found"),
        (status = 409, description = "conflict: nothing waits for an officer here"),
    ))]
async fn decide(view: View, submitted: Submitted<Decision>) -> Reply {
    use DecisionState as S;
    let Decision { decision, outcome, reason } = submitted.form;
    let upheld = matches!(outcome, Judged::Upheld);
    let act = ReviewAct::Decide { decision: decision.clone(), upheld, reason };
    let done = match view.app.review_act(&submitted.user.name, act).await.map_err(refused)? {
        ReviewDone::Heard(ReviewOutcome::SecondNeeded) => "second-needed",
        ReviewDone::Heard(ReviewOutcome::HeardAnew) => "heard-anew",
        ReviewDone::Heard(ReviewOutcome::Decided(S::Reversed | S::Restored)) => "decision-reversed",
        ReviewDone::Heard(ReviewOutcome::Decided(S::Withdrawn | S::Released)) => "decision-dropped",
        ReviewDone::Heard(ReviewOutcome::Decided(S::Upheld | S::Removed)) => "decision-upheld",
        _ => "decision-confirmed",
    };
    Ok(back(&decision, done))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arrived {
    decision: MessageId,
    evidence: DeliveryEvidence,
}

/// Enters that the notice arrived: the time to object begins.
#[utoipa::path(post, path = "/console/review/delivered", tag = "people",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "decision, evidence (officer or sms-report)"),
    responses(
        (status = 303, description = "On record"),
        (status = 400, description = "request-malformed"),
        (status = 403, description = "access-denied, form-foreign"),
        (status = 404, description = "not-found"),
        (status = 409, description = "conflict: no notice was sent, its window runs already, or a wallet's word"),
    ))]
async fn delivered(view: View, submitted: Submitted<Arrived>) -> Reply {
    let Arrived { decision, evidence } = submitted.form;
    let act = ReviewAct::Delivered { decision: decision.clone(), evidence };
    view.app.review_act(&submitted.user.name, act).await.map_err(refused)?;
    Ok(back(&decision, "notice-delivered"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    decision: MessageId,
}

/// The letter of the notice, to be printed. A print is no delivery.
#[utoipa::path(post, path = "/console/review/letter", tag = "people",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "decision"),
    responses(
        (status = 200, description = "The letter", content_type = "text/html"),
        (status = 403, description = "access-denied, form-foreign"),
        (status = 404, description = "not-found: no notice was written"),
    ))]
async fn letter(view: View, submitted: Submitted<Which>) -> Reply {
    let letter = view.app.decision_letter(&submitted.user.name, &submitted.form.decision).await.map_err(refused)?;
    let code = qr::path(&letter.qr).unwrap_or_default();
    let view = view.of_person(submitted.user, submitted.token);
    show(&view, StatusCode::OK, &views::LetterPage { page: view.page("letter"), letter, code })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// Lists for panchayats and wards: whose notice has not arrived, to be printed and handed over. A print is no delivery.
#[utoipa::path(post, path = "/console/review/places", tag = "people",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "nothing but the form's token"),
    responses(
        (status = 200, description = "One list a place", content_type = "text/html"),
        (status = 403, description = "access-denied, form-foreign"),
    ))]
async fn places(view: View, submitted: Submitted<Nothing>) -> Reply {
    let PlaceLists { lists, more } = view.app.untold_by_place(&submitted.user.name).await.map_err(refused)?;
    let (department, day) = (Language::ALL.map(|language| view.app.named(language)), view.app.now().civil_day());
    let view = view.of_person(submitted.user, submitted.token);
    show(&view, StatusCode::OK, &views::PlacesPage { page: view.page("places"), lists, more, department, day })
}
