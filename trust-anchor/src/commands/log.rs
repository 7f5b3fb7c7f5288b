//! `vinimay anchor log …`: size, checkpoint, proof, full verification. They read only.

use schemas::{digest::Digest, federation::SubmittedEntry};
use serde::Serialize;

use super::{CommandError, open};
use crate::{
    config::AnchorConfig,
    fsck::{self, FsckError, FsckReport},
    keys::{Keys, KeysError},
    proving::{self, EntryProofs, ProvingError},
    store::{log, publication},
};

/// A log command failed.
#[derive(Debug, thiserror::Error)]
pub enum LogCommandError {
    /// The anchor cannot be opened.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// A stored entry does not verify.
    #[error("a stored entry, tile or checkpoint does not verify; mend: `vinimay anchor log fsck`")]
    Inconsistent,
    /// The log is not what was signed.
    #[error(transparent)]
    Fsck(#[from] FsckError),
}

impl From<KeysError> for LogCommandError {
    fn from(error: KeysError) -> Self {
        Self::Command(error.into())
    }
}

impl From<crate::store::StoreError> for LogCommandError {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Command(error.into())
    }
}

/// The newest published checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckpointView {
    /// Entries under it.
    pub size: u64,
    /// The note, to be kept byte for byte.
    pub note: String,
    /// RFC 3161 responses over the note; base64 of DER.
    pub timestamps: Vec<String>,
}

/// How many entries the log has.
///
/// # Errors
/// [`LogCommandError`].
pub fn log_size(config: &AnchorConfig) -> Result<u64, LogCommandError> {
    Ok(open(config)?.read_blocking(log::head)?.size)
}

/// The newest published checkpoint, if there is one.
///
/// # Errors
/// [`LogCommandError`].
pub fn log_checkpoint(config: &AnchorConfig) -> Result<Option<CheckpointView>, LogCommandError> {
    let newest = open(config)?.read_blocking(publication::newest)?;
    Ok(newest.map(|one| CheckpointView { size: one.size, timestamps: proving::timestamps(&one), note: one.note }))
}

/// The proof of one record, as far as it has come.
///
/// # Errors
/// [`LogCommandError`].
pub fn log_prove(config: &AnchorConfig, entry_type: u8, digest: Digest) -> Result<EntryProofs, LogCommandError> {
    let keys = Keys::load(config)?;
    let wanted = [SubmittedEntry { r#type: entry_type, digest }];
    let proofs = open(config)?.read_blocking(|conn| {
        let shown = publication::newest(conn)?;
        proving::prove(conn, keys.log.verifying_key(), shown.as_ref(), &wanted)
    });
    proofs.map_err(|error: ProvingError| match error {
        ProvingError::Store(error) => error.into(),
        ProvingError::Inconsistent => LogCommandError::Inconsistent,
    })
}

/// Verifies everything, from the first entry.
///
/// # Errors
/// [`LogCommandError::Fsck`], naming the first place that is wrong.
pub fn log_fsck(config: &AnchorConfig) -> Result<FsckReport, LogCommandError> {
    let keys = Keys::load(config)?;
    let database = open(config)?;
    Ok(database.read_blocking(|conn| fsck::fsck(conn, keys.log.verifying_key(), &keys.tsa_root))?)
}
