//! The way to the sequencer: a bounded queue, and the loop that turns it into batches.
//!
//! Guarantees: at most [`CAPACITY`] entries wait, beyond that a submitter is pushed back at once; an answer is sent
//! only after COMMIT; a fatal error ends the loop, and with it the process. Deliberately absent: fairness between
//! members (their quotas see to that).

use std::{sync::Arc, time::Duration};

use service_kit::clock::Clock;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};

use super::{MAX_BATCH, Placed, Sequencer, SequencerError, Wanted};

/// Most entries that wait.
pub(crate) const CAPACITY: usize = 4_096;

/// What was asked for is not in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum QueueError {
    /// Too much waits already, or more was asked for at once than fits.
    #[error("the queue of the log is full")]
    Full,
    /// The log takes no entries now: see the anchor's own journal of events.
    #[error("the log takes no entries now")]
    Refusing,
}

struct Job {
    wanted: Vec<Wanted>,
    answer: oneshot::Sender<Result<Vec<Placed>, QueueError>>,
    _room: OwnedSemaphorePermit,
}

/// The submitters' end. Cheap to clone.
#[derive(Clone)]
pub(crate) struct LogQueue {
    jobs: mpsc::UnboundedSender<Job>,
    room: Arc<Semaphore>,
}

/// The sequencer's end.
pub(crate) struct LogJobs(mpsc::UnboundedReceiver<Job>);

impl LogQueue {
    /// An empty queue.
    pub(crate) fn new() -> (Self, LogJobs) {
        let (jobs, receiver) = mpsc::unbounded_channel();
        (Self { jobs, room: Arc::new(Semaphore::new(CAPACITY)) }, LogJobs(receiver))
    }

    /// Waits until every entry is durable in the log and tells where each stands, in order.
    ///
    /// # Errors
    /// [`QueueError`]; then the same may be asked again, and gets the same places if it had got in.
    pub(crate) async fn sequence(&self, wanted: Vec<Wanted>) -> Result<Vec<Placed>, QueueError> {
        let count = u32::try_from(wanted.len()).map_err(|_| QueueError::Full)?;
        let room = Arc::clone(&self.room).try_acquire_many_owned(count).map_err(|_| QueueError::Full)?;
        let (answer, placed) = oneshot::channel();
        metrics::gauge!("anchor_queue_entries").set(self.depth() as f64);
        self.jobs.send(Job { wanted, answer, _room: room }).map_err(|_| QueueError::Refusing)?;
        placed.await.unwrap_or(Err(QueueError::Refusing))
    }

    /// For tests: waits until nothing waits, then takes all room but for so many entries, as if others waited.
    #[cfg(test)]
    pub(crate) async fn filled_but_for(&self, room: usize) -> OwnedSemaphorePermit {
        let all = Arc::clone(&self.room).acquire_many_owned(CAPACITY as u32).await;
        let mut all = all.unwrap_or_else(|_| unreachable!("the queue is never closed"));
        drop(all.split(room));
        all
    }

    /// Entries that wait now.
    pub(crate) fn depth(&self) -> usize {
        CAPACITY.saturating_sub(self.room.available_permits())
    }
}

/// Runs batches until `stop` says so or an error is fatal. What waits at the end is answered by `Refusing`.
///
/// # Errors
/// The fatal error.
pub(crate) async fn run(
    mut sequencer: Sequencer,
    mut jobs: LogJobs,
    clock: Clock,
    interval: Duration,
    mut stop: watch::Receiver<bool>,
    health: watch::Sender<Option<String>>,
) -> Result<(), SequencerError> {
    while !*stop.borrow_and_update() {
        let batch = gather(&mut jobs.0, interval, &clock, &mut stop).await;
        let now_ms = clock.now_ms();
        let work = move || {
            let drained = sequencer.drain_pending(now_ms).map(|_| ());
            let (batch, wanted) = flatten(batch);
            let placed = match drained {
                Ok(()) if wanted.is_empty() => Ok(Vec::new()),
                Ok(()) => sequencer.sequence(&wanted, now_ms),
                Err(error) => Err(error),
            };
            (sequencer, batch, placed)
        };
        let Ok((back, batch, placed)) = tokio::task::spawn_blocking(work).await else {
            return Err(SequencerError::SelfCheck("a batch panicked"));
        };
        sequencer = back;
        let trouble = settle(batch, placed)?;
        health.send_if_modified(|now| std::mem::replace(now, trouble.clone()) != trouble);
    }
    Ok(())
}

/// Waits one interval, then takes what waits, up to [`MAX_BATCH`] entries (a job is never split).
async fn gather(
    jobs: &mut mpsc::UnboundedReceiver<Job>,
    interval: Duration,
    clock: &Clock,
    stop: &mut watch::Receiver<bool>,
) -> Vec<Job> {
    tokio::select! {
        () = clock.sleep(interval) => {}
        _ = stop.changed() => {}
    }
    let (mut batch, mut entries) = (Vec::new(), 0);
    while entries < MAX_BATCH {
        let Ok(job) = jobs.try_recv() else { break };
        entries += job.wanted.len();
        batch.push(job);
    }
    batch
}

fn flatten(batch: Vec<Job>) -> (Vec<Job>, Vec<Wanted>) {
    let wanted = batch.iter().flat_map(|job| job.wanted.iter().copied()).collect();
    (batch, wanted)
}

/// Answers everybody. Returns what is wrong, if anything, for readiness.
fn settle(batch: Vec<Job>, placed: Result<Vec<Placed>, SequencerError>) -> Result<Option<String>, SequencerError> {
    match placed {
        Ok(placed) => {
            let mut placed = placed.into_iter();
            for job in batch {
                let places = placed.by_ref().take(job.wanted.len()).collect();
                // A submitter that has gone away asks again.
                let _gone = job.answer.send(Ok(places));
            }
            Ok(None)
        }
        Err(error) => {
            tracing::error!(%error, entries = batch.iter().map(|job| job.wanted.len()).sum::<usize>(), "a batch was not added to the log");
            metrics::counter!("anchor_batches_failed_total").increment(1);
            for job in batch {
                let _gone = job.answer.send(Err(QueueError::Refusing));
            }
            if error.is_fatal() { Err(error) } else { Ok(Some(error.to_string())) }
        }
    }
}
