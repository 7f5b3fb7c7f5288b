//! From the basis that a query names to one that was verified, with what this department knows of it.
//!
//! Guarantees: consent and binding are verified by `protocol`, with keys of the directory; what is remembered of an earlier
//! verification spares signatures alone, never time, status, standing or revocation. Deliberately absent: the decision
//! (`Grant::authorize`) and the use, which the commit takes for good.

use std::sync::Arc;

use moka::sync::Cache;
use protocol::{
    consent::{Asked, BasisReader, ConsentBasis, ConsentState, Refusal, VerifiedBasis},
    credential::{BindingStatus, binding::DirectoryKeys},
};
use registry_adapter::key::LocalKey;
use schemas::{digest::Digest, id::SectorSubject, problem::Code, query::Basis, receipt::ReceiptBasis, time::Timestamp};

use super::journal::Trail;
use crate::{
    app::App,
    directory::DirectorySnapshot,
    store::{
        exchange::{ConsentIndex, consent_find, consent_index},
        links::{LinkError, link_find},
    },
};

/// Bindings and consents remembered at most: some kilobytes each.
const REMEMBERED: u64 = 10_000;

/// A basis, and what this department's own rows say of it.
#[derive(Debug)]
pub struct KnownBasis {
    /// The basis.
    pub verified: VerifiedBasis,
    /// The consent's row; it only spares a read, the commit decides for good.
    pub state: ConsentState,
    /// The person's number here, if the person is linked.
    pub key: Option<LocalKey>,
}

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
        if let (Some(cache), Ok(registry)) = (&self.cache, directory.peer(basis.binding.issuer(), now)) {
            let configuration = registry.configuration_digest();
            cache.insert(bytes, Arc::new(Remembered { basis: basis.clone(), configuration }));
        }
    }
}

impl App {
    /// Verifies what a query names as its basis, and looks up what our own rows say of it. What is learned on the way goes
    /// into the trail.
    ///
    /// # Errors
    /// Codes of the consent's token, [`Code::ConsentWrongSubject`], [`Code::ConsentWrongConsumer`],
    /// [`Code::ConsentWrongProvider`], [`Code::BindingInvalid`].
    pub(super) async fn verify_basis(
        &self,
        asked: Asked<'_>,
        directory: &DirectorySnapshot,
        now: Timestamp,
        trail: &mut Trail,
    ) -> Result<KnownBasis, Refusal> {
        let VerifiedBasis::Consent(mut basis) = self.verify_or_remember(asked, directory, now)? else {
            return Err(Refusal::new(Code::LawNotRegistered, "laws are not judged yet"));
        };
        basis.status = self.statuses().status(self, basis.binding.issuer(), basis.binding.status()).await;
        let (consent, subject) = (&basis.consent, basis.binding.sole_subject(&self.config().sector));
        trail.issuer = Some(consent.issuer().clone());
        trail.evidence.basis = Some(ReceiptBasis::Consent { id: consent.id().clone(), digest: consent.digest() });
        trail.evidence.status_checked = basis.status.as_ref().map(BindingStatus::checked_at);
        trail.evidence.subject.clone_from(&subject);
        let index = consent_index(self.keys(), consent.issuer(), consent.id());
        let (state, key) = self.own_rows(index, subject).await?;
        Ok(KnownBasis { verified: VerifiedBasis::Consent(basis), state, key })
    }

    fn verify_or_remember(
        &self,
        asked: Asked<'_>,
        directory: &DirectorySnapshot,
        now: Timestamp,
    ) -> Result<VerifiedBasis, Refusal> {
        let bytes = match &asked.query().basis {
            Basis::Consent { consent, binding } => Digest::of(format!("{consent} {binding}")),
            Basis::Law { id, .. } => return Ok(VerifiedBasis::Law(id.clone())),
        };
        let known = &self.exchange().verified;
        if let Some(basis) = known.find(&bytes, self, directory, now) {
            return Ok(VerifiedBasis::Consent(Box::new(basis)));
        }
        let registries = DirectoryKeys { directory: directory.members(), sector: &self.config().sector, now };
        let anchor = &self.trust_root().entity;
        let reader = BasisReader { anchor, keys: &self.keys().encryption, registries: &registries };
        let basis = VerifiedBasis::verify(asked, &reader, now)?;
        if let VerifiedBasis::Consent(basis) = &basis {
            known.put(bytes, basis, directory, now);
        }
        Ok(basis)
    }

    /// The consent's row and the person's number, in one read.
    async fn own_rows(
        &self,
        index: ConsentIndex,
        subject: Option<SectorSubject>,
    ) -> Result<(ConsentState, Option<LocalKey>), Refusal> {
        let app = self.clone();
        let read = self.db().read(move |conn| {
            let state = consent_find(conn, &index)?.map_or(ConsentState::fresh(), |row| row.state);
            let key = subject.map(|subject| link_find(conn, app.keys(), &subject)).transpose()?.flatten();
            Ok::<_, LinkError>((state, key))
        });
        let (state, key) = read.await.map_err(|error| {
            tracing::warn!(%error, "the rows of a consent could not be read");
            Refusal::new(Code::RegistryUnavailable, "the gateway's own database did not answer")
        })?;
        Ok((state, key.and_then(|key| key.parse().ok())))
    }
}
