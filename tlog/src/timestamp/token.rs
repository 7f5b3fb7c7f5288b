//! The parts of a time-stamp token (CMS SignedData with TSTInfo), read but not believed.

use std::fmt;

use super::{
    civil,
    der::{self, DerError, Reader, context, context_primitive},
    oid::{self, PolicyOid},
    request::{MessageImprint, algorithm_oid},
    response::Refusal,
};

/// Most certificates in a token.
const MAX_CERTIFICATES: usize = 8;

/// Most bytes of a serial number (RFC 3161 §2.4.2: 160 bits; one more for the sign).
const MAX_SERIAL_BYTES: usize = 21;

/// Serial number of a token or certificate: big-endian bytes, not negative. Prints in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenSerial(Vec<u8>);

impl TokenSerial {
    /// From eight random bytes and a counter that never repeats under one key, both the caller's:
    /// the counter keeps it unique, the random bytes even across a restored backup.
    pub fn new(random: [u8; 8], counter: u64) -> Self {
        let mut bytes = [random, counter.to_be_bytes()].concat();
        // Certificates must have positive serial numbers that 160 bits hold with room to spare.
        bytes[0] = bytes[0] & 0x3f | 0x40;
        Self(bytes)
    }

    /// The number, big-endian, without leading zeros.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn from_der(contents: &[u8]) -> Result<Self, DerError> {
        let negative = contents.first().is_some_and(|first| *first >= 0x80);
        if negative || contents.len() > MAX_SERIAL_BYTES {
            return Err(DerError);
        }
        let zeros = contents.iter().take_while(|byte| **byte == 0).count();
        Ok(Self(contents[zeros..].to_vec()))
    }
}

impl fmt::Display for TokenSerial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

/// SignedData with exactly one signer.
#[derive(Debug)]
pub(super) struct Token<'a> {
    pub info: &'a [u8],
    pub certificates: Vec<&'a [u8]>,
    pub signer: Signer<'a>,
}

/// SignerInfo (RFC 5652 §5.3).
#[derive(Debug)]
pub(super) struct Signer<'a> {
    pub issuer: &'a [u8],
    pub serial: &'a [u8],
    pub digest_oid: &'a [u8],
    pub attributes: &'a [u8],
    pub signature_oid: &'a [u8],
    pub signature: &'a [u8],
}

/// The values of the attributes that RFC 3161 and 5816 require, each present once.
#[derive(Debug)]
pub(super) struct SignedAttributes<'a> {
    pub content_type: &'a [u8],
    pub message_digest: &'a [u8],
    pub signing_certificate: &'a [u8],
}

/// ESSCertIDv2 of the signer's certificate (RFC 5035 §4).
#[derive(Debug)]
pub(super) struct CertificateId<'a> {
    pub hash_oid: &'a [u8],
    pub hash: &'a [u8],
    /// Issuer Name (whole) and serial number, where given.
    pub issuer_serial: Option<(&'a [u8], &'a [u8])>,
}

/// TSTInfo (RFC 3161 §2.4.2).
#[derive(Debug)]
pub(super) struct TstInfo {
    pub policy: PolicyOid,
    pub imprint: MessageImprint,
    pub serial: TokenSerial,
    pub gen_time_unix: i64,
    pub accuracy_s: Option<u32>,
    pub nonce: Option<Vec<u8>>,
}

impl<'a> Token<'a> {
    /// Reads a ContentInfo. Revocation lists and unsigned attributes are refused: nothing signs
    /// them, and we would not read them.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, DerError> {
        let mut content_info = Reader::only(bytes, der::SEQUENCE)?;
        expect(content_info.value(der::OID)?, oid::SIGNED_DATA)?;
        let mut data = Reader::only(content_info.value(context(0))?, der::SEQUENCE)?;
        content_info.finish()?;
        if data.number()? != 3 {
            return Err(DerError);
        }
        let mut digests = data.nested(der::SET)?;
        let digest_oid = algorithm_oid(&mut digests)?;
        digests.finish()?;
        let mut content = data.nested(der::SEQUENCE)?;
        expect(content.value(der::OID)?, oid::TST_INFO)?;
        let mut octets = content.nested(context(0))?;
        let info = octets.value(der::OCTET_STRING)?;
        octets.finish()?;
        content.finish()?;
        let certificates = data.optional(context(0))?.map_or(Ok(Vec::new()), |set| sequences(set.value))?;
        let mut signers = data.nested(der::SET)?;
        let signer = Signer::parse(signers.nested(der::SEQUENCE)?)?;
        signers.finish()?;
        data.finish()?;
        expect(signer.digest_oid, digest_oid)?;
        Ok(Self { info, certificates, signer })
    }
}

impl<'a> Signer<'a> {
    fn parse(mut reader: Reader<'a>) -> Result<Self, DerError> {
        if reader.number()? != 1 {
            return Err(DerError);
        }
        let mut identifier = reader.nested(der::SEQUENCE)?;
        let issuer = identifier.element(der::SEQUENCE)?.whole;
        let serial = identifier.integer()?;
        identifier.finish()?;
        let digest_oid = algorithm_oid(&mut reader)?;
        let attributes = reader.value(context(0))?;
        let signature_oid = algorithm_oid(&mut reader)?;
        let signature = reader.value(der::OCTET_STRING)?;
        reader.finish()?;
        Ok(Self { issuer, serial, digest_oid, attributes, signature_oid, signature })
    }

    /// The attributes as signed: under the tag of a SET (RFC 5652 §5.4).
    pub fn signed_bytes(&self) -> Vec<u8> {
        der::tlv(der::SET, &[self.attributes])
    }
}

impl<'a> SignedAttributes<'a> {
    pub fn parse(attributes: &'a [u8]) -> Result<Self, DerError> {
        let (mut content_type, mut message_digest, mut certificate) = (None, None, None);
        let mut list = Reader::new(attributes);
        while !list.is_empty() {
            let mut attribute = list.nested(der::SEQUENCE)?;
            let oid = attribute.value(der::OID)?;
            let values = attribute.value(der::SET)?;
            attribute.finish()?;
            let slot = match oid {
                oid::CONTENT_TYPE => &mut content_type,
                oid::MESSAGE_DIGEST => &mut message_digest,
                oid::SIGNING_CERTIFICATE_V2 => &mut certificate,
                _ => continue,
            };
            if slot.replace(values).is_some() {
                return Err(DerError);
            }
        }
        Ok(Self {
            content_type: sole(content_type.ok_or(DerError)?, der::OID)?,
            message_digest: sole(message_digest.ok_or(DerError)?, der::OCTET_STRING)?,
            signing_certificate: sole(certificate.ok_or(DerError)?, der::SEQUENCE)?,
        })
    }
}

impl<'a> CertificateId<'a> {
    /// The first ESSCertIDv2 of a SigningCertificateV2's contents: the signer's own.
    pub fn parse(signing_certificate: &'a [u8]) -> Result<Self, DerError> {
        let mut list = Reader::new(signing_certificate).nested(der::SEQUENCE)?;
        let mut identifier = list.nested(der::SEQUENCE)?;
        let mut probe = identifier;
        let hash_oid = match probe.optional(der::SEQUENCE)? {
            Some(_) => algorithm_oid(&mut identifier)?,
            None => oid::SHA256,
        };
        let hash = identifier.value(der::OCTET_STRING)?;
        let issuer_serial =
            identifier.optional(der::SEQUENCE)?.map(|both| parse_issuer_serial(both.value)).transpose()?;
        identifier.finish()?;
        Ok(Self { hash_oid, hash, issuer_serial })
    }
}

fn parse_issuer_serial(contents: &[u8]) -> Result<(&[u8], &[u8]), DerError> {
    let mut reader = Reader::new(contents);
    let mut names = reader.nested(der::SEQUENCE)?;
    let issuer = names.value(context(4))?;
    names.finish()?;
    let serial = reader.integer()?;
    reader.finish()?;
    Ok((issuer, serial))
}

impl TstInfo {
    /// Reads a TSTInfo; [`Refusal::BadAlg`] where its hash is not accepted.
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut reader = Reader::only(bytes, der::SEQUENCE)?;
        if reader.number()? != 1 {
            return Err(Refusal::BadDataFormat);
        }
        let policy = PolicyOid::from_der(reader.value(der::OID)?)?;
        let imprint = MessageImprint::parse(&mut reader)?;
        let serial = TokenSerial::from_der(reader.integer()?)?;
        let gen_time_unix = civil::parse_generalized(reader.value(der::GENERALIZED_TIME)?)?;
        let accuracy_s = reader.optional(der::SEQUENCE)?.map(|accuracy| parse_accuracy(accuracy.value)).transpose()?;
        reader.default_false()?;
        let nonce = reader.optional(der::INTEGER)?.map(|nonce| der::check_integer(nonce.value)).transpose()?;
        let nonce = nonce.map(<[u8]>::to_vec);
        reader.optional(context(0))?;
        if let Some(extensions) = reader.optional(context(1))? {
            refuse_critical(extensions.value)?;
        }
        reader.finish()?;
        Ok(Self { policy, imprint, serial, gen_time_unix, accuracy_s, nonce })
    }
}

/// Accuracy in seconds, fractions rounded up.
fn parse_accuracy(contents: &[u8]) -> Result<u32, DerError> {
    let mut reader = Reader::new(contents);
    let whole = reader.optional(der::INTEGER)?.map_or(Ok(&[0][..]), |seconds| der::check_integer(seconds.value))?;
    let mut fraction = false;
    for tag in [context_primitive(0), context_primitive(1)] {
        if let Some(part) = reader.optional(tag)? {
            let thousandths = der::small(der::check_integer(part.value)?)?;
            if !(1..1_000).contains(&thousandths) {
                return Err(DerError);
            }
            fraction = true;
        }
    }
    reader.finish()?;
    der::small(whole)?.checked_add(fraction.into()).ok_or(DerError)
}

fn refuse_critical(extensions: &[u8]) -> Result<(), DerError> {
    let mut list = Reader::new(extensions);
    while !list.is_empty() {
        let mut extension = list.nested(der::SEQUENCE)?;
        extension.value(der::OID)?;
        if extension.default_false()? {
            return Err(DerError);
        }
        extension.value(der::OCTET_STRING)?;
        extension.finish()?;
    }
    Ok(())
}

fn sequences(contents: &[u8]) -> Result<Vec<&[u8]>, DerError> {
    let mut reader = Reader::new(contents);
    let mut members = Vec::new();
    while !reader.is_empty() {
        if members.len() == MAX_CERTIFICATES {
            return Err(DerError);
        }
        members.push(reader.element(der::SEQUENCE)?.whole);
    }
    Ok(members)
}

fn sole(values: &[u8], tag: u8) -> Result<&[u8], DerError> {
    let mut reader = Reader::new(values);
    let value = reader.value(tag)?;
    reader.finish()?;
    Ok(value)
}

fn expect(found: &[u8], wanted: &[u8]) -> Result<(), DerError> {
    if found == wanted { Ok(()) } else { Err(DerError) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timestamp::der::{sequence, tlv, unsigned};

    #[test]
    fn serial_numbers_are_positive_and_told_apart_by_their_counter() {
        let (first, second) = (TokenSerial::new([0xff; 8], 1), TokenSerial::new([0xff; 8], 2));
        assert_eq!(first.to_string(), "7fffffffffffffff0000000000000001");
        assert_ne!(first, second);
        assert_eq!(TokenSerial::from_der(first.as_bytes()), Ok(first));
        assert_eq!(TokenSerial::from_der(&[0x80]), Err(DerError));
        assert_eq!(TokenSerial::from_der(&[1; 22]), Err(DerError));
        assert_eq!(TokenSerial::from_der(&[0, 0x80]).unwrap().as_bytes(), [0x80]);
    }

    #[test]
    fn accuracy_is_rounded_up_to_seconds() {
        let part = |n: u8, value: &[u8]| tlv(context_primitive(n), &[value]);
        assert_eq!(parse_accuracy(&[]), Ok(0));
        assert_eq!(parse_accuracy(&unsigned(&[5])), Ok(5));
        assert_eq!(parse_accuracy(&[unsigned(&[5]), part(0, &[100])].concat()), Ok(6));
        assert_eq!(parse_accuracy(&part(1, &[1])), Ok(1));
        for bad in [part(0, &[0]), part(0, &[3, 0xe8]), part(0, &[0xff]), part(2, &[1]), unsigned(&[0xff; 5])] {
            assert_eq!(parse_accuracy(&bad), Err(DerError));
        }
    }

    #[test]
    fn critical_extensions_are_refused_and_others_skipped() {
        let oid = tlv(der::OID, &[oid::KEY_USAGE]);
        let value = tlv(der::OCTET_STRING, &[b"x"]);
        let critical = tlv(der::BOOLEAN, &[&[0xff]]);
        assert_eq!(refuse_critical(&sequence(&[&oid, &value])), Ok(()));
        assert_eq!(refuse_critical(&sequence(&[&oid, &critical, &value])), Err(DerError));
    }
}
