//! `GET /transparency`: what was exchanged, for the public.

use actix_web::http::{Method, StatusCode};
use service_kit::{
    access::{Caller, Routes},
    server::{Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::{View, show};
use crate::{console::views, http::people::said::failed};

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(overview))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.route(Method::GET, "/transparency", Caller::Public, RouteLimits::NO_BODY, overview)
}

/// Counts by basis; numbers from one to four are not told.
#[utoipa::path(get, path = "/transparency", tag = "people", responses((status = 200, description = "The page", content_type = "text/html")))]
async fn overview(view: View) -> Reply {
    let overview = view.app.transparency().await.map_err(failed)?;
    show(&view, StatusCode::OK, &views::Transparency { page: view.page("transparency"), overview })
}
