//! `/console/schemes/…/backtest`, `…/people`: what a version would mean, and for whom.

use actix_web::{
    http::{Method, StatusCode},
    web,
};
use schemas::{digest::Digest, problem::Code};
use serde::Deserialize;
use service_kit::{
    access::{Routes, Submitted, User},
    server::{ProblemResponse, Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::{Named, READS, WRITES, unsettled};
use crate::{
    console::schemes::{People, Test},
    http::people::pages::{FORM, View, see, show, sign_in::Done},
    schemes::Moving,
};
use schemas::decision::SchemeVersion;

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(result, begin, people, read))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let below = "/console/schemes/{scheme}/{version}/backtest";
    routes
        .route(Method::POST, "/console/schemes/backtest", WRITES, RouteLimits::body(FORM), begin)
        .route(Method::POST, "/console/schemes/read", WRITES, RouteLimits::body(FORM), read)
        .route(Method::GET, below, READS, RouteLimits::NO_BODY, result)
        .route(Method::GET, "/console/schemes/{scheme}/{version}/people", WRITES, RouteLimits::NO_BODY, people)
}

/// What the newest back-test of a version says, or how far it is.
#[utoipa::path(get, path = "/console/schemes/{scheme}/{version}/backtest", tag = "people",
    params(("scheme" = String, Path, description = "Id of the scheme"), ("version" = u32, Path, description = "Its version")),
    responses(
        (status = 200, description = "The page", content_type = "text/html"),
        (status = 403, description = "access-denied"),
        (status = 404, description = "not-found"),
    ))]
async fn result(view: View, named: web::Path<Named>, done: web::Query<Done>) -> Reply {
    let detail = named.detail(&view).await?;
    let page = view.page("scheme-test").notice(done.done.as_deref());
    show(&view, StatusCode::OK, &Test::of(page, detail))
}

/// Begins a back-test on the roll by which the scheme pays.
#[utoipa::path(post, path = "/console/schemes/backtest", tag = "people",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "scheme, version"),
    responses(
        (status = 303, description = "Begun; its page says how far it is"),
        (status = 403, description = "access-denied, form-foreign"),
        (status = 404, description = "not-found"),
        (status = 409, description = "conflict: no roll is configured for it, or another back-test of it goes on"),
    ))]
async fn begin(view: View, submitted: Submitted<Named>) -> Reply {
    let named = submitted.form;
    let version = named.find(&view).await?;
    view.app.begin_backtest(&submitted.user.name, &version).await.map_err(unsettled)?;
    Ok(see(&named.page("/backtest", "scheme-test-begun"), None))
}

/// Who is listed, and from where on.
#[derive(Deserialize)]
struct Asked {
    moving: String,
    #[serde(default)]
    page: u32,
    done: Option<String>,
}

/// Who would enter or leave, by the department's own numbers.
#[utoipa::path(get, path = "/console/schemes/{scheme}/{version}/people", tag = "people",
    params(("scheme" = String, Path, description = "Id of the scheme"), ("version" = u32, Path, description = "Its version"),
        ("moving" = String, Query, description = "enter or leave"), ("page" = Option<u32>, Query, description = "From 0")),
    responses(
        (status = 200, description = "The page", content_type = "text/html"),
        (status = 403, description = "access-denied"),
        (status = 404, description = "not-found: no such page"),
        (status = 409, description = "backtest-missing"),
    ))]
async fn people(view: View, user: User, named: web::Path<Named>, asked: web::Query<Asked>) -> Reply {
    let Asked { moving, page: place, done } = asked.into_inner();
    let moving = match moving.as_str() {
        "enter" => Moving::Enter,
        "leave" => Moving::Leave,
        _ => return Err(Code::NotFound.into()),
    };
    let mut detail = named.detail(&view).await?;
    let test = detail.test.take().ok_or(ProblemResponse::new(Code::BacktestMissing))?;
    let scheme = &detail.scheme;
    let version = SchemeVersion { id: scheme.id.clone(), version: scheme.version, hash: scheme.hash };
    let listed = view.app.schemes().movers(&user.name, (&version, test.digest), (moving, place)).await;
    let movers = listed.map_err(unsettled)?;
    let screen = if moving == Moving::Leave { "scheme-leavers" } else { "scheme-enterers" };
    let page = view.page(screen).notice(done.as_deref());
    show(&view, StatusCode::OK, &People { page, detail, test, moving, place, movers })
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Certain {
    Yes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    scheme: String,
    version: String,
    test: Digest,
    /// Without it the form is not whole.
    #[serde(rename = "read")]
    _read: Certain,
}

/// Marks the sample of leavers as read.
#[utoipa::path(post, path = "/console/schemes/read", tag = "people",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "scheme, version, test (digest of the back-test that was shown), read (yes)"),
    responses(
        (status = 303, description = "Marked"),
        (status = 400, description = "request-malformed: it is not said that the sample was read"),
        (status = 403, description = "access-denied, form-foreign"),
        (status = 404, description = "not-found"),
        (status = 409, description = "backtest-missing; conflict: another back-test was made since"),
    ))]
async fn read(view: View, submitted: Submitted<Read>) -> Reply {
    let Read { scheme, version, test, .. } = submitted.form;
    let named = Named { scheme, version };
    let version = named.find(&view).await?;
    view.app.schemes().read_leavers(&submitted.user.name, &version, Some(test)).await.map_err(unsettled)?;
    Ok(see(&named.page("", "scheme-leavers-read"), None))
}
