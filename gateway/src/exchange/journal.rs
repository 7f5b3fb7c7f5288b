//! The one durable commit of an answer, and what is known of a query that comes again.
//!
//! Guarantees: claim, use of the consent, receipt, stored answer and outbox row become durable together or not at all, and
//! nothing is handed out before. The statements stand in `journal/ledger.rs`. Deliberately absent: why a query is refused.

mod ledger;
#[cfg(test)]
mod tests;

use protocol::{
    consent::{Refusal, UseClaim},
    exchange::{Evidence, PeerQuery, Provider, SealedRecord},
    seal::SealFailed,
};
use schemas::{
    id::{CompactJws, Did, EntityId},
    problem::Code,
    time::Timestamp,
};
use service_kit::{
    db::{Database, DatabaseError},
    group_commit::{BatchLimits, CommitError, GroupCommit},
};

use self::ledger::{Committed, Ledger};
use super::Rejected;
use crate::{
    keys::Keys,
    store::exchange::{
        answers::answer_open,
        claims::{ClaimKey, KnownQuery, claim_find},
    },
};

/// What was decided about a query, before anything is durable.
#[derive(Debug)]
pub struct Decision {
    /// The sealed record and the use that it consumes; or the refusal.
    pub outcome: Result<(SealedRecord, UseClaim), Refusal>,
    /// What the receipt says beside the outcome.
    pub trail: Trail,
    /// When it was decided.
    pub at: Timestamp,
}

/// What became known on the way to a decision, for the receipt and for the citizen's history.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    /// What stands in the receipt.
    pub evidence: Evidence,
    /// The consent's issuer.
    pub issuer: Option<Did>,
}

/// Decides once for ever what a peer's query got.
#[derive(Clone)]
pub struct Journal {
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
        Ok(Self { database, ledger, writer })
    }

    /// The answer that this very query got before, if it came before.
    ///
    /// # Errors
    /// [`Code::Replayed`] for other bytes or after ten minutes; [`Code::ConsentRevoked`], [`Code::ConsentPaused`] if the data
    /// may no longer leave; [`Code::Overloaded`] if the database cannot tell.
    pub async fn answered(&self, query: &PeerQuery, now: Timestamp) -> Result<Option<CompactJws>, Rejected> {
        let key = key_of(query);
        let wanted = key.clone();
        let known = self
            .database
            .read(move |conn| Ok::<_, DatabaseError>(claim_find(conn, &wanted, milliseconds(now))?))
            .await?;
        known.map(|known| self.again(&key, query, known)).transpose()
    }

    /// Makes the decision durable and returns the answer to send: this one, or the one of whoever was first.
    ///
    /// # Errors
    /// As [`answered`](Self::answered); [`Code::Overloaded`] if nothing could be written, or nobody knows whether it was.
    pub async fn commit(&self, query: PeerQuery, decision: Decision) -> Result<CompactJws, Rejected> {
        let key = key_of(&query);
        let entry = self.ledger.entry(query.clone(), decision)?;
        match self.writer.commit(entry).await? {
            Committed::Now(answer) => Ok(answer),
            Committed::Before(Some(known)) => self.again(&key, &query, known),
            Committed::Before(None) => Err(Rejected::new(Code::Overloaded)),
        }
    }

    fn again(&self, key: &ClaimKey, query: &PeerQuery, known: KnownQuery) -> Result<CompactJws, Rejected> {
        if known.query != query.digest() {
            return Err(Rejected::new(Code::Replayed));
        }
        match known.stopped.as_deref() {
            None => {}
            Some("paused") => return Err(Rejected::new(Code::ConsentPaused)),
            Some(_) => return Err(Rejected::new(Code::ConsentRevoked)),
        }
        let stored = known.answer.ok_or(Rejected::new(Code::Replayed))?;
        answer_open(self.ledger.keys(), key, &stored).map_err(|error| {
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
