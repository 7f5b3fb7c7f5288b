//! `/invitation`: an officer chooses a password.

use actix_web::{
    http::{Method, StatusCode},
    web,
};
use schemas::problem::Code;
use serde::Deserialize;
use service_kit::{
    access::{Caller, PublicForm, Routes},
    server::{Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::{FORM, View, refused, see, show};
use crate::{
    console::views,
    people::{Password, PeopleError},
};

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(form, accept))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.route(Method::GET, "/invitation", Caller::Public, RouteLimits::NO_BODY, form).route(
        Method::POST,
        "/invitation",
        Caller::Public,
        RouteLimits::body(FORM),
        accept,
    )
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    code: String,
}

/// The page of an invitation: with the form while it holds, else with the reason.
async fn page(view: &View, code: &str, refusal: Option<Code>) -> Reply {
    let (holds, refusal) = match view.app.officers().invitation(code).await {
        Ok(name) => (Some((code.to_owned(), name.to_string())), refusal),
        Err(PeopleError::Refused(code, _)) => (None, Some(code)),
        Err(error) => return Err(refused(error)),
    };
    let page = view.page("invitation");
    let (status, page) = match refusal {
        Some(code) => (StatusCode::from_u16(code.status()).unwrap_or(StatusCode::BAD_REQUEST), page.refused(code)),
        None => (StatusCode::OK, page),
    };
    show(view, status, &views::Invitation { page, holds })
}

/// The form.
#[utoipa::path(get, path = "/invitation", tag = "people", params(("code" = String, Query, description = "The one-time code")), responses(
    (status = 200, description = "The page", content_type = "text/html"),
    (status = 410, description = "invitation-invalid"),
))]
async fn form(view: View, asked: web::Query<Asked>) -> Reply {
    page(&view, &asked.code, None).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Chosen {
    code: String,
    /// For password managers; the account is the invitation's.
    #[serde(default, rename = "username")]
    _username: String,
    password: Password,
    again: Password,
}

/// Sets the password.
#[utoipa::path(post, path = "/invitation", tag = "people",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "code, password, again"),
    responses(
        (status = 303, description = "The password is set"),
        (status = 400, description = "password-unsuitable"),
        (status = 403, description = "form-foreign"),
        (status = 410, description = "invitation-invalid"),
    ))]
async fn accept(view: View, chosen: PublicForm<Chosen>) -> Reply {
    let Chosen { code, password, again, .. } = chosen.0;
    if !password.is(&again) {
        return page(&view, &code, Some(Code::PasswordUnsuitable)).await;
    }
    match view.app.officers().accept(&code, password).await {
        Ok(_) => Ok(see("/sign-in?done=password", None)),
        Err(PeopleError::Refused(refusal, _)) => page(&view, &code, Some(refusal)).await,
        Err(error) => Err(refused(error)),
    }
}
