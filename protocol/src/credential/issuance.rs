//! Proofs of possession when a binding is issued: OpenID4VCI 1.0 appendix F.1 and DPoP (RFC 9449).
//!
//! Guarantees: each proof is verified with the key that it carries, and with nothing else; receiver, nonce, method,
//! address and time are compared. These two kinds are the only ones whose header may hold a key. Deliberately absent:
//! the nonces and access tokens themselves, and remembering which `jti` was used (the server's database does).

use schemas::{
    id::{CompactJws, EntityId, MessageId},
    time::{NumericDate, Timestamp},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::seal::{
    JwsError, KeyReference, Limits, SealFailed, SigningKey, Typ, UnverifiedJws, VerifyingKey, encode_base64url,
    freshness::SKEW, sign_as,
};

/// How long a proof is good, seconds: a nonce is fetched, used and gone.
pub const PROOF_LIFE: i64 = 120;

/// A proof does not prove.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum ProofError {
    /// The token.
    #[error("the proof's token is refused")]
    Token(#[from] JwsError),
    /// It carries no usable key.
    #[error("the proof carries no usable key")]
    NoKey,
    /// For another receiver, nonce, method, address or access token.
    #[error("the proof was made for something else: {0}")]
    Mismatch(&'static str),
    /// Too old or from the future.
    #[error("the proof is too old or from the future")]
    Stale,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CredentialProof {
    /// The client id, absent in the pre-authorised flow; allowed and without meaning here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    iss: Option<String>,
    aud: EntityId,
    iat: NumericDate,
    nonce: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DpopClaims {
    jti: String,
    htm: String,
    htu: String,
    iat: NumericDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ath: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
}

/// Proves possession of a key for which a binding is asked, typ `openid4vci-proof+jwt`.
///
/// # Errors
/// If OpenSSL fails.
pub fn prove_key(
    key: &SigningKey,
    registry: &EntityId,
    nonce: &str,
    iat: NumericDate,
) -> Result<CompactJws, SealFailed> {
    let claims = CredentialProof { iss: None, aud: registry.clone(), iat, nonce: nonce.to_owned() };
    sign_as(Typ::CredentialProof, key, KeyReference::Key, &claims)
}

/// Verifies such a proof and returns the key that it proves.
///
/// # Errors
/// The first rule that fails. The caller checks beforehand that it issued the nonce, and spends it.
pub fn verify_key_proof(
    proof: &CompactJws,
    registry: &EntityId,
    nonce: &str,
    now: Timestamp,
) -> Result<VerifyingKey, ProofError> {
    let (key, claims): (_, CredentialProof) = verify(Typ::CredentialProof, proof.as_str())?;
    if claims.aud != *registry {
        return Err(ProofError::Mismatch("receiver"));
    }
    if claims.nonce != nonce {
        return Err(ProofError::Mismatch("nonce"));
    }
    check_time(claims.iat, now)?;
    Ok(key)
}

/// What a DPoP proof is made for (RFC 9449 §4.2).
#[derive(Clone, Copy, Debug)]
pub struct DpopFor<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// The address, without query and fragment.
    pub url: &'a str,
    /// The access token that goes with it, where one does.
    pub access_token: Option<&'a str>,
}

/// A DPoP proof that was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedDpop {
    key: VerifyingKey,
    jti: String,
}

impl VerifiedDpop {
    /// The key: its thumbprint (`jkt`) binds the access token.
    pub fn key(&self) -> &VerifyingKey {
        &self.key
    }

    /// To be used once within [`PROOF_LIFE`].
    pub fn jti(&self) -> &str {
        &self.jti
    }
}

/// Makes a DPoP proof, typ `dpop+jwt`.
///
/// # Errors
/// If OpenSSL fails.
pub fn prove_dpop(
    key: &SigningKey,
    made_for: DpopFor<'_>,
    jti: &MessageId,
    iat: NumericDate,
) -> Result<CompactJws, SealFailed> {
    let claims = DpopClaims {
        jti: jti.to_string(),
        htm: made_for.method.to_owned(),
        htu: made_for.url.to_owned(),
        iat,
        ath: made_for.access_token.map(token_hash),
        nonce: None,
    };
    sign_as(Typ::Dpop, key, KeyReference::Key, &claims)
}

/// Verifies a DPoP proof (RFC 9449 §4.3).
///
/// # Errors
/// The first rule that fails.
pub fn verify_dpop(proof: &str, made_for: DpopFor<'_>, now: Timestamp) -> Result<VerifiedDpop, ProofError> {
    let (key, claims): (_, DpopClaims) = verify(Typ::Dpop, proof)?;
    let rules = [
        (claims.htm == made_for.method, "method"),
        (claims.htu == made_for.url, "address"),
        (claims.ath == made_for.access_token.map(token_hash), "access token"),
        ((1..=64).contains(&claims.jti.len()), "id"),
    ];
    if let Some((_, what)) = rules.into_iter().find(|(holds, _)| !holds) {
        return Err(ProofError::Mismatch(what));
    }
    check_time(claims.iat, now)?;
    Ok(VerifiedDpop { key, jti: claims.jti })
}

fn verify<T: serde::de::DeserializeOwned>(typ: Typ, proof: &str) -> Result<(VerifyingKey, T), ProofError> {
    let token = UnverifiedJws::parse(proof.as_bytes(), Limits::OTHER)?;
    let key = token.header_key().and_then(|jwk| VerifyingKey::from_jwk(jwk).ok()).ok_or(ProofError::NoKey)?;
    let claims = token.verify(typ, &key)?.claims()?;
    Ok((key, claims))
}

fn check_time(iat: NumericDate, now: Timestamp) -> Result<(), ProofError> {
    let age = now.seconds() - iat.seconds();
    if (-SKEW..=PROOF_LIFE).contains(&age) { Ok(()) } else { Err(ProofError::Stale) }
}

/// `ath`: base64url(SHA-256(access token)) (RFC 9449 §4.2).
fn token_hash(token: &str) -> String {
    encode_base64url(Sha256::digest(token))
}

#[cfg(test)]
mod tests;
