//! Token Status Lists (draft-ietf-oauth-status-list), with a codec of our own.
//!
//! Guarantees: strict base64url without padding, at most 64 kB compressed and 1 MB inflated (the inflater stops there);
//! an index past the end and a value without meaning are never "valid"; a list is taken only from the registry that
//! issued the binding, under its own URL and before its end. Deliberately absent: fetching, and how old is too old
//! (`consent` decides).

use std::io::{Read as _, Write as _};

use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use schemas::{
    consent::{StatusListBits, StatusListToken, StatusReference},
    id::{CompactJws, EntityId},
    time::{NumericDate, Timestamp},
};

use crate::seal::{
    JwsError, Limits, SealFailed, SigningKey, Typ, UnverifiedJws, VerifyingKey, decode_base64url, encode_base64url,
    freshness::SKEW, sign,
};

/// Most bytes of an inflated list.
const MAX_INFLATED: usize = 1024 * 1024;
/// Most bytes of a compressed list.
const MAX_COMPRESSED: usize = 64 * 1024;

/// What a list says of one binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// 0: in force.
    Valid,
    /// 1: ended for good.
    Invalid,
    /// 2: stopped for now.
    Suspended,
    /// A value that this federation gives no meaning: never in force.
    Unknown(u8),
}

impl Status {
    const fn of(value: u8) -> Self {
        match value {
            0 => Self::Valid,
            1 => Self::Invalid,
            2 => Self::Suspended,
            other => Self::Unknown(other),
        }
    }

    const fn value(self) -> u8 {
        match self {
            Self::Valid => 0,
            Self::Invalid => 1,
            Self::Suspended => 2,
            Self::Unknown(value) => value,
        }
    }
}

/// A list of statuses, inflated.
#[derive(Clone, PartialEq, Eq)]
pub struct StatusList {
    bits: u8,
    bytes: Vec<u8>,
}

/// A status list cannot be used.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum StatusListError {
    /// The token.
    #[error("the status list's token is refused")]
    Token(#[from] JwsError),
    /// Not ZLIB in base64url, too large, or of an unknown width.
    #[error("the status list is malformed: {0}")]
    Malformed(&'static str),
    /// For another URL or by another registry.
    #[error("the status list is not the one that was asked for")]
    OtherList,
    /// Past its end, or from the future.
    #[error("the status list is not valid at this time")]
    OutOfTime,
    /// No such place, or a value that does not fit.
    #[error("the status list has no such place")]
    OutOfRange,
}

impl StatusList {
    /// A list for so many bindings, all in force, of two bits each.
    ///
    /// # Errors
    /// If it would be larger than the limit.
    pub fn new(entries: usize) -> Result<Self, StatusListError> {
        Self::of(2, vec![0; entries.div_ceil(4)])
    }

    fn of(bits: u8, bytes: Vec<u8>) -> Result<Self, StatusListError> {
        if !matches!(bits, 1 | 2 | 4 | 8) {
            return Err(StatusListError::Malformed("entries have 1, 2, 4 or 8 bits"));
        }
        if bytes.len() > MAX_INFLATED {
            return Err(StatusListError::Malformed("larger than allowed"));
        }
        Ok(Self { bits, bytes })
    }

    /// How many places it has.
    pub fn entries(&self) -> u64 {
        self.bytes.len() as u64 * u64::from(8 / self.bits)
    }

    /// What stands at a place.
    ///
    /// # Errors
    /// [`StatusListError::OutOfRange`] past the end.
    pub fn status(&self, index: u64) -> Result<Status, StatusListError> {
        let (at, shift) = self.place(index)?;
        let byte = self.bytes.get(at).ok_or(StatusListError::OutOfRange)?;
        Ok(Status::of((byte >> shift) & self.mask()))
    }

    /// Puts a status at a place.
    ///
    /// # Errors
    /// [`StatusListError::OutOfRange`] past the end, or if the value is too wide for the list.
    pub fn set(&mut self, index: u64, status: Status) -> Result<(), StatusListError> {
        let ((at, shift), mask) = (self.place(index)?, self.mask());
        if status.value() & !mask != 0 {
            return Err(StatusListError::OutOfRange);
        }
        let byte = self.bytes.get_mut(at).ok_or(StatusListError::OutOfRange)?;
        *byte = (*byte & !(mask << shift)) | (status.value() << shift);
        Ok(())
    }

    const fn mask(&self) -> u8 {
        u8::MAX >> (8 - self.bits)
    }

    /// Byte and shift of a place: from the least significant bit on (specification, §4.1).
    fn place(&self, index: u64) -> Result<(usize, u8), StatusListError> {
        let per_byte = u64::from(8 / self.bits);
        let at = usize::try_from(index / per_byte).map_err(|_| StatusListError::OutOfRange)?;
        let shift = u8::try_from(index % per_byte).map_err(|_| StatusListError::OutOfRange)? * self.bits;
        Ok((at, shift))
    }

    /// Compresses the list as it travels.
    ///
    /// # Errors
    /// If it does not fit the limit of what readers take.
    pub fn deflate(&self) -> Result<StatusListBits, StatusListError> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        let written = encoder.write_all(&self.bytes).and_then(|()| encoder.finish());
        let compressed = written.map_err(|_| StatusListError::Malformed("it cannot be compressed"))?;
        let lst = encode_base64url(compressed);
        if lst.len() > MAX_COMPRESSED {
            return Err(StatusListError::Malformed("larger than allowed"));
        }
        Ok(StatusListBits { bits: self.bits, lst })
    }

    /// Reads a list as it travels, no further than the limit.
    ///
    /// # Errors
    /// [`StatusListError::Malformed`].
    pub fn inflate(list: &StatusListBits) -> Result<Self, StatusListError> {
        if list.lst.len() > MAX_COMPRESSED {
            return Err(StatusListError::Malformed("larger than allowed"));
        }
        let compressed = decode_base64url(&list.lst).map_err(|_| StatusListError::Malformed("not base64url"))?;
        let mut decoder = ZlibDecoder::new(compressed.as_slice());
        let mut bytes = Vec::new();
        let limit = MAX_INFLATED as u64 + 1;
        decoder.by_ref().take(limit).read_to_end(&mut bytes).map_err(|_| StatusListError::Malformed("not ZLIB"))?;
        if bytes.len() <= MAX_INFLATED && decoder.total_in() != compressed.len() as u64 {
            return Err(StatusListError::Malformed("something follows the list"));
        }
        Self::of(list.bits, bytes)
    }
}

impl std::fmt::Debug for StatusList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StatusList({} entries)", self.entries())
    }
}

/// How a list is published.
#[derive(Clone, Debug)]
pub struct Publication {
    /// The identity registry.
    pub issuer: EntityId,
    /// URL of the list.
    pub uri: String,
    /// Issued at.
    pub iat: NumericDate,
    /// Expires at.
    pub exp: NumericDate,
    /// Seconds to keep.
    pub ttl: u64,
}

/// A status list cannot be published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// It is too large.
    #[error("the status list cannot be written")]
    List(#[from] StatusListError),
    /// Signing failed.
    #[error("the status list could not be signed")]
    Seal(#[from] SealFailed),
}

/// Signs a list as `statuslist+jwt`.
///
/// # Errors
/// If it is too large, or OpenSSL fails.
pub fn publish(list: &StatusList, publication: &Publication, key: &SigningKey) -> Result<CompactJws, PublishError> {
    let Publication { issuer, uri, iat, exp, ttl } = publication.clone();
    let token = StatusListToken { iss: issuer, sub: uri, iat, exp, ttl, status_list: list.deflate()? };
    Ok(sign(Typ::StatusList, key, &token)?)
}

/// A list whose registry, URL and time were checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedStatusList {
    issuer: EntityId,
    uri: String,
    exp: NumericDate,
    ttl: u64,
    list: StatusList,
    checked_at: Timestamp,
}

/// Verifies a list that was fetched just now from its URL, with the key of the registry that issued the binding.
///
/// # Errors
/// The first rule that fails.
pub fn verify(
    token: &[u8],
    uri: &str,
    issuer: &EntityId,
    key: &VerifyingKey,
    now: Timestamp,
) -> Result<VerifiedStatusList, StatusListError> {
    let token = UnverifiedJws::parse(token, Limits::STATUS_LIST)?.verify(Typ::StatusList, key)?;
    let StatusListToken { iss, sub, iat, exp, ttl, status_list } = token.claims()?;
    if sub != uri || iss != *issuer {
        return Err(StatusListError::OtherList);
    }
    if exp.plus(SKEW) < now.numeric() || iat > now.numeric().plus(SKEW) {
        return Err(StatusListError::OutOfTime);
    }
    Ok(VerifiedStatusList {
        issuer: iss,
        uri: sub,
        exp,
        ttl,
        list: StatusList::inflate(&status_list)?,
        checked_at: now,
    })
}

/// What was known of one binding, and when it was looked up at the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindingStatus {
    issuer: EntityId,
    reference: StatusReference,
    status: Status,
    checked_at: Timestamp,
    exp: NumericDate,
}

impl VerifiedStatusList {
    /// What the list says of a binding.
    ///
    /// # Errors
    /// If the binding's status stands in another list, or past the end of this one.
    pub fn status_of(&self, reference: &StatusReference) -> Result<BindingStatus, StatusListError> {
        if reference.uri != self.uri {
            return Err(StatusListError::OtherList);
        }
        let status = self.list.status(reference.idx)?;
        let (issuer, reference) = (self.issuer.clone(), reference.clone());
        Ok(BindingStatus { issuer, reference, status, checked_at: self.checked_at, exp: self.exp })
    }

    /// When it was fetched and verified.
    pub fn checked_at(&self) -> Timestamp {
        self.checked_at
    }

    /// Seconds after which the registry asks to fetch it again.
    pub fn ttl(&self) -> u64 {
        self.ttl
    }

    /// The list.
    pub fn list(&self) -> &StatusList {
        &self.list
    }
}

impl BindingStatus {
    /// What the list said.
    pub fn status(&self) -> Status {
        self.status
    }

    /// When the list was fetched.
    pub fn checked_at(&self) -> Timestamp {
        self.checked_at
    }

    /// Whether it speaks of that place in a list of that registry.
    pub(crate) fn is_of(&self, issuer: &EntityId, reference: &StatusReference) -> bool {
        self.issuer == *issuer && self.reference == *reference
    }

    /// Seconds since the list was fetched, or `None` once the list itself has ended.
    pub(crate) fn age(&self, now: Timestamp) -> Option<i64> {
        (now.numeric() < self.exp).then(|| now.seconds() - self.checked_at.seconds())
    }
}

#[cfg(test)]
mod tests;
