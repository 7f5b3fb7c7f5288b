//! `GET /federation/historical-keys` (OpenID Federation 1.1 §8.7): federation keys that were used before.

use service_kit::server::Reply;

use super::{Anchor, fresh, internal};
use crate::directory::resolve;

/// Former federation keys of the anchor; none yet, as this anchor still has its first.
#[utoipa::path(
    get,
    path = "/federation/historical-keys",
    responses((status = 200, description = "Signed key set", body = String, content_type = "application/jwk-set+jwt"))
)]
pub(super) async fn get(anchor: Anchor) -> Reply {
    let now = anchor.clock.now();
    let keys = resolve::historical_keys(&anchor.entity, &anchor.keys.federation, &[], now).map_err(internal)?;
    Ok(fresh().content_type("application/jwk-set+jwt").body(keys.to_string()))
}
