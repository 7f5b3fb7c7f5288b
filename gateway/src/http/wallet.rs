//! The wallet's own listener: static files on the federation's wallet origin, and what the wallet pins.
//!
//! Source: protocol, "The citizen" (one origin per federation). Guarantees: nothing is served under an origin that the trust
//! anchor did not sign; a page may connect to the anchor and to active members of the verified directory and to nobody else;
//! no cookie, no query, no upload. Deliberately absent: everything that a citizen's data could pass through.

mod files;
mod policy;

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, header},
    web,
};
use schemas::{
    bundle::Bundle,
    digest::Digest,
    id::{CompactJws, EntityId, KeyId},
    problem::Code,
    version::V1,
};
use serde::Serialize;
use service_kit::{
    access::{Caller, Routes},
    server::{ProblemResponse, Reply, RouteLimits},
};
use utoipa::OpenApi;

pub use files::{Files, FilesError};

use crate::{app::App, bundle, http::local::bundle::problem, store::wallet_builds::wallet_build_find};

/// Media type of the record of a build.
const BUILD_TYPE: &str = "application/dx-build+jwt";

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(federation, build, build_evidence, file))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .route(Method::GET, "/federation.json", Caller::Public, RouteLimits::NO_BODY, federation)
        .route(Method::GET, "/build.jwt", Caller::Public, RouteLimits::NO_BODY, build)
        .route(Method::GET, "/build-evidence.json", Caller::Public, RouteLimits::NO_BODY, build_evidence)
        .route(Method::GET, "/{file:.*}", Caller::Public, RouteLimits::NO_BODY, file)
}

/// What a wallet pins at its first start, and shows for comparison with paper.
#[derive(Serialize)]
struct Federation {
    v: V1,
    /// The trust anchor.
    anchor: EntityId,
    /// Thumbprint of its federation key.
    fingerprint: KeyId,
    /// The identity registry or static host that serves this.
    served_by: EntityId,
    /// Digest of the build that is served; consents name it as `wallet`.
    build: Option<Digest>,
}

/// Which federation this wallet belongs to.
#[utoipa::path(get, path = "/federation.json", tag = "wallet", responses(
    (status = 200, description = "v, anchor, fingerprint, served_by, build", content_type = "application/json"),
    (status = 404, description = "not-found: the trust anchor names another origin for wallets"),
))]
async fn federation(app: web::Data<App>, files: web::Data<Files>) -> Reply {
    authorize_origin(&app)?;
    let root = app.trust_root();
    let pinned = Federation {
        v: V1,
        anchor: root.entity.clone(),
        fingerprint: root.fingerprint.clone(),
        served_by: app.entity().clone(),
        build: files.build(),
    };
    let mut answer = HttpResponse::Ok();
    policy::write(&mut answer, &app);
    Ok(answer.insert_header((header::CACHE_CONTROL, "no-cache")).json(pinned))
}

/// The identity registry's signed and logged word about the build that is served.
#[utoipa::path(get, path = "/build.jwt", tag = "wallet", responses(
    (status = 200, description = "A JWS of typ dx-build+jwt", content_type = "application/dx-build+jwt", body = String),
    (status = 404, description = "not-found: a static host signs none, or the trust anchor names another origin for wallets"),
))]
async fn build(app: web::Data<App>, files: web::Data<Files>) -> Reply {
    authorize_origin(&app)?;
    let jws = record(&app, &files).await?;
    let mut answer = HttpResponse::Ok();
    policy::write(&mut answer, &app);
    answer.insert_header((header::CACHE_CONTROL, "no-cache")).insert_header((header::CONTENT_TYPE, BUILD_TYPE));
    Ok(answer.body(jws.to_string()))
}

/// The signed record of the build that is served.
async fn record(app: &App, files: &Files) -> Result<CompactJws, ProblemResponse> {
    let none = || ProblemResponse::new(Code::NotFound).detail("this host has signed no record of its build");
    let build = files.build().ok_or_else(none)?;
    let found = app.db().read(move |conn| wallet_build_find(conn, &build)).await.map_err(|error| {
        tracing::warn!(%error, "the record of the wallet's build could not be read");
        ProblemResponse::new(Code::Overloaded)
    })?;
    found.ok_or_else(none)
}

/// The evidence of the build, once it could be put together: it does not change, and strangers ask for it.
#[derive(Default)]
pub(crate) struct BuildEvidence(tokio::sync::Mutex<Option<Bundle>>);

/// The same record with its proof in the log, time stamp and trust chain, for `vinimay wallet build` and `vinimay audit verify`.
#[utoipa::path(get, path = "/build-evidence.json", tag = "wallet", responses(
    (status = 200, description = "Bundle of kind build", content_type = "application/json"),
    (status = 404, description = "not-found: a static host signs none, or the trust anchor names another origin for wallets"),
    (status = 503, description = "anchor-overdue: it does not stand in a published checkpoint yet"),
))]
async fn build_evidence(app: web::Data<App>, files: web::Data<Files>, known: web::Data<BuildEvidence>) -> Reply {
    authorize_origin(&app)?;
    let mut known = known.0.lock().await;
    let bundle = match known.take() {
        Some(bundle) => bundle,
        None => bundle::of_wallet_build(&app, record(&app, &files).await?, Duration::ZERO).await.map_err(problem)?,
    };
    let mut answer = HttpResponse::Ok();
    policy::write(&mut answer, &app);
    let answer = answer.insert_header((header::CACHE_CONTROL, "no-cache")).json(&bundle);
    *known = Some(bundle);
    Ok(answer)
}

/// A file of the built wallet; the page at `/`.
#[utoipa::path(get, path = "/{file}", tag = "wallet", params(("file" = String, Path, description = "Path of a file of the build")), responses(
    (status = 200, description = "The file, compressed if the caller takes it so"),
    (status = 304, description = "Unchanged"),
    (status = 404, description = "not-found: no such file, or the trust anchor names another origin for wallets"),
))]
async fn file(app: web::Data<App>, files: web::Data<Files>, path: web::Path<String>, request: HttpRequest) -> Reply {
    authorize_origin(&app)?;
    let file = files.find(&path).ok_or(ProblemResponse::new(Code::NotFound))?;
    let (encoding, bytes) = file.form(|name| takes(&request, name));
    let tag = format!("\"{}{}\"", hex::encode(file.digest.as_bytes()), encoding.unwrap_or_default());
    let known = request.headers().get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut answer = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    policy::write(&mut answer, &app);
    let cache = if file.is_hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
    answer
        .insert_header((header::CACHE_CONTROL, cache))
        .insert_header((header::ETAG, tag))
        .insert_header((header::VARY, "Accept-Encoding"));
    if known {
        return Ok(answer.finish());
    }
    if let Some(encoding) = encoding {
        answer.insert_header((header::CONTENT_ENCODING, encoding));
    }
    Ok(answer.insert_header((header::CONTENT_TYPE, file.media_type)).body(bytes))
}

/// Served at the one origin that the anchor signed, or not at all: elsewhere no member would answer the page.
fn authorize_origin(app: &App) -> Result<(), ProblemResponse> {
    let ours = app.config().wallet.as_ref().map(|wallet| wallet.public.as_str());
    if ours.is_some() && app.wallet_origin().as_deref() == ours {
        return Ok(());
    }
    Err(ProblemResponse::new(Code::NotFound).detail(
        "the trust anchor names another origin for wallets; mend: set its wallet_origin, or wallet.public here",
    ))
}

/// Whether a coding is named in `Accept-Encoding`, and not with the weight 0 (RFC 9110 §12.5.3).
fn takes(request: &HttpRequest, coding: &str) -> bool {
    let values = request.headers().get_all(header::ACCEPT_ENCODING).filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|one| {
        let mut parts = one.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
        named && !parts.any(|weight| matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

#[cfg(test)]
mod tests;
