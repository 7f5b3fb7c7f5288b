//! `GET /status`: whether the gateway works, for the public. Nothing that helps an attacker more than trying would.

use actix_web::http::{Method, StatusCode};
use service_kit::{
    access::{Caller, Routes},
    server::{Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::{View, show};
use crate::console::views;

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(status))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.route(Method::GET, "/status", Caller::Public, RouteLimits::NO_BODY, status)
}

/// What is in order.
#[utoipa::path(get, path = "/status", tag = "people", responses((status = 200, description = "The page", content_type = "text/html")))]
async fn status(view: View) -> Reply {
    let (app, now) = (&view.app, view.app.now());
    let checks = vec![
        ("database", app.db().ping().await.is_ok()),
        ("directory", app.directory().authorize_current(now).is_ok()),
        ("certificate", now < app.identity().not_after()),
        ("anchoring", app.authorize_anchored().await.is_ok()),
    ];
    let at = view.locale().moment(now);
    show(&view, StatusCode::OK, &views::Status { page: view.page("status"), checks, at })
}
