//! The one writer of the log: what is acknowledged is durable, in order, once, and in every later checkpoint.
//!
//! Read [`Sequencer::sequence`] from top to bottom: each comment says what is true if the process stops there.
//! There are two states, `Loaded` and `MustReload`, and no other way to the tree: whatever ends early leaves
//! `MustReload`, and the next batch begins with the same code that runs at start. Two classes of error: those after
//! which trying again is right, and [`SequencerError::is_fatal`].
//! Deliberately absent: who may submit what, queues, publication.

mod batch;
mod faults;
mod queue;
mod recovery;

use service_kit::db::{Database, DatabaseError};
use tlog::{
    entry::{EntryType, RecordDigest},
    note::SigningKey,
};

pub use self::recovery::RecoveryError;
pub(crate) use self::{
    batch::sign_checkpoint,
    queue::{LogJobs, LogQueue, QueueError, run},
};
use self::{
    batch::{Batch, Plan},
    faults::{Faults, Step},
    recovery::{Edge, load},
};
use crate::{
    published_file::PublishedFile,
    store::{self, StoreError},
};

/// How far the clock may step back before nothing is signed any more, milliseconds.
pub(crate) const GREATEST_STEP_BACK_MS: u64 = 1_000;

/// Most entries in one batch.
pub(crate) const MAX_BATCH: usize = 1_024;

/// What somebody wants logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Wanted {
    pub entry_type: EntryType,
    pub digest: RecordDigest,
}

/// Where it stands, for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Placed {
    pub index: u64,
    pub received_ms: u64,
}

/// A batch was not added.
#[derive(Debug, thiserror::Error)]
pub enum SequencerError {
    /// The database failed, or the outcome of the commit is unknown. The next batch begins with a reload.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log on disk cannot be continued.
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
    /// The machine's clock went back.
    #[error("the clock is {0} ms behind the newest entry, so nothing is signed; mend: set this machine's time")]
    ClockBack(u64),
    /// What was about to be signed is not what a verifier would accept.
    #[error("the self-check of a batch failed ({0}), so it was not signed; mend: check this machine's memory")]
    SelfCheck(&'static str),
    /// The tree cannot grow further.
    #[error("the log is full")]
    Full,
    /// A test asked for an end here.
    #[cfg(test)]
    #[error("injected at {0:?}")]
    Injected(Step),
}

impl SequencerError {
    /// Whether this process must not write to the log again.
    pub(crate) fn is_fatal(&self) -> bool {
        matches!(self, Self::Store(StoreError::HeadMoved))
    }
}

impl From<DatabaseError> for SequencerError {
    fn from(error: DatabaseError) -> Self {
        Self::Store(error.into())
    }
}

enum State {
    Loaded(Box<Edge>),
    MustReload,
}

/// See the head of this file.
pub(crate) struct Sequencer {
    db: Database,
    key: SigningKey,
    published: PublishedFile,
    state: State,
    pub(crate) faults: Faults,
}

impl Sequencer {
    /// Takes over the log in `db`; loads and verifies it first.
    ///
    /// # Errors
    /// [`RecoveryError`] when the log cannot be continued.
    pub(crate) fn start(db: Database, key: SigningKey, published: PublishedFile) -> Result<Self, SequencerError> {
        let mut this = Self { db, key, published, state: State::MustReload, faults: Faults::default() };
        let edge = this.loaded()?;
        this.state = State::Loaded(edge);
        Ok(this)
    }

    /// Adds what is not yet in the log and tells where each of `wanted` stands, in their order.
    ///
    /// # Errors
    /// [`SequencerError`]: then nobody may be told anything about this batch.
    pub(crate) fn sequence(&mut self, wanted: &[Wanted], now_ms: u64) -> Result<Vec<Placed>, SequencerError> {
        // 0. Taken out: every early end below leaves `MustReload`.
        let mut edge = self.loaded()?;
        let received_ms = advance(edge.head.received_ms, now_ms)?;

        // 2. In memory: drop duplicates, hash leaves, extend the right edge. A stop forgets the batch; submitters
        //    were told nothing and submit again.
        let plan = self.db.read_blocking(|conn| Plan::of(conn, &edge, wanted, received_ms))?;
        if plan.is_empty() {
            self.state = State::Loaded(edge);
            return Ok(plan.places());
        }
        let batch = Batch::hash(&mut edge, &plan, &self.faults)?;
        self.faults.reach(Step::Hashed)?;

        // 3. Still in memory: nothing that fails here has been signed, so no two heads can exist.
        let db = self.db.clone();
        let head = db.read_blocking(|conn| batch.check(&edge, conn))?;
        self.faults.reach(Step::Checked)?;

        // 4. Signed in memory. A stop here loses a signature that nobody has seen.
        let addition = batch.sign(head, received_ms, &self.key)?;
        self.faults.reach(Step::Signed)?;

        // 5. All or nothing, and only if the head is still the one that was extended. A stop before COMMIT loses the
        //    batch, a stop after it keeps the batch; an unclear COMMIT is told apart by the reload.
        self.db.write_blocking(|conn| {
            store::log::commit(conn, &edge.head, &addition)?;
            self.faults.reach_store(Step::BeforeCommit)
        })?;
        self.faults.reach(Step::Committed)?;

        // 6. Durable: the caller may acknowledge. A stop here means that submitters ask again and get the same places.
        edge.advance_to(addition);
        self.state = State::Loaded(edge);
        Ok(plan.places())
    }

    /// Logs what the authority itself wants logged; returns how many rows were drained.
    ///
    /// # Errors
    /// As [`Self::sequence`].
    pub(crate) fn drain_pending(&mut self, now_ms: u64) -> Result<usize, SequencerError> {
        let rows = self.db.read_blocking(|conn| store::log::pending(conn, 1_024))?;
        let Some((last, ..)) = rows.last().copied() else { return Ok(0) };
        let wanted: Vec<_> =
            rows.iter().map(|(_, entry_type, digest)| Wanted { entry_type: *entry_type, digest: *digest }).collect();
        self.sequence(&wanted, now_ms)?;
        // A stop here drains the same rows again, which adds nothing.
        self.db.write_blocking(|conn| store::log::pending_delete(conn, last))?;
        Ok(rows.len())
    }

    /// The edge, out of the state; from the database if there is none in memory.
    fn loaded(&mut self) -> Result<Box<Edge>, SequencerError> {
        match std::mem::replace(&mut self.state, State::MustReload) {
            State::Loaded(edge) => Ok(edge),
            State::MustReload => Ok(Box::new(load(&self.db, self.key.verifying_key(), &self.published)?)),
        }
    }
}

/// max(last, now); a step back of more than a second stops signing.
fn advance(last_ms: u64, now_ms: u64) -> Result<u64, SequencerError> {
    match last_ms.checked_sub(now_ms) {
        Some(behind) if behind > GREATEST_STEP_BACK_MS => Err(SequencerError::ClockBack(behind)),
        _ => Ok(last_ms.max(now_ms)),
    }
}

#[cfg(test)]
mod tests;
