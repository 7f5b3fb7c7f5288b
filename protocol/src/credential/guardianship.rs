//! Guardianship: an SD-JWT VC by the identity registry that lets one key decide for a ward, sector by sector concealed.
//!
//! Guarantees: a [`VerifiedGuardianship`] was signed by a registry that the caller vouches for, has our `vct`, and shows
//! only pseudonyms of a ward; everything that bounds it (key, purposes, end, depth) is read from the signed part alone.
//! It carries no key binding of its own: the consent that names its digest is signed by the guardian's key.
//! Deliberately absent: status, and whether key, purpose and time fit a consent (`consent`).

use std::collections::{BTreeMap, BTreeSet};

use schemas::{
    consent::{Confirmation, GUARDIANSHIP_VCT, Guardianship, GuardianshipDepth, StatusClaim, StatusReference},
    digest::Digest,
    id::{EntityId, PurposeCode, Sector, SectorSubject},
    time::NumericDate,
};
use serde::{Deserialize, Serialize};

use super::{
    binding::{BindingError, RegistryKeys},
    citizen_key,
    sd_jwt::{self, Parts, Revealed},
};
use crate::seal::{Limits, SealFailed, SigningKey, Typ, UnverifiedJws, VerifyingKey, key::bare, sign};

const SUBJECT_PREFIX: &str = "sub_";
const SD_ALG: &str = "sha-256";

/// The signed claims, closed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    iss: EntityId,
    vct: String,
    iat: NumericDate,
    exp: NumericDate,
    cnf: Confirmation,
    purposes: Vec<PurposeCode>,
    depth: GuardianshipDepth,
    status: StatusClaim,
    #[serde(rename = "_sd_alg")]
    sd_alg: String,
    #[serde(rename = "_sd")]
    sd: Vec<String>,
}

/// What the identity registry is about to sign.
#[derive(Clone)]
pub struct GuardianshipDraft {
    /// The identity registry.
    pub issuer: EntityId,
    /// Issued at.
    pub iat: NumericDate,
    /// The ward comes of age, or the guardianship ends before.
    pub exp: NumericDate,
    /// The guardian's key for one consumer, the key of her own binding.
    pub guardian: VerifyingKey,
    /// For what she may decide: codes, or families above them.
    pub purposes: Vec<PurposeCode>,
    /// Its place in a status list, its own for each guardianship.
    pub status: StatusReference,
    /// The ward's pseudonym in each sector.
    pub ward: Vec<(Sector, SectorSubject)>,
}

impl std::fmt::Debug for GuardianshipDraft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "GuardianshipDraft({})", self.issuer)
    }
}

/// Signs a guardianship: `<issuer-signed JWT>~<disclosure>~…~`, the ward concealed.
///
/// # Errors
/// If OpenSSL fails.
pub fn issue(draft: &GuardianshipDraft, key: &SigningKey) -> Result<String, SealFailed> {
    let named = |(sector, sub): &(Sector, SectorSubject)| sd_jwt::conceal(&claim(sector), sub.as_str());
    let concealed: Vec<(String, String)> = draft.ward.iter().map(named).collect();
    let mut sd: Vec<String> = concealed.iter().map(|(_, digest)| digest.clone()).collect();
    // Sorted, so that places tell nothing about names (RFC 9901 §4.2.4.1).
    sd.sort_unstable();
    let payload = Payload {
        iss: draft.issuer.clone(),
        vct: GUARDIANSHIP_VCT.to_owned(),
        iat: draft.iat,
        exp: draft.exp,
        cnf: Confirmation { jwk: bare(draft.guardian.jwk()) },
        purposes: draft.purposes.clone(),
        depth: GuardianshipDepth,
        status: StatusClaim { status_list: draft.status.clone() },
        sd_alg: SD_ALG.to_owned(),
        sd,
    };
    let disclosures = concealed.into_iter().map(|(disclosure, _)| disclosure);
    Ok(std::iter::once(sign(Typ::SdJwtVc, key, &payload)?.to_string())
        .chain(disclosures)
        .map(|part| part + "~")
        .collect())
}

fn claim(sector: &Sector) -> String {
    format!("{SUBJECT_PREFIX}{sector}")
}

/// A guardianship whose issuer, kind and disclosures were checked.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifiedGuardianship {
    claims: Guardianship,
    guardian: VerifyingKey,
    ward: BTreeMap<Sector, SectorSubject>,
    digest: Digest,
}

/// Verifies a guardianship as it came with a consent. `holder` is a key that it probably names; it only spares reading.
///
/// # Errors
/// The first rule that fails; nothing of an invalid guardianship is returned.
pub fn verify(
    presentation: &str,
    registries: &impl RegistryKeys,
    holder: Option<&VerifyingKey>,
) -> Result<VerifiedGuardianship, BindingError> {
    let parts = Parts::parse(presentation, Limits::BINDING)?;
    if parts.key_binding().is_some() {
        return Err(BindingError::Malformed("a guardianship has no key binding of its own"));
    }
    let token = UnverifiedJws::parse(parts.jwt().as_bytes(), Limits::BINDING)?;
    let claimed: Payload = token.unverified_claims()?;
    let kid = token.claimed_issuer().key_id().ok_or(BindingError::IssuerUnknown)?;
    let issuer = registries.registry_key(&claimed.iss, &kid, claimed.iat).ok_or(BindingError::IssuerUnknown)?;
    let verified = token.verify(Typ::SdJwtVc, &issuer)?;
    let (payload, digest): (Payload, _) = (verified.claims()?, verified.digest());
    if payload.vct != GUARDIANSHIP_VCT || payload.sd_alg != SD_ALG {
        return Err(BindingError::Malformed("it is another kind of credential"));
    }
    let guardian = match holder {
        Some(key) if bare(key.jwk()) == payload.cnf.jwk => key.clone(),
        _ => citizen_key(&payload.cnf.jwk).map_err(|_| BindingError::Malformed("its key is not usable"))?,
    };
    Ok(VerifiedGuardianship { ward: pseudonyms(parts.reveal()?)?, claims: payload.into_claims(), guardian, digest })
}

/// Shows the ward's pseudonym of one sector and nothing else: what goes with a consent.
///
/// # Errors
/// If it is malformed, or holds no pseudonym of that sector.
pub fn show(token: &str, sector: &Sector) -> Result<String, BindingError> {
    let name = claim(sector);
    Ok(Parts::parse(token, Limits::BINDING)?.retaining(&BTreeSet::from([name.as_str()]))?)
}

/// Disclosed claims are pseudonyms; anything else was not meant to be there.
fn pseudonyms(revealed: Revealed) -> Result<BTreeMap<Sector, SectorSubject>, BindingError> {
    let one = |(name, value): (String, serde_json::Value)| {
        let sector = name.strip_prefix(SUBJECT_PREFIX)?.parse().ok()?;
        Some((sector, value.as_str()?.parse().ok()?))
    };
    let unknown = BindingError::Malformed("it discloses something that a guardianship does not have");
    revealed.into_iter().map(|entry| one(entry).ok_or(unknown.clone())).collect()
}

impl Payload {
    fn into_claims(self) -> Guardianship {
        let Self { iss, vct, iat, exp, cnf, purposes, depth, status, .. } = self;
        Guardianship { iss, vct, iat, exp, cnf, purposes, depth, status }
    }
}

impl VerifiedGuardianship {
    /// The clear claims.
    pub fn claims(&self) -> &Guardianship {
        &self.claims
    }

    /// The identity registry.
    pub fn issuer(&self) -> &EntityId {
        &self.claims.iss
    }

    /// The guardian's key.
    pub fn guardian(&self) -> &VerifyingKey {
        &self.guardian
    }

    /// Where its status stands.
    pub fn status(&self) -> &StatusReference {
        &self.claims.status.status_list
    }

    /// Whether she may decide for this purpose: one whose code is listed, or lies below one that is.
    pub fn covers(&self, purpose: &PurposeCode) -> bool {
        self.claims.purposes.iter().any(|family| {
            let below = purpose.as_str().strip_prefix(family.as_str());
            below.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }

    /// The ward's pseudonym in a sector, if it is the one and only claim that was disclosed.
    pub fn sole_ward(&self, sector: &Sector) -> Option<SectorSubject> {
        let (named, subject) = self.ward.first_key_value()?;
        (self.ward.len() == 1 && named == sector).then(|| subject.clone())
    }

    /// Digest of the issuer-signed JWT, without its disclosures: how a consent names it (`guardianship_sha256`).
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

/// Never the ward.
impl std::fmt::Debug for VerifiedGuardianship {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VerifiedGuardianship({} {})", self.claims.iss, self.guardian.kid())
    }
}

#[cfg(test)]
mod tests;
