//! HMAC-SHA-256 (RFC 2104, RFC 4231): pseudonyms of a sector, subjects in receipts, look-up of encrypted columns.
//!
//! Guarantees: the three uses have keys of their own types' making and inputs that cannot be confused.
//! Deliberately absent: HMAC as a JWS algorithm; it is not accepted anywhere.

use std::fmt;

use hmac::{Hmac, Mac as _};
use schemas::id::{MessageId, SectorSubject};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{InvalidBase64Url, decode_base64url, encode_base64url, random};

/// A secret of 256 bits for keyed hashes; wiped when dropped, never printed.
#[derive(Clone)]
pub struct MacKey(Zeroizing<[u8; 32]>);

/// A keyed hash: 32 bytes, written as 43 characters of base64url.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyedHash([u8; 32]);

impl MacKey {
    /// A new key.
    pub fn generate() -> Self {
        let mut key = Zeroizing::new([0; 32]);
        random::fill(&mut *key);
        Self(key)
    }

    /// Takes a key that was made elsewhere.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads a key file: base64url of 32 bytes and, if any, one final line break.
    ///
    /// # Errors
    /// If it is anything else.
    pub fn from_text(text: &str) -> Result<Self, InvalidBase64Url> {
        let bytes = Zeroizing::new(decode_base64url(text.strip_suffix('\n').unwrap_or(text))?);
        <[u8; 32]>::try_from(bytes.as_slice()).map(Self::from_bytes).map_err(|_| InvalidBase64Url)
    }

    /// The key file's text.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(encode_base64url(self.0.as_slice()))
    }

    /// HMAC-SHA-256 over the parts joined.
    pub fn hash(&self, parts: &[&[u8]]) -> KeyedHash {
        // The block size of SHA-256 is 64 bytes, so a 32-byte key is zero-padded as RFC 2104 §2 says.
        let mut block = Zeroizing::new([0; 64]);
        block[..32].copy_from_slice(self.0.as_slice());
        let mut mac = Hmac::<Sha256>::new((&*block).into());
        parts.iter().for_each(|part| mac.update(part));
        KeyedHash(mac.finalize().into_bytes().into())
    }

    /// `sub_<sector>` = HMAC-SHA-256(K_sector, resident_id): the pseudonym of a person in one sector.
    pub fn sector_subject(&self, resident_id: &str) -> SectorSubject {
        self.hash(&[resident_id.as_bytes()]).into()
    }

    /// `subject` of a receipt = HMAC-SHA-256(K, subject ‖ receipt's jti): two receipts of one person look unrelated.
    /// The subject has a fixed length, so that the join is unambiguous.
    pub fn receipt_subject(&self, subject: &SectorSubject, receipt: &MessageId) -> KeyedHash {
        self.hash(&[subject.as_str().as_bytes(), receipt.as_str().as_bytes()])
    }

    /// The value by which an encrypted column is looked up: equal for equal values of one `table|column` alone.
    pub fn blind_index(&self, column: &str, value: &[u8]) -> KeyedHash {
        self.hash(&[b"blind-index\0", column.as_bytes(), b"\0", value])
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey(…)")
    }
}

impl KeyedHash {
    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for KeyedHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encode_base64url(self.0))
    }
}

impl fmt::Debug for KeyedHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<KeyedHash> for SectorSubject {
    fn from(hash: KeyedHash) -> Self {
        super::formed(&hash.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_vector_of_rfc_4231() {
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        // Zero-padding to the block makes the 4-byte key and the 32-byte key the same HMAC key.
        let hash = MacKey::from_bytes(key).hash(&[b"what do ya want ", b"for nothing?"]);
        assert_eq!(hex::encode(hash.as_bytes()), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn one_person_has_another_name_in_each_sector_and_each_receipt() {
        let (revenue, health) = (MacKey::generate(), MacKey::generate());
        let here = revenue.sector_subject("CG-1");
        assert_eq!(here, revenue.sector_subject("CG-1"));
        assert_ne!(here, health.sector_subject("CG-1"));
        let now = schemas::time::Timestamp::from_seconds(1_795_248_100);
        let (one, two) = (random::message_id(now), random::message_id(now));
        assert_ne!(revenue.receipt_subject(&here, &one), revenue.receipt_subject(&here, &two));
    }

    #[test]
    fn a_blind_index_tells_columns_apart() {
        let key = MacKey::generate();
        assert_eq!(key.blind_index("t|a", b"x"), key.blind_index("t|a", b"x"));
        assert_ne!(key.blind_index("t|a", b"x"), key.blind_index("t|b", b"x"));
        assert_ne!(key.blind_index("t|a", b"bx"), key.blind_index("t|ab", b"x"));
    }

    #[test]
    fn a_key_file_reads_back_and_a_short_one_is_refused() {
        let key = MacKey::generate();
        let again = MacKey::from_text(&format!("{}\n", *key.to_text())).unwrap();
        assert_eq!(key.hash(&[b"x"]), again.hash(&[b"x"]));
        assert!(MacKey::from_text("AAAA").is_err());
        assert_eq!(format!("{key:?}"), "MacKey(…)");
    }
}
