//! `GET /log/proof?type=&digest=&wait=`: proof and time stamp of one record, once it is anchored.
//!
//! 200: anchored. 202: in the log, not yet under a published checkpoint; with `wait` the answer comes as soon as it
//! is, or after that many seconds. 404: not in the log.

use std::time::Duration;

use actix_web::{HttpResponse, http::header, web};
use schemas::{digest::Digest, federation::SubmittedEntry, problem::Code};
use serde::Deserialize;
use service_kit::server::{ProblemResponse, Reply};

use super::{Anchor, fresh, internal};
use crate::proving::{self, AnchoredProof, EntryProof, EntryProofs, EntryStatus};

/// Longest wait, seconds.
const MAX_WAIT: u64 = 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    r#type: u8,
    digest: Digest,
    #[serde(default)]
    wait: u64,
}

/// The proof of one record for the newest published, time-stamped checkpoint.
#[utoipa::path(
    get,
    path = "/log/proof",
    params(
        ("type" = u8, Query, description = "Entry type, 1 to 11"),
        ("digest" = String, Query, description = "`sha256:` and 64 hex digits of the exact JWS"),
        ("wait" = Option<u64>, Query, description = "Seconds to wait for the next publication, at most 10"),
    ),
    responses(
        (status = 200, description = "Anchored", body = AnchoredProof),
        (status = 202, description = "Sequenced, not yet anchored; Retry-After says when to ask again", body = EntryProof),
        (status = 404, description = "not-found: not in the log"),
    )
)]
pub(super) async fn get(anchor: Anchor, question: web::Query<Question>) -> Reply {
    let Question { r#type, digest, wait } = question.into_inner();
    let wanted = SubmittedEntry { r#type, digest };
    let mut found = look(&anchor, wanted).await?;
    if wait > 0 && found.1.status == EntryStatus::Sequenced {
        wait_for(&anchor, found.1.index.unwrap_or(u64::MAX), Duration::from_secs(wait.min(MAX_WAIT))).await;
        found = look(&anchor, wanted).await?;
    }
    match found {
        (timestamps, EntryProof { proof: Some(proof), .. }) => Ok(fresh().json(AnchoredProof { proof, timestamps })),
        (_, entry) if entry.status == EntryStatus::Sequenced => Ok(not_yet(&entry)),
        _ => Err(ProblemResponse::new(Code::NotFound).detail("this digest is not in the log")),
    }
}

async fn look(anchor: &Anchor, wanted: SubmittedEntry) -> Result<(Vec<String>, EntryProof), ProblemResponse> {
    let shown = anchor.shown.borrow().clone();
    let key = anchor.keys.log.verifying_key().clone();
    let proofs = anchor.database.read(move |conn| proving::prove(conn, &key, shown.as_deref(), &[wanted]));
    let EntryProofs { entries, timestamps } = proofs.await.map_err(internal)?;
    let entry = entries.into_iter().next().ok_or(ProblemResponse::new(Code::Internal))?;
    Ok((timestamps, entry))
}

/// Until a publication covers the index, or time is up.
async fn wait_for(anchor: &Anchor, index: u64, most: Duration) {
    let mut shown = anchor.shown.clone();
    tokio::select! {
        _ = shown.wait_for(|shown| shown.as_ref().is_some_and(|shown| index < shown.size)) => {}
        () = anchor.clock.sleep(most) => {}
    }
}

fn not_yet(entry: &EntryProof) -> HttpResponse {
    HttpResponse::Accepted()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .insert_header((header::RETRY_AFTER, "1"))
        .json(entry)
}
