//! From the basis that a query names to one that was verified, and what to look up of it in our own rows.
//!
//! Guarantees: consent, binding, guardianship and law are verified by `protocol`, with keys and registers of the directory; what
//! is remembered of an earlier verification spares signatures alone, never time, status, standing or revocation. Deliberately
//! absent: the decision (`Grant::authorize`) and the use, which the commit takes for good.

use std::sync::Arc;

use moka::sync::Cache;
use protocol::{
    consent::{Asked, BasisReader, ConsentBasis, LawBasis, Refusal, VerifiedBasis, WardBasis},
    credential::{BindingStatus, binding::DirectoryKeys},
};
use schemas::{digest::Digest, federation::Law, query::Basis, receipt::ReceiptBasis, time::Timestamp};

use super::journal::Trail;
use crate::{
    app::App, break_glass::Answered, directory::DirectorySnapshot, laws, store::exchange::answers::StatusPlace,
};

/// Bindings and consents remembered at most: some kilobytes each.
const REMEMBERED: u64 = 10_000;

/// Consents with their bindings that were verified once, by the digest of both.
#[derive(Clone)]
pub struct VerifiedOnce {
    cache: Option<Cache<Digest, Arc<Remembered>>>,
}

struct Remembered {
    basis: ConsentBasis,
    /// What the registry's keys were read from: another configuration may hold other keys.
    configuration: Digest,
}

impl VerifiedOnce {
    /// Remembers, or does not.
    pub fn new(remember: bool) -> Self {
        Self { cache: remember.then(|| Cache::new(REMEMBERED)) }
    }

    /// A basis that was verified with the registry's present keys, while the registry may still name people in our sector.
    fn find(&self, bytes: &Digest, app: &App, directory: &DirectorySnapshot, now: Timestamp) -> Option<ConsentBasis> {
        let found = self.cache.as_ref()?.get(bytes)?;
        let registry = directory.peer(found.basis.binding.issuer(), now).ok()?;
        registry.authorize_identity_registry(&app.config().sector).ok()?;
        (registry.configuration_digest() == found.configuration).then(|| found.basis.clone())
    }

    fn put(&self, bytes: Digest, basis: &ConsentBasis, directory: &DirectorySnapshot, now: Timestamp) {
        // A guardianship may be another registry's: those are few, and verified each time.
        if basis.guardianship.is_some() {
            return;
        }
        if let (Some(cache), Ok(registry)) = (&self.cache, directory.peer(basis.binding.issuer(), now)) {
            let configuration = registry.configuration_digest();
            cache.insert(bytes, Arc::new(Remembered { basis: basis.clone(), configuration }));
        }
    }
}

impl App {
    /// Verifies what a query names as its basis. What is learned on the way goes into the trail.
    ///
    /// # Errors
    /// Of a consent: codes of its token, `consent-wrong-subject`, `consent-wrong-consumer`, `consent-wrong-provider`,
    /// `binding-invalid`, `guardianship-invalid`, `live-nonce-required`. Of a law: `law-not-registered`, `law-scope-exceeded`,
    /// `not-found-or-not-permitted`; `directory-outdated`.
    pub(super) async fn verify_basis(
        &self,
        asked: Asked<'_>,
        directory: &DirectorySnapshot,
        now: Timestamp,
        trail: &mut Trail,
    ) -> Result<VerifiedBasis, Refusal> {
        let mut verified = self.verify_or_remember(asked, directory, now)?;
        match &mut verified {
            VerifiedBasis::Consent(basis) => self.learn_statuses_of(basis, trail).await,
            VerifiedBasis::Law(basis) => note_subject(basis, trail),
        }
        Ok(verified)
    }

    fn verify_or_remember(
        &self,
        asked: Asked<'_>,
        directory: &DirectorySnapshot,
        now: Timestamp,
    ) -> Result<VerifiedBasis, Refusal> {
        let bytes = match &asked.query().basis {
            Basis::Consent { consent, binding } => Some(Digest::of(format!("{consent} {binding}"))),
            Basis::Law { .. } => {
                directory.authorize_current(now)?;
                None
            }
        };
        let known = &self.exchange().verified;
        if let Some(basis) = bytes.as_ref().and_then(|bytes| known.find(bytes, self, directory, now)) {
            return Ok(VerifiedBasis::Consent(Box::new(basis)));
        }
        let registries = DirectoryKeys { directory: directory.members(), sector: &self.config().sector, now };
        let reader = BasisReader {
            anchor: &self.trust_root().entity,
            keys: &self.keys().encryption,
            registries: &registries,
            laws: directory.laws(),
        };
        let basis = VerifiedBasis::verify(asked, &reader, now)?;
        if let (VerifiedBasis::Consent(basis), Some(bytes)) = (&basis, bytes) {
            known.put(bytes, basis, directory, now);
        }
        Ok(basis)
    }

    /// Looks up what is known of binding and guardianship now.
    async fn learn_statuses_of(&self, basis: &mut ConsentBasis, trail: &mut Trail) {
        basis.status = self.statuses().status(self, basis.binding.issuer(), basis.binding.status()).await;
        let (issuer, place) = (basis.binding.issuer().clone(), basis.binding.status().clone());
        trail.statuses = vec![StatusPlace { issuer, place, guardianship: false }];
        if let Some(WardBasis { guardianship, status }) = &mut basis.guardianship {
            *status = self.statuses().status(self, guardianship.issuer(), guardianship.status()).await;
            let (issuer, place) = (guardianship.issuer().clone(), guardianship.status().clone());
            trail.statuses.push(StatusPlace { issuer, place, guardianship: true });
        }
        let consent = &basis.consent;
        trail.issuer = Some(consent.issuer().clone());
        trail.assisted = basis.assistance().map(|assistance| assistance.operator.clone());
        trail.consent_until = Some(consent.valid_until());
        trail.evidence.basis = Some(ReceiptBasis::Consent { id: consent.id().clone(), digest: consent.digest() });
        trail.evidence.status_checked = basis.status.as_ref().map(BindingStatus::checked_at);
        trail.evidence.subject = basis.subject(&self.config().sector);
    }
}

/// The law that a query names, for the receipt of whatever becomes of it.
pub(super) fn note_law(asked: Asked<'_>, directory: &DirectorySnapshot, now: Timestamp, trail: &mut Trail) {
    let Basis::Law { id, .. } = &asked.query().basis else { return };
    let Some(laws) = directory.laws() else { return };
    let Some(law) = laws.registered(id) else { return };
    trail.law = Some(id.clone());
    trail.law_digest = law_digest(law.law());
    trail.told_from = laws::told_from_among(law.law(), laws.iter(), now);
    trail.evidence.basis = Some(law.receipt_basis());
}

/// SHA-256 of a law as it is registered, whatever else stands in its register. `None` if it cannot be written, which equals nothing.
pub(super) fn law_digest(law: &Law) -> Option<Digest> {
    serde_json::to_vec(law).ok().map(Digest::of)
}

fn note_subject(basis: &LawBasis, trail: &mut Trail) {
    trail.evidence.subject = Some(basis.subject.clone());
    let law = basis.law.law();
    if law.break_glass {
        // An emergency is told at once, whatever else the register says.
        trail.told_from = None;
        trail.emergency = Some(Box::new(Answered { law: law.clone(), officer: basis.officer.clone() }));
    }
}
