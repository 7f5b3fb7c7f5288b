//! `GET /registers/purposes` and `GET /registers/laws`: the registers in force, with their officers' signatures.

use actix_web::web;
use schemas::problem::Code;
use service_kit::server::{ProblemResponse, Reply};

use super::{Anchor, fresh, internal};
use crate::registers::{self, RegisterKind};

/// The newest version of a register all of whose signatures are in the log.
#[utoipa::path(
    get,
    path = "/registers/{kind}",
    params(("kind" = String, Path, description = "`purposes` or `laws`")),
    responses(
        (status = 200, description = "SignedRegister: one compact JWS an officer", body = String, content_type = "application/json"),
        (status = 404, description = "not-found: no such register, or nothing in force yet"),
    )
)]
pub(super) async fn get(anchor: Anchor, kind: web::Path<String>) -> Reply {
    let kind = match kind.as_str() {
        "purposes" => RegisterKind::Purposes,
        "laws" => RegisterKind::Laws,
        _ => return Err(Code::NotFound.into()),
    };
    let served = anchor.database.read(move |conn| registers::served(conn, kind)).await.map_err(internal)?;
    let none = || ProblemResponse::new(Code::NotFound).detail("no version of this register is in force yet");
    Ok(fresh().json(served.ok_or_else(none)?))
}
