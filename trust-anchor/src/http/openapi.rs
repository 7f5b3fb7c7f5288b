//! `GET /openapi.json`: this listener, described.

use service_kit::server::Reply;
use utoipa::OpenApi;

use super::fresh;
use crate::proving::{AnchoredProof, EntryProof, EntryProofs, EntryStatus};

/// The description of the public listener. A test compares it with the routes that are declared.
#[derive(OpenApi)]
#[openapi(
    info(title = "Vinimay trust anchor", description = "Directory, log of digests, time stamps, registers."),
    paths(
        super::entity_configuration::get,
        super::federation_fetch::get,
        super::federation_list::get,
        super::federation_resolve::get,
        super::historical_keys::get,
        super::join::post,
        super::registers::get,
        super::submissions::post,
        super::proof::get,
        super::proofs::post,
        super::checkpoint::newest,
        super::checkpoint::of_size,
        super::time_stamp::get,
        super::tile::entries,
        super::tile::hashes,
        super::tsa::post,
        get,
    ),
    components(schemas(AnchoredProof, EntryProof, EntryProofs, EntryStatus, super::join::JoinAnswer))
)]
pub(super) struct Document;

/// This document.
#[utoipa::path(get, path = "/openapi.json", responses((status = 200, description = "OpenAPI 3.1", body = String, content_type = "application/json")))]
pub(super) async fn get() -> Reply {
    Ok(fresh().json(Document::openapi()))
}
