//! `GET /.well-known/openid-federation` (OpenID Federation 1.1 §9): what the anchor says of itself.

use service_kit::server::Reply;

use super::{Anchor, fresh};

/// The anchor's entity configuration.
#[utoipa::path(
    get,
    path = "/.well-known/openid-federation",
    responses((status = 200, description = "Entity configuration", body = String, content_type = "application/entity-statement+jwt"))
)]
pub(super) async fn get(anchor: Anchor) -> Reply {
    let configuration = anchor.configuration.borrow().to_string();
    Ok(fresh().content_type("application/entity-statement+jwt").body(configuration))
}
