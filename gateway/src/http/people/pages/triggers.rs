//! `/console/triggers`: how life events come and go, what is parked, which sources are silent, and what became of a case.

use actix_web::{
    http::{Method, StatusCode},
    web,
};
use schemas::{
    id::{CaseId, EntityId},
    problem::Code,
};
use serde::Deserialize;
use service_kit::{
    access::{Caller, Routes, Submitted, User},
    server::{ProblemResponse, Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::{FORM, View, see, show, sign_in::Done};
use crate::{console::triggers as views, http::people::said::failed, people::Role};

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(overview, case, replay))]
pub struct Api;

/// Who reads.
const READERS: Caller = Caller::User("operator scheme-officer reviewer auditor observer");
const OPERATOR: Caller = Caller::User(Role::Operator.as_str());

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .route(Method::GET, "/console/triggers", READERS, RouteLimits::NO_BODY, overview)
        .route(Method::POST, "/console/triggers/replay", OPERATOR, RouteLimits::body(FORM), replay)
        .route(Method::GET, "/console/triggers/{case}", READERS, RouteLimits::NO_BODY, case)
}

/// Funnels, feeds, sources, newest cases.
#[utoipa::path(get, path = "/console/triggers", tag = "people", responses(
    (status = 200, description = "The page", content_type = "text/html"),
    (status = 401, description = "not-authenticated"),
    (status = 403, description = "access-denied"),
))]
async fn overview(view: View, user: User, done: web::Query<Done>) -> Reply {
    let overview = view.app.triggers_overview().await.map_err(failed)?;
    let operates = user.holds(Role::Operator.as_str());
    let page = view.page("triggers").notice(done.done.as_deref());
    show(&view, StatusCode::OK, &views::Triggers { page, overview, operates })
}

/// One case; its id is a keyed hash and names nobody.
#[utoipa::path(get, path = "/console/triggers/{case}", tag = "people", params(("case" = String, Path, description = "The case")), responses(
    (status = 200, description = "The page", content_type = "text/html"),
    (status = 401, description = "not-authenticated"),
    (status = 403, description = "access-denied"),
    (status = 404, description = "not-found: nothing of this case is known here"),
))]
async fn case(view: View, user: User, case: web::Path<String>) -> Reply {
    let unknown = || ProblemResponse::new(Code::NotFound);
    let case: CaseId = case.parse().map_err(|_| unknown())?;
    let timeline = view.app.case_timeline(&case).await.map_err(failed)?;
    if timeline.events.is_empty() && timeline.decisions.is_empty() {
        return Err(unknown());
    }
    let reviews = user.holds(Role::Reviewer.as_str());
    show(&view, StatusCode::OK, &views::CaseTimeline { page: view.page("trigger-case"), case, timeline, reviews })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whom {
    subscriber: EntityId,
}

/// Sends again what was parked for a subscriber.
#[utoipa::path(post, path = "/console/triggers/replay", tag = "people",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "subscriber"),
    responses(
        (status = 303, description = "On its way"),
        (status = 400, description = "request-malformed"),
        (status = 403, description = "access-denied, form-foreign"),
        (status = 404, description = "not-found: nothing is parked for it"),
    ))]
async fn replay(view: View, submitted: Submitted<Whom>) -> Reply {
    let events = view.app.replay_parked_events(&submitted.user.name, &submitted.form.subscriber).await;
    if events.map_err(failed)? == 0 {
        return Err(ProblemResponse::new(Code::NotFound).detail("nothing is parked for this subscriber"));
    }
    Ok(see("/console/triggers?done=replayed", None))
}
