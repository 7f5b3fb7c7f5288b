//! What is checked before josekit sees a JWE.
//!
//! josekit takes the last of duplicate header members, inflates `zip` without limit, honours `apu` and `apv`, and
//! hands OpenSSL whatever tag length the token has (a tag of 4 bytes can be forged): all refused here.

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
}

pub(super) fn check(jwe: &CompactJwe, key: &KeyId, content_type: Option<&str>, limits: Limits) -> Result<(), JweError> {
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
    let _ = part(content)?;
    if part(iv)?.len() != 12 || part(tag)?.len() != 16 {
        return Err(JweError::Malformed("iv or tag of another length"));
    }
    check_header(&part(header)?, key, content_type, limits)
}

fn check_header(json: &[u8], key: &KeyId, content_type: Option<&str>, limits: Limits) -> Result<(), JweError> {
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
    if header.kid == key.as_str() { Ok(()) } else { Err(JweError::OtherKey) }
}

fn part(text: &str) -> Result<Vec<u8>, JweError> {
    decode_base64url(text).map_err(|_| JweError::Malformed("not base64url without padding"))
}
