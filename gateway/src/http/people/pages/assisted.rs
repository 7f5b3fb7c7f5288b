//! `/console/assisted`: a centre's operator opens a session, and prints the slip.
//!
//! What happens between both, the citizen's part, happens on the centre's device through `/citizen/v1/assisted`: `web/wallet` has
//! the screens. Whoever brings a slip back has the consents of that session ended here, by any operator of this department.

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
#[openapi(paths(page, open, slip, end))]
pub struct Api;

const CALLER: Caller = Caller::User(Role::CentreOperator.as_str());

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .route(Method::GET, "/console/assisted", CALLER, RouteLimits::NO_BODY, page)
        .route(Method::POST, "/console/assisted", CALLER, RouteLimits::body(FORM), open)
        .route(Method::POST, "/console/assisted/endings", CALLER, RouteLimits::body(FORM), end)
        .route(Method::GET, "/console/assisted/{session}", CALLER, RouteLimits::NO_BODY, slip)
}

fn refused(error: AssistedError) -> ProblemResponse {
    match error {
        AssistedError::Refused(refusal) => problem(refusal),
        other => said::failed(other),
    }
}

/// Where a session begins.
#[utoipa::path(get, path = "/console/assisted", tag = "people", responses(
    (status = 200, description = "The page", content_type = "text/html"),
    (status = 401, description = "not-authenticated"),
    (status = 403, description = "access-denied"),
))]
async fn page(view: View) -> Reply {
    show(&view, StatusCode::OK, &views::Assisted { page: view.page("assisted"), opened: None, ended: None })
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
    let (operator, person) = (view.app.entity().clone(), submitted.user.person.clone());
    let view = view.of_person(submitted.user, submitted.token);
    let opened = Some(views::OpenedSession { session, operator, person });
    show(&view, StatusCode::OK, &views::Assisted { page: view.page("assisted"), opened, ended: None })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Slip {
    session: String,
}

/// Ends the consents of a session, as she wants who brings its slip.
#[utoipa::path(post, path = "/console/assisted/endings", tag = "people", responses(
    (status = 200, description = "The page; the revocations are on their way", content_type = "text/html"),
    (status = 401, description = "not-authenticated"),
    (status = 403, description = "access-denied, form-foreign"),
    (status = 404, description = "not-found: no session of this number left anything to end"),
))]
async fn end(view: View, submitted: Submitted<Slip>) -> Reply {
    let session: MessageId = submitted.form.session.trim().parse().map_err(|_| ProblemResponse::new(Code::NotFound))?;
    let count = view.app.assisted_end(&session, &submitted.user.person).await.map_err(refused)?;
    let ended = Some(i64::try_from(count).unwrap_or(i64::MAX));
    let view = view.of_person(submitted.user, submitted.token);
    show(&view, StatusCode::OK, &views::Assisted { page: view.page("assisted"), opened: None, ended })
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
