//! TimeStampResp (RFC 3161 §2.4.2): a token, or the reason why there is none.

use super::der::{self, DerError, Reader, sequence, tlv, unsigned};

/// Largest response or token read, bytes.
pub const MAX_RESPONSE_BYTES: usize = 64 * 1024;

/// Why an authority gives no token: PKIFailureInfo, sent with status 2 (rejection).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The hash is unknown or too weak.
    #[error("the hash algorithm is not accepted")]
    BadAlg,
    /// The request is malformed.
    #[error("the request is malformed")]
    BadDataFormat,
    /// The clock is not to be trusted now.
    #[error("the time is not available")]
    TimeNotAvailable,
    /// Another policy than ours was asked for.
    #[error("the policy is not served here")]
    UnacceptedPolicy,
    /// An extension was asked for.
    #[error("the extension is not served here")]
    UnacceptedExtension,
    /// Something else failed; the request may be right.
    #[error("the authority failed")]
    SystemFailure,
}

/// A response: DER bytes, and the token in them if one was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimestampResponse {
    der: Vec<u8>,
    token: Vec<u8>,
}

/// Why a response holds no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResponseError {
    /// Not a TimeStampResp, or larger than [`MAX_RESPONSE_BYTES`].
    #[error("the response is malformed")]
    Malformed,
    /// The authority did not grant a token; its PKIStatus.
    #[error("the authority answered with status {0}")]
    NotGranted(u32),
}

impl From<DerError> for Refusal {
    fn from(_: DerError) -> Self {
        Self::BadDataFormat
    }
}

impl From<DerError> for ResponseError {
    fn from(_: DerError) -> Self {
        Self::Malformed
    }
}

impl Refusal {
    /// Bit of PKIFailureInfo (RFC 3161 §2.4.2).
    pub fn failure_bit(self) -> u8 {
        match self {
            Self::BadAlg => 0,
            Self::BadDataFormat => 5,
            Self::TimeNotAvailable => 14,
            Self::UnacceptedPolicy => 15,
            Self::UnacceptedExtension => 16,
            Self::SystemFailure => 25,
        }
    }

    /// The response to send as `application/timestamp-reply`, with HTTP status 200.
    pub fn to_response_der(self) -> Vec<u8> {
        let bit = self.failure_bit();
        // A named bit list drops trailing zeros: the one set bit is the last one.
        let mut bits = vec![0; usize::from(bit / 8) + 2];
        bits[0] = 7 - bit % 8;
        if let Some(last) = bits.last_mut() {
            *last = 0x80 >> (bit % 8);
        }
        sequence(&[&sequence(&[&unsigned(&[2]), &tlv(der::BIT_STRING, &[&bits])])])
    }
}

impl TimestampResponse {
    pub(super) fn granted(token: Vec<u8>) -> Self {
        let status = sequence(&[&unsigned(&[0])]);
        Self { der: sequence(&[&status, &token]), token }
    }

    /// Reads a response that grants a token (status 0 or 1). The token is not verified.
    ///
    /// # Errors
    /// [`ResponseError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ResponseError> {
        if bytes.len() > MAX_RESPONSE_BYTES {
            return Err(ResponseError::Malformed);
        }
        let mut reader = Reader::only(bytes, der::SEQUENCE)?;
        let status = reader.nested(der::SEQUENCE)?.number()?;
        if status > 1 {
            return Err(ResponseError::NotGranted(status));
        }
        let token = reader.element(der::SEQUENCE)?.whole.to_vec();
        reader.finish()?;
        Ok(Self { der: bytes.to_vec(), token })
    }

    /// The whole response: the file `openssl ts -verify -in` reads.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// The token alone, a CMS ContentInfo: what is stored and bundled, and what
    /// `openssl ts -verify -token_in -in` reads.
    pub fn token_der(&self) -> &[u8] {
        &self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_named_bit_lists() {
        for (refusal, der) in [
            (Refusal::BadAlg, "300930070201020302 0780"),
            (Refusal::BadDataFormat, "300930070201020302 0204"),
            (Refusal::TimeNotAvailable, "300a30080201020303 010002"),
            (Refusal::UnacceptedPolicy, "300a30080201020303 000001"),
            (Refusal::UnacceptedExtension, "300b30090201020304 07000080"),
            (Refusal::SystemFailure, "300c300a0201020305 0600000040"),
        ] {
            assert_eq!(hex::encode(refusal.to_response_der()), der.replace(' ', ""));
            assert_eq!(TimestampResponse::parse(&refusal.to_response_der()), Err(ResponseError::NotGranted(2)));
        }
    }

    #[test]
    fn a_granted_token_is_found_again_and_nothing_else_is() {
        let granted = TimestampResponse::granted(sequence(&[&unsigned(&[9])]));
        assert_eq!(TimestampResponse::parse(granted.as_der()).as_ref(), Ok(&granted));
        let der = granted.as_der();
        for length in 0..der.len() {
            assert_eq!(TimestampResponse::parse(&der[..length]), Err(ResponseError::Malformed));
        }
        assert_eq!(TimestampResponse::parse(&[der, &[0]].concat()), Err(ResponseError::Malformed));
        assert_eq!(TimestampResponse::parse(&[0x30; MAX_RESPONSE_BYTES + 1]), Err(ResponseError::Malformed));
    }
}
