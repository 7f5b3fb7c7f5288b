//! Reading tree hashes out of tiles, so that proofs are built from what is stored and served.

use std::{cell::RefCell, collections::HashMap};

use super::{LEVELS, Tile, TileId, TileLength};
use crate::merkle::{Hash, HashReader, NodeId, root_of_leaves};

/// Where raw tiles come from. The implementer cuts a partial tile as a prefix of a wider or full
/// one, and falls back from partial to full, where its storage needs that.
pub trait TileReader {
    /// What goes wrong when a tile cannot be delivered; a missing tile is an error.
    type Error;

    /// The raw bytes of one tile, exactly `width` times 32.
    ///
    /// # Errors
    /// The reader's own.
    fn tile(&self, level: u8, index: u64, width: u16) -> Result<Vec<u8>, Self::Error>;
}

/// Why a hash could not be read from tiles.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TileReadError<E> {
    /// The storage failed.
    #[error("a tile could not be read")]
    Read(#[source] E),
    /// The storage delivered other bytes than a tile of that width has.
    #[error(transparent)]
    Length(#[from] TileLength),
    /// A node was asked for that the tree does not have.
    #[error("level {} node {} is outside the tree", .0.level, .0.index)]
    OutsideTree(NodeId),
}

/// A [`HashReader`] over the tiles of a tree of one size. Reads each tile once.
#[derive(Debug)]
pub struct TileHashReader<'a, R> {
    tiles: &'a R,
    size: u64,
    read: RefCell<HashMap<TileId, Vec<Hash>>>,
}

impl<'a, R: TileReader> TileHashReader<'a, R> {
    /// Reads the tree of `size` leaves, whose partial tiles are asked for at that size's widths.
    pub fn new(tiles: &'a R, size: u64) -> Self {
        Self { tiles, size, read: RefCell::default() }
    }

    fn with_tile<T>(&self, id: TileId, use_hashes: impl Fn(&[Hash]) -> T) -> Result<T, TileReadError<R::Error>> {
        if let Some(hashes) = self.read.borrow().get(&id) {
            return Ok(use_hashes(hashes));
        }
        let bytes = self.tiles.tile(id.level(), id.index(), id.width()).map_err(TileReadError::Read)?;
        let hashes = Tile::from_bytes(id, bytes)?.hashes();
        let value = use_hashes(&hashes);
        self.read.borrow_mut().insert(id, hashes);
        Ok(value)
    }
}

impl<R: TileReader> HashReader for TileHashReader<'_, R> {
    type Error = TileReadError<R::Error>;

    fn node(&self, node: NodeId) -> Result<Hash, Self::Error> {
        let outside = || TileReadError::OutsideTree(node);
        node.end().filter(|end| *end <= self.size).ok_or_else(outside)?;
        let (level, height) = (node.level / 8, node.level % 8);
        // A tile holds the nodes of its own level; those up to seven above are folded from it.
        let first = node.index << height;
        let id = TileId::in_tree(level.min(LEVELS), first / 256, self.size).ok_or_else(outside)?;
        let (start, count) = ((first % 256) as usize, 1_usize << height);
        let hash = self.with_tile(id, |hashes| hashes.get(start..start + count).map(root_of_leaves))?;
        hash.ok_or_else(outside)
    }
}

/// New tiles laid over stored ones: what storage will hold once the new tiles are committed.
/// Lets the log verify a batch with the verifier's code before it signs.
#[derive(Debug)]
pub struct Overlay<'a, R> {
    new: &'a [Tile],
    stored: &'a R,
}

impl<'a, R: TileReader> Overlay<'a, R> {
    /// `new` hides tiles of the same name in `stored`.
    pub fn new(new: &'a [Tile], stored: &'a R) -> Self {
        Self { new, stored }
    }
}

impl<R: TileReader> TileReader for Overlay<'_, R> {
    type Error = R::Error;

    fn tile(&self, level: u8, index: u64, width: u16) -> Result<Vec<u8>, R::Error> {
        let wanted = TileId::new(level, index, width).ok();
        match self.new.iter().find(|tile| Some(tile.id()) == wanted) {
            Some(tile) => Ok(tile.bytes().to_vec()),
            None => self.stored.tile(level, index, width),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        merkle::{ConsistencyProof, InclusionProof, ProveError, leaf_hash, root_of_leaves, tree_root},
        tile::TileEdge,
    };

    #[derive(Debug, Default)]
    struct Stored(HashMap<TileId, Vec<u8>>);

    impl Stored {
        fn keep(&mut self, tiles: Vec<Tile>) {
            self.0.extend(tiles.into_iter().map(|tile| (tile.id(), tile.into_bytes())));
        }
    }

    impl TileReader for Stored {
        type Error = &'static str;

        fn tile(&self, level: u8, index: u64, width: u16) -> Result<Vec<u8>, Self::Error> {
            self.0.get(&TileId::new(level, index, width).unwrap()).cloned().ok_or("no such tile")
        }
    }

    fn grown(size: u64) -> (Vec<Hash>, Stored, TileEdge) {
        let leaves: Vec<_> = (0..size).map(|i| leaf_hash(&i.to_be_bytes())).collect();
        let (mut stored, mut edge) = (Stored::default(), TileEdge::new());
        stored.keep(edge.extend(&leaves).unwrap());
        (leaves, stored, edge)
    }

    #[test]
    fn roots_edges_and_proofs_come_out_of_tiles() {
        let (leaves, stored, edge) = grown(66_000);
        let root = root_of_leaves(&leaves);
        let reader = TileHashReader::new(&stored, 66_000);
        assert_eq!(tree_root(66_000, &reader), Ok(root));
        assert_eq!(TileEdge::load(66_000, &stored), Ok(edge.clone()));
        assert_eq!(edge.frontier(&stored).unwrap().root(), root);
        for index in [0, 1, 255, 256, 65_535, 65_536, 65_999] {
            let proof = InclusionProof::build(index, 66_000, &reader).unwrap();
            assert_eq!(proof.verify(&leaves[index as usize], index, 66_000, &root), Ok(()));
        }
    }

    #[test]
    fn a_batch_is_proven_before_it_is_stored() {
        let (mut leaves, mut stored, mut edge) = grown(700);
        for size in [701, 768, 769, 2_000] {
            let (old, old_root) = (edge.size(), edge.root());
            leaves.extend((old..size).map(|i| leaf_hash(&i.to_be_bytes())));
            let tiles = edge.extend(&leaves[old as usize..]).unwrap();
            let overlay = Overlay::new(&tiles, &stored);
            let proof = ConsistencyProof::build(old, size, &TileHashReader::new(&overlay, size)).unwrap();
            assert_eq!(proof.verify(old, &old_root, size, &root_of_leaves(&leaves)), Ok(()));
            stored.keep(tiles);
        }
    }

    #[test]
    fn missing_short_and_foreign_tiles_are_errors() {
        let (_, mut stored, _) = grown(300);
        let question = NodeId { level: 8, index: 1 };
        assert_eq!(TileHashReader::new(&stored, 300).node(question), Err(TileReadError::OutsideTree(question)));
        assert_eq!(TileEdge::load(299, &stored), Err(TileReadError::Read("no such tile")));
        let full = TileId::new(0, 0, 256).unwrap();
        stored.0.insert(full, vec![0; 44 * 32]);
        let built = InclusionProof::build(0, 300, &TileHashReader::new(&stored, 300));
        assert!(matches!(built, Err(ProveError::Read(TileReadError::Length(_)))));
    }
}
