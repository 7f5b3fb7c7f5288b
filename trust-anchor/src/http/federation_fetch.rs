//! `GET /federation/fetch?sub=` (OpenID Federation 1.1 §8.1): what the anchor says of a member.

use actix_web::web;
use schemas::{id::EntityId, problem::Code};
use serde::Deserialize;
use service_kit::server::{ProblemResponse, Reply};

use super::{Anchor, fresh, internal};
use crate::directory;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    sub: EntityId,
}

/// The subordinate statement about a member, suspended ones included.
#[utoipa::path(
    get,
    path = "/federation/fetch",
    params(("sub" = String, Query, description = "Entity id of the member")),
    responses(
        (status = 200, description = "Subordinate statement", body = String, content_type = "application/entity-statement+jwt"),
        (status = 404, description = "not-found: no such member"),
    )
)]
pub(super) async fn get(anchor: Anchor, question: web::Query<Question>) -> Reply {
    let subject = question.into_inner().sub;
    let statement =
        directory::statement(&anchor.database, &anchor.entity, &anchor.keys.federation, subject, anchor.clock.now());
    let statement = statement.await.map_err(internal)?;
    let statement = statement.ok_or_else(|| ProblemResponse::new(Code::NotFound).detail("there is no such member"))?;
    Ok(fresh().content_type("application/entity-statement+jwt").body(statement.to_string()))
}
