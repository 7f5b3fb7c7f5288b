//! `POST /peer/v1/events/subscriptions`: a subscriber proposes, the source signs or refuses.

use actix_web::{HttpResponse, http::Method, web};
use schemas::id::EntityId;
use service_kit::{
    access::{Caller, Peer, Routes},
    server::{Body, Reply, RouteLimits},
};
use utoipa::OpenApi;

use crate::{app::App, configuration::path, triggers::subscribe::SUBSCRIPTION};

/// A record: 16 kB.
const LIMITS: RouteLimits = RouteLimits::body(16 * 1024);

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(countersign))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.route(Method::POST, path::SUBSCRIPTIONS, Caller::Peer, LIMITS, countersign)
}

/// The source's own copy of a subscription that a registered law allows.
#[utoipa::path(post, path = "/peer/v1/events/subscriptions", tag = "peers",
    request_body(content = String, content_type = "application/dx-subscription+jwt", description = "The subscriber's copy"),
    responses(
        (status = 200, description = "The source's copy with equal terms", content_type = "application/dx-subscription+jwt", body = String),
        (status = 400, description = "token-malformed, token-type-wrong, version-unsupported"),
        (status = 401, description = "peer-unknown, signature-invalid, peer-certificate-mismatch"),
        (status = 403, description = "peer-suspended, audience-wrong, role-missing, law-not-registered, law-scope-exceeded, access-denied"),
        (status = 409, description = "conflict: another proposal has this id"),
        (status = 503, description = "directory-outdated, overloaded"),
    ))]
async fn countersign(app: web::Data<App>, caller: Peer<EntityId>, body: Body) -> Reply {
    let copy = app.countersign(&caller.0, body.require_media_type(SUBSCRIPTION)?).await?;
    Ok(HttpResponse::Ok().content_type(SUBSCRIPTION).body(copy.to_string()))
}
