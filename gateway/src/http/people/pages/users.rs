//! `/console/users`: accounts and their roles.

use actix_web::{
    http::{Method, StatusCode},
    web,
};
use schemas::{id::SystemName, problem::Code};
use serde::Deserialize;
use service_kit::{
    access::{Caller, Routes, Submitted},
    server::{ProblemResponse, Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::{FORM, View, refused, see, show, sign_in::Done};
use crate::{
    console::views,
    people::{By, Change, Invite, Role, Roles},
};

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(list, invite, change))]
pub struct Api;

const CALLER: Caller = Caller::User(Role::Admin.as_str());
/// Characters of a name for display.
const DISPLAY: usize = 80;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .route(Method::GET, "/console/users", CALLER, RouteLimits::NO_BODY, list)
        .route(Method::POST, "/console/users/invite", CALLER, RouteLimits::body(FORM), invite)
        .route(Method::POST, "/console/users/change", CALLER, RouteLimits::body(FORM), change)
}

async fn page(view: &View, done: Option<&str>, invited: Option<String>) -> Reply {
    let accounts = view.app.officers().list().await.map_err(refused)?;
    show(view, StatusCode::OK, &views::Users { page: view.page("users").notice(done), accounts, invited })
}

/// Everybody who may sign in.
#[utoipa::path(get, path = "/console/users", tag = "people", responses(
    (status = 200, description = "The page", content_type = "text/html"),
    (status = 401, description = "not-authenticated"),
    (status = 403, description = "access-denied"),
))]
async fn list(view: View, done: web::Query<Done>) -> Reply {
    page(&view, done.done.as_deref(), None).await
}

fn malformed(why: &'static str) -> ProblemResponse {
    ProblemResponse::new(Code::RequestMalformed).detail(why)
}

/// Reads the form; roles are checkboxes, so that a name may come more than once.
fn read(fields: Vec<(String, String)>) -> Result<Invite, ProblemResponse> {
    let (mut name, mut person, mut display, mut roles) = (None, None, None, Vec::new());
    for (field, value) in fields {
        let value = value.trim().to_owned();
        match field.as_str() {
            "name" => name = Some(value.to_ascii_lowercase()),
            "person" => person = Some(value).filter(|person| !person.is_empty()),
            "display" => display = Some(value),
            "role" => roles.push(value.parse::<Role>().map_err(|_| malformed("there is no such role"))?),
            _ => return Err(malformed("the form has a field too many")),
        }
    }
    let parse = |text: String| {
        text.parse::<SystemName>().map_err(|_| malformed("letters, digits, hyphens, dots and underscores make a name"))
    };
    let display = display.filter(|text| (1..=DISPLAY).contains(&text.chars().count()));
    if roles.is_empty() {
        return Err(malformed("choose at least one role"));
    }
    Ok(Invite {
        name: parse(name.unwrap_or_default())?,
        person: person.map(parse).transpose()?,
        display: Some(display.ok_or(malformed("write the officer's name"))?),
        roles: Roles::new(roles),
    })
}

/// Invites an officer, and shows the link once.
#[utoipa::path(post, path = "/console/users/invite", tag = "people",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "name, display, person, role (several)"),
    responses(
        (status = 200, description = "The page with the link", content_type = "text/html"),
        (status = 400, description = "request-malformed"),
        (status = 403, description = "access-denied, form-foreign"),
        (status = 409, description = "conflict: the account belongs to another officer"),
    ))]
async fn invite(view: View, submitted: Submitted<Vec<(String, String)>>) -> Reply {
    let by = By::Officer(Box::new(submitted.user.clone()));
    let invited = view.app.officers().invite(by, read(submitted.form)?).await.map_err(refused)?;
    let link = invited.link(&view.app.config().public.people);
    page(&view.of_person(submitted.user, submitted.token), None, Some(link)).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Changed {
    name: SystemName,
    change: String,
}

/// Closes an account, opens it again, or confirms that it is another person's than whoever invited it.
#[utoipa::path(post, path = "/console/users/change", tag = "people",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "name, change (disable, enable or confirm)"),
    responses(
        (status = 303, description = "Done"),
        (status = 400, description = "request-malformed"),
        (status = 403, description = "access-denied: an account of one's own; form-foreign; four-eyes-required: an account that may be one's own"),
        (status = 404, description = "not-found"),
        (status = 409, description = "conflict: confirmed already"),
    ))]
async fn change(view: View, submitted: Submitted<Changed>) -> Reply {
    let (change, done) = match submitted.form.change.as_str() {
        "disable" => (Change::Disable, "/console/users?done=disabled"),
        "enable" => (Change::Enable, "/console/users?done=enabled"),
        "confirm" => (Change::Confirm, "/console/users?done=user-confirmed"),
        _ => return Err(malformed("an account is disabled, enabled or confirmed")),
    };
    let by = By::Officer(Box::new(submitted.user));
    view.app.officers().change(by, submitted.form.name, change).await.map_err(refused)?;
    Ok(see(done, None))
}
