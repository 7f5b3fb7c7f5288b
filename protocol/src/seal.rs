//! Signatures, encryption, keys and chance: the only home of `josekit` and of randomness.
//!
//! Guarantees: a claim can be read only from a token whose type, algorithm and signature were checked; only
//! ES256, EdDSA (Ed25519) and ECDH-ES with A256GCM exist; every random byte comes from OpenSSL.
//! Deliberately absent: who may sign what (`federation`, `credential`), RSA, HMAC signatures, compression,
//! JSON serialisation of JWS, and any fetch of a key.

mod base64url;
mod strict_json;

pub mod blinding;
pub mod certificate;
pub mod envelope;
pub mod freshness;
pub mod jwe;
pub mod jws;
pub mod key;
pub mod keyed_hash;
pub mod limits;
pub mod login_token;
pub mod random;
pub mod typ;

pub use base64url::{InvalidBase64Url, decode as decode_base64url, encode as encode_base64url};
pub use freshness::{ClaimsError, authorize_audience, authorize_fresh};
pub use jwe::{Binding, JweError, open, open_named, open_plain, seal, seal_plain};
pub use jws::{ClaimedIssuer, JwsError, KeyReference, UnverifiedJws, VerifiedJws, sign, sign_as};
pub use key::{Algorithm, DecryptionKey, EncryptionKey, Jwk, KeyError, SigningKey, VerifyingKey};
pub use limits::Limits;
pub use strict_json::{StrictJsonError, check as check_strict_json};
pub use typ::Typ;

/// OpenSSL or josekit refused an operation on values that were already checked: memory, a broken library, a
/// value that cannot be written as JSON. Nothing a peer sends leads here.
#[derive(Debug, thiserror::Error)]
#[error("the cryptographic library could not {operation}")]
pub struct SealFailed {
    /// What was attempted.
    pub operation: &'static str,
}

impl SealFailed {
    pub(crate) fn to<E>(operation: &'static str) -> impl FnOnce(E) -> Self {
        move |_| Self { operation }
    }
}

/// A text that was just built in the form of its type. If it is not, the program is wrong and must not go on.
fn formed<T: std::str::FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| std::process::abort())
}
