//! `/console/keys`: keys by which officers sign.

use actix_web::{
    http::{Method, StatusCode},
    web,
};
use schemas::{id::KeyId, problem::Code};
use serde::Deserialize;
use service_kit::{
    access::{Caller, Routes, Submitted, User},
    server::{ProblemResponse, Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::{FORM, View, refused, see, show, sign_in::Done};
use crate::{console::views, people::Role};

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(list, register, decide))]
pub struct Api;

/// Who signs with a key of her own.
const SIGNERS: &str = "scheme-officer reviewer";
/// Who sees the keys.
const READERS: &str = "scheme-officer reviewer admin";

pub(crate) fn routes(routes: Routes) -> Routes {
    let body = RouteLimits::body(FORM);
    routes
        .route(Method::GET, "/console/keys", Caller::User(READERS), RouteLimits::NO_BODY, list)
        .route(Method::POST, "/console/keys", Caller::User(SIGNERS), body, register)
        .route(Method::POST, "/console/keys/decide", Caller::User(Role::Admin.as_str()), body, decide)
}

/// Keys that have not ended.
#[utoipa::path(get, path = "/console/keys", tag = "people", responses(
    (status = 200, description = "The page", content_type = "text/html"),
    (status = 401, description = "not-authenticated"),
    (status = 403, description = "access-denied"),
))]
async fn list(view: View, user: User, done: web::Query<Done>) -> Reply {
    let page = view.page("keys").notice(done.done.as_deref());
    let keys = view.app.officers().officer_keys().await.map_err(refused)?;
    let (signs, decides) = (user.holds(SIGNERS), user.holds(Role::Admin.as_str()));
    let department = view.app.entity().to_string();
    show(&view, StatusCode::OK, &views::Keys { page, keys, signs, decides, department })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HandedIn {
    key: String,
}

/// Takes the public key of the officer who is signed in.
#[utoipa::path(post, path = "/console/keys", tag = "people",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "key: what `vinimay gateway user key` printed"),
    responses(
        (status = 303, description = "Taken"),
        (status = 400, description = "request-malformed: no key with a proof by itself for this account"),
        (status = 403, description = "access-denied, form-foreign"),
        (status = 409, description = "conflict: known already"),
    ))]
async fn register(view: View, submitted: Submitted<HandedIn>) -> Reply {
    view.app.officers().register_key(&submitted.user, view.app.entity(), &submitted.form.key).await.map_err(refused)?;
    Ok(see("/console/keys?done=key-registered", None))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decided {
    kid: KeyId,
    decision: String,
}

/// Confirms the key of another officer, or ends a key.
#[utoipa::path(post, path = "/console/keys/decide", tag = "people",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "kid, decision (confirm or end)"),
    responses(
        (status = 303, description = "Done"),
        (status = 400, description = "request-malformed"),
        (status = 403, description = "access-denied, form-foreign, four-eyes-required: a key that is, or may be, one's own"),
        (status = 404, description = "not-found"),
        (status = 409, description = "conflict: confirmed already"),
    ))]
async fn decide(view: View, submitted: Submitted<Decided>) -> Reply {
    let (officers, Decided { kid, decision }) = (view.app.officers(), submitted.form);
    match decision.as_str() {
        "confirm" => officers.confirm_key(&submitted.user, kid).await.map_err(refused)?,
        "end" => officers.end_key(&submitted.user, kid).await.map_err(refused)?,
        _ => return Err(ProblemResponse::new(Code::RequestMalformed)),
    }
    let done = if decision == "confirm" { "key-confirmed" } else { "key-ended" };
    Ok(see(&format!("/console/keys?done={done}"), None))
}
