//! Whether the clock may end anything for anybody, by the last day on which decisions went on.
//!
//! Guarantees: the rule is ageing's, and the day is both's: a clock that was set back, or jumped ahead by more than two days without
//! the trust anchor's word or an officer's, ends no window, no offer, no release, and starts no window before its day. A department
//! in which nobody ages has a day of its own. Deliberately absent: `vinimay gateway trigger go-on`, which is ageing's as well.

use std::sync::atomic::Ordering;

use schemas::time::{CivilDate, Timestamp};
use service_kit::db::AnyConnection;

use super::DecisionError;
use crate::{
    app::App,
    store::decisions::days::{decision_day, decision_day_move},
    triggers::ageing::{self, ClockDoubt},
};

/// Whether the clock is believed today; from now on it is not believed before today.
///
/// # Errors
/// If the day cannot be written.
pub(super) async fn pass(app: &App) -> Result<bool, DecisionError> {
    pass_on(app, app.now().civil_day()).await
}

/// The same as of a civil day.
pub(super) async fn pass_on(app: &App, today: CivilDate) -> Result<bool, DecisionError> {
    if !is_believed_on(app, today).await {
        return Ok(false);
    }
    let known = app.db().read(decision_day).await?;
    if known != Some(today) {
        app.db().write(move |conn| decision_day_move(conn, today)).await?;
    }
    Ok(true)
}

/// Whether the clock may end a window; what cannot be known ends none.
pub(super) async fn is_believed(app: &App) -> bool {
    is_believed_on(app, app.now().civil_day()).await
}

/// Whether a window may begin: by a clock that jumped ahead it would begin, and hold her, far in the future. One that was set back
/// shortens nothing ([`not_before`]).
pub(super) async fn may_begin(app: &App) -> bool {
    may_begin_on(app, app.now().civil_day()).await
}

/// The same as of a civil day.
pub(super) async fn may_begin_on(app: &App, today: CivilDate) -> bool {
    matches!(ageing::clock_doubt(app, today).await, Ok(None | Some(ClockDoubt::Back { .. })))
}

async fn is_believed_on(app: &App, today: CivilDate) -> bool {
    let mut doubt = ageing::clock_doubt(app, today).await;
    let known = app.decisions().clock_doubted.load(Ordering::Relaxed);
    if !known && matches!(doubt, Ok(Some(ClockDoubt::Ahead { .. }))) {
        // After a long stop the anchor's word that we have is old: it is asked once, the regular refresh does the rest.
        if let Err(error) = app.refresh_directory().await {
            tracing::warn!(%error, "the trust anchor could not be asked what day it is");
        }
        doubt = ageing::clock_doubt(app, today).await;
    }
    let believed = matches!(doubt, Ok(None));
    app.decisions().clock_doubted.store(!believed, Ordering::Relaxed);
    match doubt {
        // Said once, not each second.
        Ok(Some(doubt)) if !known => alarm(today, &doubt),
        Err(error) => tracing::warn!(%error, "whether the clock is right could not be asked; nothing ends"),
        Ok(_) => {}
    }
    believed
}

fn alarm(today: CivilDate, doubt: &ClockDoubt) {
    let (reason, latest) = match doubt {
        ClockDoubt::Back { latest } => ("clock-back", latest),
        ClockDoubt::Ahead { latest } => ("clock-ahead", latest),
    };
    tracing::error!(%today, %latest, reason, "no window and no offer ends by this clock; mend: set the clock, or look at it and run `vinimay gateway trigger go-on`");
    metrics::counter!("decisions_stopped_total", "reason" => reason).increment(1);
}

/// The earliest time at which a window may start: a clock that was set back gives nobody a shorter one.
///
/// # Errors
/// If the day cannot be read.
pub(super) fn not_before(conn: &mut AnyConnection, now: Timestamp) -> Result<Timestamp, DecisionError> {
    Ok(decision_day(conn)?.map_or(now, |day| now.max(day.start())))
}
