//! Answers that a repeated query gets again, encrypted, for ten minutes.

use diesel::QueryResult;
use schemas::{
    consent::StatusReference,
    digest::Digest,
    id::{CompactJws, EntityId, LawId},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use service_kit::db::AnyConnection;

use super::{
    claims::ClaimKey,
    consent_state::ConsentIndex,
    statement::{ROWS, Statement},
};
use crate::{
    keys::Keys,
    store::encrypted::{ColumnError, Encrypted},
};

const ANSWER: Encrypted = Encrypted { table: "stored_answer", column: "answer" };
/// How long an answer is kept, milliseconds (protocol, "Order at the provider").
pub const KEPT_MS: i64 = 10 * 60 * 1000;

/// An answer, to be kept.
#[derive(Clone, Debug)]
pub struct NewStoredAnswer {
    /// To which query.
    pub key: ClaimKey,
    /// As [`answer_seal`] made it.
    pub answer: Vec<u8>,
    /// What the data hangs on; nothing where no data left.
    pub hangs: HangsOn,
}

/// What must still hold when a stored answer leaves again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HangsOn {
    /// The consent: neither paused nor revoked nor shortened.
    pub consent: Option<ConsentIndex>,
    /// When the consent ends by its own terms.
    pub consent_until: Option<Timestamp>,
    /// The law: still in force.
    pub law: Option<LawId>,
    /// SHA-256 of the law as it was registered then: still the same.
    pub law_digest: Option<Digest>,
    /// Binding and guardianship: neither suspended nor revoked.
    pub statuses: Vec<StatusPlace>,
}

/// A place in a registry's status list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusPlace {
    /// The registry.
    pub issuer: EntityId,
    /// List and place.
    pub place: StatusReference,
    /// Of a guardianship, and not of a binding.
    pub guardianship: bool,
}

fn row_name(key: &ClaimKey) -> String {
    format!("{} {}", key.peer, key.exchange)
}

/// Encrypts an answer for its row.
///
/// # Errors
/// If OpenSSL fails.
pub fn answer_seal(keys: &Keys, key: &ClaimKey, answer: &CompactJws) -> Result<Vec<u8>, ColumnError> {
    ANSWER.seal(keys, &row_name(key), answer)
}

/// Decrypts the answer of a row.
///
/// # Errors
/// If it was changed or moved, or its key is gone.
pub fn answer_open(keys: &Keys, key: &ClaimKey, stored: &[u8]) -> Result<CompactJws, ColumnError> {
    ANSWER.open(keys, &row_name(key), stored)
}

/// Keeps answers of queries that were claimed in this transaction.
pub fn answers_insert(conn: &mut AnyConnection, answers: &[NewStoredAnswer], now_ms: i64) -> QueryResult<()> {
    for chunk in answers.chunks(ROWS) {
        let rows = chunk.iter().map(|stored| {
            let statuses = &stored.hangs.statuses;
            let statuses = (!statuses.is_empty()).then(|| serde_json::json!(statuses).to_string());
            let law_digest = stored.hangs.law_digest.map(|digest| digest.to_string());
            [
                stored.key.peer.as_str().into(),
                stored.key.exchange.as_str().into(),
                stored.answer.as_slice().into(),
                stored.hangs.consent.as_ref().map(ConsentIndex::as_str).into(),
                now_ms.saturating_add(KEPT_MS).into(),
                stored.hangs.law.as_ref().map(LawId::as_str).into(),
                statuses.as_deref().into(),
                stored.hangs.consent_until.map(Timestamp::seconds).into(),
                law_digest.as_deref().into(),
            ]
        });
        Statement::new(
            "INSERT INTO stored_answer \
             (peer, exchange, answer, consent_index, until_ms, law, statuses, consent_until, law_digest) VALUES ",
        )
        .rows(rows)
        .sql(" ON CONFLICT DO NOTHING")
        .execute(conn)?;
    }
    Ok(())
}

/// Forgets answers whose time is over, at most `limit`; returns how many.
pub fn answers_sweep(conn: &mut AnyConnection, now_ms: i64, limit: i64) -> QueryResult<usize> {
    Statement::new(
        "DELETE FROM stored_answer WHERE (peer, exchange) IN (SELECT peer, exchange FROM stored_answer WHERE until_ms <= ",
    )
    .bind(now_ms)
    .sql(" LIMIT ")
    .bind(limit)
    .sql(")")
    .execute(conn)
}
