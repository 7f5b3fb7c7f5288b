//! Object identifiers, as the contents of their DER encoding.

use std::{fmt, str::FromStr};

use super::der::{self, DerError, tlv};

pub(super) const SIGNED_DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
pub(super) const TST_INFO: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04";
pub(super) const CONTENT_TYPE: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03";
pub(super) const MESSAGE_DIGEST: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04";
pub(super) const SIGNING_TIME: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x05";
pub(super) const SIGNING_CERTIFICATE_V2: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x2f";
pub(super) const SHA256: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x01";
pub(super) const SHA384: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x02";
pub(super) const SHA512: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x03";
pub(super) const ECDSA_SHA256: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x03\x02";
pub(super) const ECDSA_SHA384: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x03\x03";
pub(super) const ECDSA_SHA512: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x03\x04";
pub(super) const RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
pub(super) const RSA_SHA256: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b";
pub(super) const RSA_SHA384: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c";
pub(super) const RSA_SHA512: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d";
pub(super) const KEY_USAGE: &[u8] = b"\x55\x1d\x0f";
pub(super) const EXTENDED_KEY_USAGE: &[u8] = b"\x55\x1d\x25";
pub(super) const TIME_STAMPING: &[u8] = b"\x2b\x06\x01\x05\x05\x07\x03\x08";

/// Policy of our own authority: "the anchor's clock, to the stated accuracy". Under the UUID arc
/// 2.25, which needs no registration (ITU-T X.667).
pub const DEFAULT_POLICY: &str = "2.25.252608622594055309081562752075206812629";

/// Longest encoded policy identifier taken, bytes.
const MAX_OID_BYTES: usize = 64;

/// Identifier of the policy a time stamp was made under. Prints in dotted form.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PolicyOid(Vec<u8>);

/// The text is not an object identifier in dotted form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an object identifier in dotted form")]
pub struct PolicyTextError;

impl PolicyOid {
    pub(super) fn from_der(contents: &[u8]) -> Result<Self, DerError> {
        let policy = Self(contents.to_vec());
        if contents.len() > MAX_OID_BYTES || policy.arcs().is_none() { Err(DerError) } else { Ok(policy) }
    }

    pub(super) fn to_der(&self) -> Vec<u8> {
        tlv(der::OID, &[&self.0])
    }

    /// The arcs after the first two are joined; `None` for an encoding that is not minimal, is
    /// cut short, or has an arc beyond 128 bits.
    fn arcs(&self) -> Option<Vec<u128>> {
        let mut arcs = Vec::new();
        let mut pending: Option<u128> = None;
        for byte in &self.0 {
            if pending.is_none() && *byte == 0x80 {
                return None;
            }
            let arc = pending.unwrap_or(0).checked_mul(128)? | u128::from(byte & 0x7f);
            pending = if byte & 0x80 == 0 { None } else { Some(arc) };
            if pending.is_none() {
                arcs.push(arc);
            }
        }
        if pending.is_some() || arcs.is_empty() { None } else { Some(arcs) }
    }
}

impl fmt::Display for PolicyOid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arcs = self.arcs().unwrap_or_default();
        let Some((joined, rest)) = arcs.split_first() else { return Ok(()) };
        let first = (*joined / 40).min(2);
        write!(f, "{first}.{}", joined - first * 40)?;
        rest.iter().try_for_each(|arc| write!(f, ".{arc}"))
    }
}

impl FromStr for PolicyOid {
    type Err = PolicyTextError;

    fn from_str(text: &str) -> Result<Self, PolicyTextError> {
        let parse = |arc: &str| arc.parse::<u128>().map_err(|_| PolicyTextError);
        let arcs = text.split('.').map(parse).collect::<Result<Vec<_>, _>>()?;
        let [first, second, rest @ ..] = &arcs[..] else { return Err(PolicyTextError) };
        if *first > 2 || *first < 2 && *second > 39 {
            return Err(PolicyTextError);
        }
        let joined = second.checked_add(first * 40).ok_or(PolicyTextError)?;
        let mut contents = Vec::new();
        [&[joined], rest].concat().into_iter().for_each(|arc| push_arc(&mut contents, arc));
        let policy = Self::from_der(&contents).map_err(|_| PolicyTextError)?;
        // Leading zeros and signs would be second spellings.
        if policy.to_string() == text { Ok(policy) } else { Err(PolicyTextError) }
    }
}

fn push_arc(contents: &mut Vec<u8>, arc: u128) {
    let digits = (128 - arc.leading_zeros()).div_ceil(7).max(1);
    for digit in (0..digits).rev() {
        let more = if digit > 0 { 0x80 } else { 0 };
        contents.push((arc >> (7 * digit)) as u8 & 0x7f | more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_read_and_printed_in_dotted_form() {
        for (text, contents) in [
            ("1.3.6.1.5.5.7.3.8", TIME_STAMPING),
            ("1.2.840.113549.1.9.16.1.4", TST_INFO),
            ("2.5.29.37", EXTENDED_KEY_USAGE),
            ("0.0", &[0]),
            ("1.39.128", &[79, 0x81, 0]),
        ] {
            assert_eq!(text.parse::<PolicyOid>().unwrap().0, contents);
            assert_eq!(PolicyOid::from_der(contents).unwrap().to_string(), text);
        }
        assert_eq!(DEFAULT_POLICY.parse::<PolicyOid>().unwrap().to_string(), DEFAULT_POLICY);
    }

    #[test]
    fn other_texts_and_encodings_are_refused() {
        for text in ["", "1", "1.", "1.40", "3.1", "1.2.03", "1.2.+3", "1.2.x", "commonName", "1.2.-1", " 1.2"] {
            assert_eq!(text.parse::<PolicyOid>(), Err(PolicyTextError), "{text}");
        }
        for bad in [&[][..], &[0x80, 1], &[1, 0x81], &[1, 0x80, 1], &[1; 65], &[0xff; 20]] {
            assert_eq!(PolicyOid::from_der(bad), Err(DerError), "{bad:?}");
        }
    }
}
