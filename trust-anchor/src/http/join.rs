//! `POST /federation/join`: an invited entity enters; a member puts a newer configuration in force.
//!
//! A newcomer sends the one-time code of its invitation. A member sends an empty code: its federation key is enough.

use schemas::federation::JoinRequest;
use serde::{Deserialize, Serialize};
use service_kit::server::{Body, ProblemResponse, Reply};
use utoipa::ToSchema;

use super::{Anchor, fresh, internal};
use crate::directory::{self, JoinError};

/// The answer: the configuration is in the log and in force.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JoinAnswer {
    /// Where the digest of the configuration stands in the log.
    pub log_index: u64,
}

/// Joins, or updates.
#[utoipa::path(
    post,
    path = "/federation/join",
    request_body(content = String, content_type = "application/json", description = "JoinRequest: invitation (empty for an update) and entity_configuration"),
    responses(
        (status = 200, description = "In force", body = JoinAnswer),
        (status = 400, description = "token-malformed, token-type-wrong, stale"),
        (status = 401, description = "signature-invalid: not by the federation key"),
        (status = 403, description = "access-denied: no such invitation; role-missing; audience-wrong: another anchor"),
        (status = 409, description = "conflict: invitation used, or not newer"),
        (status = 503, description = "overloaded: the log takes no entries now"),
    )
)]
pub(super) async fn post(anchor: Anchor, body: Body) -> Reply {
    let request: JoinRequest = body.json()?;
    let joined = directory::join(&anchor.database, &anchor.queue, &anchor.entity, request, anchor.clock.now());
    let joined = joined.await.map_err(problem)?;
    Ok(fresh().json(JoinAnswer { log_index: joined.log_index }))
}

fn problem(error: JoinError) -> ProblemResponse {
    match &error {
        JoinError::Store(_) => internal(error),
        JoinError::Queue(_) => ProblemResponse::new(error.code()).detail(error.to_string()).retry_after(1),
        _ => ProblemResponse::new(error.code()).detail(error.to_string()),
    }
}
