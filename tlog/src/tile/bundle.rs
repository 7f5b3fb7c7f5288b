//! Entry bundles: each entry as a big-endian 16-bit length and its bytes.

use super::FULL_WIDTH;

/// Largest entry a bundle can carry, bytes.
pub const MAX_ENTRY_BYTES: usize = u16::MAX as usize;

/// Why entries are not a bundle, or bytes are not the bundle asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// An entry is longer than [`MAX_ENTRY_BYTES`].
    #[error("an entry of {0} bytes does not fit a bundle")]
    EntryTooLarge(usize),
    /// A bundle has 1 to 256 entries.
    #[error("a bundle cannot have {0} entries")]
    EntryCount(usize),
    /// The bytes end inside an entry, or before the last one.
    #[error("the bundle is cut short in entry {0}")]
    CutShort(usize),
    /// Bytes follow the last entry.
    #[error("{0} bytes follow the last entry of the bundle")]
    TrailingBytes(usize),
}

/// Encodes 1 to 256 entries.
///
/// # Errors
/// [`BundleError::EntryCount`], [`BundleError::EntryTooLarge`].
pub fn encode_bundle<T: AsRef<[u8]>>(entries: &[T]) -> Result<Vec<u8>, BundleError> {
    if entries.is_empty() || entries.len() > usize::from(FULL_WIDTH) {
        return Err(BundleError::EntryCount(entries.len()));
    }
    let mut bytes = Vec::new();
    for entry in entries {
        let entry = entry.as_ref();
        let length = u16::try_from(entry.len()).map_err(|_| BundleError::EntryTooLarge(entry.len()))?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    Ok(bytes)
}

/// Reads a bundle of exactly `width` entries.
///
/// # Errors
/// [`BundleError`] when the bytes hold fewer entries, or anything after them.
pub fn parse_bundle(bytes: &[u8], width: u16) -> Result<Vec<Vec<u8>>, BundleError> {
    if !(1..=FULL_WIDTH).contains(&width) {
        return Err(BundleError::EntryCount(width.into()));
    }
    let mut rest = bytes;
    let mut entries = Vec::with_capacity(width.into());
    for position in 0..usize::from(width) {
        let (entry, after) = split_entry(rest).ok_or(BundleError::CutShort(position))?;
        entries.push(entry.to_vec());
        rest = after;
    }
    if rest.is_empty() { Ok(entries) } else { Err(BundleError::TrailingBytes(rest.len())) }
}

fn split_entry(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(u16::from_be_bytes(*length).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_bundle_is_written_and_read() {
        let bundle = encode_bundle(&["one", "two", "three"]).unwrap();
        assert_eq!(hex::encode(&bundle), "00036f6e65000374776f00057468726565");
        assert_eq!(parse_bundle(&bundle, 3).unwrap(), [&b"one"[..], b"two", b"three"]);
    }

    #[test]
    fn a_bundle_of_another_width_is_refused() {
        let bundle = encode_bundle(&["one", "two", "three"]).unwrap();
        assert_eq!(parse_bundle(&bundle, 2), Err(BundleError::TrailingBytes(7)));
        assert_eq!(parse_bundle(&bundle, 4), Err(BundleError::CutShort(3)));
        assert_eq!(parse_bundle(&bundle[..16], 3), Err(BundleError::CutShort(2)));
        assert_eq!(parse_bundle(&bundle[..11], 3), Err(BundleError::CutShort(2)));
        assert_eq!(parse_bundle(&bundle, 0), Err(BundleError::EntryCount(0)));
        assert_eq!(parse_bundle(&bundle, 257), Err(BundleError::EntryCount(257)));
    }

    #[test]
    fn entries_that_cannot_be_bundled_are_refused() {
        assert_eq!(encode_bundle::<&[u8]>(&[]), Err(BundleError::EntryCount(0)));
        assert_eq!(encode_bundle(&vec![b""; 257]), Err(BundleError::EntryCount(257)));
        assert_eq!(encode_bundle(&[vec![0; 65_536]]), Err(BundleError::EntryTooLarge(65_536)));
        let largest = encode_bundle(&[vec![0; 65_535]]).unwrap();
        assert_eq!(parse_bundle(&largest, 1).unwrap()[0].len(), MAX_ENTRY_BYTES);
    }
}
