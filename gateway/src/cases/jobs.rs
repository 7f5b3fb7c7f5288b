//! What this area does by itself: work through batches, write down what recovery ended, forget what is over.

use std::sync::{Arc, atomic::Ordering};

use service_kit::{
    db::DatabaseError,
    jobs::{Jobs, JobsError},
};

use super::milliseconds;
use crate::{
    app::App,
    exchange::ask::NotAnswered,
    store::inquiries::{batches_hurry, inquiries_forget, parts_unsettled, values_forget},
};

/// The job that works through batches.
pub const BATCHES: &str = "batches";
/// The job that settles and forgets.
pub const UPKEEP: &str = "case-upkeep";
/// Batches that one process works on at once.
const AT_ONCE: usize = 4;
/// Rows of one round.
const ROUND: i64 = 500;

/// Registers the jobs and pokes each once. No correctness depends on when they run.
///
/// # Errors
/// If the scheduler refuses.
pub async fn schedule(app: &App, jobs: &mut Jobs) -> Result<(), JobsError> {
    if let Err(error) = app.hurry_batches().await {
        // Their lease ends by itself.
        tracing::warn!(%error, "batches were not hurried");
    }
    let with = app.clone();
    let batches = move || {
        let app = with.clone();
        async move { app.start_batches().await }
    };
    let batches = jobs.every("*/5 * * * * *", BATCHES, batches).await?;
    let with = app.clone();
    let upkeep = move || {
        let app = with.clone();
        async move { app.keep_cases().await }
    };
    let upkeep = jobs.every("30 * * * * *", UPKEEP, upkeep).await?;
    for (name, wake) in [(BATCHES, batches), (UPKEEP, upkeep)] {
        wake.poke();
        app.wakes().put(name, wake);
    }
    Ok(())
}

impl App {
    /// After a restart: nobody works on our batches, unless another process shares the database.
    async fn hurry_batches(&self) -> Result<(), DatabaseError> {
        if self.db().is_shared() {
            return Ok(());
        }
        self.db().write(move |conn| Ok(batches_hurry(conn).map(drop)?)).await
    }

    /// Takes what waits, each on a task of its own, so that a long batch does not keep a short one waiting.
    async fn start_batches(&self) -> Result<(), DatabaseError> {
        while self.cases().driving.load(Ordering::Acquire) < AT_ONCE {
            let Some(claimed) = self.claim_batch().await? else { return Ok(()) };
            let (app, place) = (self.clone(), Place::take(self));
            tokio::spawn(async move {
                let _place = place;
                if let Err(error) = app.drive_batch(claimed).await {
                    tracing::warn!(%error, "a batch waits for its next turn");
                }
                app.wakes().wake(BATCHES);
            });
        }
        Ok(())
    }

    /// Forgets what is over, and settles what recovery ended, each inquiry by itself.
    ///
    /// # Errors
    /// If the database does not answer.
    pub(super) async fn keep_cases(&self) -> Result<(), NotAnswered> {
        // First: nothing that cannot be settled keeps a value longer than its consent.
        self.forget_revoked().await?;
        let now_ms = milliseconds(self.now());
        self.db().write(move |conn| Ok::<_, DatabaseError>(inquiries_forget(conn, now_ms, ROUND).map(drop)?)).await?;
        let unsettled = self.db().read(move |conn| Ok::<_, DatabaseError>(parts_unsettled(conn, ROUND)?)).await?;
        for id in unsettled {
            if let Err(error) = self.settle_inquiry(&id).await {
                tracing::warn!(%id, ?error, "an inquiry could not be settled");
            }
        }
        Ok(())
    }

    /// Takes away values whose time is over, or whose consent was revoked.
    ///
    /// # Errors
    /// If the database does not answer.
    pub(super) async fn forget_revoked(&self) -> Result<(), DatabaseError> {
        let now_ms = milliseconds(self.now());
        self.db().write(move |conn| Ok(values_forget(conn, now_ms, ROUND).map(drop)?)).await
    }
}

/// One of the places for batches; given back when dropped.
struct Place(Arc<std::sync::atomic::AtomicUsize>);

impl Place {
    fn take(app: &App) -> Self {
        let driving = Arc::clone(&app.cases().driving);
        driving.fetch_add(1, Ordering::AcqRel);
        Self(driving)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
