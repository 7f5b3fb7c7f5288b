//! What is checked before anything is opened.
//!
//! Duplicate header members, `zip` and every member but the five are refused, and so are an iv or tag of another length: OpenSSL takes
//! a tag of 4 bytes, which can be forged. A wallet's OpenID4VP response may name the parties too (`apu`, `apv`, RFC 7518 §4.6.1.2).

use schemas::id::{CompactJwe, KeyId};
use serde::Deserialize;

use super::{ALG, ENC, JweError};
use crate::seal::{Jwk, Limits, decode_base64url, strict_json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    enc: String,
    epk: Jwk,
    kid: String,
    #[serde(default)]
    cty: Option<String>,
    #[serde(default)]
    apu: Option<String>,
    #[serde(default)]
    apv: Option<String>,
}

/// `apu` and `apv`, decoded.
#[derive(Default)]
pub(super) struct Parties {
    pub apu: Vec<u8>,
    pub apv: Vec<u8>,
}

/// The parts of a JWE that passed.
pub(super) struct Parts<'a> {
    /// As it stands: the additional authenticated data (RFC 7516 §5.1 step 14).
    pub header: &'a str,
    pub epk: Jwk,
    /// Party information, which goes into the agreement; empty but for a wallet's response.
    pub parties: Parties,
    pub iv: Vec<u8>,
    pub content: Vec<u8>,
    pub tag: Vec<u8>,
}

pub(super) fn check<'a>(
    jwe: &'a CompactJwe,
    key: &KeyId,
    content_type: Option<&str>,
    limits: Limits,
) -> Result<Parts<'a>, JweError> {
    if jwe.as_str().len() > limits.bytes {
        return Err(JweError::Malformed("longer than allowed"));
    }
    let parts: Vec<&str> = jwe.as_str().split('.').collect();
    let &[header, encrypted_key, iv, content, tag] = parts.as_slice() else {
        return Err(JweError::Malformed("not five parts"));
    };
    if !encrypted_key.is_empty() {
        return Err(JweError::Malformed("direct key agreement has no encrypted key"));
    }
    let (iv, content, tag) = (part(iv)?, part(content)?, part(tag)?);
    if iv.len() != 12 || tag.len() != 16 {
        return Err(JweError::Malformed("iv or tag of another length"));
    }
    let (epk, parties) = check_header(&part(header)?, key, content_type, limits)?;
    Ok(Parts { header, epk, parties, iv, content, tag })
}

fn check_header(
    json: &[u8],
    key: &KeyId,
    content_type: Option<&str>,
    limits: Limits,
) -> Result<(Jwk, Parties), JweError> {
    strict_json::check(json, Limits { depth: 3, members: 16, string: 1024, ..limits })
        .map_err(|_| JweError::Malformed("the header is not strict JSON"))?;
    let header: Header =
        serde_json::from_slice(json).map_err(|_| JweError::Malformed("a header member is not allowed"))?;
    if header.alg != ALG || header.enc != ENC {
        return Err(JweError::Malformed("only ECDH-ES with A256GCM is accepted"));
    }
    if header.epk.kty != "EC" || header.epk.crv != "P-256" {
        return Err(JweError::Malformed("only P-256 is accepted"));
    }
    if content_type.is_some() && header.cty.as_deref() != content_type {
        return Err(JweError::Malformed("content of another type"));
    }
    let parties = match (content_type, header.apu, header.apv) {
        (_, None, None) => Parties::default(),
        (None, apu, apv) => Parties { apu: part(&apu.unwrap_or_default())?, apv: part(&apv.unwrap_or_default())? },
        (Some(_), ..) => return Err(JweError::Malformed("a header member is not allowed")),
    };
    if header.kid == key.as_str() { Ok((header.epk, parties)) } else { Err(JweError::OtherKey) }
}

fn part(text: &str) -> Result<Vec<u8>, JweError> {
    decode_base64url(text).map_err(|_| JweError::Malformed("not base64url without padding"))
}
