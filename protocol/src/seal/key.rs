//! Keys: what signs, what verifies, what opens, what seals. One type for each, none convertible into another.
//!
//! Guarantees: a key is P-256 or Ed25519, its point lies on the curve, its `use` and `alg` agree with what it is
//! taken for, and the algorithm is a property of the key and never read from a token (RFC 8725 §3.1). Keys are
//! parsed once and cheap to clone. Deliberately absent: RSA, symmetric JOSE keys, keys by URL or certificate.

mod encryption;
mod signing;
mod thumbprint;
mod verifying;

pub use encryption::{DecryptionKey, EncryptionKey};
pub use schemas::federation::Jwk;
pub use signing::SigningKey;
pub(in crate::seal) use signing::{new_p256, read_private_pem, write_private_pem};
pub use thumbprint::thumbprint;
pub use verifying::VerifyingKey;
pub(in crate::seal) use verifying::p256_point;

/// The signature algorithms that exist here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256 (RFC 7518 §3.4); mandatory.
    Es256,
    /// Ed25519 (RFC 8037 §3.1); accepted.
    EdDsa,
}

impl Algorithm {
    /// The header's `alg`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    pub(crate) fn of(alg: &str) -> Option<Self> {
        [Self::Es256, Self::EdDsa].into_iter().find(|known| known.as_str() == alg)
    }
}

/// A key cannot be used for what it was given.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyError {
    /// Another kind or curve than P-256 and Ed25519.
    #[error("a key is of a kind that is not supported; P-256 and Ed25519 are")]
    Unsupported,
    /// A coordinate is not base64url of 32 bytes, or the point is not on the curve.
    #[error("a key's point is not valid")]
    InvalidPoint,
    /// `use` or `alg` says that the key is for something else.
    #[error("a key is meant for another use")]
    WrongUse,
    /// `kid` is not the thumbprint.
    #[error("a key's id is not its thumbprint")]
    WrongId,
    /// A private key file is not PKCS#8 PEM or not a private JWK.
    #[error("a private key could not be read; PKCS#8 PEM is expected")]
    Unreadable,
    /// OpenSSL failed.
    #[error("the cryptographic library could not make or write a key")]
    Failed,
}

/// A public key with the members of its kind alone, as proofs carry it (RFC 9449 §4.2).
pub fn bare(jwk: &Jwk) -> Jwk {
    Jwk { kid: None, use_: None, alg: None, iat: None, exp: None, revoked: None, ..jwk.clone() }
}
