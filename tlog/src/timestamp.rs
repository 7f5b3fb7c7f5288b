//! Time stamps of RFC 3161 (with RFC 5816): request, response, our own authority, verification.
//!
//! The `openssl` crate has no time-stamp API, so the DER is read and written here, bounded and
//! strict; hashes, signatures and certificate paths are OpenSSL's. Time, keys, nonces and serial
//! numbers are arguments. Deliberately absent: HTTP to a foreign authority, revocation (the
//! renewal chain answers it), and storage of the last time.

mod authority;
mod certificate;
mod civil;
mod der;
mod key;
mod oid;
mod request;
mod response;
mod token;
mod verify;

pub use authority::{Tsa, next_gen_time};
pub use certificate::{CertificateDer, CertificateError, CertificateSpec, create_root, create_tsa_certificate};
pub use der::DerError;
pub use key::TsaKey;
pub use oid::{DEFAULT_POLICY, PolicyOid, PolicyTextError};
pub use request::{HashAlgorithm, MAX_REQUEST_BYTES, TimestampRequest};
pub use response::{MAX_RESPONSE_BYTES, Refusal, ResponseError, TimestampResponse};
pub use token::TokenSerial;
pub use verify::{TokenError, VerifiedTimestamp, verify_token};

/// OpenSSL refused or failed. Its error stack is dropped: it may quote input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cryptographic library failed")]
pub struct LibraryError;

impl From<openssl::error::ErrorStack> for LibraryError {
    fn from(_: openssl::error::ErrorStack) -> Self {
        Self
    }
}
