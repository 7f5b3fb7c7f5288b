//! `GET /v1/events` and `GET /v1/events/{event}/bundle`: what the department heard, and the evidence of one event.

use std::time::Duration;

use actix_web::{HttpResponse, http::Method, web};
use schemas::{
    bundle::BundleKind,
    id::{EntityId, EventType, MessageId},
    problem::Code,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use service_kit::{
    access::{Caller, Routes, System},
    db::DatabaseError,
    server::{ProblemResponse, Reply, RouteLimits},
};
use utoipa::OpenApi;

use crate::{
    app::App,
    bundle::LONGEST_WAIT,
    config::SystemRight,
    store::triggers::{
        bundle_records,
        inbox::{InboxRow, inbox_newest},
    },
};

/// Event, acknowledgement, application.
const WHOLE: usize = 3;
const LOOK_AGAIN: Duration = Duration::from_millis(50);
const LONGEST_LIST: u32 = 1_000;

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(list, bundle))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let caller = Caller::System(SystemRight::Audit.as_str());
    routes.route(Method::GET, "/v1/events", caller, RouteLimits::NO_BODY, list).route(
        Method::GET,
        "/v1/events/{event}/bundle",
        caller,
        RouteLimits::NO_BODY.within(Duration::from_secs(25)),
        bundle,
    )
}

/// One event in the list.
#[derive(Serialize)]
struct Listed {
    event: MessageId,
    r#type: EventType,
    source: EntityId,
    seq: u64,
    state: String,
    received: Timestamp,
}

impl From<InboxRow> for Listed {
    fn from(row: InboxRow) -> Self {
        let InboxRow { event, kind, source, seq, state, received } = row;
        Self { event, r#type: kind, source, seq, state, received }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuestion {
    #[serde(default = "some")]
    limit: u32,
}

const fn some() -> u32 {
    100
}

/// Events that were heard, newest first. Nobody is named.
#[utoipa::path(get, path = "/v1/events", tag = "local",
    params(("limit" = Option<u32>, Query, description = "At most so many, 1 to 1,000; 100 if absent")),
    responses(
        (status = 200, description = "A list of {event, type, source, seq, state, received}", content_type = "application/json", body = String),
        (status = 403, description = "access-denied: the system may not audit"),
    ))]
async fn list(app: web::Data<App>, question: web::Query<ListQuestion>) -> Reply {
    let limit = i64::from(question.limit.clamp(1, LONGEST_LIST));
    let rows = app.db().read(move |conn| Ok::<_, DatabaseError>(inbox_newest(conn, limit)?)).await.map_err(away)?;
    Ok(HttpResponse::Ok().json(rows.into_iter().map(Listed::from).collect::<Vec<_>>()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BundleQuestion {
    #[serde(default)]
    wait: u32,
}

/// The bundle of an event: event, acknowledgement and application with their proofs.
#[utoipa::path(get, path = "/v1/events/{event}/bundle", tag = "local",
    params(
        ("event" = String, Path, description = "`jti` of the event"),
        ("wait" = Option<u32>, Query, description = "Seconds to wait for the application and for the log, at most 10 each"),
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
    event: web::Path<MessageId>,
    question: web::Query<BundleQuestion>,
) -> Reply {
    let (event, wait) = (event.into_inner(), Duration::from_secs(question.wait.min(LONGEST_WAIT).into()));
    until_whole(&app, &event, wait).await?;
    super::bundle::evidence(&app, &system, event, wait).await
}

/// Waits until the event has run its course; what is there then is shown.
async fn until_whole(app: &App, event: &MessageId, wait: Duration) -> Result<(), ProblemResponse> {
    let deadline = app.clock().monotonic().saturating_add(wait);
    loop {
        let id = event.clone();
        let found = app.db().read(move |conn| bundle_records(conn, &id)).await.map_err(away)?;
        let found = found.filter(|found| found.kind == BundleKind::Trigger);
        let found = found.ok_or_else(|| ProblemResponse::new(Code::NotFound).detail("there is no event of this id"))?;
        if found.records.len() >= WHOLE || app.clock().monotonic() >= deadline {
            return Ok(());
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

fn away(error: DatabaseError) -> ProblemResponse {
    tracing::warn!(%error, "events could not be read");
    ProblemResponse::new(Code::Overloaded).retry_after(1)
}
