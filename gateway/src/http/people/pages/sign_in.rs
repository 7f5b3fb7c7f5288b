//! `/sign-in`, `/sign-out`: officers with a password.

use actix_web::{
    HttpRequest,
    http::{Method, StatusCode},
    web,
};
use schemas::problem::Code;
use serde::Deserialize;
use service_kit::{
    access::{Caller, PublicForm, Routes, SessionToken, Submitted},
    server::{ProblemResponse, Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::{ANYBODY, FORM, View, refused, see, show};
use crate::{
    app::App,
    console::views,
    people::{Password, PeopleError},
};

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(form, sign_in, sign_out, sign_out_everywhere))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let (person, body) = (Caller::User(ANYBODY), RouteLimits::body(FORM));
    routes
        .route(Method::GET, "/sign-in", Caller::Public, RouteLimits::NO_BODY, form)
        .route(Method::POST, "/sign-in", Caller::Public, body, sign_in)
        .route(Method::POST, "/sign-out", person, body, sign_out)
        .route(Method::POST, "/sign-out/everywhere", person, body, sign_out_everywhere)
}

/// What was done before; anything unknown says nothing.
#[derive(Deserialize)]
pub(super) struct Done {
    #[serde(default)]
    pub(super) done: Option<String>,
}

fn sign_in_page(view: &View, status: StatusCode, name: String, done: Option<&str>, code: Option<Code>) -> Reply {
    let page = view.page("sign-in").notice(done);
    let page = match code {
        Some(code) => page.refused(code),
        None => page,
    };
    show(view, status, &views::SignIn { page, openid: view.app.openid().is_some(), name })
}

/// The form.
#[utoipa::path(get, path = "/sign-in", tag = "people", responses((status = 200, description = "The page", content_type = "text/html")))]
async fn form(view: View, done: web::Query<Done>) -> Reply {
    sign_in_page(&view, StatusCode::OK, String::new(), done.done.as_deref(), None)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    name: String,
    password: Password,
}

/// Signs an officer in.
#[utoipa::path(post, path = "/sign-in", tag = "people",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "name, password"),
    responses(
        (status = 303, description = "Signed in; sets the cookie of the session"),
        (status = 401, description = "sign-in-refused"),
        (status = 403, description = "form-foreign"),
        (status = 429, description = "too-many-requests: five failed tries within a minute"),
    ))]
async fn sign_in(view: View, request: HttpRequest, form: PublicForm<Credentials>) -> Reply {
    let Credentials { name, password } = form.0;
    let from = request.peer_addr().ok_or(ProblemResponse::new(Code::Internal))?.ip();
    match view.app.officers().sign_in(&name, password, from).await {
        Ok(session) => Ok(see("/console", Some(session.token.set_cookie()))),
        Err(PeopleError::Refused(code, _)) => {
            let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::UNAUTHORIZED);
            // The name is given back only in the form that a name has.
            let name = name.parse::<schemas::id::SystemName>().map(|name| name.to_string()).unwrap_or_default();
            sign_in_page(&view, status, name, None, Some(code))
        }
        Err(error) => Err(refused(error)),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

async fn end(app: &App, request: &HttpRequest, submitted: Submitted<Nothing>, everywhere: bool) -> Reply {
    let token = SessionToken::of(request).ok_or(ProblemResponse::new(Code::NotAuthenticated))?;
    app.officers().sign_out(&submitted.user, &token, everywhere).await.map_err(refused)?;
    Ok(see("/sign-in?done=signed-out", Some(SessionToken::clear_cookie())))
}

/// Ends this session.
#[utoipa::path(post, path = "/sign-out", tag = "people", responses(
    (status = 303, description = "Signed out"),
    (status = 401, description = "not-authenticated"),
    (status = 403, description = "form-foreign"),
))]
async fn sign_out(app: web::Data<App>, request: HttpRequest, submitted: Submitted<Nothing>) -> Reply {
    end(&app, &request, submitted, false).await
}

/// Ends every session of the account.
#[utoipa::path(post, path = "/sign-out/everywhere", tag = "people", responses(
    (status = 303, description = "Signed out"),
    (status = 401, description = "not-authenticated"),
    (status = 403, description = "form-foreign"),
))]
async fn sign_out_everywhere(app: web::Data<App>, request: HttpRequest, submitted: Submitted<Nothing>) -> Reply {
    end(&app, &request, submitted, true).await
}
