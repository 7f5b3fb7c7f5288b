//! `/console/schemes`: schemes and their versions. What changes one stands in the files below.

pub mod backtest;
pub mod edit;
pub mod orders;

use actix_web::{
    http::{Method, StatusCode},
    web,
};
use schemas::{decision::SchemeVersion, id::SchemeId, problem::Code};
use serde::Deserialize;
use service_kit::{
    access::{Caller, Routes},
    server::{ProblemResponse, Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::{View, show, sign_in::Done};
use crate::{
    console::schemes::{Schemes, Version, Versions, WRITERS},
    http::people::said::{failed, refused},
    schemes::{Detail, SchemeError},
};

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(list, version))]
pub struct Api;

/// Who reads about schemes.
const READERS: &str = "scheme-officer reviewer auditor observer";
const READS: Caller = Caller::User(READERS);
const WRITES: Caller = Caller::User(WRITERS);

pub(crate) fn routes(routes: Routes) -> Routes {
    let routes = routes.route(Method::GET, "/console/schemes", READS, RouteLimits::NO_BODY, list);
    let routes = orders::routes(backtest::routes(edit::routes(routes)));
    routes.route(Method::GET, "/console/schemes/{scheme}/{version}", READS, RouteLimits::NO_BODY, version)
}

/// Why something about a scheme was not done.
fn unsettled(error: SchemeError) -> ProblemResponse {
    match error {
        SchemeError::Refused(refusal) => {
            let shown = refused(refusal);
            let told = matches!(
                refusal.code(),
                Code::BacktestMissing | Code::LeaversUnread | Code::FourEyesRequired | Code::SignatureInvalid
            );
            if told { shown.detail(refusal.because()) } else { shown }
        }
        SchemeError::NotLinted(_) => ProblemResponse::new(Code::SchemeNotClean),
        error => failed(error),
    }
}

/// Which version a path or a form names.
#[derive(Deserialize)]
struct Named {
    scheme: String,
    version: String,
}

impl Named {
    fn read(&self) -> Result<(SchemeId, u32), ProblemResponse> {
        let missing = |_| ProblemResponse::new(Code::NotFound);
        Ok((self.scheme.parse().map_err(missing)?, self.version.parse().map_err(|_| missing_version())?))
    }

    async fn detail(&self, view: &View) -> Result<Detail, ProblemResponse> {
        let (id, version) = self.read()?;
        view.app.schemes().detail(&id, version).await.map_err(unsettled)
    }

    async fn find(&self, view: &View) -> Result<SchemeVersion, ProblemResponse> {
        let (id, version) = self.read()?;
        let stored = view.app.schemes().version(&id, version).await.map_err(unsettled)?;
        Ok(SchemeVersion { id: stored.scheme, version: stored.version, hash: stored.hash })
    }

    /// The page of this version, with what was done.
    fn page(&self, below: &str, done: &str) -> String {
        format!("/console/schemes/{}/{}{below}?done={done}", self.scheme, self.version)
    }
}

fn missing_version() -> ProblemResponse {
    ProblemResponse::new(Code::NotFound)
}

/// Every scheme with its versions.
#[utoipa::path(get, path = "/console/schemes", tag = "people", responses(
    (status = 200, description = "The page", content_type = "text/html"),
    (status = 401, description = "not-authenticated"),
    (status = 403, description = "access-denied"),
))]
async fn list(view: View) -> Reply {
    let listed = view.app.schemes().list().await.map_err(unsettled)?;
    let page = view.page("schemes");
    let schemes = Versions::of(&page, listed);
    show(&view, StatusCode::OK, &Schemes { page, schemes })
}

/// One version: its clauses, its file, how far it is on its way.
#[utoipa::path(get, path = "/console/schemes/{scheme}/{version}", tag = "people",
    params(("scheme" = String, Path, description = "Id of the scheme"), ("version" = u32, Path, description = "Its version")),
    responses(
        (status = 200, description = "The page", content_type = "text/html"),
        (status = 403, description = "access-denied"),
        (status = 404, description = "not-found"),
    ))]
async fn version(view: View, named: web::Path<Named>, done: web::Query<Done>) -> Reply {
    let detail = named.detail(&view).await?;
    let page = view.page("scheme").notice(done.done.as_deref());
    show(&view, StatusCode::OK, &Version::of(page, detail))
}
