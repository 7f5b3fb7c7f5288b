//! `GET /checkpoint` and `GET /checkpoint/{size}` (C2SP tlog-tiles): the newest published checkpoint, or a former one.

use actix_web::web;
use schemas::problem::Code;
use service_kit::server::{ProblemResponse, Reply};

use super::{Anchor, fresh, immutable, internal};
use crate::store::publication;

const MEDIA_TYPE: &str = "text/plain; charset=utf-8";

/// The newest published checkpoint, a signed note.
#[utoipa::path(
    get,
    path = "/checkpoint",
    responses(
        (status = 200, description = "Signed note", body = String, content_type = "text/plain; charset=utf-8"),
        (status = 404, description = "not-found: nothing published yet"),
    )
)]
pub(super) async fn newest(anchor: Anchor) -> Reply {
    let shown = anchor.shown.borrow().clone();
    let shown =
        shown.ok_or_else(|| ProblemResponse::new(Code::NotFound).detail("nothing is published yet").retry_after(1))?;
    Ok(fresh().content_type(MEDIA_TYPE).body(shown.note.clone()))
}

/// The checkpoint that was published for this size: the bytes that its time stamp covers.
#[utoipa::path(
    get,
    path = "/checkpoint/{size}",
    params(("size" = u64, Path, description = "Entries under the checkpoint")),
    responses(
        (status = 200, description = "Signed note", body = String, content_type = "text/plain; charset=utf-8"),
        (status = 404, description = "not-found: no checkpoint of this size was published"),
    )
)]
pub(super) async fn of_size(anchor: Anchor, size: web::Path<u64>) -> Reply {
    let size = size.into_inner();
    let found = anchor.database.read(move |conn| publication::of_size(conn, size)).await.map_err(internal)?;
    Ok(immutable().content_type(MEDIA_TYPE).body(found.ok_or(ProblemResponse::new(Code::NotFound))?.note))
}
