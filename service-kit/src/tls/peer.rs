//! The certificate that a caller proved to hold in the TLS handshake of its connection.

use std::sync::Arc;

use openssl::{error::ErrorStack, x509::X509Ref};
use schemas::time::Timestamp;
use sha2::{Digest, Sha256};

/// A client certificate, as DER. It stands on the connection, and every request of it is checked again.
#[derive(Clone, PartialEq, Eq)]
pub struct PeerCertificate {
    der: Arc<[u8]>,
    not_before: Timestamp,
    not_after: Timestamp,
}

impl PeerCertificate {
    pub(crate) fn from_x509(certificate: &X509Ref) -> Result<Self, ErrorStack> {
        Ok(Self {
            der: certificate.to_der()?.into(),
            not_before: super::time::of(certificate.not_before()),
            not_after: super::time::of(certificate.not_after()),
        })
    }

    /// The exact bytes.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whether `now` is within its validity.
    pub fn is_current(&self, now: Timestamp) -> bool {
        self.not_before <= now && now <= self.not_after
    }

    /// SHA-256 over the DER; a short name for logs and counters.
    pub fn fingerprint(&self) -> [u8; 32] {
        Sha256::digest(&self.der).into()
    }
}

impl std::fmt::Debug for PeerCertificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PeerCertificate(sha256:{})", hex::encode(self.fingerprint()))
    }
}
