//! Why a wallet gets no token or no binding, in the words of OAuth 2.0 and OpenID4VCI.

use protocol::{consent::Refusal, credential::issuance::ProofError};
use schemas::problem::Code;

use crate::store::identity::offers::OfferStoreError;

/// The wallet gets nothing.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The request lacks something, or has something twice.
    #[error("the request is malformed: {0}")]
    RequestMalformed(&'static str),
    /// Another grant than the pre-authorised code.
    #[error("only the pre-authorised code is redeemed here")]
    GrantUnsupported,
    /// The code or its transaction code: which of them is not told.
    #[error("the code was not accepted")]
    GrantInvalid,
    /// The DPoP proof at the token endpoint.
    #[error("the DPoP proof does not hold")]
    DpopInvalid(#[source] DpopFault),
    /// The access token, or the DPoP proof that goes with it.
    #[error("the access token was not accepted")]
    TokenInvalid,
    /// Another credential than the resident binding.
    #[error("only the resident binding is issued here")]
    ConfigurationUnknown,
    /// A proof of a key.
    #[error("a proof of a key does not hold: {0}")]
    ProofInvalid(&'static str),
    /// The nonce is not ours, has ended, or was used.
    #[error("the nonce was not accepted")]
    NonceInvalid,
    /// The register does not have the person any more, or not alive.
    #[error("no binding is issued for this person")]
    Denied,
    /// Something of ours is away.
    #[error("the identity registry cannot issue now")]
    Unavailable(#[source] Refusal),
    /// Something of ours failed.
    #[error("the identity registry failed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What is wrong with a DPoP proof.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum DpopFault {
    /// There is none.
    #[error("there is none")]
    Missing,
    /// It does not verify.
    #[error(transparent)]
    Unproven(#[from] ProofError),
    /// It was used before.
    #[error("it was used before")]
    Replayed,
}

impl IdentityError {
    pub(super) fn failed(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Failed(Box::new(error))
    }

    /// The error code of RFC 6749 §5.2, RFC 9449 §5 or OpenID4VCI 1.0 §8.3.1.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::RequestMalformed(_) => "invalid_request",
            Self::GrantUnsupported => "unsupported_grant_type",
            Self::GrantInvalid => "invalid_grant",
            Self::DpopInvalid(_) => "invalid_dpop_proof",
            Self::TokenInvalid => "invalid_token",
            Self::ConfigurationUnknown => "unknown_credential_configuration",
            Self::ProofInvalid(_) => "invalid_proof",
            Self::NonceInvalid => "invalid_nonce",
            Self::Denied => "credential_request_denied",
            Self::Unavailable(_) => "temporarily_unavailable",
            Self::Failed(_) => "server_error",
        }
    }

    /// The HTTP status that carries it.
    pub fn status(&self) -> u16 {
        match self {
            Self::TokenInvalid => Code::NotAuthenticated.status(),
            Self::Unavailable(refusal) => refusal.code().status(),
            Self::Failed(_) => Code::Internal.status(),
            _ => Code::RequestMalformed.status(),
        }
    }
}

impl From<Refusal> for IdentityError {
    fn from(refusal: Refusal) -> Self {
        Self::Unavailable(refusal)
    }
}

impl From<OfferStoreError> for IdentityError {
    fn from(error: OfferStoreError) -> Self {
        Self::failed(error)
    }
}

impl From<service_kit::db::DatabaseError> for IdentityError {
    fn from(error: service_kit::db::DatabaseError) -> Self {
        Self::failed(error)
    }
}
