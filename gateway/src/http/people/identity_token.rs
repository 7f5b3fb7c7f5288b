//! `POST /identity/token`: a code and its transaction code become an access token.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, header},
    web,
};
use service_kit::{
    access::{Caller, Routes},
    server::{Body, Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::said::oauth;
use crate::app::App;

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(redeem))]
pub struct Api;

/// The media type of forms.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

pub(crate) fn routes(routes: Routes) -> Routes {
    let caller = Caller::Signer("a wallet: pre-authorised code, transaction code and DPoP proof");
    routes.route(Method::POST, "/identity/token", caller, RouteLimits::body(4 * 1024), redeem)
}

/// The one DPoP proof of a request; two of them are none (RFC 9449 §4.3).
pub(super) fn dpop(request: &HttpRequest) -> Option<&str> {
    let mut proofs = request.headers().get_all("dpop");
    match (proofs.next(), proofs.next()) {
        (Some(proof), None) => proof.to_str().ok(),
        _ => None,
    }
}

/// Redeems a pre-authorised code (OpenID4VCI 1.0 §6).
#[utoipa::path(post, path = "/identity/token", tag = "people",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "grant_type, pre-authorized_code, tx_code; header DPoP"),
    responses(
        (status = 200, description = "TokenResponse", content_type = "application/json"),
        (status = 400, description = "OAuth errors: invalid_request, unsupported_grant_type, invalid_grant, invalid_dpop_proof"),
        (status = 415, description = "media-type-unsupported"),
    ))]
async fn redeem(app: web::Data<App>, request: HttpRequest, body: Body) -> Reply {
    let form = body.require_media_type(FORM)?;
    Ok(match app.redeem(form, dpop(&request)).await {
        Ok(token) => HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(token),
        Err(error) => oauth(&error),
    })
}
