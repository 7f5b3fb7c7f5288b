//! Why a statement, chain, register or member was refused.

use schemas::{id::EntityId, problem::Code};

use super::{Mark, WentBack};
use crate::seal::{JwsError, KeyError};

/// The federation does not vouch for what was asked.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum FederationError {
    /// A statement's token is not acceptable.
    #[error("a statement of the federation cannot be verified")]
    Statement(#[from] JwsError),
    /// A statement names a key that cannot be used.
    #[error("a statement of the federation holds an unusable key")]
    Key(#[from] KeyError),
    /// The anchor's key is not the pinned one.
    #[error("the trust anchor's key is not the one whose fingerprint is pinned")]
    AnchorNotPinned,
    /// Issuer, subject, hint or digest does not join one statement to the next.
    #[error("the statements do not form a chain: {0}")]
    NotLinked(&'static str),
    /// More intermediates than a superior allows.
    #[error("the chain is longer than its superior allows")]
    PathTooLong,
    /// A statement lives longer than allowed, or ends before it begins.
    #[error("a statement's life is longer than allowed")]
    LifeTooLong,
    /// A statement is from the future.
    #[error("a statement is from the future")]
    NotYetValid,
    /// A statement has ended.
    #[error("the directory's statements have expired")]
    Expired,
    /// The metadata lacks what this kind of entity needs, or holds something invalid.
    #[error("the metadata is not usable: {0}")]
    Metadata(&'static str),
    /// An older statement than was seen, or another one of the same instant.
    #[error("the directory went back")]
    WentBack(#[from] WentBack),
    /// Not a member.
    #[error("{0} is not a member of this federation")]
    Unknown(EntityId),
    /// A suspended member.
    #[error("{0} is suspended")]
    Suspended(EntityId),
    /// The member does not hold the role.
    #[error("{0} does not hold the role that this needs")]
    RoleMissing(EntityId),
    /// The certificate is not one of the member's, or not valid now.
    #[error("the certificate is not one that the directory lists for {0}")]
    CertificateMismatch(EntityId),
    /// No key of this id was valid at that time.
    #[error("{0} had no such key at that time")]
    KeyNotValid(EntityId),
    /// A register lacks the second officer, or its signatures differ.
    #[error("the register is not in force: {0}")]
    NotInForce(&'static str),
}

impl FederationError {
    /// The code of refusal.
    pub const fn code(&self) -> Code {
        match self {
            Self::Expired | Self::NotYetValid | Self::WentBack(_) | Self::NotInForce(_) => Code::DirectoryOutdated,
            Self::Suspended(_) => Code::PeerSuspended,
            Self::RoleMissing(_) => Code::RoleMissing,
            Self::CertificateMismatch(_) => Code::PeerCertificateMismatch,
            Self::KeyNotValid(_) => Code::SignatureInvalid,
            Self::Statement(_)
            | Self::Key(_)
            | Self::AnchorNotPinned
            | Self::NotLinked(_)
            | Self::PathTooLong
            | Self::LifeTooLong
            | Self::Metadata(_)
            | Self::Unknown(_) => Code::PeerUnknown,
        }
    }
}

impl Mark {
    /// As [`advance`](Self::advance), in the federation's own error.
    ///
    /// # Errors
    /// [`FederationError::WentBack`].
    pub fn advanced(seen: Option<&Self>, new: Self) -> Result<Self, FederationError> {
        Self::advance(seen, new).map_err(FederationError::WentBack)
    }
}
