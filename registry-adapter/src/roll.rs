//! Holding and releasing a payment in the department's own table, each with its journal row in one transaction.
//!
//! Guarantees: a row is changed only from the state in which it was just read; a repeat of a decision changes nothing
//! and says what the first did; rows that ended, that are held already or that others changed are left alone, with an
//! outcome that says so. There is no method that removes anybody: this trait has none, and on PostgreSQL the writer's
//! role is proven to be unable to. Deliberately absent: why a payment is held; that is the decision's.

use std::sync::Arc;

use protocol::seal::keyed_hash::MacKey;
use schemas::{
    digest::Digest,
    id::MessageId,
    time::{CivilDate, Timestamp},
};
use service_kit::db::{AnyConnection, DatabaseError, DatabaseUrl};

use crate::{
    connection::{Connections, Connector, Role, transaction},
    install,
    journal::{self, Entry, Finding, JournalError, JournalHead, RowDigest, RowOutcome},
    key::LocalKey,
    mapping::{Mapping, Roll, RollId},
    postgres,
    source::OpenError,
};

mod apply;

/// A decision to hold what a person draws from a roll. Reversible; arrears are computed elsewhere.
#[derive(Clone, Debug)]
pub struct HoldDecision {
    /// The roll.
    pub roll: RollId,
    /// The person, as this department's `subject_link` has it.
    pub subject: LocalKey,
    /// Digest of the event that led to it.
    pub event: Digest,
    /// Id of the decision: done once, however often it is asked for.
    pub decision: MessageId,
    /// Reason code, such as `DEATH_REGISTERED`; written to the roll's reason column, if mapped.
    pub reason: String,
    /// From which day it holds.
    pub effective: CivilDate,
    /// Who decided: a rule's id and version, or an officer's pseudonym.
    pub actor: String,
}

/// A decision to lift one hold.
#[derive(Clone, Debug)]
pub struct ReleaseDecision {
    /// The roll.
    pub roll: RollId,
    /// The person.
    pub subject: LocalKey,
    /// The decision whose hold is lifted.
    pub hold: MessageId,
    /// Digest of the event that led to it, where one did.
    pub event: Option<Digest>,
    /// Id of this decision.
    pub decision: MessageId,
    /// Reason code, such as `DEATH_ANNULLED`.
    pub reason: String,
    /// Who decided.
    pub actor: String,
}

/// What a decision did, row by row. Equal for the first time and every repeat. Empty: the roll has no such person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The decision.
    pub decision: MessageId,
    /// One for each row of the person.
    pub rows: Vec<AppliedRow>,
}

/// What became of one row of the roll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppliedRow {
    /// The row.
    pub row_key: LocalKey,
    /// What became of it.
    pub outcome: RowOutcome,
    /// Its journal entry.
    pub journal: JournalHead,
    /// The row before and after, keyed.
    pub digests: (RowDigest, RowDigest),
    /// Its status before and after.
    pub states: (String, String),
}

impl From<Entry> for AppliedRow {
    fn from(entry: Entry) -> Self {
        Self {
            row_key: entry.row_key,
            outcome: entry.outcome,
            journal: JournalHead { seq: entry.seq, hash: entry.hash },
            digests: (entry.before, entry.after),
            states: (entry.before_state, entry.after_state),
        }
    }
}

/// Why a decision was not applied. Nothing was changed, unless the commit's outcome is unknown; asking again with the
/// same decision is always safe.
#[derive(Debug, thiserror::Error)]
pub enum RollError {
    /// The mapping has no such roll.
    #[error("the roll {0} is not mapped here")]
    RollUnknown(RollId),
    /// The row changed between reading and writing.
    #[error("a row of the roll changed meanwhile; ask again")]
    Raced,
    /// The person has more rows than this can be right about.
    #[error("more than {limit} rows of one person in the roll {roll}")]
    TooManyRows {
        /// The roll.
        roll: RollId,
        /// The most.
        limit: usize,
    },
    /// A row of the roll has no usable key.
    #[error("a row of the roll {0} has no usable key or status")]
    RowUnreadable(RollId),
    /// The journal is damaged or away.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The database could not be asked.
    #[error("the roll could not be read or written")]
    Database(#[source] DatabaseError),
}

impl From<diesel::result::Error> for RollError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

/// Who may write to a department's rolls: hold and release, nothing else. Blocks; call it on the blocking pool.
pub trait RollWriter: Send + Sync {
    /// Holds every active row of the person. `at` is now.
    ///
    /// # Errors
    /// See [`RollError`].
    fn hold(&self, decision: &HoldDecision, at: Timestamp) -> Result<Applied, RollError>;

    /// Lifts a hold and puts the row back as it was before. `at` is now.
    ///
    /// # Errors
    /// See [`RollError`].
    fn release(&self, decision: &ReleaseDecision, at: Timestamp) -> Result<Applied, RollError>;
}

/// The mapped rolls of one department, through its writer's role. Cheap to clone.
#[derive(Clone, Debug)]
pub struct MappedRolls {
    mapping: Arc<Mapping>,
    writer: Connections,
    key: Arc<MacKey>,
}

impl MappedRolls {
    pub(crate) fn open(mapping: Arc<Mapping>, writer: &DatabaseUrl, key: MacKey) -> Result<Self, OpenError> {
        let failed = |error: DatabaseError| OpenError::database(writer, error);
        let connector = Connector::new(writer, Role::Writer, None);
        let mut conn = connector.establish().map_err(failed)?;
        if !install::has_journal(&mut conn).map_err(|error| failed(error.into()))? {
            return Err(OpenError::NotInstalled { what: "the journal" });
        }
        if matches!(conn, AnyConnection::Postgres(_)) {
            postgres::prove_confined(&mut conn, &mapping)?;
        }
        Ok(Self { mapping, writer: connector.pool(1).map_err(failed)?, key: Arc::new(key) })
    }

    /// The last entry of the roll's journal: what is anchored. Blocks.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn journal_head(&self, roll: &RollId) -> Result<Option<JournalHead>, RollError> {
        Ok(journal::head(&mut *self.lend()?, &self.roll(roll)?.id)?)
    }

    /// People with an active or a held row, in the order of their numbers: a page of at most 1,000 after this one. Who is
    /// held belongs to the roll too, for news that the hold was wrong must reach it. Blocks.
    ///
    /// # Errors
    /// If the roll cannot be read.
    pub fn beneficiaries(&self, roll: &RollId, after: Option<&LocalKey>) -> Result<Vec<LocalKey>, RollError> {
        apply::beneficiaries(&mut *self.lend()?, self.roll(roll)?, after)
    }

    /// Everything wrong with the roll's journal, and every row that others changed since we did. Blocks.
    ///
    /// # Errors
    /// If the journal or the roll cannot be read.
    pub fn verify(&self, roll: &RollId, anchored: Option<JournalHead>) -> Result<Vec<Finding>, RollError> {
        let roll = self.roll(roll)?;
        let mut conn = self.lend()?;
        let mut findings = journal::verify(&mut conn, &roll.id, anchored)?;
        findings.extend(apply::rows_changed_outside(&mut conn, roll, &self.key)?);
        Ok(findings)
    }

    fn roll(&self, id: &RollId) -> Result<&Roll, RollError> {
        let found = self.mapping.rolls.iter().find(|roll| roll.id == *id);
        found.map(Arc::as_ref).ok_or_else(|| RollError::RollUnknown(id.clone()))
    }

    fn lend(&self) -> Result<crate::connection::Lent, RollError> {
        self.writer.lend().map_err(RollError::Database)
    }

    /// One transaction: what the decision did before, or else `apply` now.
    fn once(
        &self,
        roll: &Roll,
        decision: &MessageId,
        apply: impl FnOnce(&mut AnyConnection) -> Result<Vec<Entry>, RollError>,
    ) -> Result<Applied, RollError> {
        let entries = transaction(&mut *self.lend()?, |conn| {
            journal::lock(conn, &roll.id)?;
            let before = journal::of_decision(conn, &roll.id, decision)?;
            if before.is_empty() { apply(conn) } else { Ok(before) }
        })?;
        Ok(Applied { decision: decision.clone(), rows: entries.into_iter().map(AppliedRow::from).collect() })
    }
}

impl RollWriter for MappedRolls {
    fn hold(&self, decision: &HoldDecision, at: Timestamp) -> Result<Applied, RollError> {
        let roll = self.roll(&decision.roll)?;
        self.once(roll, &decision.decision, |conn| apply::hold(conn, roll, &self.key, decision, at))
    }

    fn release(&self, decision: &ReleaseDecision, at: Timestamp) -> Result<Applied, RollError> {
        let roll = self.roll(&decision.roll)?;
        self.once(roll, &decision.decision, |conn| apply::release(conn, roll, &self.key, decision, at))
    }
}

#[cfg(test)]
mod tests;
