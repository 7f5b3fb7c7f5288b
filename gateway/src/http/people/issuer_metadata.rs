//! `GET /.well-known/openid-credential-issuer` and `/.well-known/oauth-authorization-server`: where bindings are had.
//!
//! Both names stand between host and path of the entity id (OpenID4VCI 1.0 §12.2.2, RFC 8414 §3.1); an entity with a path is
//! mapped there by the front server of its host.

use actix_web::{
    HttpResponse,
    http::{Method, header},
    web,
};
use serde::Serialize;
use service_kit::{
    access::{Caller, Routes},
    server::{Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::said::refused;
use crate::app::App;

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(issuer, authorization_server))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let read = RouteLimits::NO_BODY;
    routes.route(Method::GET, "/.well-known/openid-credential-issuer", Caller::Public, read, issuer).route(
        Method::GET,
        "/.well-known/oauth-authorization-server",
        Caller::Public,
        read,
        authorization_server,
    )
}

/// Issuer metadata.
#[utoipa::path(get, path = "/.well-known/openid-credential-issuer", tag = "people", responses(
    (status = 200, description = "IssuerMetadata (OpenID4VCI 1.0 §12.2)", content_type = "application/json"),
    (status = 403, description = "role-missing: this department is no identity registry"),
))]
async fn issuer(app: web::Data<App>) -> Reply {
    serve(&app, |app| app.issuer_metadata())
}

/// Authorisation server metadata.
#[utoipa::path(get, path = "/.well-known/oauth-authorization-server", tag = "people", responses(
    (status = 200, description = "AuthorizationServerMetadata (RFC 8414)", content_type = "application/json"),
    (status = 403, description = "role-missing: this department is no identity registry"),
))]
async fn authorization_server(app: web::Data<App>) -> Reply {
    serve(&app, |app| app.authorization_server_metadata())
}

fn serve<T: Serialize>(app: &App, metadata: impl FnOnce(&App) -> T) -> Reply {
    app.identity_registry(app.now()).map_err(refused)?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "max-age=60")).json(metadata(app)))
}
