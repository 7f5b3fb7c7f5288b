//! Changing a department's own beneficiary table by decisions, each change with its journal row.
//!
//! Guarantees: a row is changed only from the state in which it was just read; a repeat of a decision changes nothing
//! and says what the first did; rows that ended, that are held already or that others changed are left alone, with an
//! outcome that says so. Nobody is removed without a [`RemovalWarrant`] that names this very person on this very roll; on
//! PostgreSQL the writer's role is refused a removal without its journal row. Where the department refuses a journal beside the
//! roll, or wants to make the change itself, it is intent, apply, confirm by reading back.
//! Deliberately absent: why somebody is held or removed; that is the decision's.
//!
//! A removal does not compile without its warrant:
//! ```compile_fail,E0061
//! # use registry_adapter::roll::{Removal, RollWriter};
//! # fn example(rolls: &dyn RollWriter, removal: &Removal, at: schemas::time::Timestamp) {
//! rolls.remove(removal, at);
//! # }
//! ```
//! Nor with a decision in its place:
//! ```compile_fail,E0308
//! # use registry_adapter::roll::{Removal, RollWriter};
//! # use protocol::due_process::VerifiedDecision;
//! # fn example(rolls: &dyn RollWriter, decision: &VerifiedDecision, removal: &Removal, at: schemas::time::Timestamp) {
//! rolls.remove(decision, removal, at);
//! # }
//! ```

use std::{collections::BTreeSet, sync::Arc};

use protocol::{due_process::RemovalWarrant, seal::keyed_hash::MacKey};
use schemas::{
    id::{FactName, MessageId, PersonMark},
    time::{CivilDate, Timestamp},
};
use service_kit::db::{AnyConnection, DatabaseError, DatabaseUrl};

use crate::{
    connection::{Connections, Connector, Role, transaction},
    install,
    journal::{self, Arrears, Entry, Finding, JournalError, JournalHead, RowDigest, RowOutcome, replay::Replayed},
    key::LocalKey,
    mapping::{JournalPlace, Mapping, Roll, RollId, WriteWay},
    postgres,
    source::OpenError,
};

mod arrears;
mod intent;
mod line;
mod order;
mod outside;
mod people;
mod perform;
mod plan;
pub mod roster;
mod standing;

pub use intent::{Carried, ChangeSender, NotSent, RollChange, Settled};
pub use order::{Amendment, Enrolment, HoldDecision, ReleaseDecision, Removal, Restoration};
pub use outside::OutsideChange;
pub use standing::{RowStanding, Standing};

use intent::Apart;
use plan::Order;

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
    /// Months that were not paid meanwhile; for a release or a restoration.
    pub arrears: Option<Arrears>,
}

impl From<Entry> for AppliedRow {
    fn from(entry: Entry) -> Self {
        Self {
            row_key: entry.row_key,
            outcome: entry.outcome,
            journal: JournalHead { seq: entry.seq, hash: entry.hash },
            digests: (entry.before, entry.after),
            states: (entry.before_state, entry.after_state),
            arrears: entry.arrears,
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
    /// The roll is not mapped for what was asked.
    #[error("the roll {roll} is not mapped for this; mend: add {what} to its [[roll]] section")]
    NotMapped {
        /// The roll.
        roll: RollId,
        /// What is missing.
        what: &'static str,
    },
    /// The warrant is for somebody else, or another roll.
    #[error("the warrant does not name this person on the roll {0}")]
    WarrantElsewhere(RollId),
    /// A fact for which a column is mapped is not known.
    #[error("nobody can be entered on the roll {roll} while {fact} is not known")]
    FactMissing {
        /// The roll.
        roll: RollId,
        /// The fact.
        fact: FactName,
    },
    /// An enrolment without a person on a roll that needs one.
    #[error("the enrolment names nobody")]
    NobodyNamed,
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

/// Who may write to a department's rolls. Every method is one transaction with its journal row, is done once however often its
/// decision is asked for, and blocks: call it on the blocking pool. `at` is now.
pub trait RollWriter: Send + Sync {
    /// Holds every active row of the person.
    ///
    /// # Errors
    /// See [`RollError`].
    fn hold(&self, decision: &HoldDecision, at: Timestamp) -> Result<Applied, RollError>;

    /// Lifts a hold and puts the row back as it was before; lists the arrears.
    ///
    /// # Errors
    /// See [`RollError`].
    fn release(&self, decision: &ReleaseDecision, at: Timestamp) -> Result<Applied, RollError>;

    /// Enters a person; whoever has an active or held row is left as she is.
    ///
    /// # Errors
    /// See [`RollError`].
    fn enrol(&self, decision: &Enrolment, at: Timestamp) -> Result<Applied, RollError>;

    /// Takes a person off, by the warrant that names her on this roll and no other.
    ///
    /// # Errors
    /// See [`RollError`].
    fn remove(&self, warrant: &RemovalWarrant, removal: &Removal, at: Timestamp) -> Result<Applied, RollError>;

    /// Undoes a removal: the row as it was before, in payment, with the arrears listed.
    ///
    /// # Errors
    /// See [`RollError`].
    fn restore(&self, decision: &Restoration, at: Timestamp) -> Result<Applied, RollError>;

    /// Changes amount, end or facts of a person who stays.
    ///
    /// # Errors
    /// See [`RollError`].
    fn amend(&self, decision: &Amendment, at: Timestamp) -> Result<Applied, RollError>;

    /// How the person stands on the roll now.
    ///
    /// # Errors
    /// See [`RollError`].
    fn standing(&self, roll: &RollId, subject: &LocalKey) -> Result<Standing, RollError>;

    /// The mark by which a decision's record names the person of a roll (`target.person`).
    ///
    /// # Errors
    /// If the mapping has no such roll.
    fn person_mark(&self, roll: &RollId, subject: &LocalKey, decision: &MessageId) -> Result<PersonMark, RollError>;
}

/// What is asked of a roll: something about a person's rows, or a new row.
enum Changes<'o> {
    Rows(Order<'o>),
    Enrol(&'o Enrolment),
}

impl Changes<'_> {
    fn decision(&self) -> &MessageId {
        match self {
            Self::Rows(order) => order.decision(),
            Self::Enrol(order) => &order.decision,
        }
    }

    fn subject(&self) -> Option<&LocalKey> {
        match self {
            Self::Rows(order) => Some(order.subject()),
            Self::Enrol(order) => order.subject.as_ref(),
        }
    }
}

/// The mapped rolls of one department, through its writer's role. Cheap to clone.
#[derive(Clone, Debug)]
pub struct MappedRolls {
    mapping: Arc<Mapping>,
    writer: Connections,
    /// Journals of rolls that have none beside them.
    books: Option<Connections>,
    sender: Option<Arc<dyn ChangeSender>>,
    key: Arc<MacKey>,
}

impl MappedRolls {
    pub(crate) fn open(mapping: Arc<Mapping>, writer: &DatabaseUrl, key: MacKey) -> Result<Self, OpenError> {
        let failed = |error: DatabaseError| OpenError::database(writer, error);
        let connector = Connector::new(writer, Role::Writer, None);
        let mut conn = connector.establish().map_err(failed)?;
        let beside = mapping.rolls.iter().any(|roll| roll.journal == JournalPlace::Beside);
        if beside && !install::has_journal(&mut conn).map_err(|error| failed(error.into()))? {
            return Err(OpenError::NotInstalled { what: "the journal" });
        }
        if matches!(conn, AnyConnection::Postgres(_)) {
            postgres::prove_confined(&mut conn, &mapping)?;
        }
        let writer = connector.pool(1).map_err(failed)?;
        Ok(Self { mapping, writer, books: None, sender: None, key: Arc::new(key) })
    }

    /// Keeps the journals of rolls mapped with `journal = "apart"` in this database, and makes their tables there. Blocks.
    ///
    /// # Errors
    /// If the database does not answer or the tables cannot be made.
    pub fn with_books(mut self, books: &DatabaseUrl) -> Result<Self, OpenError> {
        let failed = |error: DatabaseError| OpenError::database(books, error);
        let connector = Connector::new(books, Role::Writer, None);
        install::books(&mut connector.establish().map_err(failed)?).map_err(|error| failed(error.into()))?;
        self.books = Some(connector.pool(1).map_err(failed)?);
        Ok(self)
    }

    /// Hands changes of rolls mapped with `write = "webhook"` to this.
    #[must_use]
    pub fn with_sender(mut self, sender: Arc<dyn ChangeSender>) -> Self {
        self.sender = Some(sender);
        self
    }

    /// Where each roll's journal is kept and how it is changed: what the configuration must provide.
    pub fn ways(&self) -> impl Iterator<Item = (&RollId, JournalPlace, WriteWay)> {
        self.mapping.rolls.iter().map(|roll| (&roll.id, roll.journal, roll.write))
    }

    /// The mapped rolls, by id.
    pub fn rolls(&self) -> impl Iterator<Item = &RollId> {
        self.mapping.rolls()
    }

    /// The last entry of the roll's journal: what is anchored. Blocks.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn journal_head(&self, roll: &RollId) -> Result<Option<JournalHead>, RollError> {
        let roll = self.roll(roll)?;
        Ok(journal::head(&mut *self.books_of(roll)?.lend().map_err(RollError::Database)?, &roll.id)?)
    }

    /// People with an active or a held row, in the order of their numbers: a page of at most 1,000 after this one. Who is
    /// held belongs to the roll too, for news that the hold was wrong must reach it. Blocks.
    ///
    /// # Errors
    /// If the roll cannot be read.
    pub fn beneficiaries(&self, roll: &RollId, after: Option<&LocalKey>) -> Result<Vec<LocalKey>, RollError> {
        people::beneficiaries(&mut *self.lend()?, self.roll(roll)?, after)
    }

    /// How many people have an active or a held row. Blocks.
    ///
    /// # Errors
    /// If the roll cannot be read.
    pub fn headcount(&self, roll: &RollId) -> Result<u64, RollError> {
        people::headcount(&mut *self.lend()?, self.roll(roll)?)
    }

    /// The months (`2026-11`) that a roll pays to whoever is in payment from one day to another, both included: those whose day of
    /// payment lies between them.
    ///
    /// # Errors
    /// If the mapping has no such roll.
    pub fn months_paid(&self, roll: &RollId, days: (CivilDate, CivilDate)) -> Result<BTreeSet<String>, RollError> {
        Ok(arrears::paid(self.roll(roll)?, days))
    }

    /// Whether decisions may change the column in which the roll keeps a fact.
    pub fn amends(&self, roll: &RollId, fact: &str) -> bool {
        let amended = |roll: &Roll| {
            let column = roll.facts.iter().find(|(name, _)| name.as_str() == fact).map(|(_, column)| column);
            roll.enrol.as_ref().is_some_and(|enrol| enrol.amend) && column.is_some_and(|c| roll.updated().contains(&c))
        };
        self.roll(roll).is_ok_and(amended)
    }

    /// Everything wrong with the roll's journal, and every row that others changed since we did. Blocks.
    ///
    /// # Errors
    /// If the journal or the roll cannot be read.
    pub fn verify(&self, roll: &RollId, anchored: Option<JournalHead>) -> Result<Vec<Finding>, RollError> {
        let roll = self.roll(roll)?;
        let books = self.books_of(roll)?;
        let mut findings = journal::verify(&mut *books.lend().map_err(RollError::Database)?, &roll.id, anchored)?;
        findings.extend(people::rows_changed_outside((books, &self.writer), roll, &self.key)?);
        Ok(findings)
    }

    /// Journals what others did to rows that the roll's triggers saw since the last call. Blocks.
    ///
    /// # Errors
    /// If the journal or the roll cannot be read or written.
    pub fn note_outside(&self, roll: &RollId, at: Timestamp) -> Result<Vec<OutsideChange>, RollError> {
        let roll = self.roll(roll)?;
        if roll.journal == JournalPlace::Apart {
            return Ok(Vec::new());
        }
        let mut changes = Vec::new();
        loop {
            let (page, more) = outside::touched(&mut *self.lend()?, roll, &self.key, at)?;
            changes.extend(page);
            if !more {
                return Ok(changes);
            }
        }
    }

    /// Compares every row of the roll with the journal, and journals what others did. The first look journals the whole roll as
    /// it stands, as *found*. Blocks, in short transactions.
    ///
    /// # Errors
    /// If the journal or the roll cannot be read or written.
    pub fn scan(&self, roll: &RollId, at: Timestamp) -> Result<Vec<OutsideChange>, RollError> {
        self.scan_from(outside::Scan::default(), roll, at)
    }

    /// The same where no look at the whole roll ever came to its end: a row that the journal does not know is *found*, for nobody can
    /// say that it appeared. Blocks.
    ///
    /// # Errors
    /// As [`scan`](Self::scan).
    pub fn take_stock(&self, roll: &RollId, at: Timestamp) -> Result<Vec<OutsideChange>, RollError> {
        self.scan_from(outside::Scan::first(), roll, at)
    }

    /// What others did, as the journal tells it after this entry, and its last entry; what was *found* at the first look is nobody's
    /// doing. Blocks.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn outside_after(&self, roll: &RollId, seq: u64) -> Result<(Vec<OutsideChange>, u64), RollError> {
        let roll = self.roll(roll)?;
        let mut books = self.books_of(roll)?.lend().map_err(RollError::Database)?;
        let Some(last) = journal::head(&mut books, &roll.id)? else { return Ok((Vec::new(), seq)) };
        let entries = journal::outside_between(&mut books, &roll.id, (seq, last.seq))?;
        Ok((entries.into_iter().map(outside::told).collect(), last.seq))
    }

    fn scan_from(
        &self,
        mut scan: outside::Scan,
        roll: &RollId,
        at: Timestamp,
    ) -> Result<Vec<OutsideChange>, RollError> {
        let roll = self.roll(roll)?;
        if roll.journal == JournalPlace::Apart {
            return Err(perform::not_mapped(&roll.id, "journal = \"beside\""));
        }
        let mut changes = Vec::new();
        while let Some(page) = scan.page(&mut *self.lend()?, roll, &self.key, at)? {
            changes.extend(page.into_iter().filter(|change| change.outcome != RowOutcome::Found));
        }
        Ok(changes)
    }

    /// Whether a system of the department was told to make the change of this decision and has not made it yet. Blocks.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn is_handed_over(&self, roll: &RollId, decision: &MessageId) -> Result<bool, RollError> {
        let roll = self.roll(roll)?;
        Ok(roll.write == WriteWay::Webhook && self.apart(roll)?.is_open(decision)?)
    }

    /// Orders whose change a crash or an absent system left open, and whose rows read back as they were to be: to be told before
    /// [`settle`](Self::settle) writes it down. Blocks.
    ///
    /// # Errors
    /// If the journal or the roll cannot be read.
    pub fn found(&self, roll: &RollId) -> Result<Vec<Carried>, RollError> {
        let roll = self.roll(roll)?;
        if in_one_transaction(roll) { Ok(Vec::new()) } else { self.apart(roll)?.found() }
    }

    /// Settles intents that a crash or an absent system left open; no removal is carried out by it. Blocks.
    ///
    /// # Errors
    /// If the journal or the roll cannot be read or written.
    pub fn settle(&self, roll: &RollId, at: Timestamp) -> Result<Settled, RollError> {
        let roll = self.roll(roll)?;
        if in_one_transaction(roll) { Ok(Settled::default()) } else { self.apart(roll)?.settle(at) }
    }

    /// The roll as it stood at the end of a day, made again from the journal alone. Blocks.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn replay(&self, roll: &RollId, day: CivilDate) -> Result<Replayed, RollError> {
        let roll = self.roll(roll)?;
        let books = self.books_of(roll)?;
        Ok(Replayed::as_of(&mut *books.lend().map_err(RollError::Database)?, &roll.id, roll.key.kind, day)?)
    }

    /// The roll as it stands now, in the form of a replay. Blocks.
    ///
    /// # Errors
    /// If the roll cannot be read.
    pub fn snapshot(&self, roll: &RollId) -> Result<Replayed, RollError> {
        let roll = self.roll(roll)?;
        people::snapshot(&mut *self.lend()?, roll, &self.key)
    }

    fn roll(&self, id: &RollId) -> Result<&Roll, RollError> {
        let found = self.mapping.rolls.iter().find(|roll| roll.id == *id);
        found.map(Arc::as_ref).ok_or_else(|| RollError::RollUnknown(id.clone()))
    }

    fn lend(&self) -> Result<crate::connection::Lent, RollError> {
        self.writer.lend().map_err(RollError::Database)
    }

    fn books_of(&self, roll: &Roll) -> Result<&Connections, RollError> {
        match roll.journal {
            JournalPlace::Beside => Ok(&self.writer),
            JournalPlace::Apart => {
                self.books.as_ref().ok_or_else(|| perform::not_mapped(&roll.id, "a database for its journal"))
            }
        }
    }

    fn apart<'a>(&'a self, roll: &'a Roll) -> Result<Apart<'a>, RollError> {
        let sender = self.sender.as_deref();
        Ok(Apart { books: self.books_of(roll)?, rolls: &self.writer, sender, roll, key: &self.key })
    }

    /// What the decision did before, or else what it does now.
    fn once(&self, roll: &Roll, changes: &Changes<'_>, at: Timestamp) -> Result<Applied, RollError> {
        let decision = changes.decision();
        let entries = if in_one_transaction(roll) {
            transaction(&mut *self.lend()?, |conn| {
                journal::lock(conn, &roll.id)?;
                let before = journal::of_decision(conn, &roll.id, decision)?;
                match changes {
                    _ if !before.is_empty() => Ok(before),
                    Changes::Rows(order) => perform::apply(conn, roll, &self.key, order, at),
                    Changes::Enrol(order) => perform::enrol(conn, roll, &self.key, order, at),
                }
            })?
        } else {
            self.apart(roll)?.once(decision, changes, at)?
        };
        Ok(Applied { decision: decision.clone(), rows: entries.into_iter().map(AppliedRow::from).collect() })
    }
}

fn in_one_transaction(roll: &Roll) -> bool {
    roll.journal == JournalPlace::Beside && roll.write == WriteWay::Direct
}

impl RollWriter for MappedRolls {
    fn hold(&self, decision: &HoldDecision, at: Timestamp) -> Result<Applied, RollError> {
        self.once(self.roll(&decision.roll)?, &Changes::Rows(Order::Hold(decision)), at)
    }

    fn release(&self, decision: &ReleaseDecision, at: Timestamp) -> Result<Applied, RollError> {
        self.once(self.roll(&decision.roll)?, &Changes::Rows(Order::Release(decision)), at)
    }

    fn enrol(&self, decision: &Enrolment, at: Timestamp) -> Result<Applied, RollError> {
        self.once(self.roll(&decision.roll)?, &Changes::Enrol(decision), at)
    }

    fn remove(&self, warrant: &RemovalWarrant, removal: &Removal, at: Timestamp) -> Result<Applied, RollError> {
        let roll = self.roll(&removal.roll)?;
        if roll.removed.is_none() {
            return Err(perform::not_mapped(&roll.id, "removed"));
        }
        let mark = self.person_mark(&removal.roll, &removal.subject, warrant.decision())?;
        if (&warrant.target().roll, &warrant.target().person) != (roll.id.dataset(), &mark) {
            return Err(RollError::WarrantElsewhere(roll.id.clone()));
        }
        self.once(roll, &Changes::Rows(Order::Remove(warrant, removal)), at)
    }

    fn restore(&self, decision: &Restoration, at: Timestamp) -> Result<Applied, RollError> {
        self.once(self.roll(&decision.roll)?, &Changes::Rows(Order::Restore(decision)), at)
    }

    fn amend(&self, decision: &Amendment, at: Timestamp) -> Result<Applied, RollError> {
        self.once(self.roll(&decision.roll)?, &Changes::Rows(Order::Amend(decision)), at)
    }

    fn standing(&self, roll: &RollId, subject: &LocalKey) -> Result<Standing, RollError> {
        let roll = self.roll(roll)?;
        standing::of((self.books_of(roll)?, &self.writer), roll, &self.key, subject)
    }

    fn person_mark(&self, roll: &RollId, subject: &LocalKey, decision: &MessageId) -> Result<PersonMark, RollError> {
        let roll = self.roll(roll)?;
        let mark = perform::person_mark(&self.key, roll.id.dataset(), subject, decision);
        mark.ok_or_else(|| RollError::RowUnreadable(roll.id.clone()))
    }
}

#[cfg(test)]
mod tests;
