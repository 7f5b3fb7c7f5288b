//! `GET /peer/v1/status/rb/{n}`: status lists, for other departments.
//!
//! The same list as on the people's listener, where a certificate for browsers may stand that peers do not pin.

use actix_web::{HttpResponse, http::Method, web};
use service_kit::{
    access::{Caller, Routes},
    server::{Reply, RouteLimits},
};
use utoipa::OpenApi;

use crate::{app::App, http::people::status_list::served};

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(serve))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.route(Method::GET, "/peer/v1/status/rb/{list}", Caller::Peer, RouteLimits::NO_BODY, serve)
}

/// A status list.
#[utoipa::path(get, path = "/peer/v1/status/rb/{list}", tag = "peers", params(("list" = i64, Path, description = "Number of the list")), responses(
    (status = 200, description = "A token status list, 2 bits an entry", content_type = "application/statuslist+jwt", body = String),
    (status = 401, description = "peer-unknown"),
    (status = 403, description = "role-missing: this department is no identity registry"),
    (status = 404, description = "not-found"),
))]
async fn serve(app: web::Data<App>, list: web::Path<i64>) -> Reply {
    let token = served(&app, *list).await?;
    Ok(HttpResponse::Ok().content_type("application/statuslist+jwt").body(token.to_string()))
}
