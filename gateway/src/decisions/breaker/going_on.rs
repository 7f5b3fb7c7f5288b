//! What the breaker stopped goes on after its release, a page at a time.
//!
//! Guarantees: each person is looked at again before anything goes on, and only what today's rules confirm does; never more people
//! than two persons signed for; when the day of the release is over, whoever still waits is stopped again. Deliberately absent:
//! telling the roll, which is the orders' part of the same round.

use eligibility::propose::Reason;
use schemas::scheme::DecisionState;
use service_kit::db::AnyConnection;

use super::{RELEASED_FOR, is_released, trip};
use crate::{
    app::App,
    decisions::{DecisionError, decide::Clerk, look, officer::begin, run::local, trying},
    store::decisions::{
        breakers::{Stopped, breaker_find, breaker_lock, breaker_take, breakers_released},
        cases::{Decided, Waits, decision_find, decision_update},
        persons::person_lock,
        work::{Turn, decision_wait, decisions_stopped},
    },
};

/// People of one scheme in one round.
const PAGE: i64 = 50;
/// How long one whom nothing confirms waits until she is looked at again, milliseconds.
const LATER_MS: i64 = 3_600_000;

/// Lets a page of each released scheme go on.
///
/// # Errors
/// If the schemes cannot be read; what failed for one person stops nobody else.
pub(in crate::decisions) async fn go_on(app: &App) -> Result<(), DecisionError> {
    let released = app.db().read(breakers_released).await?;
    for scheme in released {
        page(app, &scheme).await?;
    }
    Ok(())
}

async fn page(app: &App, scheme: &Stopped) -> Result<(), DecisionError> {
    let now_ms = app.decided_at_ms();
    if !is_released(scheme, now_ms) {
        return stop_again(app, scheme).await;
    }
    let name = scheme.scheme.clone();
    let turns = app.db().read(move |conn| decisions_stopped(conn, &name, now_ms, PAGE)).await?;
    for turn in turns {
        match one(app, scheme, &turn).await {
            Ok(true) => {}
            // All for whom two persons signed have gone on.
            Ok(false) => return stop_again(app, scheme).await,
            Err(error) => trying::failed(app, &turn.id, &error).await?,
        }
    }
    Ok(())
}

async fn stop_again(app: &App, stopped: &Stopped) -> Result<(), DecisionError> {
    let (stopped, now_ms) = (stopped.clone(), app.decided_at_ms());
    let write = move |conn: &mut AnyConnection| {
        breaker_lock(conn, &stopped.scheme)?;
        // Two persons may have signed anew meanwhile.
        if breaker_find(conn, &stopped.scheme)?.is_none_or(|now| now.released_ms != stopped.released_ms) {
            return Ok(());
        }
        trip(conn, &stopped.scheme, (stopped.waiting, stopped.roll_size), now_ms)
    };
    app.db().write(write).await
}

/// One person, if she is still to go. `false`: nobody else may.
async fn one(app: &App, scheme: &Stopped, turn: &Turn) -> Result<bool, DecisionError> {
    let settled = look::settle(app, &turn.person).await?;
    let right = settled.right.contains(&turn.id);
    let (with, turn, name, now_ms) = (app.clone(), turn.clone(), scheme.scheme.clone(), app.decided_at_ms());
    let write = move |conn: &mut AnyConnection| {
        person_lock(conn, with.keys(), &turn.person)?;
        let found = decision_find(conn, with.keys(), &turn.id)?;
        let waiting = |now: &Decided| now.waits == Some(Waits::Breaker) && now.state == DecisionState::Proposed;
        let Some(mut now) = found.filter(waiting) else { return Ok(true) };
        if !right {
            decision_wait(conn, &turn.id, now_ms.saturating_add(LATER_MS))?;
            return Ok(true);
        }
        if !breaker_take(conn, &name, now_ms - RELEASED_FOR)? {
            return Ok(false);
        }
        resume(conn, &with, &mut now)?;
        Ok::<_, DecisionError>(true)
    };
    let more = app.db().write(write).await?;
    app.wake_notices();
    app.wake_anchor();
    Ok(more)
}

/// It goes on to hold and notice; what needs an officer waits for one.
fn resume(conn: &mut AnyConnection, app: &App, decided: &mut Decided) -> Result<(), DecisionError> {
    let number = local(conn, app, decided)?;
    let clerk = Clerk { app, local: number.as_ref(), now: app.decided_at() };
    let by_clause = decided.matter.cause.reason == Reason::ClauseFalse;
    decided.waits = by_clause.then_some(Waits::Officer);
    if decided.waits.is_none() {
        begin(conn, &clerk, decided)?;
    }
    if decision_update(conn, app.keys(), decided)? { Ok(()) } else { Err(DecisionError::Overtaken) }
}
