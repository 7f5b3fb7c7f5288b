//! `GET /federation/resolve?sub=&trust_anchor=` (OpenID Federation 1.1 §8.3): a member's whole chain, signed.

use actix_web::web;
use schemas::{id::EntityId, problem::Code};
use serde::Deserialize;
use service_kit::server::{ProblemResponse, Reply};

use super::{Anchor, fresh, internal};
use crate::{directory, store::member};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    sub: EntityId,
    trust_anchor: EntityId,
}

/// The resolved trust chain of a member.
#[utoipa::path(
    get,
    path = "/federation/resolve",
    params(
        ("sub" = String, Query, description = "Entity id of the member"),
        ("trust_anchor" = String, Query, description = "Entity id of this anchor"),
    ),
    responses(
        (status = 200, description = "Resolve response", body = String, content_type = "application/resolve-response+jwt"),
        (status = 404, description = "not-found: no such member, or another anchor"),
    )
)]
pub(super) async fn get(anchor: Anchor, question: web::Query<Question>) -> Reply {
    let Question { sub, trust_anchor } = question.into_inner();
    let unknown = || ProblemResponse::new(Code::NotFound).detail("there is no such member under that trust anchor");
    if trust_anchor != anchor.entity {
        return Err(unknown());
    }
    let now = anchor.clock.now();
    let key = &anchor.keys.federation;
    let statement =
        directory::statement(&anchor.database, &anchor.entity, key, sub.clone(), now).await.map_err(internal)?;
    let wanted = sub.clone();
    let member = anchor.database.read(move |conn| member::member_find(conn, &wanted)).await.map_err(internal)?;
    let (Some(statement), Some(member)) = (statement, member) else { return Err(unknown()) };
    let chain = vec![member.configuration, statement, anchor.configuration.borrow().clone()];
    let response = directory::resolve::resolve_response(&anchor.entity, key, sub, chain, now).map_err(internal)?;
    Ok(fresh().content_type("application/resolve-response+jwt").body(response.to_string()))
}
