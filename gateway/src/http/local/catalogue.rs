//! `GET /v1/catalogue`: who has which dataset, and on what basis it may be asked for.

use actix_web::{HttpResponse, http::Method, web};
use service_kit::{
    access::{Caller, Routes},
    server::{Reply, RouteLimits},
};
use utoipa::OpenApi;

use crate::{app::App, catalogue, config::SystemRight};

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(read))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let caller = Caller::System(SystemRight::Ask.as_str());
    routes.route(Method::GET, "/v1/catalogue", caller, RouteLimits::NO_BODY, read)
}

/// The datasets of all members that may take part now, with the purposes and laws that cover them.
#[utoipa::path(get, path = "/v1/catalogue", tag = "local",
    responses(
        (status = 200, description = "Catalogue", content_type = "application/json", body = String),
        (status = 403, description = "access-denied: the system may not ask"),
        (status = 503, description = "directory-outdated"),
    ))]
async fn read(app: web::Data<App>) -> Reply {
    let catalogue = catalogue::catalogue(&app.directory(), app.now()).map_err(crate::http::problem)?;
    Ok(HttpResponse::Ok().json(catalogue))
}
