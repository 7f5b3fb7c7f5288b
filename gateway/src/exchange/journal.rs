//! The one durable commit of an answer, and what is known of a query that comes again.
//!
//! Guarantees: claim, use of the consent, receipt, stored answer and outbox row become durable together or not at all, and
//! nothing is handed out before. The statements stand in `journal/ledger.rs`. Deliberately absent: why a query is refused.

mod ledger;
mod quotas;
#[cfg(test)]
mod tests;
mod uses;

use protocol::{
    consent::{Refusal, UseClaim},
    exchange::{Evidence, PeerQuery, Provider, SealedRecord},
    seal::SealFailed,
};
use schemas::{
    digest::Digest,
    id::{CompactJws, Did, EntityId, LawId, SectorSubject},
    problem::Code,
    time::Timestamp,
};
use service_kit::{
    db::{Database, DatabaseError},
    group_commit::{BatchLimits, CommitError, GroupCommit},
};

use self::ledger::{Committed, Ledger};
pub use self::quotas::LawTake;
pub(crate) use self::quotas::take as take_quotas;
use super::Rejected;
use crate::{
    break_glass::Answered,
    keys::Keys,
    store::exchange::{
        answers::{StatusPlace, answer_open},
        claims::{ClaimKey, KnownQuery},
    },
};

/// What was decided about a query, before anything is durable.
#[derive(Debug)]
pub struct Decision {
    /// The sealed record and what it consumes; or the refusal.
    pub outcome: Result<(SealedRecord, Taking), Refusal>,
    /// What the receipt says beside the outcome.
    pub trail: Trail,
    /// When it was decided.
    pub at: Timestamp,
}

/// What an answer consumes.
#[derive(Clone, Debug)]
pub enum Taking {
    /// A use of a consent.
    Use {
        /// The use.
        claim: UseClaim,
        /// When the consent ends, if the nonce of the claim is to be spent for it now; `None` if there is none, or it was before.
        live_until: Option<Timestamp>,
    },
    /// Uses of a law.
    Quota(Vec<LawTake>),
}

/// What became known on the way to a decision, for the receipt and for the citizen's history.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    /// What stands in the receipt.
    pub evidence: Evidence,
    /// The consent's issuer.
    pub issuer: Option<Did>,
    /// Whose operator helped her to give it.
    pub assisted: Option<EntityId>,
    /// The law, while it is one.
    pub law: Option<LawId>,
    /// SHA-256 of the law as it is registered.
    pub law_digest: Option<Digest>,
    /// When the consent ends by its own terms.
    pub consent_until: Option<Timestamp>,
    /// From when the person may be told; `None`: at once.
    pub told_from: Option<Timestamp>,
    /// Further people, where the exchange is about more than one.
    pub people: Vec<SectorSubject>,
    /// What an answer in an emergency is written with.
    pub emergency: Option<Box<Answered>>,
    /// Places in status lists on which the answer hangs.
    pub statuses: Vec<StatusPlace>,
}

/// Decides once for ever what a peer's query got.
#[derive(Clone)]
pub struct Journal {
    #[cfg(test)]
    database: Database,
    ledger: Ledger,
    writer: GroupCommit<Ledger>,
}

impl Journal {
    /// Starts its writer.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn start(entity: EntityId, keys: Keys, database: Database) -> std::io::Result<Self> {
        let ledger = Ledger::new(entity, keys);
        let writer = GroupCommit::spawn(database.clone(), ledger.clone(), BatchLimits::default())?;
        Ok(Self {
            #[cfg(test)]
            database,
            ledger,
            writer,
        })
    }

    /// What is known of this very query, and its answer if it came before.
    #[cfg(test)]
    pub async fn answered(&self, query: &PeerQuery, now: Timestamp) -> Result<Option<CompactJws>, Rejected> {
        let key = key_of(query);
        let find = move |conn: &mut _| {
            Ok::<_, DatabaseError>(crate::store::exchange::claims::claim_find(conn, &key, milliseconds(now))?)
        };
        let known = self.database.read(find).await?;
        known.map(|known| self.again(query, &known)).transpose()
    }

    /// Makes the decision durable and returns the answer to send: this one, or the one of whoever was first.
    ///
    /// # Errors
    /// As [`again`](Self::again); [`Code::Overloaded`] if nothing could be written, or nobody knows whether it was.
    pub async fn commit(&self, query: PeerQuery, decision: Decision) -> Result<CompactJws, Rejected> {
        let entry = self.ledger.entry(query.clone(), decision)?;
        match self.writer.commit(entry).await? {
            Committed::Now(answer) => Ok(answer),
            Committed::Before(Some(known)) => self.again(&query, &known),
            Committed::Before(None) => Err(Rejected::new(Code::Overloaded)),
        }
    }

    /// The answer that this query got before.
    ///
    /// # Errors
    /// [`Code::Replayed`] for other bytes or after ten minutes; [`Code::ConsentRevoked`], [`Code::ConsentPaused`],
    /// [`Code::ConsentExpired`] if the data may no longer leave.
    pub fn again(&self, query: &PeerQuery, known: &KnownQuery) -> Result<CompactJws, Rejected> {
        if known.query != query.digest() {
            return Err(Rejected::new(Code::Replayed));
        }
        match known.stopped.as_deref() {
            None => {}
            Some("ended") => return Err(Rejected::new(Code::ConsentExpired)),
            Some("paused") => return Err(Rejected::new(Code::ConsentPaused)),
            Some(_) => return Err(Rejected::new(Code::ConsentRevoked)),
        }
        let stored = known.answer.as_ref().ok_or(Rejected::new(Code::Replayed))?;
        answer_open(self.ledger.keys(), &key_of(query), stored).map_err(|error| {
            tracing::error!(%error, "a stored answer cannot be read");
            Rejected::new(Code::Internal)
        })
    }
}

pub(super) fn key_of(query: &PeerQuery) -> ClaimKey {
    ClaimKey { peer: query.claims().iss.clone(), exchange: query.claims().jti.clone() }
}

/// As the database counts time.
pub(super) fn milliseconds(at: Timestamp) -> i64 {
    at.seconds().saturating_mul(1000)
}

impl From<CommitError> for Rejected {
    fn from(error: CommitError) -> Self {
        // Unknown or not: the peer asks again with the same bytes and hears what holds.
        tracing::warn!(%error, "an exchange was not committed");
        Self::new(Code::Overloaded).retry_after(1)
    }
}

impl From<DatabaseError> for Rejected {
    fn from(error: DatabaseError) -> Self {
        tracing::warn!(%error, "the gateway's database did not answer");
        Self::new(Code::Overloaded).retry_after(1)
    }
}

impl From<SealFailed> for Rejected {
    fn from(error: SealFailed) -> Self {
        tracing::error!(%error, "an answer could not be signed");
        Self::new(Code::Internal)
    }
}

impl From<crate::store::encrypted::ColumnError> for Rejected {
    fn from(error: crate::store::encrypted::ColumnError) -> Self {
        tracing::error!(%error, "a column could not be encrypted");
        Self::new(Code::Internal)
    }
}

/// The answering department as it signs.
fn provider<'a>(entity: &'a EntityId, keys: &'a Keys) -> Provider<'a> {
    Provider { entity, signing: &keys.signing, subject_mac: &keys.subject_mac }
}
