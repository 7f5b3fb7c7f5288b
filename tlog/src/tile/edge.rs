//! The rightmost partial tile of every level: grows by leaves, yields the tiles that changed.
//!
//! Its root is computed from tiles, not from compact peaks, so that [`crate::merkle::Frontier`]
//! and this edge check each other before a checkpoint is signed.

use super::{FULL_WIDTH, LEVELS, Tile, TileHashReader, TileId, TileReadError, TileReader, partial_tiles};
use crate::merkle::{EMPTY_ROOT, Frontier, Hash, MAX_TREE_SIZE, MerkleError, ProveError, root_of_leaves};

/// The right edge of a stored tree. Level l holds fewer than 256 hashes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TileEdge {
    size: u64,
    levels: [Vec<Hash>; LEVELS as usize],
}

impl TileEdge {
    /// The edge of the empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// The edge of a stored tree of `size` leaves. The caller compares [`Self::root`] with the
    /// signed one: nothing stored is believed by itself.
    ///
    /// # Errors
    /// [`TileReadError`]: the storage fails or a tile has the wrong length.
    pub fn load<R: TileReader>(size: u64, tiles: &R) -> Result<Self, TileReadError<R::Error>> {
        let mut edge = Self { size, ..Self::default() };
        for id in partial_tiles(size) {
            let bytes = tiles.tile(id.level(), id.index(), id.width()).map_err(TileReadError::Read)?;
            edge.levels[usize::from(id.level())] = Tile::from_bytes(id, bytes)?.hashes();
        }
        Ok(edge)
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Root of the tree, folded upwards from the partial tiles.
    pub fn root(&self) -> Hash {
        let mut below = None;
        for level in &self.levels {
            let hashes: Vec<_> = level.iter().copied().chain(below).collect();
            below = if hashes.is_empty() { None } else { Some(root_of_leaves(&hashes)) };
        }
        below.unwrap_or(EMPTY_ROOT)
    }

    /// Appends leaves and returns every tile that is new or changed: the completed ones and the
    /// partial ones of the new size, named as [`super::tiles_between`] names them, in any order.
    ///
    /// # Errors
    /// [`MerkleError::TreeTooLarge`]; the edge is then as before.
    pub fn extend(&mut self, leaves: &[Hash]) -> Result<Vec<Tile>, MerkleError> {
        let size = self.size.saturating_add(leaves.len() as u64);
        if size > MAX_TREE_SIZE {
            return Err(MerkleError::TreeTooLarge(size));
        }
        let before = self.size;
        let mut tiles = Vec::new();
        for leaf in leaves {
            self.push(*leaf, &mut tiles);
        }
        let changed = partial_tiles(size).into_iter().filter(|id| !existed(*id, before));
        tiles.extend(changed.map(|id| Tile::from_hashes(id, &self.levels[usize::from(id.level())])));
        Ok(tiles)
    }

    fn push(&mut self, leaf: Hash, completed: &mut Vec<Tile>) {
        self.size += 1;
        let mut carry = leaf;
        for (level, hashes) in (0..LEVELS).zip(&mut self.levels) {
            hashes.push(carry);
            if hashes.len() < usize::from(FULL_WIDTH) {
                return;
            }
            let index = (self.size >> (8 * (u32::from(level) + 1))) - 1;
            completed.extend(TileId::new(level, index, FULL_WIDTH).map(|id| Tile::from_hashes(id, hashes)).ok());
            carry = root_of_leaves(hashes);
            hashes.clear();
        }
    }

    /// The compact right edge of the same tree.
    ///
    /// # Errors
    /// As [`Frontier::load`]; full tiles are not read.
    pub fn frontier<R: TileReader>(&self, tiles: &R) -> Result<Frontier, ProveError<TileReadError<R::Error>>> {
        Frontier::load(self.size, &TileHashReader::new(tiles, self.size))
    }
}

fn existed(id: TileId, size: u64) -> bool {
    TileId::in_tree(id.level(), id.index(), size) == Some(id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{merkle::leaf_hash, tile::tiles_between};

    fn leaves(count: u64) -> Vec<Hash> {
        (0..count).map(|i| leaf_hash(&i.to_be_bytes())).collect()
    }

    #[test]
    fn growing_in_any_steps_gives_the_named_tiles_and_the_root() {
        let all = leaves(70_000);
        let mut edge = TileEdge::new();
        for size in [1, 2, 255, 256, 257, 511, 512, 900, 65_535, 65_536, 65_537, 70_000] {
            let before = edge.size();
            let tiles = edge.extend(&all[before as usize..size as usize]).unwrap();
            let names: BTreeSet<_> = tiles.iter().map(Tile::id).collect();
            assert_eq!(names, tiles_between(before, size).into_iter().collect());
            assert_eq!(names.len(), tiles.len());
            assert_eq!(edge.root(), root_of_leaves(&all[..size as usize]), "{size}");
            assert!(tiles.iter().all(|tile| tile.bytes().len() == 32 * usize::from(tile.id().width())));
        }
    }

    #[test]
    fn an_edge_beyond_the_supported_size_stays_as_it_was() {
        let mut edge = TileEdge { size: MAX_TREE_SIZE, ..TileEdge::default() };
        let before = edge.clone();
        assert_eq!(edge.extend(&leaves(1)), Err(MerkleError::TreeTooLarge(MAX_TREE_SIZE + 1)));
        assert_eq!(edge, before);
        assert_eq!(edge.extend(&[]), Ok(vec![]));
    }
}
