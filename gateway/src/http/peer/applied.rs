//! `POST /peer/v1/events/applied`: a subscriber tells what became of our events.

use actix_web::{HttpResponse, http::Method, web};
use schemas::id::EntityId;
use service_kit::{
    access::{Caller, Peer, Routes},
    server::{Body, Reply, RouteLimits},
};
use utoipa::OpenApi;

use crate::{app::App, configuration::path, triggers::receive_applied::AppliedBatch};

/// 100 records of at most 16 kB.
const LIMITS: RouteLimits = RouteLimits::body(2 * 1024 * 1024);

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(tell))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.route(Method::POST, path::APPLIED, Caller::Peer, LIMITS, tell)
}

/// Applications of our events, at most 100.
#[utoipa::path(post, path = "/peer/v1/events/applied", tag = "peers",
    request_body(content = String, content_type = "application/json", description = "AppliedBatch: compact JWSs of type dx-event-applied+jwt"),
    responses(
        (status = 200, description = "AppliedTaken: how many are stored, and which never will be", content_type = "application/json", body = String),
        (status = 400, description = "token-malformed, token-type-wrong, version-unsupported"),
        (status = 401, description = "peer-unknown, signature-invalid, peer-certificate-mismatch"),
        (status = 403, description = "peer-suspended"),
        (status = 503, description = "overloaded, directory-outdated"),
    ))]
async fn tell(app: web::Data<App>, caller: Peer<EntityId>, body: Body) -> Reply {
    let batch: AppliedBatch = body.json()?;
    Ok(HttpResponse::Ok().json(app.receive_applied(&caller.0, batch).await?))
}
