//! `POST /v1/links`: an officer says which local number a pseudonym is.

use actix_web::{HttpResponse, http::Method, web};
use schemas::{
    id::{SectorSubject, SystemName},
    problem::Code,
};
use serde::Deserialize;
use service_kit::{
    access::{Caller, Routes},
    server::{Body, ProblemResponse, Reply, RouteLimits},
};
use utoipa::OpenApi;

use crate::{app::App, config::SystemRight, links::Linked};

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(link))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.route(
        Method::POST,
        "/v1/links",
        Caller::System(SystemRight::Link.as_str()),
        RouteLimits::body(4 * 1024),
        link,
    )
}

/// Which is which, and who says so.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkOrder {
    subject: SectorSubject,
    local_key: String,
    officer: SystemName,
}

/// Ties a pseudonym to a local number.
#[utoipa::path(post, path = "/v1/links", tag = "local",
    request_body(content = String, content_type = "application/json", description = "subject, local_key, officer (a pseudonym of the officer)"),
    responses(
        (status = 201, description = "Linked"),
        (status = 200, description = "Was linked so before"),
        (status = 400, description = "request-malformed"),
        (status = 403, description = "access-denied: the system may not link"),
        (status = 409, description = "conflict: the pseudonym is linked to another number"),
    ))]
async fn link(app: web::Data<App>, body: Body) -> Reply {
    let order: LinkOrder = body.json()?;
    let key = order
        .local_key
        .parse()
        .map_err(|_| ProblemResponse::new(Code::RequestMalformed).detail("local_key is no key"))?;
    let linked = app.links().link_by_officer(order.subject, key, order.officer, app.now()).await.map_err(|error| {
        tracing::error!(%error, "a link could not be written");
        ProblemResponse::new(Code::Internal)
    })?;
    match linked {
        Linked::New => Ok(HttpResponse::Created().finish()),
        Linked::Same => Ok(HttpResponse::Ok().finish()),
        Linked::Other => Err(ProblemResponse::new(Code::Conflict).detail("this pseudonym is linked to another number")),
        Linked::Taken => Err(ProblemResponse::new(Code::Conflict).detail("this number is linked to another pseudonym")),
    }
}
