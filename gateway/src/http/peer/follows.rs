//! `POST /peer/v1/events/follows`: a subscriber changes its follow list.

use actix_web::{HttpResponse, http::Method, web};
use schemas::id::EntityId;
use service_kit::{
    access::{Caller, Peer, Routes},
    server::{Body, Reply, RouteLimits},
};
use utoipa::OpenApi;

use crate::{app::App, configuration::path, triggers::follow::FOLLOW_REQUEST};

/// 10,000 pseudonyms, sealed and signed.
const LIMITS: RouteLimits = RouteLimits::body(2 * 1024 * 1024);

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(change))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.route(Method::POST, path::FOLLOWS, Caller::Peer, LIMITS, change)
}

/// People to follow, and to follow no longer: at most 10,000 together.
#[utoipa::path(post, path = "/peer/v1/events/follows", tag = "peers",
    request_body(content = String, content_type = "application/dx-follow+jwt", description = "A signed request; the list is sealed to the source"),
    responses(
        (status = 200, description = "How many were added, removed, unknown", content_type = "application/json", body = String),
        (status = 400, description = "token-malformed, token-type-wrong, version-unsupported, stale"),
        (status = 401, description = "peer-unknown, signature-invalid, peer-certificate-mismatch"),
        (status = 403, description = "peer-suspended, audience-wrong, access-denied: no subscription in force"),
        (status = 409, description = "replayed"),
        (status = 503, description = "registry-unavailable, directory-outdated, overloaded"),
    ))]
async fn change(app: web::Data<App>, caller: Peer<EntityId>, body: Body) -> Reply {
    let taken = app.take_follow(&caller.0, body.require_media_type(FOLLOW_REQUEST)?).await?;
    Ok(HttpResponse::Ok().json(taken))
}
