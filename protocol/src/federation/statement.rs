//! Signing statements, and verifying one that an entity makes about itself.

use schemas::{
    digest::Digest,
    federation::{EntityConfiguration, Jwk, Register, ResolveResponse, SubordinateStatement},
    id::{CompactJws, KeyId},
    time::{NumericDate, Timestamp},
};

use super::{CONFIGURATION_LIFE, FederationError};
use crate::seal::{Limits, SealFailed, SigningKey, Typ, UnverifiedJws, VerifyingKey, freshness::SKEW, sign};

/// Signs an entity's statement about itself with its federation key.
///
/// # Errors
/// If OpenSSL fails.
pub fn sign_configuration(key: &SigningKey, claims: &EntityConfiguration) -> Result<CompactJws, SealFailed> {
    sign(Typ::EntityStatement, key, claims)
}

/// Signs the trust anchor's statement about a member with the anchor's federation key. For one member, two
/// statements of one second are taken for equivocation: sign once a second at most, or give the same bytes again.
///
/// # Errors
/// If OpenSSL fails.
pub fn sign_statement(key: &SigningKey, claims: &SubordinateStatement) -> Result<CompactJws, SealFailed> {
    sign(Typ::EntityStatement, key, claims)
}

/// Signs the answer of the resolve endpoint with the anchor's federation key.
///
/// # Errors
/// If OpenSSL fails.
pub fn sign_resolve_response(key: &SigningKey, claims: &ResolveResponse) -> Result<CompactJws, SealFailed> {
    sign(Typ::ResolveResponse, key, claims)
}

/// Signs a version of a register with one officer's key; a second officer must sign equal content.
///
/// # Errors
/// If OpenSSL fails.
pub fn sign_register(officer: &SigningKey, claims: &Register) -> Result<CompactJws, SealFailed> {
    sign(Typ::Register, officer, claims)
}

/// An entity configuration that its own federation key signed. It says nothing about membership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedConfiguration {
    claims: EntityConfiguration,
    digest: Digest,
    key: Jwk,
    signer: KeyId,
}

impl VerifiedConfiguration {
    /// What the entity says.
    pub fn claims(&self) -> &EntityConfiguration {
        &self.claims
    }

    /// The digest that a subordinate statement and the log name.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The federation key that signed, as the subordinate statement pins it.
    pub fn key(&self) -> &Jwk {
        &self.key
    }

    /// That key's fingerprint.
    pub fn signer(&self) -> &KeyId {
        &self.signer
    }
}

/// Verifies an applicant's own statement with the key that it holds: proof of possession, and no more.
///
/// # Errors
/// If the token, its linkage or its life is wrong.
pub fn verify_applicant(jws: &CompactJws, now: Timestamp) -> Result<VerifiedConfiguration, FederationError> {
    let unverified = UnverifiedJws::of(jws, Limits::STATEMENT)?;
    let kid = unverified.claimed_issuer().key_id().ok_or(FederationError::NotLinked("no key id"))?;
    let claimed: EntityConfiguration = unverified.unverified_claims()?;
    let jwk = key_of(&claimed, &kid).ok_or(FederationError::NotLinked("signed by a key it does not hold"))?;
    verify_configuration(unverified, jwk, now)
}

/// Verifies an entity configuration with a key that somebody else vouches for.
pub(super) fn verify_configuration(
    unverified: UnverifiedJws,
    jwk: Jwk,
    now: Timestamp,
) -> Result<VerifiedConfiguration, FederationError> {
    let key = VerifyingKey::from_jwk(&jwk)?;
    let verified = unverified.verify(Typ::EntityStatement, &key)?;
    let claims: EntityConfiguration = verified.claims()?;
    if claims.iss != claims.sub {
        return Err(FederationError::NotLinked("an entity configuration about another entity"));
    }
    authorize_life(claims.iat, claims.exp, CONFIGURATION_LIFE, now)?;
    if key_of(&claims, key.kid()).is_none() {
        return Err(FederationError::NotLinked("signed by a key it does not hold"));
    }
    Ok(VerifiedConfiguration { claims, digest: verified.digest(), key: jwk, signer: key.kid().clone() })
}

fn key_of(claims: &EntityConfiguration, kid: &KeyId) -> Option<Jwk> {
    claims.jwks.keys.iter().find(|jwk| jwk.kid.as_ref() == Some(kid)).cloned()
}

pub(super) fn authorize_life(
    iat: NumericDate,
    exp: NumericDate,
    longest: i64,
    now: Timestamp,
) -> Result<(), FederationError> {
    if !(0..=longest).contains(&(exp.seconds() - iat.seconds())) {
        return Err(FederationError::LifeTooLong);
    }
    if iat.seconds() > now.seconds() + SKEW {
        return Err(FederationError::NotYetValid);
    }
    if exp.seconds() <= now.seconds() { Err(FederationError::Expired) } else { Ok(()) }
}
