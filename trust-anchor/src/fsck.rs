//! `vinimay anchor log fsck`: every entry, tile, checkpoint and time stamp of the log, from the first.
//!
//! Guarantees: it reads only, shares no state with the running anchor, and names the first place where what is
//! stored is not what was signed. Deliberately absent: repair.

use tlog::{
    checkpoint::SignedCheckpoint,
    merkle::{EMPTY_ROOT, Frontier, Hash, leaf_hash},
    note::VerifyingKey,
    tile::TileEdge,
    timestamp::{CertificateDer, TimestampResponse, verify_token},
};

use crate::store::{
    Connection, StoreError,
    log::{self, StoredTiles},
    publication::{self, Publication},
};

/// What was verified.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FsckReport {
    /// Entries hashed again.
    pub entries: u64,
    /// Tiles compared byte for byte.
    pub tiles: u64,
    /// Published checkpoints whose signature and root were verified.
    pub publications: u64,
    /// Time stamps verified against the root certificate.
    pub timestamps: u64,
}

/// The first thing that is wrong.
#[derive(Debug, thiserror::Error)]
pub enum FsckError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An entry is missing or is no entry.
    #[error("entry {0} is missing or damaged")]
    Entry(u64),
    /// A tile is not what the entries make it.
    #[error("{0} is not what the entries make it")]
    Tile(String),
    /// The head is not what the entries make it, or not signed by the log's key.
    #[error("the head of the log does not follow from its entries, or is not signed by its key")]
    Head,
    /// A published checkpoint is not of this log at its size.
    #[error("the checkpoint published for {0} entries is not of this log")]
    Publication(u64),
    /// A time stamp does not verify.
    #[error("a time stamp of the checkpoint for {0} entries does not verify")]
    Timestamp(u64),
}

impl From<service_kit::db::DatabaseError> for FsckError {
    fn from(error: service_kit::db::DatabaseError) -> Self {
        Self::Store(error.into())
    }
}

/// Verifies everything.
pub(crate) fn fsck(
    conn: &mut Connection,
    key: &VerifyingKey,
    tsa_root: &CertificateDer,
) -> Result<FsckReport, FsckError> {
    let head = log::head(conn)?;
    let mut report = FsckReport::default();
    let mut walk = Walk { edge: TileEdge::default(), frontier: Frontier::new(), after: 0, next: Vec::new() };
    walk.publications(conn, key, tsa_root, &mut report)?;
    while walk.frontier.size() < head.size {
        walk.bundle(conn, head.size, &mut report)?;
        walk.publications(conn, key, tsa_root, &mut report)?;
    }
    // Full tiles were compared on the way; what is left of the stored ones is the right edge.
    let edge = TileEdge::load(head.size, &StoredTiles::new(conn));
    if edge.ok().as_ref() != Some(&walk.edge) {
        return Err(FsckError::Tile("the right edge".to_owned()));
    }
    let beyond = log::entry_count(conn)? != head.size || !walk.next.is_empty();
    let signed = verified_root(&head.note, head.size, key);
    if beyond || walk.frontier.root() != head.root || walk.edge.root() != head.root || signed != Some(head.root) {
        return Err(FsckError::Head);
    }
    Ok(report)
}

/// The tree grown again from its entries, and the publications still to be met on the way.
struct Walk {
    edge: TileEdge,
    frontier: Frontier,
    after: i64,
    next: Vec<(i64, Publication)>,
}

impl Walk {
    /// The next entries, up to the end of a bundle or the next publication's size.
    fn bundle(&mut self, conn: &mut Connection, size: u64, report: &mut FsckReport) -> Result<(), FsckError> {
        let from = self.frontier.size();
        let published = self.next.first().map_or(size, |(_, one)| one.size);
        let to = ((from / 256 + 1) * 256).min(size).min(published.max(from + 1));
        let entries = log::entries(conn, from, to)?;
        if entries.len() as u64 != to - from {
            return Err(FsckError::Entry(from + entries.len() as u64));
        }
        let leaves: Vec<Hash> = entries.iter().map(|bytes| leaf_hash(bytes)).collect();
        leaves.iter().for_each(|leaf| self.frontier.append(*leaf));
        let tiles = self.edge.extend(&leaves).map_err(|_| FsckError::Head)?;
        for tile in tiles.iter().filter(|tile| tile.id().is_full()) {
            let stored = log::tile_row(conn, tile.id().level(), tile.id().index())?;
            if stored.as_deref() != Some(tile.bytes()) {
                return Err(FsckError::Tile(tile.id().to_string()));
            }
            report.tiles += 1;
        }
        report.entries = to;
        Ok(())
    }

    /// Verifies every publication of the size that was reached.
    fn publications(
        &mut self,
        conn: &mut Connection,
        key: &VerifyingKey,
        tsa_root: &CertificateDer,
        report: &mut FsckReport,
    ) -> Result<(), FsckError> {
        loop {
            if self.next.is_empty() {
                self.next = publication::after(conn, self.after, 256)?;
            }
            match self.next.first() {
                Some((_, one)) if one.size < self.frontier.size() => return Err(FsckError::Publication(one.size)),
                Some((seq, one)) if one.size == self.frontier.size() => {
                    self.after = *seq;
                    verify_publication(one, self.frontier.root(), key, tsa_root)?;
                    report.publications += 1;
                    report.timestamps += one.stamps.len() as u64;
                    self.next.remove(0);
                }
                _ => return Ok(()),
            }
        }
    }
}

fn verify_publication(
    one: &Publication,
    root: Hash,
    key: &VerifyingKey,
    tsa_root: &CertificateDer,
) -> Result<(), FsckError> {
    if verified_root(&one.note, one.size, key) != Some(root) {
        return Err(FsckError::Publication(one.size));
    }
    for stamp in &one.stamps {
        let response = TimestampResponse::parse(&stamp.response).map_err(|_| FsckError::Timestamp(one.size))?;
        let verified = verify_token(response.token_der(), one.note.as_bytes(), tsa_root, &[]);
        if !verified.is_ok_and(|verified| verified.gen_time_unix == stamp.gen_time) {
            return Err(FsckError::Timestamp(one.size));
        }
    }
    Ok(())
}

/// The root that a note states for this size, if the log's key signed it.
fn verified_root(note: &str, size: u64, key: &VerifyingKey) -> Option<Hash> {
    let verified = SignedCheckpoint::parse(note.as_bytes()).ok()?.verify(key).ok()?;
    let said = verified.checkpoint();
    (said.size == size && (size > 0 || said.root == EMPTY_ROOT)).then_some(said.root)
}
