//! `POST /v1/binding-offers`: the identity registry's desk invites a resident's wallet.

use actix_web::{
    HttpResponse,
    http::{Method, header},
    web,
};
use schemas::local::BindingOfferOrder;
use service_kit::{
    access::{Caller, Routes, System},
    server::{Body, Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::consent_requests::name;
use crate::{
    app::App,
    config::SystemRight,
    http::people::said::{failed, refused},
    identity::InviteError,
};

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(invite))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let caller = Caller::System(SystemRight::Invite.as_str());
    routes.route(Method::POST, "/v1/binding-offers", caller, RouteLimits::body(4 * 1024), invite)
}

/// Makes an invitation: a link, and a code for another way.
#[utoipa::path(post, path = "/v1/binding-offers", tag = "local",
    request_body(content = String, content_type = "application/json", description = "BindingOfferOrder"),
    responses(
        (status = 201, description = "BindingOffer", content_type = "application/json"),
        (status = 400, description = "request-malformed"),
        (status = 403, description = "access-denied; role-missing: this department is no identity registry"),
        (status = 404, description = "not-found-or-not-permitted: nobody alive, with a full birth date, has this number"),
        (status = 503, description = "registry-unavailable"),
    ))]
async fn invite(app: web::Data<App>, system: System, body: Body) -> Reply {
    let order: BindingOfferOrder = body.json()?;
    let offer = app.invite(&name(&system)?, &order).await.map_err(|error| match error {
        InviteError::Refused(refusal) => refused(refusal),
        InviteError::Store(error) => failed(error),
    })?;
    Ok(HttpResponse::Created().insert_header((header::CACHE_CONTROL, "no-store")).json(offer))
}
