//! Writing a compact JWS: header members in a fixed order, payload as serde writes it.

use schemas::id::CompactJws;
use serde::Serialize;

use crate::seal::{Jwk, SealFailed, SigningKey, Typ, encode_base64url, key::bare};

/// How the header names the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyReference<'a> {
    /// `kid` is the thumbprint: members of the federation.
    Thumbprint,
    /// `kid` is a URL such as `did:jwk:…#0`: citizens.
    Url(&'a str),
    /// `jwk` is the key itself: proofs of possession.
    Key,
    /// Neither: a key binding, whose key stands in `cnf`.
    Absent,
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    typ: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jwk: Option<&'a Jwk>,
}

/// Signs claims as a member of the federation, with `kid` = thumbprint.
///
/// # Errors
/// If the claims cannot be written as JSON, or OpenSSL fails.
pub fn sign(typ: Typ, key: &SigningKey, claims: &impl Serialize) -> Result<CompactJws, SealFailed> {
    sign_as(typ, key, KeyReference::Thumbprint, claims)
}

/// Signs claims, naming the key as asked.
///
/// # Errors
/// As [`sign`].
pub fn sign_as(
    typ: Typ,
    key: &SigningKey,
    reference: KeyReference<'_>,
    claims: &impl Serialize,
) -> Result<CompactJws, SealFailed> {
    let kid = match reference {
        KeyReference::Thumbprint => Some(key.kid().as_str()),
        KeyReference::Url(url) => Some(url),
        KeyReference::Key | KeyReference::Absent => None,
    };
    let bare = bare(key.public().jwk());
    let jwk = (reference == KeyReference::Key).then_some(&bare);
    let header = Header { alg: key.algorithm().as_str(), typ: typ.as_str(), kid, jwk };
    let mut token = part(&header)?;
    token.push('.');
    token.push_str(&part(claims)?);
    let signature = key.sign_bytes(token.as_bytes())?;
    token.push('.');
    token.push_str(&encode_base64url(signature));
    token.parse().map_err(SealFailed::to("write a token"))
}

fn part(value: &impl Serialize) -> Result<String, SealFailed> {
    serde_json::to_vec(value).map(encode_base64url).map_err(SealFailed::to("write claims as JSON"))
}
