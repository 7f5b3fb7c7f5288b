//! Loading the log: at start, and after everything that went wrong. Nothing is continued that was not verified.
//!
//! Guarantees: the head's own signature, the right edge up to its root and the newest entries were checked, and
//! the head that was last shown to the world is a prefix of this log. Deliberately absent: repair, and asking
//! witnesses (they do not exist yet); a full verification is `fsck`.

use service_kit::db::{Database, DatabaseError};
use tlog::{
    checkpoint::SignedCheckpoint,
    merkle::{ConsistencyProof, Frontier, leaf_hash},
    note::VerifyingKey,
    tile::{TileEdge, TileHashReader, TileReader},
};

use crate::{
    published_file::{PublishedFile, PublishedFileError},
    store::{
        Connection, StoreError,
        log::{self, Addition, Head, StoredTiles},
    },
};

/// The state from which the next batch grows: the head and its right edge, kept twice.
#[derive(Debug, Clone)]
pub(crate) struct Edge {
    pub head: Head,
    pub tiles: TileEdge,
    pub frontier: Frontier,
}

impl Edge {
    /// Takes over a batch that has been committed; its tiles were added when it was hashed.
    pub(super) fn advance_to(&mut self, addition: Addition) {
        addition.entries.iter().for_each(|bytes| self.frontier.append(leaf_hash(bytes)));
        self.head = addition.head;
    }
}

/// The log on disk cannot be continued; it may still be read.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file with the published head cannot be used.
    #[error(transparent)]
    PublishedFile(#[from] PublishedFileError),
    /// The stored head is not signed by this log's key, or not what its note says.
    #[error(
        "the head of the log is not signed by this anchor's key; mend: restore the key, or the database, that belongs here"
    )]
    HeadNotOurs,
    /// Tiles and head disagree.
    #[error(
        "the stored tiles do not lead to the head of the log; mend: restore a backup and run `vinimay anchor log fsck`"
    )]
    EdgeMismatch,
    /// Entries and tiles disagree.
    #[error("the newest entries are not those in the tree; mend: restore a backup and run `vinimay anchor log fsck`")]
    EntriesMismatch,
    /// The world has seen more than the database holds.
    #[error(
        "the database was rolled back: a head of {published} entries was published, the database has {stored}; nothing is \
         signed; mend: restore the newest database, or end this log and begin the next"
    )]
    RolledBack {
        /// Entries of the published head.
        published: u64,
        /// Entries in the database.
        stored: u64,
    },
    /// The world has seen another tree.
    #[error(
        "the head that was published is not part of this log; nothing is signed; mend: restore the database that belongs here"
    )]
    Forked,
}

impl From<DatabaseError> for RecoveryError {
    fn from(error: DatabaseError) -> Self {
        Self::Store(error.into())
    }
}

/// Loads and verifies the log.
///
/// # Errors
/// [`RecoveryError`]: then nothing may be added.
pub(crate) fn load(db: &Database, key: &VerifyingKey, published: &PublishedFile) -> Result<Edge, RecoveryError> {
    db.read_blocking(|conn| {
        let head = verified_head(conn, key)?;
        let edge = verified_edge(conn, head)?;
        verify_newest_entries(conn, &edge.head)?;
        verify_published(conn, &edge.head, key, published)?;
        Ok(edge)
    })
}

fn verified_head(conn: &mut Connection, key: &VerifyingKey) -> Result<Head, RecoveryError> {
    let head = log::head(conn)?;
    let signed = SignedCheckpoint::parse(head.note.as_bytes()).map_err(|_| RecoveryError::HeadNotOurs)?;
    let verified = signed.verify(key).map_err(|_| RecoveryError::HeadNotOurs)?;
    let said = verified.checkpoint();
    if (said.size, said.root) == (head.size, head.root) { Ok(head) } else { Err(RecoveryError::HeadNotOurs) }
}

fn verified_edge(conn: &mut Connection, head: Head) -> Result<Edge, RecoveryError> {
    let stored = StoredTiles::new(conn);
    let tiles = TileEdge::load(head.size, &stored).map_err(|_| RecoveryError::EdgeMismatch)?;
    let frontier = tiles.frontier(&stored).map_err(|_| RecoveryError::EdgeMismatch)?;
    if tiles.root() != head.root || frontier.root() != head.root {
        return Err(RecoveryError::EdgeMismatch);
    }
    Ok(Edge { head, tiles, frontier })
}

/// Hashes the entries of the last bundle again and compares them with the leaves in the tree.
fn verify_newest_entries(conn: &mut Connection, head: &Head) -> Result<(), RecoveryError> {
    let Some(last) = head.size.checked_sub(1) else {
        return if log::entry_count(conn)? == 0 { Ok(()) } else { Err(RecoveryError::EntriesMismatch) };
    };
    let bundle = last / 256;
    let width = u16::try_from(last % 256 + 1).map_err(|_| RecoveryError::EntriesMismatch)?;
    // One past the head: an entry that the head does not know is a mismatch too.
    let entries = log::entries(conn, bundle * 256, head.size + 1).map_err(|_| RecoveryError::EntriesMismatch)?;
    let leaves = StoredTiles::new(conn).tile(0, bundle, width).map_err(|_| RecoveryError::EntriesMismatch)?;
    let hashed: Vec<u8> = entries.iter().flat_map(|bytes| *leaf_hash(bytes).as_bytes()).collect();
    if hashed == leaves { Ok(()) } else { Err(RecoveryError::EntriesMismatch) }
}

/// Refuses a head that was shown to the world and is ahead of, or not a prefix of, what is stored.
fn verify_published(
    conn: &mut Connection,
    head: &Head,
    key: &VerifyingKey,
    published: &PublishedFile,
) -> Result<(), RecoveryError> {
    let shown = published.read(key)?;
    let shown = shown.checkpoint();
    if shown.size > head.size {
        return Err(RecoveryError::RolledBack { published: shown.size, stored: head.size });
    }
    let stored = StoredTiles::new(conn);
    let reader = TileHashReader::new(&stored, head.size);
    let proof = ConsistencyProof::build(shown.size, head.size, &reader).map_err(|_| RecoveryError::EdgeMismatch)?;
    proof.verify(shown.size, &shown.root, head.size, &head.root).map_err(|_| RecoveryError::Forked)
}
