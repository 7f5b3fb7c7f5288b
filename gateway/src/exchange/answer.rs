//! Answering one peer's query, from top to bottom.
//!
//! Guarantees: nothing leaves before its receipt is durable; a refusal leaves evidence too; a `Grant` has one constructor and
//! only a `Grant` opens the registry. The steps, in this order, each with what it can refuse:
//!
//! | step | where | refusals |
//! |---|---|---|
//! | size, rate, place | `http/peer/query.rs` and the server's limits | `request-too-large`, `too-many-requests`, `overloaded` |
//! | certificate | [`App::answer`] | `peer-unknown`, `directory-outdated`, `peer-certificate-mismatch` |
//! | signature | `protocol::exchange::accept` | `token-malformed`, `token-type-wrong`, `version-unsupported`, `signature-invalid`, `peer-certificate-mismatch` |
//! | known (iss, jti)? | [`Journal::answered`](super::journal::Journal::answered) | `replayed`, `consent-revoked`, `consent-paused`, `peer-suspended` |
//! | for us, by a member with that role | `protocol::exchange::authorize_peer` | `audience-wrong`, `peer-suspended`, `role-missing` |
//! | freshness | `MemberQuery::fresh` | `stale` |
//! | our own evidence is logged in time | `App::authorize_anchored` | `anchor-overdue` |
//! | basis | `App::verify_basis` | codes of the consent's token, `consent-wrong-subject`, `consent-wrong-consumer`, `consent-wrong-provider`, `binding-invalid`, `law-not-registered` |
//! | grant | `Grant::authorize` | `consent-…`, `binding-…`, `law-…`, `dataset-unknown`, `live-nonce-required` |
//! | read | `Registry::fetch` | `not-found-or-not-permitted`, `registry-unavailable` |
//! | one durable commit | [`Journal::commit`](super::journal::Journal::commit) | `consent-used-up`, `consent-revoked`, `consent-paused`, `consent-expired`; `overloaded` |
//!
//! Down to the signature, and where the query is known already, a refusal is a plain problem; after that it is a signed answer with
//! a receipt, as long as the peer's bucket of refusals holds (then `too-many-requests`).

use protocol::{
    consent::{Grant, Offer, Refusal, UseClaim, VerifiedBasis},
    exchange::{Evidence, PeerQuery, Provider, SealedRecord, accept, authorize_peer},
    federation::VerifiedMember,
};
use registry_adapter::{key::LocalKey, registry::RegistryError};
use schemas::{
    answer::Record,
    federation::Standing,
    id::{CompactJws, EntityId},
    problem::Code,
    time::Timestamp,
};

use super::{
    Rejected,
    journal::{Decision, Trail},
};
use crate::{app::App, directory::DirectorySnapshot};

impl App {
    /// Answers one peer's query: `caller` is whose certificate (DER) stands at the other end of the connection.
    ///
    /// # Errors
    /// A plain problem, where no signed refusal is possible.
    pub async fn answer(&self, caller: &EntityId, certificate: &[u8], body: &[u8]) -> Result<CompactJws, Rejected> {
        let now = self.now();
        let directory = self.directory();
        let peer = directory.members().member(caller).ok_or(Rejected::new(Code::PeerUnknown))?;
        peer.authorize_certificate(certificate, now).map_err(|error| Rejected::new(error.code()))?;
        if peer.expires() <= now {
            return Err(Rejected::new(Code::DirectoryOutdated));
        }
        let query = accept(body, peer).map_err(|refused| Rejected::new(refused.code()))?;
        if let Some(stored) = self.exchange().journal.answered(&query, now).await? {
            return if peer.standing() == Standing::Active {
                Ok(stored)
            } else {
                Err(Rejected::new(Code::PeerSuspended))
            };
        }
        let evidence = Evidence { directory_size: peer.directory_size(), ..Evidence::default() };
        let mut trail = Trail { evidence, issuer: None };
        let outcome = self.decide(&query, peer, &directory, now, &mut trail).await;
        if let Err(refusal) = &outcome {
            tracing::info!(code = %refusal.code(), because = refusal.because(), peer = %caller, "a query is refused");
            self.exchange().refusals.take(caller)?;
        }
        self.exchange().journal.commit(query, Decision { outcome, trail, at: now }).await
    }

    /// Decides what the query gets; what becomes known on the way goes into the trail.
    async fn decide(
        &self,
        query: &PeerQuery,
        peer: &VerifiedMember,
        directory: &DirectorySnapshot,
        now: Timestamp,
        trail: &mut Trail,
    ) -> Result<(SealedRecord, UseClaim), Refusal> {
        let asked = authorize_peer(query, peer, self.entity())?.fresh(now)?;
        self.authorize_anchored().await?;
        let basis = self.verify_basis(asked, directory, now, trail).await?;
        let offer = self.offer(&basis.verified, directory, now)?;
        let grant = Grant::authorize(asked, &basis.verified, &offer, &basis.state, now)?;
        let record = self.fetch(&grant, basis.key.as_ref()).await?;
        let sealed = self.seal(query, peer, &grant, record, now)?;
        Ok((sealed, grant.use_claim().clone()))
    }

    /// What this department offers for the basis: its sector, the registered purpose, the mapped dataset.
    fn offer<'a>(
        &'a self,
        basis: &VerifiedBasis,
        directory: &'a DirectorySnapshot,
        now: Timestamp,
    ) -> Result<Offer<'a>, Refusal> {
        let sector = &self.config().sector;
        let VerifiedBasis::Consent(basis) = basis else { return Ok(Offer { sector, purpose: None, dataset: None }) };
        let terms = basis.consent.terms();
        let purpose = directory.purpose(&terms.purpose.code, &terms.purpose.version, now)?;
        Ok(Offer { sector, purpose, dataset: self.exchange().dataset(&terms.dataset) })
    }

    /// Reads what is granted, and nothing else. An unknown person and one whom the basis does not reach look the same.
    async fn fetch(&self, grant: &Grant, key: Option<&LocalKey>) -> Result<Record, Refusal> {
        let nobody = Refusal::new(Code::NotFoundOrNotPermitted, "nobody here by that pseudonym");
        let (Some(registry), Some(key)) = (self.registry(), key) else { return Err(nobody) };
        registry.fetch(grant, key).await.map_err(|error| unreadable(&error))?.ok_or(nobody)
    }

    /// Encrypts the granted fields to the asker.
    fn seal(
        &self,
        query: &PeerQuery,
        peer: &VerifiedMember,
        grant: &Grant,
        record: Record,
        now: Timestamp,
    ) -> Result<SealedRecord, Refusal> {
        let keys = self.keys();
        let provider = Provider { entity: self.entity(), signing: &keys.signing, subject_mac: &keys.subject_mac };
        provider.seal_record(query, peer.encryption_key(), grant, record.rows, now).map_err(|error| {
            tracing::error!(%error, "a record could not be sealed");
            Refusal::new(Code::RegistryUnavailable, "the record could not be sealed")
        })
    }
}

fn unreadable(error: &RegistryError) -> Refusal {
    tracing::warn!(%error, "the department's database was not read");
    Refusal::new(error.code(), "the department's database was not read")
}

#[cfg(test)]
mod tests;
