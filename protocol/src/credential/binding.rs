//! The resident binding: an SD-JWT VC by the identity registry that ties a citizen's key to pseudonyms by sector.
//!
//! Guarantees: a [`VerifiedBinding`] was signed by a registry that the caller vouches for, names the key that signed
//! this presentation for this audience over this nonce, and shows only claims that exist. What must never be concealed
//! (`iss`, `vct`, `exp`, `cnf`, `status`) is read from the signed part alone, so a disclosure cannot supply it.
//! Deliberately absent: status (see [`super::status_list`]) and whether the consent needs this person (`consent`).

mod issue;
mod keys;
mod present;
mod sealed;
mod verify;

pub use issue::{BindingDraft, Resident, issue};
pub use keys::{DirectoryKeys, RegistryKeys};
pub use present::{HeldBinding, KeyBinding, PresentError};
pub use sealed::{open_presentation, seal_presentation, seal_presented};
pub use verify::{Expected, VerifiedBinding, verify, verify_for_consent, verify_live};

use schemas::{
    consent::{AssistedBy, BindingClaims, BindingMode, Confirmation, StatusClaim},
    federation::Assurance,
    id::EntityId,
    problem::Code,
    time::NumericDate,
};
use serde::{Deserialize, Serialize};

use super::sd_jwt::SdJwtError;
use crate::seal::{JweError, JwsError};

/// Prefix of the claim that holds a pseudonym: `sub_<sector>`.
const SUBJECT_PREFIX: &str = "sub_";
/// Concealed claims beside the pseudonyms.
const PERSONAL: [&str; 4] = ["resident_id", "given_name", "family_name", "birthdate"];
const SD_ALG: &str = "sha-256";

/// The signed claims, closed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    iss: EntityId,
    vct: String,
    iat: NumericDate,
    exp: NumericDate,
    cnf: Confirmation,
    assurance_level: Assurance,
    mode: BindingMode,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    assisted: Option<AssistedBy>,
    status: StatusClaim,
    #[serde(rename = "_sd_alg")]
    sd_alg: String,
    #[serde(rename = "_sd")]
    sd: Vec<String>,
}

impl Payload {
    fn into_claims(self) -> BindingClaims {
        let Self { iss, vct, iat, exp, cnf, assurance_level, mode, assisted, status, .. } = self;
        BindingClaims { iss, vct, iat, exp, cnf, assurance_level, mode, assisted, status }
    }
}

/// The claims of a key binding (RFC 9901 §4.3); the two last ones come with OpenID4VP 1.0, appendix B.3.3.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyBindingClaims {
    iat: NumericDate,
    aud: String,
    nonce: String,
    sd_hash: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    transaction_data_hashes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    transaction_data_hashes_alg: Option<String>,
}

/// A binding or its presentation cannot be used.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum BindingError {
    /// Not an SD-JWT as RFC 9901 has it, within our limits.
    #[error("the binding is malformed: {0}")]
    Malformed(&'static str),
    /// One of its two signed parts.
    #[error("a signed part of the binding is refused")]
    Token(#[from] JwsError),
    /// It does not open, or was sealed for another consent.
    #[error("the sealed binding cannot be opened")]
    Sealed(#[from] JweError),
    /// Signed by no identity registry that the directory knows.
    #[error("the binding is not by an identity registry of this federation")]
    IssuerUnknown,
    /// Past its end, or from the future.
    #[error("the binding or its presentation is not valid at this time")]
    OutOfTime,
    /// The presentation is for another receiver, request or key, or for other disclosures.
    #[error("the key binding does not hold: {0}")]
    NotBound(&'static str),
}

impl BindingError {
    /// The code of refusal; the same for all, so that a forger learns nothing.
    pub const fn code(&self) -> Code {
        Code::BindingInvalid
    }
}

impl From<SdJwtError> for BindingError {
    fn from(SdJwtError(why): SdJwtError) -> Self {
        Self::Malformed(why)
    }
}

#[cfg(test)]
mod tests;
