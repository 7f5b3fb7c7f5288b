//! `POST /peer/v1/events`: another department tells of life events.

use actix_web::{HttpResponse, http::Method, web};
use schemas::{
    event::{EventAckBatch, EventBatch},
    id::EntityId,
};
use service_kit::{
    access::{Caller, Peer, Routes},
    server::{Body, Reply, RouteLimits},
};
use utoipa::OpenApi;

use crate::{app::App, configuration::path};

/// One delivery: 100 events or 2 MB.
const LIMITS: RouteLimits = RouteLimits::body(2 * 1024 * 1024);

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(deliver))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.route(Method::POST, path::EVENTS, Caller::Peer, LIMITS, deliver)
}

/// Events of the caller, at most 100; each is acknowledged, signed, after the commit that stores it.
#[utoipa::path(post, path = "/peer/v1/events", tag = "peers",
    request_body(content = String, content_type = "application/json", description = "EventBatch: compact JWSs of type dx-event+jwt"),
    responses(
        (status = 200, description = "EventAckBatch: one dx-event-ack+jwt an event, in order; `refused` ones with their code", content_type = "application/json", body = String),
        (status = 400, description = "token-malformed, token-type-wrong, version-unsupported: one of them is not readable"),
        (status = 401, description = "peer-unknown, signature-invalid, peer-certificate-mismatch"),
        (status = 403, description = "peer-suspended"),
        (status = 413, description = "request-too-large"),
        (status = 503, description = "overloaded, directory-outdated"),
    ))]
async fn deliver(app: web::Data<App>, caller: Peer<EntityId>, body: Body) -> Reply {
    let batch: EventBatch = body.json()?;
    let acks = app.receive_events(&caller.0, &batch.events).await?;
    Ok(HttpResponse::Ok().json(EventAckBatch { acks }))
}
