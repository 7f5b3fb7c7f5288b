//! What a citizen holds and signs: her key as a DID, the consent, the resident binding and its status.
//!
//! Guarantees: the only home of the crate `ssi`, which supplies did:jwk, the types of the VC Data Model 2.0 and the
//! revealing of SD-JWT. It never verifies alone: the strict front of `seal` has always accepted type, algorithm and
//! signature before `ssi` sees a token, and headers are ours. Nothing here is ever fetched.
//! Deliberately absent: whether a consent allows a query (`consent`), and who may issue bindings (`federation`).

mod sd_jwt;

pub mod asking;
pub mod binding;
pub mod card;
pub mod did;
pub mod guardianship;
pub mod issuance;
pub mod status_list;
pub mod vc;

pub use binding::{HeldBinding, KeyBinding, VerifiedBinding};
pub use guardianship::VerifiedGuardianship;
pub use status_list::{BindingStatus, Status, StatusList, VerifiedStatusList};
pub use vc::VerifiedConsent;

use crate::seal::{Jwk, KeyError, VerifyingKey};

/// The key of a `cnf` (RFC 7800 §3.2). Dates and revocation belong to keys of members; a citizen's key has none.
pub(crate) fn citizen_key(jwk: &Jwk) -> Result<VerifyingKey, KeyError> {
    if jwk.iat.is_some() || jwk.exp.is_some() || jwk.revoked.is_some() {
        return Err(KeyError::WrongUse);
    }
    VerifyingKey::from_jwk(jwk)
}

#[cfg(test)]
mod block_on;
#[cfg(test)]
mod interop;
