//! `GET /tile/<L>/<N>[.p/<W>]` and `GET /tile/entries/<N>[.p/<W>]` (C2SP tlog-tiles).
//!
//! Guarantees: a tile has exactly the width that its path names, and only what a published checkpoint covers is
//! given. A stored tile that is too short is a failure of ours and never an answer.

use actix_web::web;
use schemas::problem::Code;
use service_kit::server::{ProblemResponse, Reply};
use tlog::tile::{BundleId, FULL_WIDTH, TileId, encode_bundle, hashes_at};

use super::{Anchor, immutable, internal};
use crate::store::{StoreError, log};

const MEDIA_TYPE: &str = "application/octet-stream";

/// A tile of hashes.
#[utoipa::path(
    get,
    path = "/tile/{level}/{place}",
    params(
        ("level" = u8, Path, description = "Level: 0 holds leaf hashes"),
        ("place" = String, Path, description = "Groups of three digits, `.p/<width>` for a partial tile"),
    ),
    responses(
        (status = 200, description = "width × 32 bytes", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 404, description = "not-found: no such tile under the newest published checkpoint"),
    )
)]
pub(super) async fn hashes(anchor: Anchor, place: web::Path<(String, String)>) -> Reply {
    let (level, place) = place.into_inner();
    let id: TileId = format!("tile/{level}/{place}").parse().map_err(|_| absent())?;
    let end = id.index() * u64::from(FULL_WIDTH) + u64::from(id.width());
    if end > hashes_at(id.level(), published(&anchor)) {
        return Err(absent());
    }
    let bytes = anchor.database.read(move |conn| {
        log::cut(log::tile_row(conn, id.level(), id.index())?, id.width())?.ok_or(StoreError::Damaged("tile"))
    });
    Ok(immutable().content_type(MEDIA_TYPE).body(bytes.await.map_err(internal)?))
}

/// A bundle of entries.
#[utoipa::path(
    get,
    path = "/tile/entries/{place}",
    params(("place" = String, Path, description = "Groups of three digits, `.p/<width>` for a partial bundle")),
    responses(
        (status = 200, description = "Each entry as length (big-endian, 16 bits) and bytes", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 404, description = "not-found: no such bundle under the newest published checkpoint"),
    )
)]
pub(super) async fn entries(anchor: Anchor, place: web::Path<String>) -> Reply {
    let id: BundleId = format!("tile/entries/{place}").parse().map_err(|_| absent())?;
    let (from, to) = (id.first_entry(), id.first_entry() + u64::from(id.width()));
    if to > published(&anchor) {
        return Err(absent());
    }
    let stored = anchor.database.read(move |conn| log::entries(conn, from, to)).await.map_err(internal)?;
    if stored.len() != usize::from(id.width()) {
        return Err(internal(StoreError::Damaged("entry")));
    }
    Ok(immutable().content_type(MEDIA_TYPE).body(encode_bundle(&stored).map_err(internal)?))
}

fn published(anchor: &Anchor) -> u64 {
    anchor.shown.borrow().as_ref().map_or(0, |shown| shown.size)
}

fn absent() -> ProblemResponse {
    ProblemResponse::new(Code::NotFound)
}
