//! `GET /console/audit`: who did what here.

use actix_web::{
    http::{Method, StatusCode},
    web,
};
use serde::Deserialize;
use service_kit::{
    access::{Caller, Routes},
    server::{Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::{View, refused, show};
use crate::{console::views, people::TrailPage};

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(list))]
pub struct Api;

/// Rows of a page.
const ROWS: i64 = 50;

pub(crate) fn routes(routes: Routes) -> Routes {
    let caller = Caller::User("auditor admin");
    routes.route(Method::GET, "/console/audit", caller, RouteLimits::NO_BODY, list)
}

#[derive(Deserialize)]
struct Asked {
    /// Rows before this number.
    #[serde(default = "newest")]
    before: i64,
}

const fn newest() -> i64 {
    i64::MAX
}

/// The newest rows, and whether the chain of all rows holds.
#[utoipa::path(get, path = "/console/audit", tag = "people", params(("before" = Option<i64>, Query, description = "Only rows before this number")), responses(
    (status = 200, description = "The page", content_type = "text/html"),
    (status = 401, description = "not-authenticated"),
    (status = 403, description = "access-denied"),
))]
async fn list(view: View, asked: web::Query<Asked>) -> Reply {
    let TrailPage { rows, holds } = view.app.officers().trail(asked.before, ROWS).await.map_err(refused)?;
    let older = rows.last().map(|row| row.seq).filter(|seq| *seq > 1);
    show(&view, StatusCode::OK, &views::Audit { page: view.page("audit"), rows, holds, older })
}
