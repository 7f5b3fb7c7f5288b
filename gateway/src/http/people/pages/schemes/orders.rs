//! `/console/schemes/…/sign`, `…/publish`, `…/rollback`: two officers sign with keys of their own, and a version comes into force or
//! goes back.
//!
//! What is signed is made here and signed on the officer's machine; the key never comes near.

use actix_web::{
    http::{Method, StatusCode},
    web,
};
use schemas::{decision::SchemeVersion, id::CompactJws, problem::Code, time::CivilDate};
use serde::Deserialize;
use service_kit::{
    access::{Routes, Submitted},
    server::{ProblemResponse, Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::{Named, WRITES, unsettled};
use crate::{
    console::schemes::Sign,
    http::people::{
        pages::{FORM, View, see, show},
        said::failed,
    },
    schemes::{Detail, Terms},
};

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(signing, sign, publish, taking_back, roll_back))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let (none, body) = (RouteLimits::NO_BODY, RouteLimits::body(FORM));
    routes
        .route(Method::POST, "/console/schemes/sign", WRITES, body, sign)
        .route(Method::POST, "/console/schemes/publish", WRITES, body, publish)
        .route(Method::POST, "/console/schemes/rollback", WRITES, body, roll_back)
        .route(Method::GET, "/console/schemes/{scheme}/{version}/sign", WRITES, none, signing)
        .route(Method::GET, "/console/schemes/{scheme}/{version}/rollback", WRITES, none, taking_back)
}

#[derive(Deserialize)]
struct From {
    from: Option<CivilDate>,
}

fn named(detail: &Detail) -> SchemeVersion {
    let scheme = &detail.scheme;
    SchemeVersion { id: scheme.id.clone(), version: scheme.version, hash: scheme.hash }
}

/// What an officer signs to bring a version into force.
#[utoipa::path(get, path = "/console/schemes/{scheme}/{version}/sign", tag = "people",
    params(("scheme" = String, Path, description = "Id of the scheme"), ("version" = u32, Path, description = "Its version"),
        ("from" = Option<String>, Query, description = "The day from which it is to be in force")),
    responses(
        (status = 200, description = "The page", content_type = "text/html"),
        (status = 403, description = "access-denied"),
        (status = 404, description = "not-found"),
        (status = 409, description = "backtest-missing, leavers-unread"),
    ))]
async fn signing(view: View, path: web::Path<Named>, from: web::Query<From>) -> Reply {
    let mut detail = path.detail(&view).await?;
    if detail.test.as_ref().is_some_and(|test| !test.is_read()) {
        return Err(Code::LeaversUnread.into());
    }
    // The day that another officer signed stands until that order is carried out.
    let open = detail.publishing.take();
    let from = from.from.filter(|_| open.is_none());
    let terms = view.app.schemes().publish_terms(&named(&detail), from).await.map_err(unsettled)?;
    let document = document(&terms)?;
    show(&view, StatusCode::OK, &Sign { page: view.page("scheme-sign"), detail, terms, document, open })
}

fn document(terms: &Terms) -> Result<String, ProblemResponse> {
    serde_json::to_string_pretty(terms).map_err(failed)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Signed {
    scheme: String,
    version: String,
    order: String,
}

impl Signed {
    fn read(self) -> Result<(Named, CompactJws), ProblemResponse> {
        let malformed =
            |_| ProblemResponse::new(Code::RequestMalformed).detail("this is no signed order; paste everything");
        let order = self.order.trim().parse().map_err(malformed)?;
        Ok((Named { scheme: self.scheme, version: self.version }, order))
    }
}

/// Takes an officer's signature under the order to bring a version into force.
#[utoipa::path(post, path = "/console/schemes/sign", tag = "people",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "scheme, version, order (signed by the officer's own key)"),
    responses(
        (status = 303, description = "Taken"),
        (status = 400, description = "request-malformed"),
        (status = 403, description = "form-foreign; access-denied: the key is not this account's; signature-invalid"),
        (status = 404, description = "not-found"),
        (status = 409, description = "backtest-missing, leavers-unread; conflict: another back-test was made since, or the day has passed"),
    ))]
async fn sign(view: View, submitted: Submitted<Signed>) -> Reply {
    let (named, order) = submitted.form.read()?;
    view.app.schemes().take_signature(&submitted.user.name, &order).await.map_err(unsettled)?;
    Ok(see(&named.page("", "scheme-signed"), None))
}

/// Brings into force what two persons signed.
#[utoipa::path(post, path = "/console/schemes/publish", tag = "people",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "scheme, version"),
    responses(
        (status = 303, description = "Carried out"),
        (status = 403, description = "access-denied, form-foreign; four-eyes-required: not signed by two persons"),
        (status = 404, description = "not-found"),
        (status = 409, description = "conflict: carried out before, or the day has passed"),
    ))]
async fn publish(view: View, submitted: Submitted<Named>) -> Reply {
    let named = submitted.form;
    let version = named.find(&view).await?;
    view.app.schemes().publish(submitted.user.name.as_str(), &version).await.map_err(unsettled)?;
    Ok(see(&named.page("", "scheme-published"), None))
}

/// What an officer signs to take back what is in force.
#[utoipa::path(get, path = "/console/schemes/{scheme}/{version}/rollback", tag = "people",
    params(("scheme" = String, Path, description = "Id of the scheme"), ("version" = u32, Path, description = "The version from whose page it begins")),
    responses(
        (status = 200, description = "The page", content_type = "text/html"),
        (status = 403, description = "access-denied"),
        (status = 404, description = "not-found: nothing of this scheme is in force"),
    ))]
async fn taking_back(view: View, path: web::Path<Named>) -> Reply {
    let mut detail = path.detail(&view).await?;
    let open = detail.taking_back.take();
    let terms = view.app.schemes().rollback_terms(&detail.scheme.id, None).await.map_err(unsettled)?;
    let document = document(&terms)?;
    show(&view, StatusCode::OK, &Sign { page: view.page("scheme-rollback"), detail, terms, document, open })
}

/// Takes an officer's signature under the order to take a version back; with the second person's it is carried out.
#[utoipa::path(post, path = "/console/schemes/rollback", tag = "people",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "scheme, version, order (signed by the officer's own key)"),
    responses(
        (status = 303, description = "Taken, or carried out"),
        (status = 400, description = "request-malformed"),
        (status = 403, description = "form-foreign; access-denied: the key is not this account's; signature-invalid"),
        (status = 409, description = "conflict: the version was never in force, or the day has passed"),
    ))]
async fn roll_back(view: View, submitted: Submitted<Signed>) -> Reply {
    let (named, order) = submitted.form.read()?;
    let taken = view.app.schemes().take_order(&submitted.user.name, &order).await.map_err(unsettled)?;
    let done = if taken.carried_out { "scheme-taken-back" } else { "scheme-signed" };
    Ok(see(&named.page("", done), None))
}
