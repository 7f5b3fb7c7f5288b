//! Proofs by digest: what a holder of a record needs to show that it is in the log, and since when.
//!
//! Guarantees: a proof is built from the stored tiles for the newest published, time-stamped checkpoint and verified
//! before it leaves. Deliberately absent: proofs for checkpoints that nobody was shown.

use base64::{Engine, engine::general_purpose::STANDARD};
use schemas::federation::SubmittedEntry;
use serde::{Deserialize, Serialize};
use tlog::{
    checkpoint::SignedCheckpoint,
    entry::{Entry, EntryType},
    merkle::InclusionProof,
    note::VerifyingKey,
    proof::TlogProof,
    tile::TileHashReader,
};
use utoipa::ToSchema;

use crate::store::{
    Connection, StoreError,
    log::{self, StoredTiles},
    publication::Publication,
};

/// Most digests in one question.
pub(crate) const MAX_DIGESTS: usize = 1_024;

/// A proof with the time stamps of its checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnchoredProof {
    /// A tlog-proof (C2SP) of the newest published checkpoint; `extra` holds the first 10 bytes of the entry.
    pub proof: String,
    /// RFC 3161 responses over the checkpoint note with the log's line alone; base64 of DER.
    pub timestamps: Vec<String>,
}

/// How far an entry has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EntryStatus {
    /// Not in the log.
    Unknown,
    /// Durable in the log, not yet under a published checkpoint.
    Sequenced,
    /// Under a published, time-stamped checkpoint.
    Anchored,
}

/// The answer for one digest of many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryProof {
    /// Entry type, 1 to 11.
    pub r#type: u8,
    /// `sha256:` and 64 hex digits.
    #[schema(value_type = String)]
    pub digest: schemas::digest::Digest,
    /// How far it has come.
    pub status: EntryStatus,
    /// Its place, from 0, once it is in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
    /// When the anchor took it, milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_ms: Option<u64>,
    /// A tlog-proof, once it is anchored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
}

/// The answer for many digests; all proofs are of one checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryProofs {
    /// In the order of the question.
    pub entries: Vec<EntryProof>,
    /// RFC 3161 responses over the note of that checkpoint; base64 of DER.
    pub timestamps: Vec<String>,
}

/// A stored entry could not be proven.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProvingError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a stored entry, tile or checkpoint does not verify; mend: `vinimay anchor log fsck`")]
    Inconsistent,
}

impl From<service_kit::db::DatabaseError> for ProvingError {
    fn from(error: service_kit::db::DatabaseError) -> Self {
        Self::Store(error.into())
    }
}

/// The time stamps of a publication as they travel.
pub(crate) fn timestamps(shown: &Publication) -> Vec<String> {
    shown.stamps.iter().map(|stamp| STANDARD.encode(&stamp.response)).collect()
}

/// Proves each of `wanted` under `shown`, as far as it has come.
pub(crate) fn prove(
    conn: &mut Connection,
    key: &VerifyingKey,
    shown: Option<&Publication>,
    wanted: &[SubmittedEntry],
) -> Result<EntryProofs, ProvingError> {
    let mut entries = Vec::with_capacity(wanted.len());
    for one in wanted {
        entries.push(prove_one(conn, key, shown, one)?);
    }
    Ok(EntryProofs { entries, timestamps: shown.map(timestamps).unwrap_or_default() })
}

fn prove_one(
    conn: &mut Connection,
    key: &VerifyingKey,
    shown: Option<&Publication>,
    wanted: &SubmittedEntry,
) -> Result<EntryProof, ProvingError> {
    let mut answer = EntryProof {
        r#type: wanted.r#type,
        digest: wanted.digest,
        status: EntryStatus::Unknown,
        index: None,
        received_ms: None,
        proof: None,
    };
    let Ok(entry_type) = EntryType::try_from(wanted.r#type) else { return Ok(answer) };
    let found = log::entry_find(conn, entry_type, (*wanted.digest.as_bytes()).into())?;
    let Some((index, entry)) = found else { return Ok(answer) };
    answer = EntryProof {
        status: EntryStatus::Sequenced,
        index: Some(index),
        received_ms: Some(entry.received_ms),
        ..answer
    };
    if let Some(shown) = shown.filter(|shown| index < shown.size) {
        answer.proof = Some(build(conn, key, shown, index, &entry)?.to_string());
        answer.status = EntryStatus::Anchored;
    }
    Ok(answer)
}

fn build(
    conn: &mut Connection,
    key: &VerifyingKey,
    shown: &Publication,
    index: u64,
    entry: &Entry,
) -> Result<TlogProof, ProvingError> {
    let inconsistent = || ProvingError::Inconsistent;
    let stored = StoredTiles::new(conn);
    let reader = TileHashReader::new(&stored, shown.size);
    let inclusion = InclusionProof::build(index, shown.size, &reader).map_err(|_| inconsistent())?;
    let checkpoint = SignedCheckpoint::parse(shown.note.as_bytes()).map_err(|_| inconsistent())?;
    let proof =
        TlogProof::new(Some(entry.extra().to_vec()), index, inclusion, checkpoint).map_err(|_| inconsistent())?;
    proof.verify(&entry.to_bytes(), key).map_err(|_| inconsistent())?;
    Ok(proof)
}
