//! `/console/matching`: life events of which nobody here is surely meant; an officer says who is, or that nobody is.

use actix_web::{
    http::{Method, StatusCode},
    web,
};
use registry_adapter::key::LocalKey;
use schemas::{
    id::{EntityId, MessageId},
    problem::Code,
};
use serde::Deserialize;
use service_kit::{
    access::{Caller, Routes, Submitted, User},
    server::{ProblemResponse, Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::{FORM, View, review::refused, see, show, sign_in::Done};
use crate::{console::triggers as views, http::people::said::failed, people::Role, store::decisions::facts::role_word};

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(list, resolve))]
pub struct Api;

const CALLER: Caller = Caller::User(Role::Operator.as_str());

pub(crate) fn routes(routes: Routes) -> Routes {
    let routes = routes.route(Method::GET, "/console/matching", CALLER, RouteLimits::NO_BODY, list);
    routes.route(Method::POST, "/console/matching", CALLER, RouteLimits::body(FORM), resolve)
}

/// What waits, the longest first; it names people, and that it was looked at is on record.
#[utoipa::path(get, path = "/console/matching", tag = "people", responses(
    (status = 200, description = "The page", content_type = "text/html"),
    (status = 401, description = "not-authenticated"),
    (status = 403, description = "access-denied"),
))]
async fn list(view: View, user: User, done: web::Query<Done>) -> Reply {
    let queue = view.app.match_queue_seen(&user.name).await.map_err(failed)?;
    show(&view, StatusCode::OK, &views::Matching { page: view.page("matching").notice(done.done.as_deref()), queue })
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Meant {
    /// The person of a number.
    Somebody,
    /// Nobody here.
    Nobody,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Resolved {
    source: EntityId,
    event: MessageId,
    role: String,
    meant: Meant,
    number: String,
}

/// Says who is meant.
#[utoipa::path(post, path = "/console/matching", tag = "people",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "source, event, role, meant (somebody or nobody), number"),
    responses(
        (status = 303, description = "Resolved"),
        (status = 400, description = "request-malformed"),
        (status = 403, description = "access-denied, form-foreign"),
        (status = 404, description = "not-found: nothing of this kind waits"),
        (status = 409, description = "conflict: linked otherwise, or resolved meanwhile"),
    ))]
async fn resolve(view: View, submitted: Submitted<Resolved>) -> Reply {
    let Resolved { source, event, role, meant, number } = submitted.form;
    let queue = view.app.match_queue().await.map_err(failed)?.into_iter().map(|item| item.key);
    let mut wanted = queue.filter(|key| key.source == source && key.event == event && role_word(key.role) == role);
    let key = wanted.next().ok_or(ProblemResponse::new(Code::NotFound))?;
    let number: Option<LocalKey> = match meant {
        Meant::Nobody => None,
        Meant::Somebody => {
            let none = |_| ProblemResponse::new(Code::RequestMalformed).detail("write the number of the person meant");
            Some(number.trim().parse().map_err(none)?)
        }
    };
    view.app.match_resolve(&submitted.user.name, &key, number.as_ref()).await.map_err(refused)?;
    let done = if number.is_some() { "matched" } else { "matched-nobody" };
    Ok(see(&format!("/console/matching?done={done}"), None))
}
