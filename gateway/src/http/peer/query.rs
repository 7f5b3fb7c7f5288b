//! `POST /peer/v1/queries`: another department asks.

use std::time::Duration;

use actix_web::{HttpResponse, http::Method, web};
use schemas::id::EntityId;
use service_kit::{
    access::{Caller, Peer, Routes},
    server::{Body, Reply, RouteLimits},
    tls::PeerCertificate,
};
use utoipa::OpenApi;

use crate::{app::App, exchange::ask::QUERY_TYPE};

/// The media type of an answer, given or refused.
pub const ANSWER_TYPE: &str = "application/dx-answer+jwt";

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(query))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let limits = RouteLimits::body(64 * 1024).within(Duration::from_secs(10));
    routes.route(Method::POST, "/peer/v1/queries", Caller::Peer, limits, query)
}

/// Answers a query. Nothing outside the signed body is trusted.
#[utoipa::path(post, path = "/peer/v1/queries", tag = "peers",
    request_body(content = String, content_type = "application/dx-query+jwt", description = "A query, one compact JWS"),
    responses(
        (status = 200, description = "The answer or the signed refusal, one compact JWS", content_type = "application/dx-answer+jwt", body = String),
        (status = 400, description = "token-malformed, token-type-wrong, version-unsupported"),
        (status = 401, description = "peer-unknown, peer-certificate-mismatch, signature-invalid"),
        (status = 403, description = "peer-suspended, consent-revoked, consent-paused, where the answer was given before"),
        (status = 409, description = "replayed"),
        (status = 413, description = "request-too-large"),
        (status = 429, description = "too-many-requests"),
        (status = 503, description = "overloaded, directory-outdated"),
    ))]
async fn query(app: web::Data<App>, peer: Peer<EntityId>, certificate: PeerCertificate, body: Body) -> Reply {
    let body = body.require_media_type(QUERY_TYPE)?;
    let answer = app.answer(&peer.0, certificate.der(), body).await?;
    app.wake_anchor();
    Ok(HttpResponse::Ok().content_type(ANSWER_TYPE).body(answer.to_string()))
}
