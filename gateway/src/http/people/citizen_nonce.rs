//! `POST /citizen/v1/nonce`: a nonce for proving a binding to this department.

use actix_web::{
    HttpResponse,
    http::{Method, header},
    web,
};
use schemas::citizen::PresentationNonce;
use service_kit::{
    access::{Caller, Routes},
    server::{Reply, RouteLimits},
};
use utoipa::OpenApi;

use crate::{app::App, consents::nonces, store::consents::spent::Once};

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(give))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.route(Method::POST, "/citizen/v1/nonce", Caller::Public, RouteLimits::NO_BODY, give)
}

/// Gives a nonce; giving it writes nothing.
#[utoipa::path(post, path = "/citizen/v1/nonce", tag = "people", responses(
    (status = 200, description = "PresentationNonce", content_type = "application/json"),
))]
async fn give(app: web::Data<App>) -> Reply {
    let nonce = nonces::issue(app.keys(), Once::Citizen, app.now());
    let nonce = PresentationNonce { nonce, expires_in: nonces::LIFE };
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(nonce))
}
