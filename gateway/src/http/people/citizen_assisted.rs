//! `POST /citizen/v1/assisted/approvals`, `/confirmations`, `/closings`: the device of an assisted session.
//!
//! Whoever has the session's token is the session; it stands in the body, never in an address.

use actix_web::{
    HttpResponse,
    http::{Method, header},
    web,
};
use schemas::assisted::{ApprovalOrder, Closing, Confirmation};
use serde::Serialize;
use service_kit::{
    access::{Caller, Routes},
    server::{Body, ProblemResponse, Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::said::{failed, refused};
use crate::{app::App, assisted::AssistedError};

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(approve, confirm, close))]
pub struct Api;

/// Every consent of a session with its revocation, which carries it.
const CLOSING: usize = 256 * 1024;

pub(crate) fn routes(routes: Routes) -> Routes {
    let limits = RouteLimits::body(8 * 1024);
    routes
        .route(Method::POST, "/citizen/v1/assisted/approvals", Caller::Public, limits, approve)
        .route(Method::POST, "/citizen/v1/assisted/confirmations", Caller::Public, limits, confirm)
        .route(Method::POST, "/citizen/v1/assisted/closings", Caller::Public, RouteLimits::body(CLOSING), close)
}

fn not_helped(error: AssistedError) -> ProblemResponse {
    match error {
        AssistedError::Refused(refusal) => refused(refusal),
        other => failed(other),
    }
}

fn told(answer: impl Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(answer)
}

/// Sends a code for one card to a phone.
#[utoipa::path(post, path = "/citizen/v1/assisted/approvals", tag = "people",
    request_body(content = String, content_type = "application/json", description = "ApprovalOrder"),
    responses(
        (status = 200, description = "ApprovalAsked: a code went out", content_type = "application/json"),
        (status = 400, description = "request-malformed"),
        (status = 403, description = "access-denied: no open session of this token; role-missing: this department helps nobody"),
        (status = 429, description = "too-many-requests: the session has asked for too many codes"),
        (status = 503, description = "registry-unavailable: no message can be sent now"),
    ))]
async fn approve(app: web::Data<App>, body: Body) -> Reply {
    let order: ApprovalOrder = body.json()?;
    Ok(told(app.assisted_ask(&order).await.map_err(not_helped)?))
}

/// Takes the code that the citizen told.
#[utoipa::path(post, path = "/citizen/v1/assisted/confirmations", tag = "people",
    request_body(content = String, content_type = "application/json", description = "Confirmation"),
    responses(
        (status = 200, description = "Confirmed: what must stand inside the consent", content_type = "application/json"),
        (status = 400, description = "request-malformed"),
        (status = 403, description = "access-denied: no open session, no such approval, or another code; role-missing"),
    ))]
async fn confirm(app: web::Data<App>, body: Body) -> Reply {
    let confirmation: Confirmation = body.json()?;
    Ok(told(app.assisted_confirm(&confirmation).await.map_err(not_helped)?))
}

/// Closes the session, and gives the slip for the citizen.
#[utoipa::path(post, path = "/citizen/v1/assisted/closings", tag = "people",
    request_body(content = String, content_type = "application/json", description = "Closing"),
    responses(
        (status = 200, description = "AssistedSlip, in every language", content_type = "application/json"),
        (status = 400, description = "request-malformed; an ending is no revocation of a consent of this session"),
        (status = 403, description = "access-denied: no open session of this token; role-missing"),
    ))]
async fn close(app: web::Data<App>, body: Body) -> Reply {
    let closing: Closing = body.json()?;
    Ok(told(app.assisted_close(&closing).await.map_err(not_helped)?))
}
