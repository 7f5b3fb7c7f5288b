//! `POST /citizen/v1/nonce`: a nonce for proving a binding to this department, or presence inside a consent for it.

use actix_web::{
    HttpResponse,
    http::{Method, header},
    web,
};
use schemas::citizen::{NonceKind, NonceRequest, PresentationNonce};
use service_kit::{
    access::{Caller, Routes},
    server::{Body, Reply, RouteLimits},
};
use utoipa::OpenApi;

use crate::{app::App, consents::nonces, store::consents::spent::Once};

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(give))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.route(Method::POST, "/citizen/v1/nonce", Caller::Public, RouteLimits::body(256), give)
}

/// Gives a nonce; giving it writes nothing.
#[utoipa::path(post, path = "/citizen/v1/nonce", tag = "people",
    request_body(content = String, content_type = "application/json", description = "NonceRequest, or nothing for kind `citizen`"),
    responses(
        (status = 200, description = "PresentationNonce", content_type = "application/json"),
        (status = 400, description = "request-malformed: no such kind"),
    ))]
async fn give(app: web::Data<App>, body: Body) -> Reply {
    let request = if body.is_empty() { NonceRequest::default() } else { body.json()? };
    let once = match request.kind {
        NonceKind::Citizen => Once::Citizen,
        NonceKind::Live => Once::Live,
    };
    let nonce = PresentationNonce { nonce: nonces::issue(app.keys(), once, app.now()), expires_in: nonces::life(once) };
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(nonce))
}
