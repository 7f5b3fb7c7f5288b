//! `POST /peer/v1/orders`: the other party of a consent brings an order of the citizen's.

use actix_web::{HttpResponse, http::Method, web};
use protocol::seal::Limits;
use service_kit::{
    access::{Caller, Routes},
    server::{Body, Reply, RouteLimits},
};
use utoipa::OpenApi;

use crate::{
    app::App,
    consents::forwarding::{ORDER_TYPE, PATH},
    http::people::citizen_orders::not_obeyed,
};

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(obey))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.route(Method::POST, PATH, Caller::Peer, RouteLimits::body(Limits::ORDER.bytes), obey)
}

/// Obeys an order as if the citizen had brought it: her signature decides, not the bearer.
#[utoipa::path(post, path = "/peer/v1/orders", tag = "peers",
    request_body(content = String, content_type = "application/consent-order+jwt", description = "ConsentOrder, with the consent inside"),
    responses(
        (status = 200, description = "OrderAck: it holds from now on", content_type = "application/dx-order-ack+jwt", body = String),
        (status = 400, description = "token-malformed, token-type-wrong, version-unsupported, stale, request-malformed"),
        (status = 401, description = "peer-unknown"),
        (status = 403, description = "consent-wrong-subject, audience-wrong"),
        (status = 409, description = "conflict: a later order holds, or the consent is revoked"),
    ))]
async fn obey(app: web::Data<App>, body: Body) -> Reply {
    let order = body.require_media_type(ORDER_TYPE)?;
    let ack = app.obey_order(order).await.map_err(not_obeyed)?;
    Ok(HttpResponse::Ok().content_type("application/dx-order-ack+jwt").body(ack.to_string()))
}
