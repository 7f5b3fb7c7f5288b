//! Work that comes round again. The only file that names the cron library.
//!
//! Guarantees: a job never runs twice at once in this process; wake-ups that come meanwhile become one further run;
//! if the cron library stops waking (its issue 113), jobs still run, at [`FALLBACK`] intervals; after a jump of the wall clock
//! (a machine that slept) every job is woken at once; the age of the last success is known to readiness. Deliberately absent: any truth about what has been done; that stands in tables,
//! and where several processes share a database a [`crate::lease::Lease`] decides who works.
#![allow(clippy::disallowed_types)]

use std::{
    collections::BTreeMap,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, task::JoinHandle};
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

use crate::clock::Clock;

/// A job that nobody has woken for so long wakes by itself.
pub const FALLBACK: Duration = Duration::from_secs(60);
/// How often the wall clock is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// The jobs of one process. Dropping it starts no further run; a run that has begun goes on to its end.
pub struct Jobs {
    scheduler: JobScheduler,
    clock: Clock,
    records: Arc<Mutex<BTreeMap<&'static str, Record>>>,
    wakes: Vec<Wake>,
    tasks: Vec<JoinHandle<()>>,
}

/// What is known of one job.
#[derive(Clone, Debug, Default)]
struct Record {
    registered: Duration,
    last_success: Option<Duration>,
    runs: u64,
}

/// Wakes one job by hand, at once.
#[derive(Clone, Debug)]
pub struct Wake(Arc<Notify>);

impl Wake {
    /// The job runs as soon as it can; several calls before that are one.
    pub fn poke(&self) {
        self.0.notify_one();
    }
}

/// The cron library refused.
#[derive(Debug, thiserror::Error)]
#[error("the job scheduler failed: {0}")]
pub struct JobsError(#[from] JobSchedulerError);

impl Jobs {
    /// A scheduler without jobs. It begins to wake after [`Jobs::start`].
    pub async fn new(clock: Clock) -> Result<Self, JobsError> {
        Ok(Self {
            scheduler: JobScheduler::new().await?,
            clock,
            records: Arc::default(),
            wakes: Vec::new(),
            tasks: Vec::new(),
        })
    }

    /// Runs `work` whenever the cron pattern (`sec min hour day month weekday`) or the returned [`Wake`] says so.
    pub async fn every<F, Fut, E>(&mut self, pattern: &str, name: &'static str, work: F) -> Result<Wake, JobsError>
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: std::fmt::Display + Send + 'static,
    {
        let wake = Arc::new(Notify::new());
        let by_cron = Arc::clone(&wake);
        self.scheduler.add(Job::new(pattern, move |_, _| by_cron.notify_one())?).await?;
        self.lock().insert(name, Record { registered: self.clock.monotonic(), ..Record::default() });
        let (by_hand, records, clock) = (Arc::clone(&wake), Arc::clone(&self.records), self.clock.clone());
        self.tasks.push(tokio::spawn(async move {
            loop {
                let _ = tokio::time::timeout(FALLBACK, wake.notified()).await;
                run_once(name, &work, &records, &clock).await;
            }
        }));
        let wake = Wake(by_hand);
        self.wakes.push(wake.clone());
        Ok(wake)
    }

    /// Begins to wake.
    pub async fn start(&mut self) -> Result<(), JobsError> {
        self.tasks.push(tokio::spawn(watch(self.clock.clone(), self.wakes.clone())));
        Ok(self.scheduler.start().await?)
    }

    /// How long ago the job last succeeded; since its registration, if never.
    pub fn age_of_last_success(&self, name: &str) -> Option<Duration> {
        self.ages().age(name)
    }

    /// The ages, for a readiness check that outlives this borrow.
    pub fn ages(&self) -> JobAges {
        JobAges { records: Arc::clone(&self.records), clock: self.clock.clone() }
    }

    /// Stops waking and ends the jobs.
    pub async fn stop(&mut self) -> Result<(), JobsError> {
        self.tasks.iter().for_each(JoinHandle::abort);
        Ok(self.scheduler.shutdown().await?)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, Record>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// The age of each job's last success.
#[derive(Clone, Debug)]
pub struct JobAges {
    records: Arc<Mutex<BTreeMap<&'static str, Record>>>,
    clock: Clock,
}

impl JobAges {
    /// How long ago the job last succeeded; since its registration, if never. `None`: there is no such job.
    pub fn age(&self, name: &str) -> Option<Duration> {
        let records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let record = records.get(name)?;
        Some(self.clock.monotonic().saturating_sub(record.last_success.unwrap_or(record.registered)))
    }
}

/// Wakes every job when the wall clock is further on than any job may be late.
async fn watch(clock: Clock, wakes: Vec<Wake>) {
    let mut last = clock.now_ms();
    loop {
        tokio::time::sleep(LOOK).await;
        let now = clock.now_ms();
        if now.saturating_sub(last) >= u64::try_from(FALLBACK.as_millis()).unwrap_or(u64::MAX) {
            wakes.iter().for_each(Wake::poke);
        }
        last = now;
    }
}

async fn run_once<F, Fut, E>(
    name: &'static str,
    work: &F,
    records: &Mutex<BTreeMap<&'static str, Record>>,
    clock: &Clock,
) where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<(), E>> + Send + 'static,
    E: std::fmt::Display + Send + 'static,
{
    // A task of its own, so that a panic ends this run and not the job.
    let outcome = match tokio::spawn(work()).await {
        Ok(Ok(())) => "ok",
        Ok(Err(error)) => {
            tracing::warn!(job = name, %error, "a job failed; it runs again at its next time");
            "failed"
        }
        Err(error) => {
            tracing::error!(job = name, %error, "a job panicked; it runs again at its next time");
            "panicked"
        }
    };
    metrics::counter!("job_runs_total", "job" => name, "outcome" => outcome).increment(1);
    let mut records = records.lock().unwrap_or_else(PoisonError::into_inner);
    let record = records.entry(name).or_default();
    record.runs = record.runs.saturating_add(1);
    if outcome == "ok" {
        record.last_success = Some(clock.monotonic());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::sync::mpsc;

    #[tokio::test]
    async fn cron_wakes_a_job_and_its_success_is_known() {
        let mut jobs = Jobs::new(Clock::default()).await.unwrap();
        let (ran, mut runs) = mpsc::unbounded_channel();
        jobs.every("* * * * * *", "tick", move || {
            let ran = ran.clone();
            async move { ran.send(()).map_err(|_| "closed") }
        })
        .await
        .unwrap();
        jobs.start().await.unwrap();
        runs.recv().await.unwrap();
        runs.recv().await.unwrap();
        assert!(jobs.age_of_last_success("tick").unwrap() < Duration::from_secs(3_600));
        assert_eq!(jobs.age_of_last_success("other"), None);
        jobs.stop().await.unwrap();
    }

    #[tokio::test]
    async fn a_poke_runs_at_once_and_never_twice_at_the_same_time() {
        let mut jobs = Jobs::new(Clock::default()).await.unwrap();
        let (ran, mut runs) = mpsc::unbounded_channel();
        let inside = Arc::new(AtomicUsize::new(0));
        let wake = jobs
            .every("0 0 0 1 1 *", "pump", move || {
                let (ran, inside) = (ran.clone(), Arc::clone(&inside));
                async move {
                    let others = inside.fetch_add(1, Ordering::SeqCst);
                    tokio::task::yield_now().await;
                    inside.fetch_sub(1, Ordering::SeqCst);
                    ran.send(others).map_err(|_| "closed")
                }
            })
            .await
            .unwrap();
        for _ in 0..5 {
            wake.poke();
            wake.poke();
            assert_eq!(runs.recv().await, Some(0));
        }
    }

    #[tokio::test]
    async fn a_clock_that_jumped_ahead_wakes_every_job() {
        let folder = tempfile::tempdir().unwrap();
        let file = crate::testing::TestClockFile::create(folder.path().join("clock.json")).unwrap();
        let mut jobs = Jobs::new(file.clock()).await.unwrap();
        let (ran, mut runs) = mpsc::unbounded_channel();
        let work = move || {
            let ran = ran.clone();
            async move { ran.send(()).map_err(|_| "closed") }
        };
        jobs.every("0 0 0 1 1 *", "seldom", work).await.unwrap();
        jobs.start().await.unwrap();
        let jump = async {
            // The watch may not have looked for the first time yet: the clock jumps until it saw it.
            loop {
                file.advance(FALLBACK).unwrap();
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::select! { ran = runs.recv() => assert_eq!(ran, Some(())), () = jump => {} }
    }

    #[tokio::test]
    async fn a_job_that_fails_or_panics_runs_again_and_is_no_success() {
        let mut jobs = Jobs::new(Clock::default()).await.unwrap();
        let (ran, mut runs) = mpsc::unbounded_channel();
        let wake = jobs
            .every("0 0 0 1 1 *", "bad", move || {
                let _ = ran.send(());
                async move { if std::hint::black_box(true) { panic!("on purpose") } else { Err("never") } }
            })
            .await
            .unwrap();
        for _ in 0..2 {
            wake.poke();
            runs.recv().await.unwrap();
        }
        assert!(jobs.lock()["bad"].last_success.is_none());
    }

    #[tokio::test]
    async fn a_wrong_pattern_is_refused() {
        let mut jobs = Jobs::new(Clock::default()).await.unwrap();
        assert!(jobs.every("now and then", "x", || async { Ok::<(), &str>(()) }).await.is_err());
    }
}
