//! Tiles and entry bundles of C2SP tlog-tiles v0.1.0: names, widths, making and reading them.
//!
//! Guarantees: a path has one spelling, bytes of the wrong length are never read as hashes, and
//! growing an edge yields exactly the tiles that differ. Deliberately absent: fetching, caching
//! policy, and falling back from a partial to the full tile, which are the reader's.

mod bundle;
mod edge;
mod path;
mod reader;

pub use bundle::{BundleError, MAX_ENTRY_BYTES, encode_bundle, parse_bundle};
pub use edge::TileEdge;
pub use path::{BundleId, TileId, TilePathError};
pub use reader::{Overlay, TileHashReader, TileReadError, TileReader};

use crate::merkle::{HASH_BYTES, Hash};

/// Hashes in a full tile, entries in a full bundle.
pub const FULL_WIDTH: u16 = 256;

/// Levels that a tree of 64-bit size can have.
pub(crate) const LEVELS: u8 = 8;

/// One tile: its name and its hashes, as stored and served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    id: TileId,
    bytes: Vec<u8>,
}

/// The bytes are not the hashes of a tile of that width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a tile of width {width} has {expected} bytes, not {found}")]
pub struct TileLength {
    /// Width of the tile, 1 to 256.
    pub width: u16,
    /// Bytes it must have.
    pub expected: usize,
    /// Bytes found.
    pub found: usize,
}

impl Tile {
    /// A tile from stored bytes.
    ///
    /// # Errors
    /// [`TileLength`] unless there are exactly `width` times 32 bytes.
    pub fn from_bytes(id: TileId, bytes: Vec<u8>) -> Result<Self, TileLength> {
        let expected = usize::from(id.width()) * HASH_BYTES;
        if bytes.len() != expected {
            return Err(TileLength { width: id.width(), expected, found: bytes.len() });
        }
        Ok(Self { id, bytes })
    }

    pub(crate) fn from_hashes(id: TileId, hashes: &[Hash]) -> Self {
        Self { id, bytes: hashes.iter().flat_map(|hash| *hash.as_bytes()).collect() }
    }

    /// Its name.
    pub fn id(&self) -> TileId {
        self.id
    }

    /// Raw bytes: `width` times 32, no header.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Raw bytes, without a copy.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Its hashes, left to right.
    pub fn hashes(&self) -> Vec<Hash> {
        self.bytes.as_chunks().0.iter().map(|bytes: &[u8; HASH_BYTES]| Hash::from(*bytes)).collect()
    }
}

/// Hashes that level `level` has in a tree of `size` leaves: floor(size / 256^level).
pub fn hashes_at(level: u8, size: u64) -> u64 {
    if level < LEVELS { size >> (8 * level) } else { 0 }
}

/// Every tile of a tree of `size` leaves that is partial (its right edge), lowest level first.
pub fn partial_tiles(size: u64) -> Vec<TileId> {
    let partial = |level| {
        let hashes = hashes_at(level, size);
        TileId::new(level, hashes / 256, (hashes % 256) as u16).ok()
    };
    (0..LEVELS).filter_map(partial).collect()
}

/// The tiles that a tree of `new` leaves has and one of `old` leaves had not, lowest level
/// first: the completed ones and the new right edge.
pub fn tiles_between(old: u64, new: u64) -> Vec<TileId> {
    let mut tiles = Vec::new();
    for level in 0..LEVELS {
        let (had, has) = (hashes_at(level, old), hashes_at(level, new));
        if has > had {
            tiles.extend((had / 256..has / 256).filter_map(|index| TileId::new(level, index, FULL_WIDTH).ok()));
            tiles.extend(TileId::new(level, has / 256, (has % 256) as u16).ok());
        }
    }
    tiles
}

/// The bundles of a tree of `new` entries that differ from those of `old` entries.
pub fn bundles_between(old: u64, new: u64) -> Vec<BundleId> {
    let level0 = tiles_between(old, new).into_iter().filter(|tile| tile.level() == 0);
    level0.filter_map(|tile| BundleId::new(tile.index(), tile.width()).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn widths(size: u64) -> Vec<(u8, u64, u16)> {
        partial_tiles(size).iter().map(|tile| (tile.level(), tile.index(), tile.width())).collect()
    }

    #[test]
    fn the_specification_s_sizes_have_its_tiles() {
        assert_eq!(widths(70_000), [(0, 273, 112), (1, 1, 17), (2, 0, 1)]);
        assert_eq!(widths(256), [(1, 0, 1)]);
        assert_eq!(widths(0), []);
        assert_eq!(tiles_between(0, 70_000).len(), 273 + 1 + 1 + 1 + 1);
        let at_256: Vec<_> = tiles_between(0, 256).iter().map(TileId::to_string).collect();
        assert_eq!(at_256, ["tile/0/000", "tile/1/000.p/1"]);
        assert_eq!(widths(1 << 62), [(7, 0, 64)]);
    }

    #[test]
    fn bundles_follow_the_leaf_tiles() {
        let between: Vec<_> = bundles_between(250, 515).iter().map(BundleId::to_string).collect();
        assert_eq!(between, ["tile/entries/000", "tile/entries/001", "tile/entries/002.p/3"]);
        assert_eq!(bundles_between(515, 515), []);
    }

    #[test]
    fn a_short_tile_is_never_a_tile() {
        let id = TileId::new(0, 0, FULL_WIDTH).unwrap();
        for length in [0, 32, 8_191, 8_193, 8_192 - 32] {
            assert!(Tile::from_bytes(id, vec![0; length]).is_err(), "{length}");
        }
        let full = Tile::from_bytes(id, vec![7; 8_192]).unwrap();
        assert_eq!(full.hashes(), vec![Hash::from([7; 32]); 256]);
    }
}
