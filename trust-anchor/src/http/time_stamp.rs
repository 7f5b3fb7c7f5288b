//! `GET /checkpoint/{size}/timestamp.tsr`: the RFC 3161 response over the checkpoint note of that size.

use actix_web::web;
use schemas::problem::Code;
use service_kit::server::{ProblemResponse, Reply};

use super::{Anchor, fresh, internal};
use crate::store::publication;

/// The newest time stamp over the note that `/checkpoint/{size}` gives; verify with `openssl ts -verify`.
#[utoipa::path(
    get,
    path = "/checkpoint/{size}/timestamp.tsr",
    params(("size" = u64, Path, description = "Entries under the checkpoint")),
    responses(
        (status = 200, description = "TimeStampResp, DER", body = Vec<u8>, content_type = "application/timestamp-reply"),
        (status = 404, description = "not-found: no checkpoint of this size was published"),
    )
)]
pub(super) async fn get(anchor: Anchor, size: web::Path<u64>) -> Reply {
    let size = size.into_inner();
    let found = anchor.database.read(move |conn| publication::of_size(conn, size)).await.map_err(internal)?;
    let stamp = found.and_then(|found| found.stamps.into_iter().next());
    // Not immutable: a checkpoint may be stamped again later.
    Ok(fresh()
        .content_type("application/timestamp-reply")
        .body(stamp.ok_or(ProblemResponse::new(Code::NotFound))?.response))
}
