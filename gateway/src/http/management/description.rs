//! `GET /openapi.json`: every route of every listener (OpenAPI 3.1).

use actix_web::{HttpResponse, http::Method};
use service_kit::{
    access::{Caller, Routes},
    server::RouteLimits,
};
use utoipa::OpenApi;

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(serve))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.route(Method::GET, "/openapi.json", Caller::Probe, RouteLimits::NO_BODY, serve)
}

/// The description of all routes.
#[utoipa::path(get, path = "/openapi.json", tag = "management", responses((status = 200, description = "OpenAPI 3.1")))]
async fn serve() -> HttpResponse {
    HttpResponse::Ok().json(crate::http::openapi::document())
}
