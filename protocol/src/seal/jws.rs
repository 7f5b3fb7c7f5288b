//! Compact JWS behind a strict front (RFC 7515 §7.1; RFC 8725).
//!
//! Guarantees: the size is checked before anything is read; three parts of strict base64url; header and payload are
//! strict JSON objects; the header holds `alg`, `typ`, `kid` and nothing else (`jwk` only in proofs of possession);
//! the algorithm is the key's; one exact `typ`; claims are reachable only after the signature was verified.
//! Deliberately absent: choosing a key (the directory and the credentials do), JSON serialisation, detached content.

mod error;
mod header;
mod sign;

pub use error::JwsError;
pub use sign::{KeyReference, sign, sign_as};

use schemas::{
    digest::Digest,
    id::{CompactJws, EntityId, KeyId},
};
use serde::{Deserialize, de::DeserializeOwned};

use self::header::Header;
use super::{Jwk, Limits, Typ, VerifyingKey, decode_base64url, strict_json};

/// A JWS that was read and not verified: its claims are out of reach.
#[derive(Clone)]
pub struct UnverifiedJws {
    compact: String,
    /// Length of `header.payload` within `compact`: what the signature is over (RFC 7515 §5.2).
    signed: usize,
    header: Header,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

/// A JWS whose type, algorithm and signature were checked.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifiedJws {
    compact: CompactJws,
    typ: Typ,
    signer: KeyId,
    kid: Option<String>,
    jwk: Option<Jwk>,
    payload: Vec<u8>,
}

/// Who a JWS *says* signed it. For choosing a key and for nothing else: anyone can write this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedIssuer {
    iss: Option<String>,
    kid: Option<String>,
}

#[derive(Deserialize)]
struct IssuerOnly {
    iss: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct VersionOnly {
    v: Option<serde_json::Value>,
}

impl UnverifiedJws {
    /// Reads a compact JWS.
    ///
    /// # Errors
    /// [`JwsError::Malformed`] for whatever is not exactly what this module promises.
    pub fn parse(bytes: &[u8], limits: Limits) -> Result<Self, JwsError> {
        if bytes.len() > limits.bytes {
            return Err(JwsError::Malformed("longer than allowed"));
        }
        let compact = std::str::from_utf8(bytes).map_err(|_| JwsError::Malformed("not base64url"))?;
        let mut parts = compact.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(JwsError::Malformed("not three parts"));
        };
        let signed = header.len() + 1 + payload.len();
        let header = Header::parse(&part(header)?, limits)?;
        let payload = part(payload)?;
        let signature = part(signature)?;
        object(&payload, limits)?;
        Ok(Self { compact: compact.to_owned(), signed, header, payload, signature })
    }

    /// Reads a JWS that came inside another structure.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn of(compact: &CompactJws, limits: Limits) -> Result<Self, JwsError> {
        Self::parse(compact.as_str().as_bytes(), limits)
    }

    /// Who it says signed it.
    pub fn claimed_issuer(&self) -> ClaimedIssuer {
        let iss = serde_json::from_slice::<IssuerOnly>(&self.payload).ok().and_then(|claims| claims.iss);
        ClaimedIssuer { iss: iss.and_then(|iss| iss.as_str().map(str::to_owned)), kid: self.header.kid.clone() }
    }

    /// The type it says it is of, for choosing a verifier where an endpoint takes several kinds.
    pub fn claimed_typ(&self) -> Option<Typ> {
        Typ::of(&self.header.typ)
    }

    /// The key whose possession it proves: in DPoP proofs and OpenID4VCI proofs alone.
    pub fn header_key(&self) -> Option<&Jwk> {
        self.header.jwk.as_ref()
    }

    /// The token as it came.
    pub fn as_str(&self) -> &str {
        &self.compact
    }

    /// The digest over the token as it came.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.compact)
    }

    /// Claims of a token nobody has vouched for. Only for finding the key in a self-signed entity configuration
    /// and for nothing that leaves this crate.
    pub(crate) fn unverified_claims<T: DeserializeOwned>(&self) -> Result<T, JwsError> {
        serde_json::from_slice(&self.payload).map_err(JwsError::claims::<T>)
    }

    /// Checks type, algorithm, key id and signature, then the version of the structure.
    ///
    /// # Errors
    /// [`JwsError::TypeWrong`], [`JwsError::SignatureInvalid`], [`JwsError::VersionUnsupported`], in this order.
    pub fn verify(self, typ: Typ, key: &VerifyingKey) -> Result<VerifiedJws, JwsError> {
        if self.header.typ != typ.as_str() {
            return Err(JwsError::TypeWrong { expected: typ });
        }
        if self.header.jwk.is_some() && !typ.proves_header_key() {
            return Err(JwsError::Malformed("a header member is not allowed"));
        }
        if self.header.algorithm != key.algorithm() || self.header.names_another_than(key.kid()) {
            return Err(JwsError::SignatureInvalid);
        }
        if !key.verifies(&self.compact.as_bytes()[..self.signed], &self.signature) {
            return Err(JwsError::SignatureInvalid);
        }
        if typ.is_versioned() {
            check_version(&self.payload)?;
        }
        let compact = self.compact.parse().map_err(|_| JwsError::Malformed("a part is empty"))?;
        Ok(VerifiedJws {
            compact,
            typ,
            signer: key.kid().clone(),
            kid: self.header.kid,
            jwk: self.header.jwk,
            payload: self.payload,
        })
    }
}

impl VerifiedJws {
    /// The claims, as a type that is closed (`deny_unknown_fields`) wherever the structure is ours.
    ///
    /// # Errors
    /// [`JwsError::Claims`] if they have another form.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, JwsError> {
        serde_json::from_slice(&self.payload).map_err(JwsError::claims::<T>)
    }

    /// The token as it came.
    pub fn compact(&self) -> &CompactJws {
        &self.compact
    }

    /// The token as it came.
    pub fn into_compact(self) -> CompactJws {
        self.compact
    }

    /// The digest over the token as it came. ES256 signatures are malleable: for counting and replay use the
    /// token's own id instead.
    pub fn digest(&self) -> Digest {
        Digest::of(self.compact.as_str())
    }

    /// The kind.
    pub fn typ(&self) -> Typ {
        self.typ
    }

    /// The thumbprint of the key that verified it.
    pub fn signer(&self) -> &KeyId {
        &self.signer
    }

    /// The header's `kid` as it stood, such as `did:jwk:…#0`.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The header's `jwk`, in proofs of possession.
    pub fn header_key(&self) -> Option<&Jwk> {
        self.jwk.as_ref()
    }
}

impl ClaimedIssuer {
    /// The claim `iss` as it stood.
    pub fn iss(&self) -> Option<&str> {
        self.iss.as_deref()
    }

    /// The claim `iss`, if it could be a member of the federation.
    pub fn entity(&self) -> Option<EntityId> {
        self.iss.as_deref()?.parse().ok()
    }

    /// The header's `kid` as it stood.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The header's `kid`, if it is a thumbprint.
    pub fn key_id(&self) -> Option<KeyId> {
        self.kid.as_deref()?.parse().ok()
    }
}

impl std::fmt::Debug for UnverifiedJws {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "UnverifiedJws({} {})", self.header.typ, self.digest())
    }
}

impl std::fmt::Debug for VerifiedJws {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VerifiedJws({} {})", self.typ.as_str(), self.digest())
    }
}

fn part(text: &str) -> Result<Vec<u8>, JwsError> {
    match decode_base64url(text) {
        Ok(bytes) if !bytes.is_empty() => Ok(bytes),
        Ok(_) => Err(JwsError::Malformed("a part is empty")),
        Err(_) => Err(JwsError::Malformed("not base64url without padding")),
    }
}

fn object(json: &[u8], limits: Limits) -> Result<(), JwsError> {
    strict_json::check(json, limits).map_err(JwsError::Json)?;
    if json.trim_ascii_start().first() == Some(&b'{') { Ok(()) } else { Err(JwsError::Malformed("not an object")) }
}

fn check_version(payload: &[u8]) -> Result<(), JwsError> {
    let claims: VersionOnly = serde_json::from_slice(payload).map_err(JwsError::claims::<VersionOnly>)?;
    match claims.v {
        Some(v) if v.as_u64() == Some(1) => Ok(()),
        Some(_) => Err(JwsError::VersionUnsupported),
        None => Err(JwsError::Malformed("no version")),
    }
}

#[cfg(test)]
mod tests;
