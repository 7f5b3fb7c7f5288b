//! `GET /problems`, `GET /problems/{code}`: help for each code of refusal.

use actix_web::{
    http::{Method, StatusCode},
    web,
};
use schemas::problem::Code;
use service_kit::{
    access::{Caller, Routes},
    server::{ProblemResponse, Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::{View, show};
use crate::console::views;

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(list, help))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let read = RouteLimits::NO_BODY;
    routes.route(Method::GET, "/problems", Caller::Public, read, list).route(
        Method::GET,
        "/problems/{code}",
        Caller::Public,
        read,
        help,
    )
}

/// Every code.
#[utoipa::path(get, path = "/problems", tag = "people", responses((status = 200, description = "The page", content_type = "text/html")))]
async fn list(view: View) -> Reply {
    show(&view, StatusCode::OK, &views::Problems { page: view.page("problems") })
}

/// What a code means, why it comes, and what to do.
#[utoipa::path(get, path = "/problems/{code}", tag = "people", params(("code" = String, Path, description = "The code")), responses(
    (status = 200, description = "The page", content_type = "text/html"),
    (status = 404, description = "not-found: there is no such code"),
))]
async fn help(view: View, code: web::Path<String>) -> Reply {
    let code: Code = code.parse().map_err(|_| ProblemResponse::new(Code::NotFound))?;
    let page = view.page("problem");
    let title = page.say(&format!("code-{code}"));
    show(&view, StatusCode::OK, &views::ProblemHelp { page: page.titled(title), code, request: None })
}
