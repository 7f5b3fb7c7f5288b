//! `POST /consents/requests/{id}`: a wallet fetches the signed request (OpenID4VP 1.0 §5.10, `request_uri_method=post`).

use actix_web::{
    HttpResponse,
    http::{Method, header},
    web,
};
use schemas::{id::MessageId, problem::Code};
use service_kit::{
    access::{Caller, Routes},
    server::{Body, ProblemResponse, Reply, RouteLimits},
};
use url::form_urlencoded;
use utoipa::OpenApi;

use super::{
    identity_token::FORM,
    said::{failed, refused},
};
use crate::{app::App, consents::RequestObjectError};

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(fetch))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let limits = RouteLimits::body(4 * 1024);
    routes.route(Method::POST, "/consents/requests/{id}", Caller::Public, limits, fetch)
}

/// Gives the signed request.
#[utoipa::path(post, path = "/consents/requests/{id}", tag = "people",
    params(("id" = String, Path, description = "Id of the request, from its link")),
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "wallet_nonce, which comes back inside"),
    responses(
        (status = 200, description = "A request object", content_type = "application/oauth-authz-req+jwt", body = String),
        (status = 400, description = "request-malformed"),
        (status = 404, description = "not-found"),
        (status = 409, description = "conflict: answered before"),
        (status = 410, description = "request-expired"),
        (status = 429, description = "too-many-requests: fetched too often"),
    ))]
async fn fetch(app: web::Data<App>, id: web::Path<String>, body: Body) -> Reply {
    let id: MessageId = id.parse().map_err(|_| ProblemResponse::new(Code::NotFound))?;
    let form = body.require_media_type(FORM)?;
    let nonce =
        form_urlencoded::parse(form).find(|(name, _)| name == "wallet_nonce").map(|(_, value)| value.into_owned());
    let object = app.request_object(&id, nonce).await.map_err(|error| match error {
        RequestObjectError::Refused(refusal) => refused(refusal),
        other => failed(other),
    })?;
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::CACHE_CONTROL, "no-store"));
    Ok(answer.content_type("application/oauth-authz-req+jwt").body(object.to_string()))
}
