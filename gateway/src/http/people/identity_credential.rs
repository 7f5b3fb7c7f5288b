//! `POST /identity/credential`: resident bindings, one for each proven key.

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, header},
    web,
};
use schemas::openid::CredentialRequest;
use service_kit::{
    access::{Caller, Routes},
    server::{Body, Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::{identity_token::dpop, said::oauth};
use crate::{
    app::App,
    identity::{IdentityError, Presented},
};

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(issue))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let caller = Caller::Signer("a wallet: access token, DPoP proof and a proof for each key");
    // Sixteen proofs of at most 2 kB each.
    let limits = RouteLimits::body(32 * 1024).within(Duration::from_secs(15));
    routes.route(Method::POST, "/identity/credential", caller, limits, issue)
}

/// Issues bindings (OpenID4VCI 1.0 §8).
#[utoipa::path(post, path = "/identity/credential", tag = "people",
    request_body(content = String, content_type = "application/json", description = "CredentialRequest with 1 to 16 proofs; headers Authorization: DPoP …, DPoP"),
    responses(
        (status = 200, description = "CredentialResponse", content_type = "application/json"),
        (status = 400, description = "invalid_proof, invalid_nonce, unknown_credential_configuration, credential_request_denied"),
        (status = 401, description = "invalid_token"),
        (status = 415, description = "media-type-unsupported"),
    ))]
async fn issue(app: web::Data<App>, request: HttpRequest, body: Body) -> Reply {
    let wanted: CredentialRequest = body.json()?;
    let token = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = token.and_then(|value| value.strip_prefix("DPoP "));
    let issued = match token.zip(dpop(&request)) {
        Some((token, dpop)) => app.issue_bindings(Presented { token, dpop }, &wanted).await,
        None => Err(IdentityError::TokenInvalid),
    };
    Ok(match issued {
        Ok(bindings) => HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(bindings),
        Err(error) => oauth(&error),
    })
}
