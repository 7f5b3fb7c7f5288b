//! Verifying a presentation: the receiver's side.

use std::collections::BTreeMap;

use schemas::{
    consent::{BINDING_VCT, BindingClaims, StatusReference},
    digest::Digest,
    id::{EntityId, Sector, SectorSubject},
    time::{NumericDate, Timestamp},
};

use super::{BindingError, KeyBindingClaims, PERSONAL, Payload, RegistryKeys, SD_ALG, SUBJECT_PREFIX};
use crate::{
    credential::{
        VerifiedConsent, citizen_key,
        sd_jwt::{Parts, Revealed},
    },
    seal::{Limits, Typ, UnverifiedJws, VerifyingKey, freshness::SKEW, key::bare},
};

/// What a presentation must be made for.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The receiver: our entity id, or our client id.
    pub audience: &'a str,
    /// Our nonce, or the digest of the consent.
    pub nonce: &'a str,
    /// A key that the binding probably names. Only spares reading that key once more: a binding that names another
    /// key verifies with that one, and whoever compares the two persons sees it.
    pub holder: Option<&'a VerifyingKey>,
}

/// A binding whose issuer, holder, receiver, nonce and disclosures were checked.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifiedBinding {
    claims: BindingClaims,
    key: VerifyingKey,
    disclosed: BTreeMap<String, String>,
    audience: String,
    nonce: String,
    presented: NumericDate,
    transaction_data_hashes: Vec<String>,
    digest: Digest,
}

/// Verifies the presentation that came with a consent to this provider: a session that helped may have ended since.
///
/// # Errors
/// As [`verify`].
pub fn verify_for_consent(
    presentation: &str,
    registries: &impl RegistryKeys,
    consent: &VerifiedConsent,
    provider: &EntityId,
    now: Timestamp,
) -> Result<VerifiedBinding, BindingError> {
    let nonce = consent.presentation_nonce();
    let wanted = Wanted { audience: provider.as_str(), nonce: Some(&nonce), holder: Some(consent.key()) };
    presented(presentation, registries, wanted, now)
}

/// Verifies a presentation of a resident binding over a nonce that was given just now.
///
/// # Errors
/// The first rule that fails; nothing of an invalid presentation is returned.
pub fn verify(
    presentation: &str,
    registries: &impl RegistryKeys,
    expected: Expected<'_>,
    now: Timestamp,
) -> Result<VerifiedBinding, BindingError> {
    let Expected { audience, nonce, holder } = expected;
    let shown = presented(presentation, registries, Wanted { audience, nonce: Some(nonce), holder }, now)?;
    if ended(&shown.claims, now.numeric()) { Err(BindingError::OutOfTime) } else { Ok(shown) }
}

/// Verifies a presentation over a nonce of ours, which the caller knows and spends afterwards: she is present.
///
/// # Errors
/// As [`verify`].
pub fn verify_live(
    presentation: &str,
    registries: &impl RegistryKeys,
    holder: &VerifyingKey,
    audience: &EntityId,
    now: Timestamp,
) -> Result<VerifiedBinding, BindingError> {
    let wanted = Wanted { audience: audience.as_str(), nonce: None, holder: Some(holder) };
    let live = presented(presentation, registries, wanted, now)?;
    if live.nonce.is_empty() { Err(BindingError::NotBound("it answers no nonce")) } else { Ok(live) }
}

/// As [`Expected`], where the nonce may be any.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    audience: &'a str,
    nonce: Option<&'a str>,
    holder: Option<&'a VerifyingKey>,
}

fn presented(
    presentation: &str,
    registries: &impl RegistryKeys,
    expected: Wanted<'_>,
    now: Timestamp,
) -> Result<VerifiedBinding, BindingError> {
    let parts = Parts::parse(presentation, Limits::BINDING)?;
    let (claims, key) = issuer_signed(parts, registries, expected.holder)?;
    if claims.exp.plus(SKEW) < now.numeric() || claims.iat > now.numeric().plus(SKEW) {
        return Err(BindingError::OutOfTime);
    }
    let bound = key_binding(parts, &key, expected)?;
    if bound.iat > now.numeric().plus(SKEW) || ended(&claims, bound.iat) {
        return Err(BindingError::OutOfTime);
    }
    Ok(VerifiedBinding {
        claims,
        key,
        disclosed: texts(parts.reveal()?)?,
        audience: bound.aud,
        nonce: bound.nonce,
        presented: bound.iat,
        transaction_data_hashes: bound.transaction_data_hashes,
        digest: Digest::of(parts.unbound()),
    })
}

/// Whether the session for which the key was bound had ended by then.
fn ended(claims: &BindingClaims, at: NumericDate) -> bool {
    claims.assisted.as_ref().is_some_and(|session| session.until.plus(SKEW) < at)
}

/// The issuer-signed part: its clear claims and the holder's key.
pub(super) fn issuer_signed(
    parts: Parts<'_>,
    registries: &impl RegistryKeys,
    probable: Option<&VerifyingKey>,
) -> Result<(BindingClaims, VerifyingKey), BindingError> {
    let token = UnverifiedJws::parse(parts.jwt().as_bytes(), Limits::BINDING)?;
    let claimed: Payload = token.unverified_claims()?;
    let kid = token.claimed_issuer().key_id().ok_or(BindingError::IssuerUnknown)?;
    let issuer = registries.registry_key(&claimed.iss, &kid, claimed.iat).ok_or(BindingError::IssuerUnknown)?;
    let payload: Payload = token.verify(Typ::SdJwtVc, &issuer)?.claims()?;
    if payload.vct != BINDING_VCT || payload.sd_alg != SD_ALG {
        return Err(BindingError::Malformed("it is another kind of credential"));
    }
    let named = &payload.cnf.jwk;
    let key = match probable {
        Some(key) if bare(key.jwk()) == *named => key.clone(),
        _ => citizen_key(named).map_err(|_| BindingError::Malformed("its key is not usable"))?,
    };
    Ok((payload.into_claims(), key))
}

fn key_binding(
    parts: Parts<'_>,
    holder: &VerifyingKey,
    expected: Wanted<'_>,
) -> Result<KeyBindingClaims, BindingError> {
    let token = parts.key_binding().ok_or(BindingError::NotBound("there is none"))?;
    let token = UnverifiedJws::parse(token.as_bytes(), Limits::OTHER)?.verify(Typ::KeyBinding, holder)?;
    let bound: KeyBindingClaims = token.claims()?;
    let rules = [
        (bound.aud == expected.audience, "it is for another receiver"),
        (expected.nonce.is_none_or(|nonce| bound.nonce == nonce), "it answers another nonce"),
        (bound.sd_hash == parts.sd_hash(), "it covers other disclosures"),
        (
            bound.transaction_data_hashes_alg.as_deref().is_none_or(|alg| alg == SD_ALG),
            "its transaction data are hashed in another way",
        ),
    ];
    match rules.into_iter().find(|(holds, _)| !holds) {
        Some((_, why)) => Err(BindingError::NotBound(why)),
        None => Ok(bound),
    }
}

/// Disclosed claims are texts with names that a binding has; anything else was not meant to be there.
fn texts(revealed: Revealed) -> Result<BTreeMap<String, String>, BindingError> {
    revealed
        .into_iter()
        .map(|(name, value)| match value {
            serde_json::Value::String(text) if is_known(&name) => Ok((name, text)),
            _ => Err(BindingError::Malformed("it discloses something that a binding does not have")),
        })
        .collect()
}

fn is_known(name: &str) -> bool {
    PERSONAL.contains(&name) || name.strip_prefix(SUBJECT_PREFIX).is_some_and(|s| s.parse::<Sector>().is_ok())
}

impl VerifiedBinding {
    /// The clear claims.
    pub fn claims(&self) -> &BindingClaims {
        &self.claims
    }

    /// The identity registry.
    pub fn issuer(&self) -> &EntityId {
        &self.claims.iss
    }

    /// The citizen's key.
    pub fn key(&self) -> &VerifyingKey {
        &self.key
    }

    /// Where its status stands.
    pub fn status(&self) -> &StatusReference {
        &self.claims.status.status_list
    }

    /// A disclosed claim.
    pub fn disclosed(&self, name: &str) -> Option<&str> {
        self.disclosed.get(name).map(String::as_str)
    }

    /// The pseudonym in a sector, if it is the one and only claim that was disclosed.
    pub fn sole_subject(&self, sector: &Sector) -> Option<SectorSubject> {
        let (name, value) = self.disclosed.first_key_value()?;
        let of_sector = name.strip_prefix(SUBJECT_PREFIX) == Some(sector.as_str());
        if of_sector && self.disclosed.len() == 1 { value.parse().ok() } else { None }
    }

    /// For whom it was presented.
    pub fn audience(&self) -> &str {
        &self.audience
    }

    /// Over which nonce.
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// When it was presented, by the citizen's clock.
    pub fn presented(&self) -> NumericDate {
        self.presented
    }

    /// Hashes of the OpenID4VP transaction data that it covers.
    pub fn transaction_data_hashes(&self) -> &[String] {
        &self.transaction_data_hashes
    }

    /// Digest of the issuer-signed part and its disclosures.
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

/// Never the disclosed claims: they are about a person.
impl std::fmt::Debug for VerifiedBinding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VerifiedBinding({} {})", self.claims.iss, self.key.kid())
    }
}
