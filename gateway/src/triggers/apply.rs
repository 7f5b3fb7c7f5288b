//! Acting on an event: find the person, hold what she draws, tell the source that it has run its course.
//!
//! Guarantees: done once, whatever stops in between: the hold knows its decision by an id that follows from the death itself,
//! and the application is stored with the outbox row that logs it. Of each person one event at a time, in order. There is no
//! path from here to a removal: [`RollWriter`] holds and releases, and nothing else. Deliberately absent: guessing who is meant
//! by name; without a link nothing is done.

use protocol::event::{OpenedEvent, PeerEvent, Receiver};
use registry_adapter::{
    journal::RowOutcome,
    key::LocalKey,
    roll::{HoldDecision, RollWriter},
};
use schemas::{
    event::{AppliedResult, EventPayload},
    notice::NoticeKind,
};
use service_kit::{db::DatabaseError, lease::Lease};
use tlog::entry::EntryType;

use super::{RETURNS, TriggerError, back_off, decision::hold_decision, error::blocking, follow::roll_of, open};
use crate::{
    app::App,
    notices::{self, Person},
    store::{
        outbox::outbox_insert,
        triggers::{
            Side,
            records::{RecordKey, RecordKind, record_insert},
            work::{Work, return_insert, work_done, work_due, work_later},
        },
    },
};

const BATCH: i64 = 100;
/// The rule that decides; stands in the journal beside each hold.
const RULE: &str = "rule:death-hold@1";
const REASON: &str = "DEATH_REGISTERED";

/// Applies what is due.
pub(crate) async fn run(app: &App) -> Result<(), TriggerError> {
    if due(app).await?.is_empty() {
        return Ok(());
    }
    let Some(lease) = app.lease(super::APPLY).await? else { return Ok(()) };
    let done = all(app, &lease).await;
    app.release(lease).await?;
    app.wake_anchor();
    app.wakes().wake(RETURNS);
    done
}

async fn due(app: &App) -> Result<Vec<Work>, TriggerError> {
    let now_ms = app.now_ms();
    Ok(app.db().read(move |conn| Ok::<_, DatabaseError>(work_due(conn, now_ms, BATCH)?)).await?)
}

async fn all(app: &App, lease: &Lease) -> Result<(), TriggerError> {
    loop {
        let works = due(app).await?;
        if works.is_empty() || !app.renew(lease).await? {
            return Ok(());
        }
        for work in works {
            if let Err(error) = one(app, &work, lease).await {
                later(app, &work, &error).await?;
            }
        }
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
    let (event, contents) = open(app, work)?;
    let person = Person::of_subject(app.keys(), &contents.subject);
    let (result, held) = hold(app, &event, contents).await?;
    // If we stop here, the same decision is asked for again and answers what it did.
    settle(app, work, &event, (result, held.then_some(person)), lease).await
}

/// Holds the person's payments on every roll that follows this event; whether any is held by it.
async fn hold(
    app: &App,
    event: &PeerEvent,
    contents: OpenedEvent,
) -> Result<(AppliedResult, bool), TriggerError> {
    // A registered death alone holds; hearsay is another type, and other types wait for their rules.
    let EventPayload::DeathRegistered(death) = contents.payload else {
        return Ok((AppliedResult::Settled, false));
    };
    let Some(person) = app.links().resolve(&contents.subject).await? else {
        return Ok((AppliedResult::Unmatched, false));
    };
    let (app, event) = (app.clone(), event.clone());
    blocking(move || {
        let claims = event.claims();
        let (mut result, mut held) = (AppliedResult::Unmatched, false);
        let follows =
            |section: &&crate::config::FollowSettings| section.source == claims.iss && section.event == claims.r#type;
        for section in app.config().follow.iter().filter(follows) {
            let (rolls, roll) = roll_of(&app, section)?;
            let decision = hold_decision(app.keys(), &claims.iss, &death, &person, &roll)
                .ok_or(TriggerError::Answer("the event's date has no instant"))?;
            let order = HoldDecision {
                roll,
                subject: LocalKey::clone(&person),
                event: event.digest(),
                decision,
                reason: REASON.to_owned(),
                effective: claims.effective,
                actor: RULE.to_owned(),
            };
            // Held now, held before, ended long ago: each is settled, and the journal tells which.
            let applied = rolls.hold(&order, app.now())?;
            if !applied.rows.is_empty() {
                result = AppliedResult::Settled;
            }
            held |= applied.rows.iter().any(|row| row.outcome == RowOutcome::Held);
        }
        Ok((result, held))
    })
    .await
}

/// The signed application, its place in the queue for the log, its way back to the source, and the notice to whose payments are
/// held: one commit.
async fn settle(
    app: &App,
    work: &Work,
    event: &PeerEvent,
    (result, held): (AppliedResult, Option<Person>),
    lease: &Lease,
) -> Result<(), TriggerError> {
    let us = Receiver { entity: app.entity(), signing: &app.keys().signing };
    let applied = us.applied(event, result, app.now())?;
    let (source, id, lease, now_ms) = (work.source.clone(), work.event.clone(), lease.clone(), app.now_ms());
    let (keys, now) = (app.keys().clone(), app.now());
    app.db()
        .write(move |conn| {
            if !lease.check(conn)? {
                return Err(TriggerError::Overtaken);
            }
            let key = RecordKey { side: Side::Subscriber, peer: &source, event: &id, kind: RecordKind::Applied };
            if record_insert(conn, key, applied.jws(), Some(result), now_ms)? {
                outbox_insert(conn, &[(EntryType::Trigger, applied.digest())], now_ms)?;
                return_insert(conn, &source, &id)?;
                if let Some(person) = &held {
                    let kind = NoticeKind::Hold { event: id.clone(), source: source.clone() };
                    notices::write(conn, &keys, person, &kind, now)?;
                }
            }
            Ok(work_done(conn, &source, &id)?)
        })
        .await
}
