//! Our log entry: 42 bytes that commit to a record without holding any of it.
//!
//! `0x01 || type || u64 BE received_ms || SHA-256(exact JWS bytes)`. Whoever holds the record and
//! the proof's `extra` line rebuilds the leaf. Deliberately absent: what a record says, and which
//! member may submit which type.

use std::{fmt, str::FromStr};

use sha2::{Digest, Sha256};

use crate::merkle::{self, Hash};

/// Version byte of the layout.
const VERSION: u8 = 1;

/// Bytes of an entry.
pub const ENTRY_BYTES: usize = 42;

/// Bytes of an entry before the digest, which go into the `extra` line of a proof.
pub const EXTRA_BYTES: usize = 10;

/// What kind of record an entry commits to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum EntryType {
    /// Receipt of an exchange.
    ExchangeReceipt = 1,
    /// Event, acknowledgement or application of a trigger.
    Trigger = 2,
    /// Directory, key or policy event.
    Directory = 3,
    /// Digest of a time-stamp token (renewal).
    TimestampToken = 4,
    /// Hourly tally of a gateway: refusals before a signature, counts.
    Tally = 5,
    /// Decision or notice.
    Decision = 6,
    /// Version of a scheme, purpose, law or subscription.
    Version = 7,
    /// Head of a journal, feed or audit trail.
    Head = 8,
    /// Record about a consent (acknowledgement of an order, erasure) or an overlap.
    Consent = 9,
    /// Back-test result or wallet build.
    Build = 10,
    /// Last checkpoint of the previous log.
    PreviousLog = 11,
}

/// Every type, in the order of its number.
pub const ENTRY_TYPES: [EntryType; 11] = [
    EntryType::ExchangeReceipt,
    EntryType::Trigger,
    EntryType::Directory,
    EntryType::TimestampToken,
    EntryType::Tally,
    EntryType::Decision,
    EntryType::Version,
    EntryType::Head,
    EntryType::Consent,
    EntryType::Build,
    EntryType::PreviousLog,
];

/// Why bytes are not an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Another number of bytes.
    #[error("{found} bytes where {expected} were expected")]
    Length {
        /// Bytes asked for by the layout.
        expected: usize,
        /// Bytes found.
        found: usize,
    },
    /// Another version byte.
    #[error("entry version {0} is not known")]
    Version(u8),
    /// A type outside 1 to 11.
    #[error("entry type {0} is not known")]
    Type(u8),
    /// Not 64 lowercase hexadecimal digits.
    #[error("not a digest in hexadecimal")]
    DigestText,
}

impl TryFrom<u8> for EntryType {
    type Error = EntryError;

    fn try_from(number: u8) -> Result<Self, EntryError> {
        ENTRY_TYPES.into_iter().find(|known| *known as u8 == number).ok_or(EntryError::Type(number))
    }
}

impl From<EntryType> for u8 {
    fn from(entry_type: EntryType) -> Self {
        entry_type as Self
    }
}

/// SHA-256 of the exact bytes of a record (a compact JWS; for types 4 and 11 a token, a note).
/// Prints as lowercase hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordDigest([u8; 32]);

impl RecordDigest {
    /// Digest of a record's bytes as they were signed, nothing re-serialised.
    pub fn of(record: &[u8]) -> Self {
        Self(Sha256::digest(record).into())
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for RecordDigest {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for RecordDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl FromStr for RecordDigest {
    type Err = EntryError;

    fn from_str(text: &str) -> Result<Self, EntryError> {
        let hash = Hash::from_hex(text).map_err(|_| EntryError::DigestText)?;
        Ok(Self(*hash.as_bytes()))
    }
}

/// One entry of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Entry {
    /// Kind of record.
    pub entry_type: EntryType,
    /// When the anchor took it, milliseconds since 1970; never decreases within a log.
    pub received_ms: u64,
    /// Digest of the record.
    pub digest: RecordDigest,
}

impl Entry {
    /// Reads the 42 bytes.
    ///
    /// # Errors
    /// [`EntryError`] for another length, version or type.
    pub fn parse(bytes: &[u8]) -> Result<Self, EntryError> {
        let wrong = EntryError::Length { expected: ENTRY_BYTES, found: bytes.len() };
        let bytes: &[u8; ENTRY_BYTES] = bytes.try_into().map_err(|_| wrong)?;
        let (extra, digest) = bytes.split_at(EXTRA_BYTES);
        let digest = Hash::from_slice(digest).ok_or(wrong)?;
        Self::with_digest(extra, RecordDigest(*digest.as_bytes()))
    }

    /// Rebuilds an entry from a proof's `extra` bytes and the record itself. The `extra` bytes
    /// are not authenticated: only the inclusion proof over [`Self::leaf_hash`] makes them true.
    ///
    /// # Errors
    /// [`EntryError`] for another length, version or type.
    pub fn from_extra(extra: &[u8], record: &[u8]) -> Result<Self, EntryError> {
        Self::with_digest(extra, RecordDigest::of(record))
    }

    fn with_digest(extra: &[u8], digest: RecordDigest) -> Result<Self, EntryError> {
        let [version, number, time @ ..] = extra else {
            return Err(EntryError::Length { expected: EXTRA_BYTES, found: extra.len() });
        };
        let wrong = EntryError::Length { expected: EXTRA_BYTES, found: extra.len() };
        let received_ms = u64::from_be_bytes(time.try_into().map_err(|_| wrong)?);
        if *version != VERSION {
            return Err(EntryError::Version(*version));
        }
        Ok(Self { entry_type: EntryType::try_from(*number)?, received_ms, digest })
    }

    /// The bytes before the digest, for the `extra` line of a proof.
    pub fn extra(&self) -> [u8; EXTRA_BYTES] {
        let mut extra = [VERSION, self.entry_type.into(), 0, 0, 0, 0, 0, 0, 0, 0];
        extra[2..].copy_from_slice(&self.received_ms.to_be_bytes());
        extra
    }

    /// The entry as it is stored, bundled and hashed.
    pub fn to_bytes(&self) -> [u8; ENTRY_BYTES] {
        let mut bytes = [0; ENTRY_BYTES];
        bytes[..EXTRA_BYTES].copy_from_slice(&self.extra());
        bytes[EXTRA_BYTES..].copy_from_slice(&self.digest.0);
        bytes
    }

    /// Its leaf hash in the tree.
    pub fn leaf_hash(&self) -> Hash {
        merkle::leaf_hash(&self.to_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(entry_type: EntryType) -> Entry {
        Entry { entry_type, received_ms: 1_767_139_200_123, digest: RecordDigest::of(b"a.b.c") }
    }

    #[test]
    fn the_layout_is_version_type_time_digest() {
        let expected = "01020000019b71b44c7b845e30448809e2bc8958eb025bfc795235d13b077a53d0c3abbd2385170dc9b8";
        assert_eq!(hex::encode(entry(EntryType::Trigger).to_bytes()), expected);
    }

    #[test]
    fn every_type_is_read_back_and_rebuilt_from_its_record() {
        for (number, entry_type) in (1..).zip(ENTRY_TYPES) {
            let entry = entry(entry_type);
            assert_eq!(u8::from(entry_type), number);
            assert_eq!(Entry::parse(&entry.to_bytes()), Ok(entry));
            assert_eq!(Entry::from_extra(&entry.extra(), b"a.b.c"), Ok(entry));
            let other = Entry::from_extra(&entry.extra(), b"a.b.d").unwrap();
            assert_ne!(other.leaf_hash(), entry.leaf_hash());
        }
    }

    #[test]
    fn other_lengths_versions_and_types_are_refused() {
        let good = entry(EntryType::Tally).to_bytes();
        let with = |position: usize, value| {
            let mut bytes = good;
            bytes[position] = value;
            Entry::parse(&bytes)
        };
        assert_eq!(with(0, 0), Err(EntryError::Version(0)));
        assert_eq!(with(0, 2), Err(EntryError::Version(2)));
        for number in [0, 12, 255] {
            assert_eq!(with(1, number), Err(EntryError::Type(number)));
        }
        for length in [0, 1, 10, 41] {
            let expected = EntryError::Length { expected: 42, found: length };
            assert_eq!(Entry::parse(&good[..length]), Err(expected));
        }
        for length in [0, 1, 9, 11] {
            let expected = EntryError::Length { expected: 10, found: length };
            assert_eq!(Entry::from_extra(&good[..length], b"a.b.c"), Err(expected));
        }
    }

    #[test]
    fn digests_are_read_from_lowercase_hexadecimal_alone() {
        let digest = RecordDigest::of(b"record");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert_eq!(digest.to_string().to_uppercase().parse::<RecordDigest>(), Err(EntryError::DigestText));
    }
}
