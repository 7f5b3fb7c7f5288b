//! One writer gathers what waits into one durable transaction.
//!
//! Guarantees: an outcome is handed out only after COMMIT; one bad row spoils no other (a failed batch is run
//! again row by row, each in its own transaction); a failed disk ends the process with [`EXIT_STORAGE`]; a commit
//! whose outcome is unknown is reported as such. Deliberately absent: what the rows are.
//!
//! While one commit runs the next batch gathers by itself, so an idle writer never waits; `linger` waits longer
//! for more company, at most 10 ms.
//!
//! [`EXIT_STORAGE`]: crate::db::EXIT_STORAGE

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use diesel::QueryResult;
use tokio::sync::{mpsc, oneshot};

use crate::{
    clock::Clock,
    db::{AnyConnection, Database, DatabaseError},
};

/// What a batch does with its items, inside one transaction.
pub trait Batch: Send + Sync + 'static {
    /// One caller's rows.
    type Item: Send + 'static;
    /// What that caller learns.
    type Outcome: Send + 'static;

    /// Writes all items and returns one outcome for each, in their order. Decide conflicts by `ON CONFLICT DO
    /// NOTHING` and `UPDATE … RETURNING`, never by an SQL error, which fails the whole batch.
    fn commit(&self, conn: &mut AnyConnection, items: &[Self::Item]) -> QueryResult<Vec<Self::Outcome>>;
}

/// How much is gathered.
#[derive(Clone, Copy, Debug)]
pub struct BatchLimits {
    /// Items in one transaction.
    pub rows: usize,
    /// How long the first item waits for others; zero commits what is there at once.
    pub linger: Duration,
    /// Items that may wait; more are refused.
    pub queue: usize,
}

impl Default for BatchLimits {
    fn default() -> Self {
        Self { rows: 256, linger: Duration::ZERO, queue: 4096 }
    }
}

/// The longest that [`BatchLimits::linger`] can be.
const MAX_LINGER: Duration = Duration::from_millis(10);

/// Why an item has no outcome.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Too much waits. Nothing was written.
    #[error("too much waits for the database")]
    Overloaded,
    /// The database did not answer. Nothing was written.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// This item alone could not be written. Nothing of it was.
    #[error("the row was refused: {0}")]
    Refused(DatabaseError),
    /// The item may or may not be durable; look it up before trying again.
    #[error("the outcome of the commit is unknown: {0}")]
    OutcomeUnknown(String),
    /// The writer has stopped; the item may or may not be durable.
    #[error("the writer has stopped")]
    Stopped,
}

type Reply<B> = oneshot::Sender<Result<<B as Batch>::Outcome, CommitError>>;
type Waiting<B> = (<B as Batch>::Item, Reply<B>);

/// A handle on the writer. Cheap to clone; the writer ends after the last handle.
pub struct GroupCommit<B: Batch> {
    queue: mpsc::Sender<Waiting<B>>,
}

impl<B: Batch> Clone for GroupCommit<B> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone() }
    }
}

impl<B: Batch> GroupCommit<B> {
    /// Starts the writer on a thread of its own.
    pub fn spawn(database: Database, batch: B, limits: BatchLimits) -> std::io::Result<Self> {
        let (queue, waiting) = mpsc::channel(limits.queue.max(1));
        let writer = Writer { database, batch, limits, clock: Clock::default() };
        std::thread::Builder::new().name("group-commit".to_owned()).spawn(move || writer.run(waiting))?;
        Ok(Self { queue })
    }

    /// Writes the item durably and returns its outcome after COMMIT. Dropping the future does not take it back.
    pub async fn commit(&self, item: B::Item) -> Result<B::Outcome, CommitError> {
        let (reply, outcome) = oneshot::channel();
        self.queue.try_send((item, reply)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => CommitError::Overloaded,
            mpsc::error::TrySendError::Closed(_) => CommitError::Stopped,
        })?;
        outcome.await.unwrap_or(Err(CommitError::Stopped))
    }
}

struct Writer<B: Batch> {
    database: Database,
    batch: B,
    limits: BatchLimits,
    clock: Clock,
}

impl<B: Batch> Writer<B> {
    fn run(&self, mut waiting: mpsc::Receiver<Waiting<B>>) {
        while let Some(first) = waiting.blocking_recv() {
            let (items, replies) = self.gather(first, &mut waiting).into_iter().unzip();
            self.write(items, replies);
        }
    }

    fn gather(&self, first: Waiting<B>, waiting: &mut mpsc::Receiver<Waiting<B>>) -> Vec<Waiting<B>> {
        let mut gathered = vec![first];
        let until = self.clock.monotonic() + self.limits.linger.min(MAX_LINGER);
        while gathered.len() < self.limits.rows.max(1) {
            match waiting.try_recv() {
                Ok(next) => gathered.push(next),
                Err(mpsc::error::TryRecvError::Empty) if self.clock.monotonic() < until => {
                    std::thread::sleep(Duration::from_micros(200));
                }
                Err(_) => break,
            }
        }
        gathered
    }

    fn write(&self, items: Vec<B::Item>, replies: Vec<Reply<B>>) {
        metrics::histogram!("group_commit_rows").record(u32::try_from(items.len()).unwrap_or(u32::MAX));
        match self.attempt(&items) {
            Ok(outcomes) => answer(replies, outcomes.into_iter().map(Ok)),
            Err(DatabaseError::OutcomeUnknown(text)) => {
                answer(replies, std::iter::repeat_with(|| Err(CommitError::OutcomeUnknown(text.clone()))));
            }
            Err(DatabaseError::Unavailable(text)) => {
                answer(replies, std::iter::repeat_with(|| Err(CommitError::Unavailable(text.clone()))));
            }
            Err(error) if items.len() == 1 => answer(replies, std::iter::once(Err(error.into()))),
            Err(error) => {
                tracing::warn!(%error, rows = items.len(), "a batch failed; its rows are tried one by one");
                let one_by_one = items.into_iter().map(|item| self.write_one(item));
                answer(replies, one_by_one);
            }
        }
    }

    fn write_one(&self, item: B::Item) -> Result<B::Outcome, CommitError> {
        let mut outcomes = self.attempt(std::slice::from_ref(&item))?;
        outcomes.pop().ok_or(CommitError::Stopped)
    }

    /// One transaction over these items. A failed disk ends the process here.
    fn attempt(&self, items: &[B::Item]) -> Result<Vec<B::Outcome>, DatabaseError> {
        let mut conn = self.database.lend_writer()?;
        let done =
            catch_unwind(AssertUnwindSafe(|| self.database.transact(&mut conn, |conn| self.outcomes(conn, items))))
                .unwrap_or_else(|_| Err(DatabaseError::Panicked));
        if let Err(fatal @ DatabaseError::Storage(_)) = &done {
            crate::db::end_process(fatal);
        }
        done
    }

    fn outcomes(&self, conn: &mut AnyConnection, items: &[B::Item]) -> Result<Vec<B::Outcome>, DatabaseError> {
        let outcomes = self.batch.commit(conn, items)?;
        // A batch that loses count would hand one caller another's outcome.
        if outcomes.len() == items.len() { Ok(outcomes) } else { Err(DatabaseError::Panicked) }
    }
}

impl From<DatabaseError> for CommitError {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Unavailable(text) => Self::Unavailable(text),
            DatabaseError::OutcomeUnknown(text) => Self::OutcomeUnknown(text),
            other => Self::Refused(other),
        }
    }
}

fn answer<B, I>(replies: Vec<oneshot::Sender<Result<B, CommitError>>>, outcomes: I)
where
    I: Iterator<Item = Result<B, CommitError>>,
{
    for (reply, outcome) in replies.into_iter().zip(outcomes) {
        // A caller that has gone away is no failure: its row is as durable as the others.
        let _ = reply.send(outcome);
    }
}

#[cfg(test)]
mod tests;
