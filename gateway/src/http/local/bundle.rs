//! `GET /v1/receipts/{id}/bundle`: the evidence of one exchange or trigger, for an auditor.

use std::time::Duration;

use actix_web::{HttpResponse, http::Method, web};
use schemas::{id::MessageId, problem::Code};
use serde::Deserialize;
use service_kit::{
    access::{Caller, Routes, System},
    server::{ProblemResponse, Reply, RouteLimits},
};
use utoipa::OpenApi;

use crate::{
    app::App,
    audit,
    bundle::{self, BundleError, LONGEST_WAIT},
    clients::anchor::AnchorError,
    config::SystemRight,
};

/// The endpoint's description.
#[derive(OpenApi)]
#[openapi(paths(bundle))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let limits = RouteLimits::NO_BODY.within(Duration::from_secs(15));
    routes.route(Method::GET, "/v1/receipts/{id}/bundle", Caller::System(SystemRight::Audit.as_str()), limits, bundle)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    #[serde(default)]
    wait: u32,
}

/// The bundle of a receipt.
#[utoipa::path(get, path = "/v1/receipts/{id}/bundle", tag = "local",
    params(
        ("id" = String, Path, description = "`jti` of one of the department's own receipts"),
        ("wait" = Option<u32>, Query, description = "Seconds to wait for the log, at most 10"),
    ),
    responses(
        (status = 200, description = "A Bundle", content_type = "application/json", body = String),
        (status = 403, description = "access-denied: the system may not audit"),
        (status = 404, description = "not-found"),
        (status = 503, description = "anchor-overdue: the records are not in a published checkpoint yet; Retry-After says when to ask again"),
    ))]
async fn bundle(
    app: web::Data<App>,
    system: System,
    id: web::Path<MessageId>,
    question: web::Query<Question>,
) -> Reply {
    evidence(&app, &system, id.into_inner(), Duration::from_secs(question.wait.min(LONGEST_WAIT).into())).await
}

/// A bundle, once its reading stands in the audit trail.
pub(super) async fn evidence(app: &App, system: &System, id: MessageId, wait: Duration) -> Reply {
    let bundle = bundle::assemble(app, id.clone(), wait).await.map_err(problem)?;
    let entry = audit::done(&system.0.name, audit::BUNDLE_READ, id.as_str(), app.now());
    audit::record(app.db(), entry).await.map_err(|error| {
        tracing::error!(%error, "the reading of a bundle could not be recorded");
        ProblemResponse::new(Code::Internal)
    })?;
    Ok(HttpResponse::Ok().json(bundle))
}

/// Why there is no bundle.
pub(in crate::http) fn problem(error: BundleError) -> ProblemResponse {
    match error {
        BundleError::Unknown => ProblemResponse::new(Code::NotFound).detail("there is no receipt of this id"),
        BundleError::NotYet => not_yet("the records are not in a published checkpoint yet; ask again"),
        BundleError::Anchor(AnchorError::Away(error)) => {
            tracing::warn!(%error, "no bundle: the trust anchor is away");
            not_yet("the trust anchor does not answer now; ask again")
        }
        error => {
            tracing::error!(%error, "a bundle could not be put together");
            ProblemResponse::new(Code::Internal)
        }
    }
}

fn not_yet(detail: &str) -> ProblemResponse {
    ProblemResponse::new(Code::AnchorOverdue).detail(detail).retry_after(1)
}
