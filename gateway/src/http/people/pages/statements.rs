//! `GET /accessibility`, `GET /privacy`: statements of the department.

use actix_web::http::{Method, StatusCode};
use service_kit::{
    access::{Caller, Routes},
    server::{Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::{View, show};
use crate::console::views;

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(accessibility, privacy))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let read = RouteLimits::NO_BODY;
    routes.route(Method::GET, "/accessibility", Caller::Public, read, accessibility).route(
        Method::GET,
        "/privacy",
        Caller::Public,
        read,
        privacy,
    )
}

/// What was done so that everybody can use these pages.
#[utoipa::path(get, path = "/accessibility", tag = "people", responses((status = 200, description = "The page", content_type = "text/html")))]
async fn accessibility(view: View) -> Reply {
    let paragraphs = &["accessibility-1", "accessibility-2", "accessibility-3"];
    show(&view, StatusCode::OK, &views::Statement { page: view.page("accessibility"), paragraphs })
}

/// What these pages keep of their readers.
#[utoipa::path(get, path = "/privacy", tag = "people", responses((status = 200, description = "The page", content_type = "text/html")))]
async fn privacy(view: View) -> Reply {
    let paragraphs = &["privacy-1", "privacy-2", "privacy-3", "privacy-4"];
    show(&view, StatusCode::OK, &views::Statement { page: view.page("privacy"), paragraphs })
}
