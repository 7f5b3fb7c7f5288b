//! `GET /console`: the first page of an officer.

use actix_web::http::{Method, StatusCode};
use service_kit::{
    access::{Caller, Routes},
    server::{Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::{ANYBODY, View, show};
use crate::console::views;

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(home))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.route(Method::GET, "/console", Caller::User(ANYBODY), RouteLimits::NO_BODY, home)
}

/// What the officer may do here.
#[utoipa::path(get, path = "/console", tag = "people", responses(
    (status = 200, description = "The page", content_type = "text/html"),
    (status = 401, description = "not-authenticated; browsers are sent to /sign-in"),
))]
async fn home(view: View) -> Reply {
    show(&view, StatusCode::OK, &views::Home { page: view.page("home") })
}
