//! Names of tiles and bundles: `tile/<L>/<N>[.p/<W>]` and `tile/entries/<N>[.p/<W>]`.

use std::{fmt, str::FromStr};

use super::{FULL_WIDTH, hashes_at};
use crate::{decimal, merkle::MAX_TREE_SIZE};

/// Highest tile level that a path may name.
const MAX_LEVEL: u8 = 63;

/// Not the name of a tile or bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the canonical path of a tile")]
pub struct TilePathError;

/// Name of one hash tile. Width 256 is a full tile, less a partial one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TileId {
    level: u8,
    index: u64,
    width: u16,
}

/// Name of one entry bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BundleId {
    index: u64,
    width: u16,
}

impl TileId {
    /// A tile's name from its parts: level 0 to 63, width 1 to 256.
    ///
    /// # Errors
    /// [`TilePathError`] outside these bounds.
    pub fn new(level: u8, index: u64, width: u16) -> Result<Self, TilePathError> {
        check(index, width)?;
        if level > MAX_LEVEL { Err(TilePathError) } else { Ok(Self { level, index, width }) }
    }

    /// The tile at this place as a tree of `size` leaves has it; `None` where it has none.
    pub fn in_tree(level: u8, index: u64, size: u64) -> Option<Self> {
        let width = width_in(index, hashes_at(level, size))?;
        Some(Self { level, index, width })
    }

    /// Level: 0 holds leaf hashes.
    pub fn level(self) -> u8 {
        self.level
    }

    /// Position among the tiles of its level.
    pub fn index(self) -> u64 {
        self.index
    }

    /// Number of hashes, 1 to 256.
    pub fn width(self) -> u16 {
        self.width
    }

    /// Whether it never changes again.
    pub fn is_full(self) -> bool {
        self.width == FULL_WIDTH
    }
}

impl BundleId {
    /// A bundle's name from its parts: width 1 to 256.
    ///
    /// # Errors
    /// [`TilePathError`] outside these bounds.
    pub fn new(index: u64, width: u16) -> Result<Self, TilePathError> {
        check(index, width).map(|()| Self { index, width })
    }

    /// The bundle at this place as a tree of `size` entries has it; `None` where it has none.
    pub fn in_tree(index: u64, size: u64) -> Option<Self> {
        width_in(index, size).map(|width| Self { index, width })
    }

    /// Position among the bundles.
    pub fn index(self) -> u64 {
        self.index
    }

    /// Number of entries, 1 to 256.
    pub fn width(self) -> u16 {
        self.width
    }

    /// Index of its first entry.
    pub fn first_entry(self) -> u64 {
        self.index * u64::from(FULL_WIDTH)
    }
}

fn check(index: u64, width: u16) -> Result<(), TilePathError> {
    let within = (1..=FULL_WIDTH).contains(&width) && index <= MAX_TREE_SIZE / u64::from(FULL_WIDTH);
    if within { Ok(()) } else { Err(TilePathError) }
}

fn width_in(index: u64, hashes: u64) -> Option<u16> {
    let before = index.checked_mul(u64::from(FULL_WIDTH))?;
    let rest = hashes.checked_sub(before).filter(|rest| *rest > 0)?;
    u16::try_from(rest.min(u64::from(FULL_WIDTH))).ok()
}

impl fmt::Display for TileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tile/{}/", self.level)?;
        write_place(f, self.index, self.width)
    }
}

impl fmt::Display for BundleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tile/entries/")?;
        write_place(f, self.index, self.width)
    }
}

/// Groups of three digits, all but the last marked by `x`, then the width of a partial tile.
fn write_place(f: &mut fmt::Formatter<'_>, index: u64, width: u16) -> fmt::Result {
    let mut groups = vec![format!("{:03}", index % 1000)];
    let mut rest = index / 1000;
    while rest > 0 {
        groups.push(format!("x{:03}", rest % 1000));
        rest /= 1000;
    }
    groups.reverse();
    f.write_str(&groups.join("/"))?;
    if width < FULL_WIDTH { write!(f, ".p/{width}") } else { Ok(()) }
}

impl FromStr for TileId {
    type Err = TilePathError;

    fn from_str(path: &str) -> Result<Self, TilePathError> {
        let (level, place) = path.strip_prefix("tile/").and_then(|rest| rest.split_once('/')).ok_or(TilePathError)?;
        let level = decimal::parse(level).and_then(|level| u8::try_from(level).ok()).ok_or(TilePathError)?;
        let (index, width) = parse_place(place)?;
        Self::new(level, index, width)
    }
}

impl FromStr for BundleId {
    type Err = TilePathError;

    fn from_str(path: &str) -> Result<Self, TilePathError> {
        let (index, width) = parse_place(path.strip_prefix("tile/entries/").ok_or(TilePathError)?)?;
        Self::new(index, width)
    }
}

fn parse_place(place: &str) -> Result<(u64, u16), TilePathError> {
    let (groups, width) = match place.split_once(".p/") {
        Some((groups, width)) => (groups, parse_partial_width(width)?),
        None => (place, FULL_WIDTH),
    };
    let mut groups: Vec<_> = groups.split('/').collect();
    let last = groups.pop().ok_or(TilePathError)?;
    let mut index = 0;
    for group in groups {
        let digits = group.strip_prefix('x').ok_or(TilePathError)?;
        // A leading group of zeros would be a second spelling of the same index.
        if index == 0 && digits == "000" {
            return Err(TilePathError);
        }
        index = push_group(index, digits)?;
    }
    Ok((push_group(index, last)?, width))
}

fn parse_partial_width(width: &str) -> Result<u16, TilePathError> {
    let width = decimal::parse(width).filter(|width| (1..u64::from(FULL_WIDTH)).contains(width));
    width.and_then(|width| u16::try_from(width).ok()).ok_or(TilePathError)
}

fn push_group(index: u64, digits: &str) -> Result<u64, TilePathError> {
    if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(TilePathError);
    }
    let value = digits.parse::<u64>().map_err(|_| TilePathError)?;
    index.checked_mul(1000).and_then(|index| index.checked_add(value)).ok_or(TilePathError)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        for (level, index, width, path) in [
            (0, 5, 256, "tile/0/005"),
            (0, 1_000, 256, "tile/0/x001/000"),
            (0, 1_234_067, 256, "tile/0/x001/x234/067"),
            (0, 273, 112, "tile/0/273.p/112"),
            (63, 0, 1, "tile/63/000.p/1"),
            (2, 1_000_000, 255, "tile/2/x001/x000/000.p/255"),
        ] {
            let id = TileId::new(level, index, width).unwrap();
            assert_eq!(id.to_string(), path);
            assert_eq!(path.parse(), Ok(id));
        }
        assert_eq!("tile/entries/x001/000.p/7".parse(), BundleId::new(1_000, 7));
        assert_eq!(BundleId::new(1_000, 7).unwrap().first_entry(), 256_000);
    }

    #[test]
    fn other_spellings_are_refused() {
        for path in [
            "",
            "tile",
            "tile/",
            "tile/0",
            "tile/0/",
            "tile/0/5",
            "tile/0/0005",
            "tile/0/05",
            "tile/00/005",
            "tile/64/005",
            "tile/-1/005",
            "tile/+0/005",
            "/tile/0/005",
            "tile/0/005/",
            "tile/0/x005",
            "tile/0/001/000",
            "tile/0/x000/005",
            "tile/0/x001/x000",
            "tile/0/x1/000",
            "tile/0/X001/000",
            "tile/0//005",
            "tile/0/005.p/",
            "tile/0/005.p/0",
            "tile/0/005.p/256",
            "tile/0/005.p/01",
            "tile/0/005.p/1/",
            "tile/0/005.p/1.p/1",
            "tile/0/005.P/1",
            "tile/0/00٣",
            "tile/0/x999/x999/x999/x999/x999/x999/999",
            "tile/entries/005",
            "tile/0/+05",
        ] {
            assert_eq!(path.parse::<TileId>(), Err(TilePathError), "{path}");
        }
        for path in ["tile/0/005", "tile/entries/", "tile/entries/5", "tile/entries/005.p/300", "entries/005"] {
            assert_eq!(path.parse::<BundleId>(), Err(TilePathError), "{path}");
        }
    }

    #[test]
    fn a_tree_has_a_tile_only_where_it_has_hashes() {
        assert_eq!(TileId::in_tree(0, 0, 0), None);
        assert_eq!(TileId::in_tree(0, 1, 256), None);
        assert_eq!(TileId::in_tree(0, 1, 300), TileId::new(0, 1, 44).ok());
        assert_eq!(TileId::in_tree(1, 0, 300), TileId::new(1, 0, 1).ok());
        assert_eq!(TileId::in_tree(1, 0, 255), None);
        assert_eq!(TileId::in_tree(200, 0, u64::MAX), None);
        assert_eq!(TileId::in_tree(0, u64::MAX, u64::MAX), None);
        assert_eq!(BundleId::in_tree(0, 300), BundleId::new(0, 256).ok());
    }
}
