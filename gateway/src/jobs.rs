//! Work that comes round: the directory, the outbox, and what the areas register.
//!
//! The cron library only wakes; truth and leases stand in the database (security, requirement 40).

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use service_kit::jobs::{Jobs, JobsError, Wake};

use crate::{anchoring::Pump, app::App, directory::RefreshError};

/// The job that refreshes the directory.
pub const DIRECTORY: &str = "directory";
/// The job whose only work is to show that jobs are woken.
pub const HEARTBEAT: &str = "heartbeat";
/// The job that empties the outbox.
pub const ANCHOR: &str = "anchor";

/// Wakes jobs by name; a name without a job is nobody's poke.
#[derive(Debug, Default)]
pub struct Wakes(Mutex<BTreeMap<&'static str, Wake>>);

impl Wakes {
    /// Remembers how to wake a job.
    pub fn put(&self, name: &'static str, wake: Wake) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name, wake);
    }

    /// Wakes a job at once.
    pub fn wake(&self, name: &str) {
        if let Some(wake) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name) {
            wake.poke();
        }
    }
}

/// Registers every job of the gateway and pokes each once.
///
/// # Errors
/// If the scheduler refuses.
pub async fn schedule(app: &App, jobs: &mut Jobs) -> Result<(), JobsError> {
    let pump = Arc::new(Pump::new(app.db()));
    directory(app, jobs, Arc::clone(&pump)).await?;
    let pumped = app.clone();
    let wake = jobs
        .every("* * * * * *", ANCHOR, move || {
            let (app, pump) = (pumped.clone(), Arc::clone(&pump));
            async move { pump.run(&app).await }
        })
        .await?;
    app.wakes().put(ANCHOR, wake);
    crate::consents::schedule(app, jobs).await?;
    crate::exchange::jobs::schedule(app, jobs).await?;
    crate::cases::jobs::schedule(app, jobs).await?;
    jobs.every("*/30 * * * * *", HEARTBEAT, || async { Ok::<_, std::convert::Infallible>(()) }).await?;
    crate::triggers::schedule(app, jobs).await?;
    crate::rolls::schedule(app, jobs).await?;
    crate::decisions::schedule(app, jobs).await?;
    crate::fetching::schedule(app, jobs).await?;
    crate::notices::schedule(app, jobs).await?;
    crate::retention::schedule(app, jobs).await?;
    crate::break_glass::schedule(app, jobs).await?;
    crate::overlap::schedule(app, jobs).await?;
    for name in [DIRECTORY, ANCHOR] {
        app.wakes().wake(name);
    }
    Ok(())
}

async fn directory(app: &App, jobs: &mut Jobs, pump: Arc<Pump>) -> Result<(), JobsError> {
    let refreshed = app.clone();
    let wake = jobs
        .every(&pattern(app.config().anchor.refresh.0, 0), DIRECTORY, move || {
            let (app, pump) = (refreshed.clone(), Arc::clone(&pump));
            async move { refresh(&app, &pump).await }
        })
        .await?;
    app.wakes().put(DIRECTORY, wake);
    Ok(())
}

/// Status lists are verified with keys of the directory: while that was outdated none could be had, so they are fetched at once.
async fn refresh(app: &App, pump: &Pump) -> Result<(), RefreshError> {
    let was_outdated = app.directory().authorize_current(app.now()).is_err();
    app.refresh_directory().await?;
    pump.anchor_is_back();
    if was_outdated {
        app.wakes().wake(crate::consents::STATUSES);
    }
    Ok(())
}

/// Every so many seconds; at most every minute, then at this second.
pub(crate) fn pattern(seconds: u32, at: u32) -> String {
    match seconds {
        1..=59 => format!("*/{seconds} * * * * *"),
        _ => format!("{at} * * * * *"),
    }
}
