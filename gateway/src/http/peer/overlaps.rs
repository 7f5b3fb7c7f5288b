//! `POST /peer/v1/overlaps`: another department compares a roll of its own with ours.

use std::time::Duration;

use actix_web::{HttpResponse, http::Method, web};
use schemas::id::EntityId;
use service_kit::{
    access::{Caller, Peer, Routes},
    server::{Body, Reply, RouteLimits},
};
use utoipa::OpenApi;

use crate::{
    app::App,
    configuration::path,
    overlap::{OVERLAP, OVERLAP_RESULT},
};

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(message))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    // Two pages of 1,000 points, signed.
    let limits = RouteLimits::body(160 * 1024).within(Duration::from_secs(10));
    routes.route(Method::POST, path::OVERLAPS, Caller::Peer, limits, message)
}

/// A message of a comparison: its beginning, a page of points, or its end.
#[utoipa::path(post, path = "/peer/v1/overlaps", tag = "peers",
    request_body(content = String, content_type = "application/dx-overlap+jwt", description = "A message, one compact JWS"),
    responses(
        (status = 200, description = "What we say to it, or the signed refusal, one compact JWS", content_type = "application/dx-overlap-result+jwt", body = String),
        (status = 400, description = "token-malformed, token-type-wrong, version-unsupported, stale, overlap-points-invalid"),
        (status = 401, description = "peer-unknown, peer-certificate-mismatch, signature-invalid"),
        (status = 403, description = "peer-suspended, audience-wrong; a law that was taken back meanwhile"),
        (status = 409, description = "replayed, conflict, overlap-ended"),
        (status = 413, description = "request-too-large"),
        (status = 429, description = "too-many-requests"),
        (status = 503, description = "overloaded, directory-outdated, registry-unavailable"),
    ))]
async fn message(app: web::Data<App>, caller: Peer<EntityId>, body: Body) -> Reply {
    let said = app.answer_overlap(&caller.0, body.require_media_type(OVERLAP)?).await?;
    Ok(HttpResponse::Ok().content_type(OVERLAP_RESULT).body(said.to_string()))
}
