//! Encryption of database columns that hold personal data (security, requirement 50).
//!
//! Guarantees: AES-256-GCM with a key derived anew for each value, so that no count of rows exhausts the nonces of
//! one key (NIST SP 800-38D §8.3); the value's place `table|row|column` is authenticated, so that it cannot be
//! moved; the key id allows rotation. Deliberately absent: search (see `keyed_hash::MacKey::blind_index`).
//!
//! Layout of a stored value: version 1 (1 byte) ‖ key id (4, big-endian) ‖ salt (16) ‖ iv (12) ‖ ciphertext ‖ tag (16).

use std::{collections::BTreeMap, fmt};

use openssl::symm::{Cipher, decrypt_aead, encrypt_aead};
use zeroize::Zeroizing;

use super::{SealFailed, decode_base64url, keyed_hash::MacKey, random};

const VERSION: u8 = 1;
const SALT: usize = 16;
const IV: usize = 12;
const TAG: usize = 16;
const HEAD: usize = 1 + 4 + SALT + IV;

/// The place of a value: it opens there and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(String);

impl Place {
    /// A column of one row. Neither table nor column may contain `|`; they are names in our own schema.
    pub fn new(table: &str, row: &str, column: &str) -> Self {
        // The row, which may hold anything, stands between its length and the end of the text.
        Self(format!("{table}|{}:{row}|{column}", row.len()))
    }
}

/// A stored value does not open.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum EnvelopeError {
    /// Too short, or of another version.
    #[error("a stored value is not an envelope of version 1")]
    Malformed,
    /// The key is not in the ring.
    #[error("the key {0} of a stored value is not in the key file")]
    KeyUnknown(u32),
    /// Changed, moved, or written with another key of the same id.
    #[error("a stored value was changed or moved")]
    NotOpened,
}

/// A key file cannot be used.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("line {line} of the key file is not `<number> <base64url of 32 bytes>`, or the number repeats")]
pub struct InvalidKeyRing {
    /// The line, counted from 1; 0 if the file has none.
    pub line: usize,
}

/// The keys of one database: the greatest id writes, all read.
#[derive(Clone)]
pub struct KeyRing {
    current: (u32, MacKey),
    older: BTreeMap<u32, MacKey>,
}

impl KeyRing {
    /// A ring with one new key.
    pub fn generate() -> Self {
        Self { current: (1, MacKey::generate()), older: BTreeMap::new() }
    }

    /// Adds a new key, which writes from now on.
    #[must_use]
    pub fn rotated(mut self) -> Self {
        let next = (self.current.0.saturating_add(1), MacKey::generate());
        let (id, key) = std::mem::replace(&mut self.current, next);
        self.older.insert(id, key);
        self
    }

    /// Reads a key file: one line a key, `<id> <base64url of 32 bytes>`.
    ///
    /// # Errors
    /// Naming the line.
    pub fn from_text(text: &str) -> Result<Self, InvalidKeyRing> {
        let mut keys = BTreeMap::new();
        for (index, line) in text.lines().enumerate() {
            let bad = InvalidKeyRing { line: index + 1 };
            let (id, key) = line.split_once(' ').ok_or(bad.clone())?;
            let id = id.parse().map_err(|_| bad.clone())?;
            let bytes = Zeroizing::new(decode_base64url(key).map_err(|_| bad.clone())?);
            let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| bad.clone())?;
            if keys.insert(id, MacKey::from_bytes(key)).is_some() {
                return Err(bad);
            }
        }
        let current = keys.pop_last().ok_or(InvalidKeyRing { line: 0 })?;
        Ok(Self { current, older: keys })
    }

    /// The key file's text.
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::new());
        for (id, key) in self.older.iter().chain([(&self.current.0, &self.current.1)]) {
            text.push_str(&format!("{id} {}\n", *key.to_text()));
        }
        text
    }

    /// Encrypts a value for its place with the current key.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn encrypt(&self, place: &Place, value: &[u8]) -> Result<Vec<u8>, SealFailed> {
        let (id, key) = &self.current;
        let mut stored = Vec::with_capacity(HEAD + value.len() + TAG);
        stored.push(VERSION);
        stored.extend_from_slice(&id.to_be_bytes());
        stored.extend_from_slice(&random::bytes::<SALT>());
        stored.extend_from_slice(&random::bytes::<IV>());
        let (salt, iv) = (&stored[5..5 + SALT], &stored[5 + SALT..HEAD]);
        let mut tag = [0; TAG];
        let (key, aad) = (derive(key, salt), place.0.as_bytes());
        let sealed = encrypt_aead(Cipher::aes_256_gcm(), &*key, Some(iv), aad, value, &mut tag)
            .map_err(SealFailed::to("encrypt a column"))?;
        stored.extend_from_slice(&sealed);
        stored.extend_from_slice(&tag);
        Ok(stored)
    }

    /// Decrypts the value stored at a place.
    ///
    /// # Errors
    /// If it is malformed, changed, moved, or its key is not in the ring.
    pub fn decrypt(&self, place: &Place, stored: &[u8]) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
        let id = Self::key_id(stored)?;
        let (current, newest) = &self.current;
        let key = if id == *current { Some(newest) } else { self.older.get(&id) };
        let key = key.ok_or(EnvelopeError::KeyUnknown(id))?;
        let (head, rest) = stored.split_at(HEAD);
        let (sealed, tag) = rest.split_at(rest.len() - TAG);
        let (salt, iv) = (&head[5..5 + SALT], &head[5 + SALT..]);
        let key = derive(key, salt);
        decrypt_aead(Cipher::aes_256_gcm(), &*key, Some(iv), place.0.as_bytes(), sealed, tag)
            .map(Zeroizing::new)
            .map_err(|_| EnvelopeError::NotOpened)
    }

    /// Which key a stored value needs, to find those that a rotation left behind.
    ///
    /// # Errors
    /// If it is malformed.
    pub fn key_id(stored: &[u8]) -> Result<u32, EnvelopeError> {
        match stored {
            [VERSION, a, b, c, d, rest @ ..] if rest.len() >= SALT + IV + TAG => {
                Ok(u32::from_be_bytes([*a, *b, *c, *d]))
            }
            _ => Err(EnvelopeError::Malformed),
        }
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRing(current {}, older {:?})", self.current.0, self.older.keys())
    }
}

/// One key a value: HMAC-SHA-256 as the pseudo-random function of NIST SP 800-108 §4.1, one block.
fn derive(key: &MacKey, salt: &[u8]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(*key.hash(&[b"\0\0\0\x01column\0", salt, b"\0\0\x01\0"]).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_value_opens_at_its_place_and_nowhere_else() {
        let ring = KeyRing::generate();
        let place = Place::new("consents", "17", "subject");
        let stored = ring.encrypt(&place, b"sub").unwrap();
        assert_eq!(*ring.decrypt(&place, &stored).unwrap(), b"sub");
        for other in [
            Place::new("consents", "18", "subject"),
            Place::new("consents", "17", "name"),
            Place::new("receipts", "17", "subject"),
        ] {
            assert_eq!(ring.decrypt(&other, &stored).unwrap_err(), EnvelopeError::NotOpened);
        }
        assert_eq!(KeyRing::generate().decrypt(&place, &stored).unwrap_err(), EnvelopeError::NotOpened);
    }

    #[test]
    fn equal_values_are_stored_differently() {
        let (ring, place) = (KeyRing::generate(), Place::new("t", "1", "c"));
        assert_ne!(ring.encrypt(&place, b"x").unwrap(), ring.encrypt(&place, b"x").unwrap());
    }

    #[test]
    fn after_a_rotation_old_values_open_and_new_ones_use_the_new_key() {
        let (ring, place) = (KeyRing::generate(), Place::new("t", "1", "c"));
        let old = ring.encrypt(&place, b"x").unwrap();
        let before = ring.clone();
        let ring = KeyRing::from_text(&ring.rotated().to_text()).unwrap();
        assert_eq!(*ring.decrypt(&place, &old).unwrap(), b"x");
        let new = ring.encrypt(&place, b"x").unwrap();
        assert_eq!((KeyRing::key_id(&old), KeyRing::key_id(&new)), (Ok(1), Ok(2)));
        assert_eq!(before.decrypt(&place, &new).unwrap_err(), EnvelopeError::KeyUnknown(2));
    }

    #[test]
    fn a_bad_key_file_names_its_line() {
        let good = KeyRing::generate().to_text();
        for (bad, line) in [
            (String::new(), 0),
            ("1 AAAA\n".into(), 1),
            (format!("{}x\n", *good), 2),
            (format!("{}{}", *good, *good), 2),
            (good.replace("1 ", "one "), 1),
        ] {
            assert_eq!(KeyRing::from_text(&bad).unwrap_err(), InvalidKeyRing { line });
        }
        assert_eq!(format!("{:?}", KeyRing::generate()), "KeyRing(current 1, older [])");
    }

    proptest! {
        #[test]
        fn no_changed_bit_opens(value: Vec<u8>, bit: prop::sample::Index) {
            let (ring, place) = (KeyRing::generate(), Place::new("t", "1", "c"));
            let mut stored = ring.encrypt(&place, &value).unwrap();
            prop_assert_eq!(&*ring.decrypt(&place, &stored).unwrap(), &value);
            let bit = bit.index(stored.len() * 8);
            stored[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(ring.decrypt(&place, &stored).is_err());
        }

        #[test]
        fn whatever_is_stored_never_panics(stored: Vec<u8>) {
            prop_assert!(KeyRing::generate().decrypt(&Place::new("t", "1", "c"), &stored).is_err());
        }
    }
}
