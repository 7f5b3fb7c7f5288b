//! `GET /status/rb/{n}`: whether resident bindings hold.

use actix_web::{
    HttpResponse,
    http::{Method, header},
    web,
};
use schemas::{id::CompactJws, problem::Code};
use service_kit::{
    access::{Caller, Routes},
    server::{ProblemResponse, Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::said::{failed, refused};
use crate::app::App;

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(serve))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.route(Method::GET, "/status/rb/{list}", Caller::Public, RouteLimits::NO_BODY, serve)
}

/// A status list.
#[utoipa::path(get, path = "/status/rb/{list}", tag = "people", params(("list" = i64, Path, description = "Number of the list")), responses(
    (status = 200, description = "A token status list, 2 bits an entry", content_type = "application/statuslist+jwt", body = String),
    (status = 403, description = "role-missing: this department is no identity registry"),
    (status = 404, description = "not-found"),
))]
async fn serve(app: web::Data<App>, list: web::Path<i64>) -> Reply {
    let token = served(&app, *list).await?;
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::CACHE_CONTROL, "max-age=30"));
    Ok(answer.content_type("application/statuslist+jwt").body(token.to_string()))
}

/// The list of this number, on whichever listener.
pub(in crate::http) async fn served(app: &App, list: i64) -> Result<CompactJws, ProblemResponse> {
    app.identity_registry(app.now()).map_err(refused)?;
    app.status_list(list).await.map_err(failed)?.ok_or(ProblemResponse::new(Code::NotFound))
}
