//! `POST /identity/nonce`: a nonce for proofs of possession.

use actix_web::{
    HttpResponse,
    http::{Method, header},
    web,
};
use schemas::openid::NonceResponse;
use service_kit::{
    access::{Caller, Routes},
    server::{Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::said::refused;
use crate::{app::App, consents::nonces, store::consents::spent::Once};

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(give))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.route(Method::POST, "/identity/nonce", Caller::Public, RouteLimits::NO_BODY, give)
}

/// Gives a nonce (OpenID4VCI 1.0 §7).
#[utoipa::path(post, path = "/identity/nonce", tag = "people", responses(
    (status = 200, description = "NonceResponse", content_type = "application/json"),
    (status = 403, description = "role-missing: this department is no identity registry"),
))]
async fn give(app: web::Data<App>) -> Reply {
    let now = app.now();
    app.identity_registry(now).map_err(refused)?;
    let nonce = NonceResponse { c_nonce: nonces::issue(app.keys(), Once::Identity, now) };
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(nonce))
}
