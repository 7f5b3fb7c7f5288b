//! Decisions about beneficiaries: what is known of a person, what her department's schemes say to it, and what is done.
//!
//! Guarantees: facts decide, events only wake: each time everything that was ever said of the person is folded anew; a decision,
//! its signed record, its place in the queue for the log and its notice are one commit, and the roll is changed after it, by an
//! order that is done once however often it is asked for. Nobody is removed but by a warrant, which needs a delivered notice and
//! its window (`protocol::due_process`). Unknown removes nobody; hearsay flags; a breaker stops a flood. Of each person one
//! process decides at a time (a locked row), on every replica. Deliberately absent: the rules themselves (`eligibility`), and how a
//! row is written (`registry_adapter::roll`).
//!
//! The way of one event: [`hear`] → [`settle`] (`look` → `decide` → `perform`) ; time goes on in [`run`].

mod breaker;
mod citizen;
mod clock;
mod contest;
mod decide;
mod error;
pub mod facts;
mod hear;
mod joined;
mod look;
mod officer;
mod outcome;
pub(crate) mod own;
mod perform;
mod plan;
mod records;
mod related;
mod run;
#[cfg(test)]
mod tests;
mod transition;
mod trying;
mod wanting;
mod words;

#[cfg(test)]
use std::sync::{PoisonError, RwLock};

use schemas::time::Timestamp;
use service_kit::{
    jobs::{Jobs, JobsError},
    words::{Words, WordsError},
};

pub use self::{
    citizen::CitizenError,
    error::DecisionError,
    officer::{Objected, OfficerRefused, QueueItem, QueueKey, ReviewItem, ReviewOutcome, Slip},
};
pub(crate) use self::{hear::hear, look::settle, officer::apart_from_who_confirmed, run::run};
pub use crate::store::decisions::breakers::Stopped;

use crate::app::App;

/// The job that lets time go on: windows, offers, who is due.
pub const DECISIONS: &str = "decisions";

/// What this area keeps in memory while the gateway runs.
#[derive(Debug)]
pub(crate) struct Decisions {
    words: Words,
    /// Schemes that tests give instead of the published ones.
    #[cfg(test)]
    given: RwLock<Option<Vec<std::sync::Arc<eligibility::scheme::Scheme>>>>,
    /// How far tests let time go on, seconds.
    #[cfg(test)]
    ahead: std::sync::atomic::AtomicI64,
    /// How many people each roll has.
    counted: breaker::Counted,
    /// Whether the clock was doubted when it was looked at last: said once, not each second.
    clock_doubted: std::sync::atomic::AtomicBool,
}

impl Decisions {
    /// Loads the texts.
    ///
    /// # Errors
    /// If they do not parse.
    pub(crate) fn open() -> Result<Self, WordsError> {
        Ok(Self {
            words: words::load()?,
            #[cfg(test)]
            given: RwLock::default(),
            #[cfg(test)]
            ahead: std::sync::atomic::AtomicI64::default(),
            counted: breaker::Counted::default(),
            clock_doubted: std::sync::atomic::AtomicBool::default(),
        })
    }

    /// Takes these schemes instead of the published ones.
    #[cfg(test)]
    pub(crate) fn give(&self, schemes: Vec<std::sync::Arc<eligibility::scheme::Scheme>>) {
        *self.given.write().unwrap_or_else(PoisonError::into_inner) = Some(schemes);
    }

    /// Lets time go on for decisions.
    #[cfg(test)]
    pub(crate) fn go_ahead(&self, seconds: i64) {
        self.ahead.fetch_add(seconds, std::sync::atomic::Ordering::SeqCst);
    }

    #[cfg(test)]
    fn ahead(&self) -> i64 {
        self.ahead.load(std::sync::atomic::Ordering::SeqCst)
    }

    #[cfg(not(test))]
    #[allow(clippy::unused_self, reason = "tests let time go on here")]
    const fn ahead(&self) -> i64 {
        0
    }

    #[cfg(test)]
    fn given(&self) -> Option<Vec<std::sync::Arc<eligibility::scheme::Scheme>>> {
        self.given.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl App {
    pub(crate) fn decisions(&self) -> &Decisions {
        &self.areas().decisions
    }

    /// Now, as decisions read it.
    pub(crate) fn decided_at(&self) -> Timestamp {
        self.now().plus(self.decisions().ahead())
    }

    /// The same in milliseconds since the epoch.
    pub(crate) fn decided_at_ms(&self) -> i64 {
        self.now_ms().saturating_add(self.decisions().ahead().saturating_mul(1000))
    }

    /// Pokes the job that lets time go on: something is due now.
    pub fn wake_decisions(&self) {
        self.wakes().wake(DECISIONS);
    }
}

/// Registers the job of this area and pokes it once.
///
/// # Errors
/// If the scheduler refuses.
pub async fn schedule(app: &App, jobs: &mut Jobs) -> Result<(), JobsError> {
    if app.triggers().rolls().is_none() {
        return Ok(());
    }
    let with = app.clone();
    let wake = jobs
        .every("* * * * * *", DECISIONS, move || {
            let app = with.clone();
            async move { run(&app).await }
        })
        .await?;
    wake.poke();
    app.wakes().put(DECISIONS, wake);
    Ok(())
}
