//! One batch, from what is wanted to what is committed: plan, hash, check, sign.
//!
//! Guarantees: what [`Batch::sign`] signs has passed [`Batch::check`], which shares no computation with
//! [`Batch::hash`]: it hashes again from the bytes about to be stored, grows the tree by another algorithm, and
//! runs the verifier's consistency check over the tiles about to be stored.

use std::collections::HashMap;

use tlog::{
    checkpoint::Checkpoint,
    entry::{ENTRY_BYTES, Entry},
    merkle::{ConsistencyProof, Frontier, Hash, leaf_hash, tree_root},
    note::SigningKey,
    tile::{Overlay, Tile, TileHashReader},
};

use super::{Placed, SequencerError, Wanted, faults::Faults, recovery::Edge};
use crate::store::{
    Connection,
    log::{Addition, Head, StoredTiles, entry_find},
};

/// Which of the wanted are new, and where each stands afterwards.
pub(super) struct Plan {
    entries: Vec<Entry>,
    places: Vec<Placed>,
}

impl Plan {
    /// Drops what the log has already and what is wanted twice.
    pub(super) fn of(
        conn: &mut Connection,
        edge: &Edge,
        wanted: &[Wanted],
        received_ms: u64,
    ) -> Result<Self, SequencerError> {
        let mut plan = Self { entries: Vec::new(), places: Vec::with_capacity(wanted.len()) };
        let mut seen: HashMap<Wanted, Placed> = HashMap::new();
        for one in wanted {
            let known = match seen.get(one) {
                Some(place) => Some(*place),
                None => entry_find(conn, one.entry_type, one.digest)?
                    .map(|(index, entry)| Placed { index, received_ms: entry.received_ms }),
            };
            let place = known.unwrap_or_else(|| plan.add(edge.head.size, *one, received_ms));
            seen.insert(*one, place);
            plan.places.push(place);
        }
        Ok(plan)
    }

    fn add(&mut self, size: u64, one: Wanted, received_ms: u64) -> Placed {
        let index = size + self.entries.len() as u64;
        self.entries.push(Entry { entry_type: one.entry_type, received_ms, digest: one.digest });
        Placed { index, received_ms }
    }

    /// Whether everything is in the log already.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Where each of the wanted stands once the batch is durable.
    pub(super) fn places(self) -> Vec<Placed> {
        self.places
    }
}

/// A batch that was hashed and not yet checked.
pub(super) struct Batch {
    entries: Vec<[u8; ENTRY_BYTES]>,
    tiles: Vec<Tile>,
}

/// A head that passed the self-check. Only it is signed.
pub(super) struct CheckedHead {
    size: u64,
    root: Hash,
}

impl Batch {
    /// Hashes the leaves and extends the right edge by them.
    pub(super) fn hash(edge: &mut Edge, plan: &Plan, faults: &Faults) -> Result<Self, SequencerError> {
        let entries: Vec<_> = plan.entries.iter().map(Entry::to_bytes).collect();
        let mut leaves: Vec<_> = plan.entries.iter().map(Entry::leaf_hash).collect();
        faults.between_hashing_and_tree(&mut leaves);
        let tiles = edge.tiles.extend(&leaves).map_err(|_| SequencerError::Full)?;
        Ok(Self { entries, tiles })
    }

    /// The second way to the same root, and a verifier's view of the change.
    pub(super) fn check(&self, edge: &Edge, conn: &mut Connection) -> Result<CheckedHead, SequencerError> {
        let failed = SequencerError::SelfCheck;
        let (size, root) = (edge.tiles.size(), edge.tiles.root());
        let mut second: Frontier = edge.frontier.clone();
        self.entries.iter().for_each(|bytes| second.append(leaf_hash(bytes)));
        if (second.size(), second.root()) != (size, root) {
            return Err(failed("two ways to the root disagree"));
        }
        let stored = StoredTiles::new(conn);
        let after = Overlay::new(&self.tiles, &stored);
        let reader = TileHashReader::new(&after, size);
        if tree_root(size, &reader).ok() != Some(root) {
            return Err(failed("the tiles do not lead to the root"));
        }
        let proof =
            ConsistencyProof::build(edge.head.size, size, &reader).map_err(|_| failed("no consistency proof"))?;
        proof
            .verify(edge.head.size, &edge.head.root, size, &root)
            .map_err(|_| failed("the old tree is no prefix of the new one"))?;
        Ok(CheckedHead { size, root })
    }

    /// Signs the checkpoint of a checked head, and reads it back as a verifier does.
    pub(super) fn sign(
        self,
        head: CheckedHead,
        received_ms: u64,
        key: &SigningKey,
    ) -> Result<Addition, SequencerError> {
        let note = sign_checkpoint(head.size, head.root, key)
            .ok_or(SequencerError::SelfCheck("the signature does not verify"))?;
        let head = Head { size: head.size, root: head.root, received_ms, note };
        Ok(Addition { head, entries: self.entries, tiles: self.tiles })
    }
}

/// The checkpoint note of a size and root; `None` if it could not be made or does not verify.
pub(crate) fn sign_checkpoint(size: u64, root: Hash, key: &SigningKey) -> Option<String> {
    let origin = key.verifying_key().name().clone();
    let signed = Checkpoint { origin, size, root }.sign(key).ok()?;
    signed.verify(key.verifying_key()).ok()?;
    Some(signed.to_string())
}
