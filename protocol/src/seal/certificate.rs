//! Self-signed TLS certificates on P-256, pinned through the directory (protocol, "TLS between peers"; RFC 5280).
//!
//! Guarantees: version 3, a random serial of 159 bits, subject alternative names, no right to sign others, usable
//! by client and server; validity is the caller's. Deliberately absent: certificate authorities and revocation
//! lists; a certificate counts because the directory lists its bytes, and stops when it no longer does.

use std::{fmt, net::IpAddr, str::FromStr};

use openssl::{
    asn1::{Asn1Integer, Asn1Time, Asn1TimeRef},
    bn::BigNum,
    error::ErrorStack,
    hash::MessageDigest,
    pkey::{PKey, Private},
    x509::{
        X509, X509Builder, X509NameBuilder,
        extension::{BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName},
    },
};
use schemas::{digest::Digest, time::Timestamp};
use zeroize::Zeroizing;

use super::{
    KeyError,
    key::{new_p256, read_private_pem, write_private_pem},
    random,
};

/// A host as a certificate names it: a DNS name in lower case or an IP address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HostName {
    /// A DNS name.
    Dns(Box<str>),
    /// An IP address.
    Ip(IpAddr),
}

/// The text is neither an IP address nor a DNS name in lower case without wildcard.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a host is an IP address or a DNS name in lower case")]
pub struct InvalidHostName;

impl FromStr for HostName {
    type Err = InvalidHostName;

    fn from_str(text: &str) -> Result<Self, InvalidHostName> {
        if let Ok(address) = text.trim_start_matches('[').trim_end_matches(']').parse() {
            return Ok(Self::Ip(address));
        }
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        let valid = text.len() <= 253 && text.split('.').all(label);
        if valid { Ok(Self::Dns(text.into())) } else { Err(InvalidHostName) }
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => f.write_str(name),
            Self::Ip(address) => write!(f, "{address}"),
        }
    }
}

/// A certificate: the peer's, as bytes to compare, or our own.
#[derive(Clone)]
pub struct Certificate(X509);

impl Certificate {
    /// Reads DER.
    ///
    /// # Errors
    /// If it is no certificate.
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        let certificate = X509::from_der(der).map_err(|_| KeyError::Unreadable)?;
        // OpenSSL ignores bytes after the certificate; equality of DER must not.
        let same = certificate.to_der().is_ok_and(|again| again == der);
        if same { Ok(Self(certificate)) } else { Err(KeyError::Unreadable) }
    }

    /// Reads PEM.
    ///
    /// # Errors
    /// If it is no certificate.
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        X509::from_pem(pem).map(Self).map_err(|_| KeyError::Unreadable)
    }

    /// The bytes that the directory lists and peers compare.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn to_der(&self) -> Result<Vec<u8>, KeyError> {
        self.0.to_der().map_err(|_| KeyError::Failed)
    }

    /// The certificate as PEM.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn to_pem(&self) -> Result<Vec<u8>, KeyError> {
        self.0.to_pem().map_err(|_| KeyError::Failed)
    }

    /// The digest over the DER.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn digest(&self) -> Result<Digest, KeyError> {
        self.to_der().map(Digest::of)
    }

    /// From when it counts.
    ///
    /// # Errors
    /// If the time cannot be read.
    pub fn not_before(&self) -> Result<Timestamp, KeyError> {
        instant(self.0.not_before()).map_err(|_| KeyError::Unreadable)
    }

    /// Until when it counts.
    ///
    /// # Errors
    /// If the time cannot be read.
    pub fn not_after(&self) -> Result<Timestamp, KeyError> {
        instant(self.0.not_after()).map_err(|_| KeyError::Unreadable)
    }

    /// Whether it counts at this instant.
    pub fn is_valid_at(&self, now: Timestamp) -> bool {
        matches!((self.not_before(), self.not_after()), (Ok(from), Ok(until)) if from <= now && now <= until)
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({:?})", self.digest())
    }
}

/// Our own certificate and its private key.
#[derive(Clone)]
pub struct TlsIdentity {
    certificate: Certificate,
    key: PKey<Private>,
}

impl TlsIdentity {
    /// Makes a key and a certificate that it signs itself. `name` becomes the common name, for people to read.
    ///
    /// # Errors
    /// If there is no host, or OpenSSL fails.
    pub fn self_signed(
        name: &str,
        hosts: &[HostName],
        not_before: Timestamp,
        not_after: Timestamp,
    ) -> Result<Self, KeyError> {
        if hosts.is_empty() || not_after <= not_before {
            return Err(KeyError::Unsupported);
        }
        let key = new_p256()?;
        let certificate = build(name, hosts, not_before, not_after, &key).map_err(|_| KeyError::Failed)?;
        Ok(Self { certificate: Certificate(certificate), key })
    }

    /// Reads both from PEM and checks that they belong together.
    ///
    /// # Errors
    /// If either cannot be read or they do not belong together.
    pub fn from_pem(certificate: &[u8], key: &[u8]) -> Result<Self, KeyError> {
        let certificate = Certificate::from_pem(certificate)?;
        let key = read_private_pem(key)?;
        let public = certificate.0.public_key().map_err(|_| KeyError::Unreadable)?;
        if public.public_eq(&key) { Ok(Self { certificate, key }) } else { Err(KeyError::WrongId) }
    }

    /// The certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The private key as PKCS#8 PEM.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn key_to_pem(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        write_private_pem(&self.key)
    }
}

impl fmt::Debug for TlsIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TlsIdentity({:?})", self.certificate)
    }
}

fn build(
    name: &str,
    hosts: &[HostName],
    not_before: Timestamp,
    not_after: Timestamp,
    key: &PKey<Private>,
) -> Result<X509, ErrorStack> {
    let mut subject = X509NameBuilder::new()?;
    // RFC 5280, appendix A: a common name has at most 64 characters.
    subject.append_entry_by_text("CN", &name.chars().take(64).collect::<String>())?;
    let subject = subject.build();
    let mut builder = X509Builder::new()?;
    builder.set_version(2)?;
    builder.set_serial_number(serial()?.as_ref())?;
    builder.set_subject_name(&subject)?;
    builder.set_issuer_name(&subject)?;
    builder.set_not_before(Asn1Time::from_unix(not_before.seconds())?.as_ref())?;
    builder.set_not_after(Asn1Time::from_unix(not_after.seconds())?.as_ref())?;
    builder.set_pubkey(key)?;
    builder.append_extension(BasicConstraints::new().critical().build()?)?;
    builder.append_extension(KeyUsage::new().critical().digital_signature().build()?)?;
    builder.append_extension(ExtendedKeyUsage::new().server_auth().client_auth().build()?)?;
    let names = alternative_names(hosts).build(&builder.x509v3_context(None, None))?;
    builder.append_extension(names)?;
    builder.sign(key, MessageDigest::sha256())?;
    Ok(builder.build())
}

fn alternative_names(hosts: &[HostName]) -> SubjectAlternativeName {
    let mut names = SubjectAlternativeName::new();
    for host in hosts {
        match host {
            HostName::Dns(name) => names.dns(name),
            HostName::Ip(address) => names.ip(&address.to_string()),
        };
    }
    names
}

/// Positive and at most 20 bytes (RFC 5280 §4.1.2.2).
fn serial() -> Result<Asn1Integer, ErrorStack> {
    let mut bytes = random::bytes::<20>();
    bytes[0] &= 0x7f;
    BigNum::from_slice(&bytes)?.to_asn1_integer()
}

fn instant(time: &Asn1TimeRef) -> Result<Timestamp, ErrorStack> {
    let since = Asn1Time::from_unix(0)?.diff(time)?;
    Ok(Timestamp::from_seconds(i64::from(since.days) * 86_400 + i64::from(since.secs)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity() -> TlsIdentity {
        let hosts = ["revenue.gov.example".parse().unwrap(), "127.0.0.1".parse().unwrap(), "::1".parse().unwrap()];
        let from = Timestamp::from_seconds(1_795_000_000);
        TlsIdentity::self_signed("https://revenue.gov.example", &hosts, from, from.plus(90 * 86_400)).unwrap()
    }

    #[test]
    fn a_certificate_reads_back_with_its_times_and_bytes() {
        let identity = identity();
        let der = identity.certificate().to_der().unwrap();
        let again = Certificate::from_der(&der).unwrap();
        assert_eq!(again.not_before(), Ok(Timestamp::from_seconds(1_795_000_000)));
        assert_eq!(again.not_after(), Ok(Timestamp::from_seconds(1_795_000_000 + 90 * 86_400)));
        assert_eq!(again.digest(), Ok(Digest::of(&der)));
        let longer = [der.as_slice(), b"\0"].concat();
        assert_eq!(Certificate::from_der(&longer).unwrap_err(), KeyError::Unreadable);
    }

    #[test]
    fn its_validity_ends_to_the_second() {
        let certificate = identity().certificate().clone();
        let until = certificate.not_after().unwrap();
        assert!(certificate.is_valid_at(until));
        assert!(!certificate.is_valid_at(until.plus(1)));
        assert!(!certificate.is_valid_at(certificate.not_before().unwrap().plus(-1)));
    }

    #[test]
    fn certificate_and_key_must_belong_together() {
        let (ours, others) = (identity(), identity());
        let pem = ours.certificate().to_pem().unwrap();
        assert!(TlsIdentity::from_pem(&pem, &ours.key_to_pem().unwrap()).is_ok());
        let error = TlsIdentity::from_pem(&pem, &others.key_to_pem().unwrap()).unwrap_err();
        assert_eq!(error, KeyError::WrongId);
    }

    #[test]
    fn stock_openssl_reads_names_and_uses() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("certificate.pem");
        std::fs::write(&path, identity().certificate().to_pem().unwrap()).unwrap();
        let output =
            std::process::Command::new("openssl").args(["x509", "-noout", "-text", "-in"]).arg(&path).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        for expected in [
            "DNS:revenue.gov.example, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
            "CA:FALSE",
            "TLS Web Server Authentication, TLS Web Client Authentication",
            "ASN1 OID: prime256v1",
            "Version: 3",
        ] {
            assert!(text.contains(expected), "{expected} in {text}");
        }
    }

    #[test]
    fn hosts_are_names_in_lower_case_or_addresses() {
        for good in ["a.example", "revenue.localhost", "10.0.0.1", "[::1]", "::1"] {
            assert!(good.parse::<HostName>().is_ok(), "{good}");
        }
        for bad in ["", "*.example", "A.example", "a..b", "a.example:443", "-a.example", "https://a.example", "a b"] {
            assert_eq!(bad.parse::<HostName>(), Err(InvalidHostName), "{bad}");
        }
        let now = Timestamp::from_seconds(0);
        assert!(TlsIdentity::self_signed("x", &[], now, now.plus(1)).is_err());
    }
}
