//! Facts that a scheme needs and nobody has said: asked for under a registered law, or with the person's consent.
//!
//! Guarantees: asked is only where an answer would decide something about her (`decisions::wanting`), once a person and fact at a
//! time on every replica, within a budget a day; what comes is kept as that department's own word, with its receipt's digest. What
//! does not come stays unknown, with the reason, and unknown removes nobody. What came on a consent that she revokes is unknown
//! from the commit that acknowledges the revocation. Deliberately absent: rules, and asking itself (`exchange`, `consents`).
//!
//! | how a question ends | reason on record | asked again |
//! |---|---|---|
//! | a value | | when it has become too old and somebody is to be decided about |
//! | the department knows nothing of it | `NOT_KNOWN_THERE`, `ANSWERS_DIFFER`, `ANSWER_UNUSABLE` | after a week |
//! | refused, away, no law | the code of the refusal in capitals | after a minute, doubling to a day |
//! | the day's budget or the law's quota is spent | `BUDGET_SPENT`, `LAW_QUOTA_EXCEEDED` | on the next day |
//! | she says no, or takes her consent back | `CONSENT_DENIED`, `CONSENT_REVOKED` | after a month |
//! | she does not answer | `CONSENT_NOT_ANSWERED` | after a week |
//! | somebody else consented, as far as we know | `CONSENT_WRONG_SUBJECT` | when her wallet has shown who she is |

mod by_consent;
pub mod commands;
mod consent_ended;
mod end;
mod shown;
#[cfg(test)]
mod tests;
mod under_law;
mod value;
mod want;

use futures_util::{StreamExt as _, stream};
use service_kit::jobs::{Jobs, JobsError};

pub use self::shown::Unknown;
pub(crate) use self::{consent_ended::consent_ended, shown::why, want::want};
use crate::{
    app::App,
    decisions::DecisionError,
    store::fetching::{AskState, FactAsk, FactBasis, asks_due},
};

/// The job that asks.
pub const FETCHING: &str = "fetching";

/// Rows of one round.
const ROUND: i64 = 64;
/// Questions in the air at once.
const AT_ONCE: usize = 8;
/// How long one process has for one question, milliseconds: longer than an exchange can take.
const CLAIM_MS: i64 = 60_000;

/// Asks for everything that is due; what fails is asked again later, and stops nothing else.
///
/// # Errors
/// If what is due cannot be read.
pub(crate) async fn run(app: &App) -> Result<(), DecisionError> {
    if app.config().fetching.is_none() {
        return Ok(());
    }
    let (keys, now_ms) = (app.keys().clone(), app.decided_at_ms());
    let due = app.db().read(move |conn| asks_due(conn, &keys, now_ms, ROUND)).await?;
    let (laws, consents): (Vec<FactAsk>, Vec<FactAsk>) =
        due.into_iter().partition(|ask| matches!(ask.wanted.basis, FactBasis::Law(_)));
    under_law::ask_all(app, laws).await?;
    // Collected first: a stream over the closure itself would not be `Send` for every lifetime.
    let asked: Vec<_> = consents.into_iter().map(|ask| one_by_consent(app, ask)).collect();
    stream::iter(asked).buffer_unordered(AT_ONCE).for_each(|()| std::future::ready(())).await;
    Ok(())
}

async fn one_by_consent(app: &App, ask: FactAsk) {
    let done = match ask.state {
        AskState::Asked => by_consent::answered(app, ask).await,
        _ => by_consent::request(app, ask).await,
    };
    if let Err(error) = done {
        tracing::warn!(%error, "a fact could not be asked for; it is tried again");
    }
}

impl App {
    /// Pokes the job that asks: a fact is needed, or she has answered.
    pub fn wake_fetching(&self) {
        self.wakes().wake(FETCHING);
    }
}

/// Registers the job of this area.
///
/// # Errors
/// If the scheduler refuses.
pub async fn schedule(app: &App, jobs: &mut Jobs) -> Result<(), JobsError> {
    if app.config().fetching.is_none() {
        return Ok(());
    }
    let with = app.clone();
    let wake = jobs
        .every("*/5 * * * * *", FETCHING, move || {
            let app = with.clone();
            async move { run(&app).await }
        })
        .await?;
    wake.poke();
    app.wakes().put(FETCHING, wake);
    Ok(())
}
