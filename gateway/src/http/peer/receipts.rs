//! `POST /peer/v1/receipts`: an asker gives its receipts back.

use std::time::Duration;

use actix_web::{HttpResponse, http::Method, web};
use schemas::id::EntityId;
use service_kit::{
    access::{Caller, Peer, Routes},
    server::{Body, Reply, RouteLimits},
    tls::PeerCertificate,
};
use utoipa::OpenApi;

use crate::{
    app::App,
    exchange::returning::{BATCH_BYTES, RECEIPTS_TYPE, RefusedReceipt, Returned},
};

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(receipts), components(schemas(Returned, RefusedReceipt)))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let limits = RouteLimits::body(BATCH_BYTES).within(Duration::from_secs(10));
    routes.route(Method::POST, "/peer/v1/receipts", Caller::Peer, limits, receipts)
}

/// Takes the asker's receipts of exchanges that we answered.
#[utoipa::path(post, path = "/peer/v1/receipts", tag = "peers",
    request_body(content = String, content_type = "application/dx-receipts", description = "At most 200 receipts, one compact JWS a line"),
    responses(
        (status = 200, description = "Which were not taken, and why; the others are stored", body = Returned),
        (status = 400, description = "token-malformed"),
        (status = 401, description = "peer-unknown, peer-certificate-mismatch"),
        (status = 403, description = "peer-suspended"),
        (status = 413, description = "request-too-large"),
        (status = 503, description = "overloaded, directory-outdated"),
    ))]
async fn receipts(app: web::Data<App>, peer: Peer<EntityId>, certificate: PeerCertificate, body: Body) -> Reply {
    let body = body.require_media_type(RECEIPTS_TYPE)?;
    let returned = app.take_receipts(&peer.0, certificate.der(), body).await?;
    Ok(HttpResponse::Ok().json(returned))
}
