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
//! | for us, by a member with that role | `protocol::exchange::authorize_peer` | `audience-wrong`, `peer-suspended`, `role-missing` |
//! | freshness | `MemberQuery::fresh` | `stale` |
//! | our own evidence is logged in time | `App::authorize_anchored` | `anchor-overdue` |
//! | basis | `App::verify_basis` | codes of the consent's token, `consent-wrong-…`, `binding-invalid`, `guardianship-invalid`, `live-nonce-required`, `law-not-registered`, `law-scope-exceeded`, `not-found-or-not-permitted` |
//! | known (iss, jti)? | [`App::again`](super::again) | `replayed`, `consent-revoked`, `consent-paused`, `binding-suspended`, `binding-revoked`, `binding-status-unavailable`, `guardianship-invalid`, `law-not-registered`, `peer-suspended` |
//! | grant | `Grant::authorize` | `consent-…`, `binding-…`, `guardianship-invalid`, `law-…`, `dataset-unknown`, `live-nonce-required` |
//! | read | `Registry::fetch` | `not-found-or-not-permitted`, `registry-unavailable` |
//! | one durable commit | [`Journal::commit`](super::journal::Journal::commit) | `consent-used-up`, `consent-revoked`, `consent-paused`, `consent-expired`, `law-quota-exceeded`, `live-nonce-required`; `overloaded` |
//!
//! A query that came before gets the answer that it got then, whatever the steps above would make of it now: it is looked up
//! together with all else that our own rows say, in one read. Names of people ([`super::naming`]) take the same way.
//!
//! Down to the signature, and where the query is known already, a refusal is a plain problem; after that it is a signed answer with
//! a receipt, as long as the peer's bucket of refusals holds (then `too-many-requests`).

use protocol::{
    consent::{Asked, Claim, Disclosed, Grant, Offer, Refusal, State, VerifiedBasis},
    exchange::{Evidence, PeerQuery, Provider, SealedRecord, accept, authorize_peer},
    federation::VerifiedMember,
};
use registry_adapter::{key::LocalKey, registry::RegistryError};
use schemas::{
    id::{CompactJws, EntityId},
    problem::Code,
    time::Timestamp,
};

use super::{
    Rejected,
    basis::note_law,
    journal::{Decision, Taking, Trail, key_of},
    rows::authorize_nonce,
};
use crate::{
    app::App,
    directory::DirectorySnapshot,
    identity::subject::Naming,
    laws,
    store::exchange::known::{OwnRows, Wanted},
};

/// A query whose basis was verified, before our own rows were read.
enum Prepared<'q> {
    /// For data about one person.
    Data { asked: Asked<'q>, basis: VerifiedBasis },
    /// For names of people.
    Names(Box<Naming<'q>>),
}

/// What every decision is made from.
#[derive(Clone, Copy)]
struct Deciding<'a> {
    query: &'a PeerQuery,
    peer: &'a VerifiedMember,
    rows: &'a OwnRows,
    directory: &'a DirectorySnapshot,
    now: Timestamp,
}

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
        let evidence = Evidence { directory_size: peer.directory_size(), ..Evidence::default() };
        let mut trail = Trail { evidence, ..Trail::default() };
        let prepared = self.prepare(&query, peer, &directory, now, &mut trail).await;
        let rows = self.own_rows(self.wanted(&query, prepared.as_ref().ok(), now), now).await?;
        if let Some(known) = &rows.known {
            return self.again(&query, known, peer, &directory).await;
        }
        let at = Deciding { query: &query, peer, rows: &rows, directory: &directory, now };
        let outcome = match prepared {
            Ok(Prepared::Data { asked, basis }) => self.decide(at, asked, &basis, &mut trail).await,
            Ok(Prepared::Names(naming)) => self.decide_names(at, &naming, &mut trail).await,
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = &outcome {
            alarm(refusal, &trail, caller);
            tracing::info!(code = %refusal.code(), because = refusal.because(), peer = %caller, "a query is refused");
            self.exchange().refusals.take(caller)?;
        }
        self.exchange().journal.commit(query, Decision { outcome, trail, at: now }).await
    }

    /// All that can be judged without our own rows; what becomes known on the way goes into the trail.
    async fn prepare<'q>(
        &self,
        query: &'q PeerQuery,
        peer: &VerifiedMember,
        directory: &DirectorySnapshot,
        now: Timestamp,
        trail: &mut Trail,
    ) -> Result<Prepared<'q>, Refusal> {
        let asked = authorize_peer(query, peer, self.entity())?.fresh(now)?;
        self.authorize_anchored().await?;
        note_law(asked, directory, now, trail);
        if Naming::is_asked(asked) {
            return self.read_naming(asked, directory, now).map(Box::new).map(Prepared::Names);
        }
        let basis = self.verify_basis(asked, directory, now, trail).await?;
        Ok(Prepared::Data { asked, basis })
    }

    /// What our own rows may say of it.
    fn wanted(&self, query: &PeerQuery, prepared: Option<&Prepared<'_>>, now: Timestamp) -> Wanted {
        let mut wanted = Wanted::of(key_of(query));
        match prepared {
            Some(Prepared::Data { basis, .. }) => self.want_basis(&mut wanted, basis, now),
            Some(Prepared::Names(naming)) => wanted.counters = naming.counters(self.keys(), now),
            None => {}
        }
        wanted
    }

    /// Decides what a query for data gets.
    async fn decide(
        &self,
        at: Deciding<'_>,
        asked: Asked<'_>,
        basis: &VerifiedBasis,
        trail: &mut Trail,
    ) -> Result<(SealedRecord, Taking), Refusal> {
        let offer = self.offer(basis, at.directory, at.now)?;
        let grant = Grant::authorize(asked, basis, &offer, &state_of(basis, at.rows), at.now)?;
        let taking = self.taking(&grant, basis, at.rows, at.now)?;
        trail.evidence.status_checked = grant.status_checked();
        let key = at.rows.local_key.as_ref().and_then(|key| key.parse().ok());
        let disclosed = self.fetch(&grant, key.as_ref()).await?;
        Ok((self.seal(at, &grant, disclosed)?, taking))
    }

    /// Decides what a query for names gets.
    async fn decide_names(
        &self,
        at: Deciding<'_>,
        naming: &Naming<'_>,
        trail: &mut Trail,
    ) -> Result<(SealedRecord, Taking), Refusal> {
        let named = self.name_people(naming, at.peer, &at.rows.uses, at.directory, at.now, trail).await?;
        let disclosed = named.grant.disclose(named.rows);
        Ok((self.seal(at, &named.grant, disclosed)?, named.taking))
    }

    /// What this department offers for the basis: its sector, the registered purpose, the mapped dataset, who helped.
    fn offer<'a>(
        &'a self,
        basis: &VerifiedBasis,
        directory: &'a DirectorySnapshot,
        now: Timestamp,
    ) -> Result<Offer<'a>, Refusal> {
        let sector = &self.config().sector;
        match basis {
            VerifiedBasis::Consent(basis) => {
                let terms = basis.consent.terms();
                let purpose = directory.purpose(&terms.purpose.code, &terms.purpose.version, now)?;
                let operator = basis.assistance().and_then(|helped| directory.members().member(&helped.operator));
                Ok(Offer { sector, purpose, dataset: self.exchange().dataset(&terms.dataset), operator })
            }
            VerifiedBasis::Law(basis) => {
                let law = basis.law.law();
                let purpose = directory.purpose_newest(&law.purpose, now)?;
                Ok(Offer { sector, purpose, dataset: self.exchange().dataset(&law.allowed.dataset), operator: None })
            }
        }
    }

    /// What the answer will consume.
    fn taking(&self, grant: &Grant, basis: &VerifiedBasis, rows: &OwnRows, now: Timestamp) -> Result<Taking, Refusal> {
        match (grant.claim(), basis) {
            (Claim::Consent(claim), VerifiedBasis::Consent(basis)) => {
                let ends = basis.consent.valid_until();
                let live_until = authorize_nonce(self.keys(), claim, rows, now)?.then_some(ends);
                Ok(Taking::Use { claim: claim.clone(), live_until })
            }
            (Claim::Law(claim), _) => Ok(Taking::Quota(laws::takes(self.keys(), claim, grant.consumer(), now))),
            (Claim::Consent(_), VerifiedBasis::Law(_)) => {
                Err(Refusal::new(Code::LawNotRegistered, "a use of a consent under a law"))
            }
        }
    }

    /// Reads what is granted, and nothing else. An unknown person and one whom the basis does not reach look the same.
    async fn fetch(&self, grant: &Grant, key: Option<&LocalKey>) -> Result<Disclosed, Refusal> {
        let nobody = Refusal::new(Code::NotFoundOrNotPermitted, "nobody here by that pseudonym");
        let (Some(registry), Some(key)) = (self.registry(), key) else { return Err(nobody) };
        registry.fetch(grant, key).await.map_err(|error| unreadable(&error))?.ok_or(nobody)
    }

    /// Encrypts what the grant let out to the asker.
    fn seal(&self, at: Deciding<'_>, grant: &Grant, disclosed: Disclosed) -> Result<SealedRecord, Refusal> {
        let keys = self.keys();
        let provider = Provider { entity: self.entity(), signing: &keys.signing, subject_mac: &keys.subject_mac };
        provider.seal_record(at.query, at.peer.encryption_key(), grant, disclosed, at.now).map_err(|error| {
            tracing::error!(%error, "a record could not be sealed");
            Refusal::new(Code::RegistryUnavailable, "the record could not be sealed")
        })
    }
}

fn state_of(basis: &VerifiedBasis, rows: &OwnRows) -> State {
    match basis {
        VerifiedBasis::Consent(_) => State::Consent(rows.state),
        VerifiedBasis::Law(_) => State::Law(laws::uses(&rows.uses)),
    }
}

/// A quota that is used up is heard at once; one that the commit refuses is heard there.
fn alarm(refusal: &Refusal, trail: &Trail, caller: &EntityId) {
    if let (Code::LawQuotaExceeded, Some(law)) = (refusal.code(), &trail.law) {
        laws::alarm(law, caller);
    }
}

fn unreadable(error: &RegistryError) -> Refusal {
    tracing::warn!(%error, "the department's database was not read");
    Refusal::new(error.code(), "the department's database was not read")
}

#[cfg(test)]
mod tests;
