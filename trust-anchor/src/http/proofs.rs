//! `POST /log/proofs`: proofs of up to 1,024 records under one checkpoint.

use schemas::{federation::SubmittedEntry, problem::Code};
use serde::Deserialize;
use service_kit::server::{Body, ProblemResponse, Reply};

use super::{Anchor, fresh, internal};
use crate::proving::{self, EntryProofs, MAX_DIGESTS};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    entries: Vec<SubmittedEntry>,
}

/// How far each record has come, with its proof once it is anchored.
#[utoipa::path(
    post,
    path = "/log/proofs",
    request_body(content = String, content_type = "application/json", description = "`{\"entries\":[{\"type\":1,\"digest\":\"sha256:…\"}]}`, 1 to 1,024"),
    responses(
        (status = 200, description = "In the order of the question", body = EntryProofs),
        (status = 400, description = "request-malformed"),
    )
)]
pub(super) async fn post(anchor: Anchor, body: Body) -> Reply {
    let question: Question = body.json()?;
    if !(1..=MAX_DIGESTS).contains(&question.entries.len()) {
        return Err(ProblemResponse::new(Code::RequestMalformed).detail("ask for 1 to 1,024 digests"));
    }
    let shown = anchor.shown.borrow().clone();
    let key = anchor.keys.log.verifying_key().clone();
    let proofs = anchor.database.read(move |conn| proving::prove(conn, &key, shown.as_deref(), &question.entries));
    Ok(fresh().json(proofs.await.map_err(internal)?))
}
