//! One SHA-256 value of the tree, and the three ways RFC 6962 §2.1 makes one.

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use super::split;

/// Bytes of one [`struct@Hash`].
pub const HASH_BYTES: usize = 32;

/// Root of the empty tree: SHA-256 of nothing (RFC 6962 §2.1).
pub const EMPTY_ROOT: Hash = Hash([
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41,
    0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
]);

/// A hash of the tree: leaf, node or root. Prints as standard base64 (as in checkpoints and
/// proofs), and as hexadecimal with `{:x}`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; HASH_BYTES]);

/// The text is not the base64 (or hexadecimal) of exactly 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the text of a 32-byte hash")]
pub struct HashTextError;

impl Hash {
    /// The raw 32 bytes.
    pub fn as_bytes(&self) -> &[u8; HASH_BYTES] {
        &self.0
    }

    /// Reads 64 lowercase hexadecimal digits.
    ///
    /// # Errors
    /// [`HashTextError`] for any other text, upper case included.
    pub fn from_hex(text: &str) -> Result<Self, HashTextError> {
        let mut bytes = [0; HASH_BYTES];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| HashTextError)?;
        let hash = Self(bytes);
        if format!("{hash:x}") == text { Ok(hash) } else { Err(HashTextError) }
    }

    /// Reads exactly 32 raw bytes; `None` for another length.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl From<[u8; HASH_BYTES]> for Hash {
    fn from(bytes: [u8; HASH_BYTES]) -> Self {
        Self(bytes)
    }
}

impl AsRef<[u8]> for Hash {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::LowerHex for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self:x})")
    }
}

impl FromStr for Hash {
    type Err = HashTextError;

    /// Standard base64 with padding, canonical (44 characters).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = STANDARD.decode(text).map_err(|_| HashTextError)?;
        Self::from_slice(&bytes).ok_or(HashTextError)
    }
}

/// Hash of a log entry: SHA-256(0x00 || entry).
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Hash(Sha256::new_with_prefix([0]).chain_update(entry).finalize().into())
}

/// Hash of two subtrees: SHA-256(0x01 || left || right).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let hasher = Sha256::new_with_prefix([1]).chain_update(left.0).chain_update(right.0);
    Hash(hasher.finalize().into())
}

/// Root of the tree over these leaf hashes, from the definition of MTH in RFC 6962 §2.1.
///
/// Recursion is at most 64 deep. It shares nothing with [`super::Frontier`], so that the two
/// check each other.
pub fn root_of_leaves(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => EMPTY_ROOT,
        [only] => *only,
        more => {
            let (left, right) = more.split_at(split(more.len() as u64) as usize);
            node_hash(&root_of_leaves(left), &root_of_leaves(right))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_and_hexadecimal_are_read_back() {
        let hash = leaf_hash(b"one");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert_eq!(Hash::from_hex(&format!("{hash:x}")), Ok(hash));
        assert_eq!(EMPTY_ROOT.to_string(), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        assert_eq!(Hash::from_slice(&hash.as_ref()[1..]), None);
    }

    #[test]
    fn other_spellings_of_a_hash_are_refused() {
        let text = EMPTY_ROOT.to_string();
        // Url-safe alphabet, no padding, non-zero trailing bits, short, white space.
        for other in [
            text.replace('+', "-"),
            text.trim_end_matches('=').to_owned(),
            text.replace("FU=", "FV="),
            text[4..].to_owned(),
            format!("{text}\n"),
        ] {
            assert_eq!(other.parse::<Hash>(), Err(HashTextError), "{other:?}");
        }
        assert_eq!(Hash::from_hex(&format!("{EMPTY_ROOT:x}").to_uppercase()), Err(HashTextError));
        assert_eq!(Hash::from_hex("00"), Err(HashTextError));
    }
}
