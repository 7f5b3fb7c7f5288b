//! The trust anchor, known by the pinned fingerprint of its federation key.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use schemas::{
    bundle::TrustRoot,
    digest::Digest,
    federation::{Standing, SubordinateStatement, TrustAnchorMetadata},
    id::{CompactJws, EntityId, KeyId},
    time::{NumericDate, Timestamp},
};

use super::{
    FederationError, Mark, Officers, STATEMENT_LIFE, SigningKeys,
    statement::{VerifiedConfiguration, authorize_life, verify_applicant},
};
use crate::seal::{Limits, Typ, UnverifiedJws, VerifyingKey, certificate::Certificate};

/// The trust anchor's own statement, signed by the pinned key.
#[derive(Clone, Debug)]
pub struct VerifiedAnchor {
    configuration: VerifiedConfiguration,
    metadata: TrustAnchorMetadata,
    federation_keys: SigningKeys,
    signing_keys: SigningKeys,
    officers: Officers,
    certificates: Vec<Certificate>,
}

impl VerifiedAnchor {
    /// Verifies the anchor's entity configuration against the pinned root.
    ///
    /// # Errors
    /// If it is another entity, another key signed, or the statement is not valid now.
    pub fn verify(jws: &CompactJws, root: &TrustRoot, now: Timestamp) -> Result<Self, FederationError> {
        let configuration = verify_applicant(jws, now)?;
        if *configuration.signer() != root.fingerprint || configuration.claims().iss != root.entity {
            return Err(FederationError::AnchorNotPinned);
        }
        let claims = configuration.claims();
        let metadata = claims.metadata.trust_anchor.clone().ok_or(FederationError::Metadata("no trust_anchor"))?;
        Ok(Self {
            federation_keys: SigningKeys::of(&claims.jwks)?,
            signing_keys: SigningKeys::of(&metadata.signing_jwks)?,
            officers: Officers::of(&metadata.officer_jwks)?,
            certificates: certificates(&metadata.tls_certificates)?,
            metadata,
            configuration,
        })
    }

    /// The anchor.
    pub fn entity(&self) -> &EntityId {
        &self.configuration.claims().iss
    }

    /// Its log, endpoints and time-stamp root.
    pub fn metadata(&self) -> &TrustAnchorMetadata {
        &self.metadata
    }

    /// Officers who sign registers.
    pub fn officers(&self) -> &Officers {
        &self.officers
    }

    /// The key with which it acknowledged something at that time.
    ///
    /// # Errors
    /// [`FederationError::KeyNotValid`].
    pub fn signing_key(&self, kid: &KeyId, at: NumericDate) -> Result<&VerifyingKey, FederationError> {
        let key = self.signing_keys.valid_at(kid, at, None);
        key.ok_or_else(|| FederationError::KeyNotValid(self.entity().clone()))
    }

    /// The certificates of its listener, the only roots towards it.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// What to compare with what was seen of the anchor before.
    pub fn mark(&self) -> Mark {
        Mark::of_statement(self.configuration.claims().iat, self.configuration.digest())
    }

    /// When its statement ends.
    pub fn expires(&self) -> Timestamp {
        Timestamp::from_numeric(self.configuration.claims().exp)
    }

    /// The digest over its statement.
    pub fn digest(&self) -> Digest {
        self.configuration.digest()
    }

    /// The federation key that signed a resolve response or statement of that time.
    pub(super) fn federation_key(&self, kid: &KeyId) -> Result<&VerifyingKey, FederationError> {
        self.federation_keys.ever(kid).ok_or(FederationError::NotLinked("not signed by the superior's key"))
    }
}

/// A superior's statement about a subordinate, verified with one of the superior's keys.
pub(super) fn verify_statement(
    jws: &CompactJws,
    superior_keys: &SigningKeys,
    now: Timestamp,
) -> Result<(SubordinateStatement, Mark), FederationError> {
    let unverified = UnverifiedJws::of(jws, Limits::STATEMENT)?;
    let kid = unverified.claimed_issuer().key_id().ok_or(FederationError::NotLinked("no key id"))?;
    let key = superior_keys.ever(&kid).ok_or(FederationError::NotLinked("not signed by the superior's key"))?;
    let verified = unverified.verify(Typ::EntityStatement, key)?;
    let claims: SubordinateStatement = verified.claims()?;
    if superior_keys.valid_at(&kid, claims.iat, None).is_none() {
        return Err(FederationError::NotLinked("signed by a key that had ended"));
    }
    authorize_life(claims.iat, claims.exp, STATEMENT_LIFE, now)?;
    let mark = Mark::of_statement(claims.iat, verified.digest());
    Ok((claims, mark))
}

impl VerifiedAnchor {
    pub(super) fn federation_keys(&self) -> &SigningKeys {
        &self.federation_keys
    }
}

/// Certificates as metadata lists them: base64 of DER, the standard alphabet with padding.
pub(super) fn certificates(listed: &[String]) -> Result<Vec<Certificate>, FederationError> {
    let parse = |text: &String| {
        let der = STANDARD.decode(text).map_err(|_| FederationError::Metadata("a certificate is not base64"))?;
        Certificate::from_der(&der).map_err(|_| FederationError::Metadata("a certificate cannot be read"))
    };
    if listed.is_empty() || listed.len() > 4 {
        return Err(FederationError::Metadata("one to four certificates are listed"));
    }
    listed.iter().map(parse).collect()
}

/// The stricter of two standings.
pub(super) const fn stricter(one: Standing, two: Standing) -> Standing {
    match (one, two) {
        (Standing::Active, Standing::Active) => Standing::Active,
        _ => Standing::Suspended,
    }
}
