//! Our own time-stamping authority: judges a request, builds the token's DER and signs it.
//!
//! Guarantees: SHA-256 or stronger, our policy or none, a time within the certificate's validity.
//! The caller keeps serial numbers unique and the time from running back ([`next_gen_time`]).

use super::{
    LibraryError,
    certificate::{CertificateDer, CertificateError},
    civil,
    der::{self, context, sequence, set_of, tlv, unsigned},
    key::TsaKey,
    oid::{self, PolicyOid},
    request::{HashAlgorithm, TimestampRequest},
    response::{Refusal, TimestampResponse},
    token::TokenSerial,
};

/// A time-stamping authority: key, certificate and policy, checked to belong together.
#[derive(Debug, Clone)]
pub struct Tsa {
    key: TsaKey,
    certificate: CertificateDer,
    intermediates: Vec<CertificateDer>,
    policy: PolicyOid,
    accuracy_s: u32,
}

/// The time to stamp with: never before the last one, a step back of more than one second stops.
///
/// # Errors
/// [`Refusal::TimeNotAvailable`] when the clock stepped back.
pub fn next_gen_time(last_unix: Option<i64>, now_unix: i64) -> Result<i64, Refusal> {
    let last = last_unix.unwrap_or(now_unix);
    if now_unix.saturating_add(1) < last { Err(Refusal::TimeNotAvailable) } else { Ok(now_unix.max(last)) }
}

impl Tsa {
    /// An authority from its parts. `intermediates` lie between its certificate and the root,
    /// `accuracy_s` is how far its clock may be from UTC, seconds.
    ///
    /// # Errors
    /// [`CertificateError::Usage`], [`CertificateError::ForeignKey`].
    pub fn new(
        key: TsaKey,
        certificate: CertificateDer,
        intermediates: Vec<CertificateDer>,
        policy: PolicyOid,
        accuracy_s: u32,
    ) -> Result<Self, CertificateError> {
        certificate.fields()?.check_stamping()?;
        if !certificate.x509()?.public_key()?.public_eq(key.pkey()) {
            return Err(CertificateError::ForeignKey);
        }
        Ok(Self { key, certificate, intermediates, policy, accuracy_s })
    }

    /// Answers a DER query; a refusal is sent as [`Refusal::to_response_der`].
    ///
    /// # Errors
    /// As [`TimestampRequest::parse`] and [`Self::stamp`].
    pub fn answer(&self, query: &[u8], gen_time_unix: i64, serial: &TokenSerial) -> Result<TimestampResponse, Refusal> {
        self.stamp(&TimestampRequest::parse(query)?, gen_time_unix, serial)
    }

    /// Stamps a request at a time from [`next_gen_time`], under a serial number never used before.
    ///
    /// # Errors
    /// [`Refusal::UnacceptedPolicy`] for another policy, [`Refusal::TimeNotAvailable`] outside
    /// the certificate's validity, [`Refusal::SystemFailure`] when OpenSSL fails.
    pub fn stamp(
        &self,
        request: &TimestampRequest,
        gen_time_unix: i64,
        serial: &TokenSerial,
    ) -> Result<TimestampResponse, Refusal> {
        if request.policy.as_ref().is_some_and(|policy| *policy != self.policy) {
            return Err(Refusal::UnacceptedPolicy);
        }
        if !self.is_valid_at(gen_time_unix).map_err(|_| Refusal::SystemFailure)? {
            return Err(Refusal::TimeNotAvailable);
        }
        let info = self.tst_info(request, gen_time_unix, serial).ok_or(Refusal::TimeNotAvailable)?;
        let attributes = self.signed_attributes(&info, gen_time_unix).map_err(|_| Refusal::SystemFailure)?;
        let token = self.token(&info, attributes, request.certificates);
        token.map(TimestampResponse::granted).map_err(|_| Refusal::SystemFailure)
    }

    fn is_valid_at(&self, unix: i64) -> Result<bool, LibraryError> {
        let certificate = self.certificate.x509()?;
        let at = openssl::asn1::Asn1Time::from_unix(unix)?;
        Ok(*certificate.not_before() <= *at && *at <= *certificate.not_after())
    }

    /// TSTInfo (RFC 3161 §2.4.2); `None` for a time that cannot be written.
    fn tst_info(&self, request: &TimestampRequest, unix: i64, serial: &TokenSerial) -> Option<Vec<u8>> {
        let nonce = request.nonce.as_ref().map(|nonce| tlv(der::INTEGER, &[nonce])).unwrap_or_default();
        let accuracy = sequence(&[&unsigned(&self.accuracy_s.to_be_bytes())]);
        Some(sequence(&[
            &unsigned(&[1]),
            &self.policy.to_der(),
            &request.imprint.der,
            &unsigned(serial.as_bytes()),
            &civil::generalized_time(unix)?,
            &accuracy,
            &nonce,
        ]))
    }

    /// The four signed attributes, each whole (RFC 5652 §11, RFC 5816 §2.2.1).
    fn signed_attributes(&self, info: &[u8], unix: i64) -> Result<Vec<Vec<u8>>, LibraryError> {
        let attribute = |oid: &[u8], value: &[u8]| sequence(&[&tlv(der::OID, &[oid]), &tlv(der::SET, &[value])]);
        let digest = HashAlgorithm::Sha256.digest(info)?;
        let fields = self.certificate.fields().map_err(|_| LibraryError)?;
        let general_names = sequence(&[&tlv(context(4), &[fields.issuer])]);
        let issuer_serial = sequence(&[&general_names, &tlv(der::INTEGER, &[fields.serial])]);
        // The hash algorithm is left out: SHA-256 is the default, which DER does not write.
        let identifier = sequence(&[&tlv(der::OCTET_STRING, &[&self.certificate.sha256()]), &issuer_serial]);
        Ok(vec![
            attribute(oid::CONTENT_TYPE, &tlv(der::OID, &[oid::TST_INFO])),
            attribute(oid::MESSAGE_DIGEST, &tlv(der::OCTET_STRING, &[&digest])),
            attribute(oid::SIGNING_TIME, &civil::cms_time(unix).ok_or(LibraryError)?),
            attribute(oid::SIGNING_CERTIFICATE_V2, &sequence(&[&sequence(&[&identifier])])),
        ])
    }

    /// ContentInfo around SignedData (RFC 5652 §5.1), with one signer.
    fn token(&self, info: &[u8], attributes: Vec<Vec<u8>>, certificates: bool) -> Result<Vec<u8>, LibraryError> {
        let fields = self.certificate.fields().map_err(|_| LibraryError)?;
        let sha256 = sequence(&[&tlv(der::OID, &[oid::SHA256])]);
        // Signed as a SET, sent under [0]: only the tag differs.
        let signature = self.key.sign(&set_of(der::SET, attributes.clone()))?;
        let signer = sequence(&[
            &unsigned(&[1]),
            &sequence(&[fields.issuer, &tlv(der::INTEGER, &[fields.serial])]),
            &sha256,
            &set_of(context(0), attributes),
            &sequence(&[&tlv(der::OID, &[oid::ECDSA_SHA256])]),
            &tlv(der::OCTET_STRING, &[&signature]),
        ]);
        let content = tlv(context(0), &[&tlv(der::OCTET_STRING, &[info])]);
        let signed_data = sequence(&[
            &unsigned(&[3]),
            &tlv(der::SET, &[&sha256]),
            &sequence(&[&tlv(der::OID, &[oid::TST_INFO]), &content]),
            &if certificates { self.certificate_set() } else { Vec::new() },
            &tlv(der::SET, &[&signer]),
        ]);
        Ok(sequence(&[&tlv(der::OID, &[oid::SIGNED_DATA]), &tlv(context(0), &[&signed_data])]))
    }

    fn certificate_set(&self) -> Vec<u8> {
        let all = std::iter::once(&self.certificate).chain(&self.intermediates);
        set_of(context(0), all.map(|certificate| certificate.as_bytes().to_vec()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_never_runs_back_and_a_step_back_stops() {
        assert_eq!(next_gen_time(None, 100), Ok(100));
        assert_eq!(next_gen_time(Some(90), 100), Ok(100));
        assert_eq!(next_gen_time(Some(101), 100), Ok(101));
        assert_eq!(next_gen_time(Some(102), 100), Err(Refusal::TimeNotAvailable));
        assert_eq!(next_gen_time(Some(5), i64::MAX), Ok(i64::MAX));
    }
}
