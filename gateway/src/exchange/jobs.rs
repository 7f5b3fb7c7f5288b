//! What this area does by itself: recover open questions, give receipts back, forget what is over.

use service_kit::jobs::{Jobs, JobsError};

use crate::app::App;

/// The job that ends open questions.
pub const RECOVERY: &str = "exchange-recovery";
/// The job that gives receipts back.
pub const RETURNS: &str = "receipt-returns";
/// The job that forgets stored answers.
pub const SWEEP: &str = "answer-sweep";

/// Registers the jobs and pokes each once. No correctness depends on when they run.
///
/// # Errors
/// If the scheduler refuses.
pub async fn schedule(app: &App, jobs: &mut Jobs) -> Result<(), JobsError> {
    if let Err(error) = app.hurry_open_questions().await {
        // Their turn comes by itself, some seconds later.
        tracing::warn!(%error, "open questions were not hurried");
    }
    let with = app.clone();
    let recovery = move || {
        let app = with.clone();
        async move { app.recover_questions().await.map(drop) }
    };
    let recovery = jobs.every("*/5 * * * * *", RECOVERY, recovery).await?;
    let with = app.clone();
    let returns = move || {
        let app = with.clone();
        async move { app.return_receipts().await.map(drop) }
    };
    let returns = jobs.every("* * * * * *", RETURNS, returns).await?;
    let with = app.clone();
    let sweep = move || {
        let app = with.clone();
        async move { app.sweep_answers().await.map(drop) }
    };
    let sweep = jobs.every("0 * * * * *", SWEEP, sweep).await?;
    for (name, wake) in [(RECOVERY, recovery), (RETURNS, returns), (SWEEP, sweep)] {
        wake.poke();
        app.wakes().put(name, wake);
    }
    Ok(())
}
