//! `GET /assets/…`: the three files that pages load. They stand in the program.

use actix_web::{
    HttpResponse,
    http::{Method, header},
    web,
};
use schemas::problem::Code;
use service_kit::{
    access::{Caller, Routes},
    server::{ProblemResponse, Reply, RouteLimits},
};
use utoipa::OpenApi;

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(serve))]
pub struct Api;

const FILES: &[(&str, &str, &str)] = &[
    ("console.css", "text/css; charset=utf-8", include_str!("../../../../../web/console/console.css")),
    ("console.js", "text/javascript; charset=utf-8", include_str!("../../../../../web/console/console.js")),
    ("icon.svg", "image/svg+xml", include_str!("../../../../../web/console/icon.svg")),
];

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.route(Method::GET, "/assets/{file}", Caller::Public, RouteLimits::NO_BODY, serve)
}

/// A style sheet, script or picture of our own.
#[utoipa::path(get, path = "/assets/{file}", tag = "people", params(("file" = String, Path, description = "Name of the file")), responses(
    (status = 200, description = "The file"),
    (status = 404, description = "not-found"),
))]
async fn serve(file: web::Path<String>) -> Reply {
    let found = FILES.iter().find(|(name, _, _)| *name == file.as_str());
    let (_, media_type, content) = found.ok_or(ProblemResponse::new(Code::NotFound))?;
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header((header::CACHE_CONTROL, "max-age=300"))
        .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'"))
        .insert_header(("cross-origin-resource-policy", "same-origin"));
    Ok(answer.content_type(*media_type).body(*content))
}
