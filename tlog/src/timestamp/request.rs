//! TimeStampReq (RFC 3161 §2.4.1): what is to be stamped, under which policy, with which nonce.

use openssl::hash::MessageDigest;

use super::{
    LibraryError,
    der::{self, DerError, Reader, context, sequence, tlv, unsigned},
    oid::{self, PolicyOid},
    response::Refusal,
};

/// Largest request read, bytes.
pub const MAX_REQUEST_BYTES: usize = 4 * 1024;

/// Longest nonce echoed, bytes.
const MAX_NONCE_BYTES: usize = 64;

/// Hashes that may be stamped. SHA-1 and older ones are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HashAlgorithm {
    /// SHA-256, 32 bytes.
    Sha256,
    /// SHA-384, 48 bytes.
    Sha384,
    /// SHA-512, 64 bytes.
    Sha512,
}

/// A hash of the message under a named algorithm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MessageImprint {
    pub algorithm: HashAlgorithm,
    pub digest: Vec<u8>,
    /// Its DER as received, which the token repeats.
    pub der: Vec<u8>,
}

/// A well-formed request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimestampRequest {
    pub(super) imprint: MessageImprint,
    pub(super) policy: Option<PolicyOid>,
    pub(super) nonce: Option<Vec<u8>>,
    pub(super) certificates: bool,
}

impl HashAlgorithm {
    pub(super) fn from_oid(oid: &[u8]) -> Option<Self> {
        match oid {
            oid::SHA256 => Some(Self::Sha256),
            oid::SHA384 => Some(Self::Sha384),
            oid::SHA512 => Some(Self::Sha512),
            _ => None,
        }
    }

    pub(super) fn message_digest(self) -> MessageDigest {
        match self {
            Self::Sha256 => MessageDigest::sha256(),
            Self::Sha384 => MessageDigest::sha384(),
            Self::Sha512 => MessageDigest::sha512(),
        }
    }

    pub(super) fn digest(self, bytes: &[u8]) -> Result<Vec<u8>, LibraryError> {
        Ok(openssl::hash::hash(self.message_digest(), bytes)?.to_vec())
    }
}

/// AlgorithmIdentifier of a hash: no parameters, or NULL as many writers have it.
pub(super) fn algorithm_oid<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], DerError> {
    let mut algorithm = reader.nested(der::SEQUENCE)?;
    let oid = algorithm.value(der::OID)?;
    if algorithm.optional(der::NULL)?.is_some_and(|null| !null.value.is_empty()) {
        return Err(DerError);
    }
    algorithm.finish()?;
    Ok(oid)
}

impl MessageImprint {
    fn sha256(message: &[u8]) -> Result<Self, LibraryError> {
        let digest = HashAlgorithm::Sha256.digest(message)?;
        let algorithm = sequence(&[&tlv(der::OID, &[oid::SHA256])]);
        let der = sequence(&[&algorithm, &tlv(der::OCTET_STRING, &[&digest])]);
        Ok(Self { algorithm: HashAlgorithm::Sha256, digest, der })
    }

    /// Reads the imprint: malformed, or of a hash that is not accepted.
    pub fn parse(reader: &mut Reader<'_>) -> Result<Self, Refusal> {
        let whole = reader.element(der::SEQUENCE)?;
        let mut inner = Reader::new(whole.value);
        let oid = algorithm_oid(&mut inner)?;
        let digest = inner.value(der::OCTET_STRING)?;
        inner.finish()?;
        let algorithm = HashAlgorithm::from_oid(oid).ok_or(Refusal::BadAlg)?;
        if digest.len() != algorithm.message_digest().size() {
            return Err(Refusal::BadDataFormat);
        }
        Ok(Self { algorithm, digest: digest.to_vec(), der: whole.whole.to_vec() })
    }
}

impl TimestampRequest {
    /// A request to stamp the SHA-256 of `message`, with a random nonce drawn by the caller,
    /// asking for the authority's certificates.
    ///
    /// # Errors
    /// [`LibraryError`].
    pub fn for_message(message: &[u8], nonce: Option<[u8; 8]>) -> Result<Self, LibraryError> {
        let nonce = nonce.map(|nonce| unsigned(&nonce)[2..].to_vec());
        Ok(Self { imprint: MessageImprint::sha256(message)?, policy: None, nonce, certificates: true })
    }

    /// Asks for a certain policy.
    #[must_use]
    pub fn with_policy(self, policy: PolicyOid) -> Self {
        Self { policy: Some(policy), ..self }
    }

    /// Asks for a token without certificates.
    #[must_use]
    pub fn without_certificates(self) -> Self {
        Self { certificates: false, ..self }
    }

    /// Contents of the nonce's INTEGER, to compare with the token's.
    pub fn nonce(&self) -> Option<&[u8]> {
        self.nonce.as_deref()
    }

    /// Reads a DER request.
    ///
    /// # Errors
    /// [`Refusal::BadDataFormat`] for anything malformed or oversized, [`Refusal::BadAlg`] for a
    /// hash that is not accepted, [`Refusal::UnacceptedExtension`] for any extension.
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.len() > MAX_REQUEST_BYTES {
            return Err(Refusal::BadDataFormat);
        }
        let mut reader = Reader::only(bytes, der::SEQUENCE)?;
        if reader.number()? != 1 {
            return Err(Refusal::BadDataFormat);
        }
        let imprint = MessageImprint::parse(&mut reader);
        // A request that is malformed further on is malformed, whatever its hash.
        let policy = reader.optional(der::OID)?.map(|oid| PolicyOid::from_der(oid.value)).transpose()?;
        let nonce = reader.optional(der::INTEGER)?.map(|nonce| der::check_integer(nonce.value)).transpose()?;
        let certificates = reader.default_false()?;
        let extensions = reader.optional(context(0))?;
        reader.finish()?;
        if nonce.is_some_and(|nonce| nonce.len() > MAX_NONCE_BYTES) {
            return Err(Refusal::BadDataFormat);
        }
        let request = Self { imprint: imprint?, policy, nonce: nonce.map(<[u8]>::to_vec), certificates };
        if extensions.is_some() { Err(Refusal::UnacceptedExtension) } else { Ok(request) }
    }

    /// The DER to post as `application/timestamp-query`.
    pub fn to_der(&self) -> Vec<u8> {
        let policy = self.policy.as_ref().map(PolicyOid::to_der).unwrap_or_default();
        let nonce = self.nonce.as_ref().map(|nonce| tlv(der::INTEGER, &[nonce])).unwrap_or_default();
        let certificates = if self.certificates { tlv(der::BOOLEAN, &[&[0xff]]) } else { Vec::new() };
        sequence(&[&unsigned(&[1]), &self.imprint.der, &policy, &nonce, &certificates])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> TimestampRequest {
        TimestampRequest::for_message(b"note\n", Some([0x80, 0, 0, 0, 0, 0, 0, 1])).unwrap()
    }

    #[test]
    fn requests_are_read_back() {
        let policy: PolicyOid = oid::DEFAULT_POLICY.parse().unwrap();
        let plain = TimestampRequest::for_message(b"note\n", None).unwrap();
        for request in [
            request(),
            request().with_policy(policy),
            request().without_certificates(),
            plain.clone(),
            plain.without_certificates(),
            TimestampRequest::for_message(b"", Some([0; 8])).unwrap(),
        ] {
            assert_eq!(TimestampRequest::parse(&request.to_der()), Ok(request));
        }
    }

    #[test]
    fn hashes_that_are_not_accepted_are_bad_algorithms() {
        let with = |oid: &[u8], digest: usize| {
            let algorithm = sequence(&[&tlv(der::OID, &[oid]), &tlv(der::NULL, &[])]);
            let imprint = sequence(&[&algorithm, &tlv(der::OCTET_STRING, &[&vec![1; digest]])]);
            TimestampRequest::parse(&sequence(&[&unsigned(&[1]), &imprint])).map(|request| request.imprint.algorithm)
        };
        assert_eq!(with(b"\x2b\x0e\x03\x02\x1a", 20), Err(Refusal::BadAlg), "SHA-1");
        assert_eq!(with(b"\x2a\x86\x48\x86\xf7\x0d\x02\x05", 16), Err(Refusal::BadAlg), "MD5");
        assert_eq!(with(oid::SHA256, 32), Ok(HashAlgorithm::Sha256));
        assert_eq!(with(oid::SHA384, 48), Ok(HashAlgorithm::Sha384));
        assert_eq!(with(oid::SHA512, 64), Ok(HashAlgorithm::Sha512));
        assert_eq!(with(oid::SHA256, 20), Err(Refusal::BadDataFormat));
        assert_eq!(with(oid::SHA512, 32), Err(Refusal::BadDataFormat));
    }

    #[test]
    fn malformed_requests_and_extensions_are_refused() {
        let good = request().to_der();
        for length in 0..good.len() {
            assert_eq!(TimestampRequest::parse(&good[..length]), Err(Refusal::BadDataFormat));
        }
        let [version, imprint] = [unsigned(&[1]), request().imprint.der];
        let parse = |parts: &[&[u8]]| TimestampRequest::parse(&sequence(parts));
        assert_eq!(parse(&[&unsigned(&[2]), &imprint]), Err(Refusal::BadDataFormat));
        assert_eq!(parse(&[&version, &imprint, &[1, 1, 0]]), Err(Refusal::BadDataFormat));
        assert_eq!(parse(&[&version, &imprint, &[5, 0]]), Err(Refusal::BadDataFormat));
        assert_eq!(parse(&[&version, &imprint, &tlv(der::INTEGER, &[&[1; 65]])]), Err(Refusal::BadDataFormat));
        assert_eq!(parse(&[&version, &imprint, &tlv(context(0), &[])]), Err(Refusal::UnacceptedExtension));
        assert_eq!(TimestampRequest::parse(&vec![0x30; MAX_REQUEST_BYTES + 1]), Err(Refusal::BadDataFormat));
    }
}
