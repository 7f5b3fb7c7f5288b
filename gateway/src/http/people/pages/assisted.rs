//! `/console/assisted`: a centre's operator opens a session, and prints the slip.
//!
//! What happens between both, the citizen's part, happens on the centre's device through `/citizen/v1/assisted`. The wallet of
//! `web/wallet` has no screen for it yet, and the page says so.

use actix_web::{
    http::{Method, StatusCode},
    web,
};
use schemas::{assisted::AssistedSlip, id::MessageId, problem::Code};
use serde::Deserialize;
use service_kit::{
    access::{Caller, Routes, Submitted, User},
    server::{ProblemResponse, Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::{FORM, View, show};
use crate::{
    assisted::AssistedError,
    console::{qr, views},
    http::{people::said, problem},
    people::Role,
};

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(page, open, slip))]
pub struct Api;

const CALLER: Caller = Caller::User(Role::CentreOperator.as_str());

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .route(Method::GET, "/console/assisted", CALLER, RouteLimits::NO_BODY, page)
        .route(Method::POST, "/console/assisted", CALLER, RouteLimits::body(FORM), open)
        .route(Method::GET, "/console/assisted/{session}", CALLER, RouteLimits::NO_BODY, slip)
}

fn refused(error: AssistedError) -> ProblemResponse {
    match error {
        AssistedError::Refused(refusal) => problem(refusal),
        AssistedError::Store(error) => said::failed(error),
    }
}

/// Where a session begins.
#[utoipa::path(get, path = "/console/assisted", tag = "people", responses(
    (status = 200, description = "The page", content_type = "text/html"),
    (status = 401, description = "not-authenticated"),
    (status = 403, description = "access-denied"),
))]
async fn page(view: View) -> Reply {
    show(&view, StatusCode::OK, &views::Assisted { page: view.page("assisted"), opened: None })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// Opens a session; its link is shown once.
#[utoipa::path(post, path = "/console/assisted", tag = "people", responses(
    (status = 200, description = "The page with the link", content_type = "text/html"),
    (status = 401, description = "not-authenticated"),
    (status = 403, description = "access-denied, form-foreign; role-missing: this department helps nobody"),
))]
async fn open(view: View, submitted: Submitted<Nothing>) -> Reply {
    let session = view.app.assisted_open(&submitted.user.person).await.map_err(refused)?;
    let view = view.of_person(submitted.user, submitted.token);
    show(&view, StatusCode::OK, &views::Assisted { page: view.page("assisted"), opened: Some(session) })
}

/// The slip of a closed session.
#[utoipa::path(get, path = "/console/assisted/{session}", tag = "people", params(("session" = String, Path, description = "The session")), responses(
    (status = 200, description = "The slip, if the session is closed and the reader's own", content_type = "text/html"),
    (status = 404, description = "not-found: this is no session's number"),
))]
async fn slip(view: View, user: User, session: web::Path<String>) -> Reply {
    let session: MessageId = session.parse().map_err(|_| ProblemResponse::new(Code::NotFound))?;
    let slip: Option<AssistedSlip> = view.app.assisted_slip(&session, &user.person).await.map_err(refused)?;
    let (size, modules) = slip.as_ref().and_then(|slip| qr::path(&slip.qr)).unwrap_or_default();
    show(&view, StatusCode::OK, &views::Slip { page: view.page("assisted-slip"), slip, size, modules })
}
