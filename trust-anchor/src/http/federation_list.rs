//! `GET /federation/list` (OpenID Federation 1.1 §8.2): who is a member.

use service_kit::server::Reply;

use super::{Anchor, fresh, internal};
use crate::store::member;

/// Entity ids of all members, suspended ones included.
#[utoipa::path(get, path = "/federation/list", responses((status = 200, description = "Entity ids", body = Vec<String>)))]
pub(super) async fn get(anchor: Anchor) -> Reply {
    let entities = anchor.database.read(member::entities).await.map_err(internal)?;
    Ok(fresh().json(entities))
}
