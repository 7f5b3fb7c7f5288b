//! What a citizen holds and signs: her key as a DID, the consent, the resident binding and its status.
//!
//! Guarantees: the only home of the crate `ssi`, which supplies did:jwk, the types of the VC Data Model 2.0 and the
//! revealing of SD-JWT. It never verifies alone: the strict front of `seal` has always accepted type, algorithm and
//! signature before `ssi` sees a token, and headers are ours. Nothing here is ever fetched.
//! Deliberately absent: whether a consent allows a query (`consent`), and who may issue bindings (`federation`).

mod sd_jwt;

pub mod binding;
pub mod did;
pub mod issuance;
pub mod status_list;
pub mod vc;

pub use binding::{HeldBinding, KeyBinding, VerifiedBinding};
pub use status_list::{BindingStatus, Status, StatusList, VerifiedStatusList};
pub use vc::VerifiedConsent;

use schemas::federation::Jwk as WireJwk;

use crate::seal::{Jwk, KeyError, VerifyingKey};

/// The required members of a key, as `cnf` carries them (RFC 7800 §3.2).
pub(crate) fn wire_jwk(key: &VerifyingKey) -> WireJwk {
    let Jwk { kty, crv, x, y, .. } = key.jwk().clone();
    WireJwk { kty, crv, x, y, kid: None, use_: None, alg: None, iat: None, exp: None, revoked: None }
}

/// The key of a `cnf`. Dates and revocation belong to keys of members; a citizen's key has none.
pub(crate) fn citizen_key(jwk: &WireJwk) -> Result<VerifyingKey, KeyError> {
    if jwk.iat.is_some() || jwk.exp.is_some() || jwk.revoked.is_some() {
        return Err(KeyError::WrongUse);
    }
    let WireJwk { kty, crv, x, y, kid, use_, alg, .. } = jwk.clone();
    VerifyingKey::from_jwk(&Jwk { kty, crv, x, y, key_use: use_, alg, kid })
}

#[cfg(test)]
mod block_on;
