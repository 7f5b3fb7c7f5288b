//! `POST /v1/batches` and `GET /v1/batches/{id}`: one question about many people under a registered law, answered line by line.

use actix_web::{HttpRequest, HttpResponse, http::Method, web};
use schemas::{asking::BatchOrder, id::MessageId};
use serde::Deserialize;
use service_kit::{
    access::{Caller, Routes, System},
    server::{Body, Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::queries::{idempotency_key, settings};
use crate::{app::App, config::SystemRight};

/// One JSON object a line.
const NDJSON: &str = "application/x-ndjson";

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(open, read))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let caller = Caller::System(SystemRight::Batch.as_str());
    // Ten thousand numbers of fifty bytes.
    let limits = RouteLimits::body(512 * 1024);
    routes.route(Method::POST, "/v1/batches", caller, limits, open).route(
        Method::GET,
        "/v1/batches/{id}",
        caller,
        RouteLimits::NO_BODY,
        read,
    )
}

/// Asks about many people. It goes on in the background whoever listens; the same request under the same key goes on with a batch
/// that stopped.
#[utoipa::path(post, path = "/v1/batches", tag = "local",
    params(("Idempotency-Key" = String, Header, description = "A UUID of version 7, one for each batch")),
    request_body(content = String, content_type = "application/json", description = "BatchOrder: case, purpose, officer, law, provider, dataset, fields or predicates, up to 10,000 numbers"),
    responses(
        (status = 200, description = "One PartAnswer a line, in the order of the numbers; the last line is a BatchState. `Location` names the batch", content_type = "application/x-ndjson", body = String),
        (status = 400, description = "request-malformed"),
        (status = 403, description = "access-denied, law-not-registered"),
        (status = 409, description = "conflict: the key was used for another request"),
        (status = 503, description = "directory-outdated, overloaded"),
    ))]
async fn open(app: web::Data<App>, system: System, request: HttpRequest, body: Body) -> Reply {
    let key = idempotency_key(&request)?;
    let order: BatchOrder = body.json()?;
    let id = app.open_batch(settings(&app, &system)?, key, &order).await?;
    Ok(lines(&app, id, None))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct From {
    after: Option<u32>,
}

/// The lines of a batch, for the system that made it. Each reading is written into the audit trail.
#[utoipa::path(get, path = "/v1/batches/{id}", tag = "local",
    params(
        ("id" = String, Path, description = "The id that its `Location` and its last line name"),
        ("after" = Option<u32>, Query, description = "The last place that was read; from the beginning if absent"),
    ),
    responses(
        (status = 200, description = "As of POST", content_type = "application/x-ndjson", body = String),
        (status = 403, description = "access-denied: the system may not ask in batches"),
        (status = 404, description = "not-found: none, or another system's"),
        (status = 503, description = "overloaded"),
    ))]
async fn read(app: web::Data<App>, system: System, id: web::Path<MessageId>, from: web::Query<From>) -> Reply {
    let id = id.into_inner();
    app.look_at_batch(&settings(&app, &system)?.name, &id).await?;
    Ok(lines(&app, id, from.after))
}

fn lines(app: &App, id: MessageId, after: Option<u32>) -> HttpResponse {
    let location = ("Location", format!("/v1/batches/{id}"));
    HttpResponse::Ok().content_type(NDJSON).insert_header(location).streaming(app.batch_lines(id, after))
}
