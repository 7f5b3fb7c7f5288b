//! Acting on an event: keep what it says of each person, look at everybody concerned, tell the source that it has run its course.
//!
//! Guarantees: done once, whatever stops in between: records are kept by the event's id, decisions follow from everything that is
//! kept, the roll is told by each decision's id, and the application is stored with the outbox row that logs it. Of each person one
//! event at a time, in order. There is no path from here to a removal. Deliberately absent: what is decided (`crate::decisions`), and
//! guessing who is meant by name.

use protocol::event::{PeerEvent, Receiver};
use schemas::event::AppliedResult;
use service_kit::{db::DatabaseError, lease::Lease};
use tlog::entry::EntryType;

use super::{RETURNS, TriggerError, back_off, open};
use crate::{
    app::App,
    decisions,
    store::{
        outbox::outbox_insert,
        triggers::{
            Side,
            records::{RecordKey, RecordKind, record_insert},
            work::{Work, return_insert, work_done, work_due, work_later},
        },
    },
};

/// What is urgent and comes meanwhile waits for so many.
const BATCH: i64 = 25;

/// Applies what is due.
pub(crate) async fn run(app: &App) -> Result<(), TriggerError> {
    if due(app).await?.is_empty() {
        return Ok(());
    }
    let Some(lease) = app.lease(super::APPLY).await? else { return Ok(()) };
    let done = all(app, &lease).await;
    app.release(lease).await?;
    done
}

async fn due(app: &App) -> Result<Vec<Work>, TriggerError> {
    let now_ms = app.now_ms();
    Ok(app.db().read(move |conn| Ok::<_, DatabaseError>(work_due(conn, now_ms, BATCH)?)).await?)
}

async fn all(app: &App, lease: &Lease) -> Result<(), TriggerError> {
    let mut renewed = app.clock().monotonic();
    loop {
        let works = due(app).await?;
        if works.is_empty() {
            return Ok(());
        }
        for work in works {
            if app.clock().monotonic().saturating_sub(renewed) > super::RENEWED_WITHIN {
                if !app.renew(lease).await? {
                    return Ok(());
                }
                renewed = app.clock().monotonic();
            }
            if let Err(error) = one(app, &work, lease).await {
                later(app, &work, &error).await?;
            }
        }
        app.wake_anchor();
        app.wakes().wake(RETURNS);
    }
}

/// It stays in its person's lane and is tried again; others go on.
async fn later(app: &App, work: &Work, error: &TriggerError) -> Result<(), TriggerError> {
    tracing::warn!(event = %work.event, tries = work.tries, %error, "an event could not be applied; it is tried again");
    let next = back_off::next_ms(app.now_ms(), work.tries, None);
    let (source, event) = (work.source.clone(), work.event.clone());
    Ok(app.db().write(move |conn| Ok::<_, DatabaseError>(work_later(conn, &source, &event, next)?)).await?)
}

async fn one(app: &App, work: &Work, lease: &Lease) -> Result<(), TriggerError> {
    let (event, opened) = open(app, work)?;
    let concerned = decisions::hear(app, &opened, lease).await?;
    let (mut result, mut failed) = (AppliedResult::Unmatched, None);
    for person in &concerned.persons {
        // Whoever cannot be looked at keeps nobody else of the case from being looked at.
        let settled = match decisions::settle(app, person).await {
            Ok(settled) => settled,
            Err(error) => {
                failed = Some(error);
                continue;
            }
        };
        // Who gets which scheme is not the source's business, and what others are to the person neither.
        if *person == concerned.subject {
            result = match (settled.contradicted, settled.concerned) {
                (true, _) => AppliedResult::Contradicted,
                (false, true) => AppliedResult::Settled,
                (false, false) => AppliedResult::Unmatched,
            };
        }
    }
    if let Some(error) = failed {
        return Err(error.into());
    }
    // If we stop here, everything is looked at again, and what was done is found done.
    settle(app, work, &event, result, lease).await
}

/// The signed application, its place in the queue for the log, and its way back to the source: one commit.
async fn settle(
    app: &App,
    work: &Work,
    event: &PeerEvent,
    result: AppliedResult,
    lease: &Lease,
) -> Result<(), TriggerError> {
    let us = Receiver { entity: app.entity(), signing: &app.keys().signing };
    let applied = us.applied(event, result, app.now())?;
    let (source, id, lease, now_ms) = (work.source.clone(), work.event.clone(), lease.clone(), app.now_ms());
    app.db()
        .write(move |conn| {
            if !lease.check(conn)? {
                return Err(TriggerError::Overtaken);
            }
            let key = RecordKey { side: Side::Subscriber, peer: &source, event: &id, kind: RecordKind::Applied };
            if record_insert(conn, key, applied.jws(), Some(result), now_ms)? {
                outbox_insert(conn, &[(EntryType::Trigger, applied.digest())], now_ms)?;
                return_insert(conn, &source, &id)?;
            }
            Ok(work_done(conn, &source, &id)?)
        })
        .await
}
