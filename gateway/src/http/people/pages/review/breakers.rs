//! `/console/review/breakers`: schemes whose removals stopped, and the two signatures that let them go on.

use actix_web::{
    http::{Method, StatusCode},
    web,
};
use serde::Deserialize;
use service_kit::{
    access::{Caller, Routes, Submitted, User},
    server::{Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::{refused, views};
use crate::{
    http::people::{
        pages::{FORM, View, see, show, sign_in::Done},
        said::failed,
    },
    people::Role,
    review::{ReviewAct, ReviewDone},
};

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(list, release))]
pub struct Api;

const CALLER: Caller = Caller::User(Role::Reviewer.as_str());

pub(super) fn routes(routes: Routes) -> Routes {
    let path = "/console/review/breakers";
    let routes = routes.route(Method::GET, path, CALLER, RouteLimits::NO_BODY, list);
    routes.route(Method::POST, path, CALLER, RouteLimits::body(FORM), release)
}

/// Schemes that are stopped.
#[utoipa::path(get, path = "/console/review/breakers", tag = "people", responses(
    (status = 200, description = "The page", content_type = "text/html"),
    (status = 401, description = "not-authenticated"),
    (status = 403, description = "access-denied"),
))]
async fn list(view: View, user: User, done: web::Query<Done>) -> Reply {
    let stopped = view.app.breakers().await.map_err(failed)?;
    let page = view.page("breakers").notice(done.done.as_deref());
    show(&view, StatusCode::OK, &views::Breakers { page, stopped, reader: user.name })
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Certain {
    Yes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Signed {
    scheme: String,
    people: u64,
    /// Without it the form is not whole.
    #[serde(rename = "certain")]
    _certain: Certain,
}

/// Signs that a scheme may go on.
#[utoipa::path(post, path = "/console/review/breakers", tag = "people",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "scheme, people (for how many it may go on; both sign the same number), certain"),
    responses(
        (status = 303, description = "Signed; with the second person's signature the scheme goes on"),
        (status = 400, description = "request-malformed"),
        (status = 403, description = "access-denied, form-foreign, four-eyes-required"),
        (status = 409, description = "conflict: it is not stopped, or for nobody"),
    ))]
async fn release(view: View, submitted: Submitted<Signed>) -> Reply {
    let act = ReviewAct::Release { scheme: submitted.form.scheme, people: submitted.form.people };
    let done = match view.app.review_act(&submitted.user.name, act).await.map_err(refused)? {
        ReviewDone::Released(true) => "breaker-released",
        _ => "breaker-signed",
    };
    Ok(see(&format!("/console/review/breakers?done={done}"), None))
}
