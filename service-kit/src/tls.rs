//! TLS for listeners: who we are, and exactly whom we let in.
//!
//! Guarantees: TLS 1.3 only; no session tickets, no session cache, no early data, so that no handshake skips the
//! client certificate; a client is let in only if its certificate, byte for byte, is in the listener's [`PinnedSet`]
//! and has not expired. Deliberately absent: certificate authorities, chains, revocation lists; the set is the truth.

use std::path::{Path, PathBuf};

use openssl::{
    error::ErrorStack,
    pkey::{PKey, Private},
    ssl::{SslAcceptor, SslAcceptorBuilder, SslMethod, SslOptions, SslSessionCacheMode, SslVerifyMode, SslVersion},
    x509::X509,
};
use schemas::time::Timestamp;

use crate::secret::{Secret, SecretError, SecretFile};

mod peer;
mod pinned;
mod time;

pub use peer::PeerCertificate;
pub use pinned::{CertificateCheck, PinnedSet};

/// A certificate or key is not usable.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The key's file was refused.
    #[error(transparent)]
    Key(#[from] SecretError),
    /// The certificate's file cannot be read.
    #[error("{path}: {source}; mend: name the PEM file of this server's certificate")]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// OpenSSL refused it.
    #[error("OpenSSL refused the certificate or key: {0}; mend: give a PEM certificate and its PKCS#8 key")]
    OpenSsl(#[from] ErrorStack),
    /// The key is of another certificate.
    #[error("the private key does not belong to the certificate; mend: name both files of one pair")]
    Mismatch,
}

/// This server's own certificate and key.
#[derive(Clone)]
pub struct ServerIdentity {
    certificate: X509,
    chain: Vec<X509>,
    key: PKey<Private>,
}

impl std::fmt::Debug for ServerIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerIdentity").field("not_after", &self.not_after()).finish_non_exhaustive()
    }
}

impl ServerIdentity {
    /// Reads a PEM certificate (with its chain, if it has one) and a PEM key whose file only we can read.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let pem = std::fs::read(certificate)
            .map_err(|source| TlsError::Certificate { path: certificate.to_owned(), source })?;
        Self::from_pem(&pem, &SecretFile::read(key)?)
    }

    /// From PEM in memory.
    pub fn from_pem(certificate: &[u8], key: &Secret<Vec<u8>>) -> Result<Self, TlsError> {
        let mut chain = X509::stack_from_pem(certificate)?.into_iter();
        let certificate = chain.next().ok_or(TlsError::Mismatch)?;
        let key = PKey::private_key_from_pem(key.expose())?;
        if !certificate.public_key()?.public_eq(&key) {
            return Err(TlsError::Mismatch);
        }
        Ok(Self { certificate, chain: chain.collect(), key })
    }

    /// The certificate as DER, as the directory lists it.
    pub fn certificate_der(&self) -> Result<Vec<u8>, TlsError> {
        Ok(self.certificate.to_der()?)
    }

    /// The last instant at which the certificate is valid.
    pub fn not_after(&self) -> Timestamp {
        time::of(self.certificate.not_after())
    }

    /// Whether the certificate is for this host and counts at this instant. A name of the certificate is the host itself, or
    /// a `*` for its first label (RFC 9525 §6.3); the common name is not looked at.
    pub fn is_for(&self, host: &str, now: Timestamp) -> bool {
        let names = self.certificate.subject_alt_names();
        let named = names.iter().flatten().filter_map(|name| name.dnsname()).any(|name| covers(name, host));
        let addressed = names.iter().flatten().filter_map(|name| name.ipaddress()).any(|address| match host.parse() {
            Ok(std::net::IpAddr::V4(host)) => host.octets() == *address,
            Ok(std::net::IpAddr::V6(host)) => host.octets() == *address,
            Err(_) => false,
        });
        (named || addressed) && time::of(self.certificate.not_before()) <= now && now <= self.not_after()
    }

    /// Certificate and PKCS#8 key as PEM, for [`crate::http_client`].
    pub fn client_pem(&self) -> Result<(Vec<u8>, Secret<Vec<u8>>), TlsError> {
        Ok((self.certificate.to_pem()?, Secret::new(self.key.private_key_to_pem_pkcs8()?)))
    }

    /// For a listener on which callers show no certificate.
    pub fn acceptor(&self) -> Result<SslAcceptor, TlsError> {
        Ok(self.hardened()?.build())
    }

    /// For a listener that lets in exactly the certificates of the set. The set is asked at each handshake, so a
    /// replaced set is in force at once.
    pub fn mutual_acceptor(&self, admitted: impl CertificateCheck) -> Result<SslAcceptor, TlsError> {
        let mut builder = self.hardened()?;
        let mode = SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT;
        builder.set_verify_callback(mode, move |_chain_ok, context| {
            // Chain building always complains about a self-signed leaf. What decides is equality, at depth 0 alone:
            // a certificate above the leaf means that the client sent a chain, and we know no issuers.
            context.error_depth() == 0
                && context
                    .current_cert()
                    .and_then(|leaf| PeerCertificate::from_x509(leaf).ok())
                    .is_some_and(|leaf| admitted.admits(&leaf))
        });
        Ok(builder.build())
    }

    fn hardened(&self) -> Result<SslAcceptorBuilder, TlsError> {
        let mut builder = SslAcceptor::mozilla_modern_v5(SslMethod::tls_server())?;
        builder.set_min_proto_version(Some(SslVersion::TLS1_3))?;
        builder.set_session_cache_mode(SslSessionCacheMode::OFF);
        builder.set_options(SslOptions::NO_TICKET);
        builder.set_num_tickets(0)?;
        builder.set_mode(openssl::ssl::SslMode::RELEASE_BUFFERS);
        builder.set_certificate(&self.certificate)?;
        for issuer in &self.chain {
            builder.add_extra_chain_cert(issuer.clone())?;
        }
        builder.set_private_key(&self.key)?;
        builder.check_private_key()?;
        Ok(builder)
    }
}

fn covers(name: &str, host: &str) -> bool {
    match name.strip_prefix("*.") {
        Some(domain) => host.split_once('.').is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(domain)),
        None => name.eq_ignore_ascii_case(host),
    }
}

#[cfg(test)]
mod tests;
