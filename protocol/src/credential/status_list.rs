//! Token Status Lists (draft-ietf-oauth-status-list), with a codec of our own.
//!
//! Guarantees: strict base64url without padding, at most 64 kB compressed and 1 MB inflated (the inflater stops there);
//! an index past the end and a value without meaning are never "valid"; a list is taken only from the registry that
//! issued the binding, under its own URL and before its end. Deliberately absent: fetching, and how old is too old
//! (`consent` decides).

mod codec;

pub use codec::{Status, StatusList};

use schemas::{
    consent::{StatusListToken, StatusReference},
    id::{CompactJws, EntityId},
    time::{NumericDate, Timestamp},
};

use crate::seal::{JwsError, Limits, SealFailed, SigningKey, Typ, UnverifiedJws, VerifyingKey, freshness::SKEW, sign};

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
