//! `/console/schemes/new`, `…/lint`, `…/submit`: a file is written, checked, handed in.
//!
//! A check keeps nothing: what was written goes back into the page.

use actix_web::{
    http::{Method, StatusCode},
    web,
};
use eligibility::scheme::MAX_BYTES;
use schemas::problem::Code;
use serde::Deserialize;
use service_kit::{
    access::{Routes, Submitted},
    server::{Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::{Named, WRITES, unsettled};
use crate::{
    console::schemes::{Edit, file::File},
    http::people::pages::{View, see, show},
    schemes::SchemeError,
};

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(new, lint, submit))]
pub struct Api;

/// A file as a form sends it: three bytes for one that is no plain letter, and the token.
const FORM: usize = 3 * MAX_BYTES + 16 * 1024;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .route(Method::GET, "/console/schemes/new", WRITES, RouteLimits::NO_BODY, new)
        .route(Method::POST, "/console/schemes/lint", WRITES, RouteLimits::body(FORM), lint)
        .route(Method::POST, "/console/schemes/submit", WRITES, RouteLimits::body(FORM), submit)
}

/// The version that a new one begins from; none begins with an empty page.
#[derive(Deserialize)]
struct From {
    scheme: Option<String>,
    version: Option<String>,
}

/// Where a version is written.
#[utoipa::path(get, path = "/console/schemes/new", tag = "people",
    params(("scheme" = Option<String>, Query, description = "Scheme from which it begins"), ("version" = Option<u32>, Query, description = "And the version")),
    responses(
        (status = 200, description = "The page", content_type = "text/html"),
        (status = 403, description = "access-denied"),
        (status = 404, description = "not-found: there is no such version to begin from"),
    ))]
async fn new(view: View, from: web::Query<From>) -> Reply {
    let From { scheme, version } = from.into_inner();
    let text = match scheme.zip(version) {
        None => String::new(),
        Some((scheme, version)) => {
            let (id, version) = Named { scheme, version }.read()?;
            let schemes = view.app.schemes();
            let begun = schemes.version(&id, version).await.map_err(unsettled)?;
            let newest = schemes.newest(&id).await.map_err(unsettled)?;
            counted_up(&begun.body, begun.version, newest.version.saturating_add(1))
        }
    };
    show(&view, StatusCode::OK, &Edit { page: view.page("scheme-edit"), text, file: None })
}

/// The same text under the next number.
fn counted_up(body: &str, version: u32, next: u32) -> String {
    body.replacen(&format!("\nversion = {version}\n"), &format!("\nversion = {next}\n"), 1)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    text: String,
}

impl Written {
    /// Forms send each end of a line as two characters (HTML, 4.10.21.4); files have one.
    fn into_text(self) -> String {
        self.text.replace("\r\n", "\n")
    }
}

/// Checks a file, runs its examples, keeps nothing.
#[utoipa::path(post, path = "/console/schemes/lint", tag = "people",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "text: the file"),
    responses(
        (status = 200, description = "The page, with what was found under each line", content_type = "text/html"),
        (status = 403, description = "access-denied, form-foreign"),
    ))]
async fn lint(view: View, submitted: Submitted<Written>) -> Reply {
    let view = view.of_person(submitted.user, submitted.token);
    let (page, text) = (view.page("scheme-edit"), submitted.form.into_text());
    let file = Some(File::linted(&page, &text));
    show(&view, StatusCode::OK, &Edit { page, text, file })
}

/// Takes a file in as a version.
#[utoipa::path(post, path = "/console/schemes/submit", tag = "people",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "text: the file"),
    responses(
        (status = 303, description = "Taken"),
        (status = 400, description = "scheme-not-clean: the page, with what was found under each line", content_type = "text/html"),
        (status = 403, description = "form-foreign; access-denied: another department's scheme"),
        (status = 409, description = "conflict: the version's number is taken"),
    ))]
async fn submit(view: View, submitted: Submitted<Written>) -> Reply {
    let (user, text) = (submitted.user, submitted.form.into_text());
    match view.app.schemes().submit(user.name.as_str(), text.clone()).await {
        Ok(version) => {
            Ok(see(&format!("/console/schemes/{}/{}?done=scheme-submitted", version.id, version.version), None))
        }
        Err(SchemeError::NotLinted(_)) => {
            let view = view.of_person(user, submitted.token);
            let page = view.page("scheme-edit").refused(Code::SchemeNotClean);
            let file = Some(File::linted(&page, &text));
            show(&view, StatusCode::BAD_REQUEST, &Edit { page, text, file })
        }
        Err(error) => Err(unsettled(error)),
    }
}
