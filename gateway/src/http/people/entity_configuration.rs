//! `GET /.well-known/openid-federation`: what the department says of itself, as the directory has it.

use actix_web::{HttpResponse, http::Method, web};
use schemas::problem::Code;
use service_kit::{
    access::{Caller, Routes},
    server::{ProblemResponse, Reply, RouteLimits},
};
use utoipa::OpenApi;

use crate::{app::App, clients::anchor::WELL_KNOWN};

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(serve))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.route(Method::GET, WELL_KNOWN, Caller::Public, RouteLimits::NO_BODY, serve)
}

/// The entity configuration (OpenID Federation 1.1 §9).
#[utoipa::path(get, path = "/.well-known/openid-federation", tag = "people", responses(
    (status = 200, description = "A compact JWS of type entity-statement+jwt", content_type = "application/entity-statement+jwt", body = String),
    (status = 503, description = "directory-outdated: the department has not joined"),
))]
async fn serve(app: web::Data<App>) -> Reply {
    let snapshot = app.directory();
    let own = snapshot.members().member(app.entity()).and_then(|member| member.chain().first());
    let own = own.ok_or(ProblemResponse::new(Code::DirectoryOutdated))?;
    Ok(HttpResponse::Ok().content_type("application/entity-statement+jwt").body(own.to_string()))
}
