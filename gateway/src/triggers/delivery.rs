//! Sending events until their subscribers have acknowledged them.
//!
//! Guarantees: each subscriber has a task, a lease and a back-off of its own, so that one who takes connections and never answers
//! costs nobody else a moment; an event counts as delivered only with a verified, signed acknowledgement of its exact bytes; what
//! fails is tried again from 1 s doubling to 15 min with full jitter, and one event alone after a failure; after 72 h it is parked,
//! never dropped; an event that is refused parks its person's lane and nobody else's. The lock is not held across the call.

use protocol::{event::accept_ack, exchange::Attested, federation::VerifiedMember};
use schemas::{
    event::{Event, EventAck, EventAckBatch, EventBatch, EventResult},
    id::EntityId,
};
use service_kit::{db::DatabaseError, lease::Lease};

use super::{
    TriggerError, back_off,
    outbound::{Below, our_entry, post_json},
    turns::Task,
};
use crate::{
    app::App,
    store::triggers::{
        Side,
        feeds::{
            FeedEvent, deliveries_count, deliveries_done, deliveries_due, deliveries_park_older, deliveries_replay,
            delivery_park, feed_failed, feed_state, feed_succeeded, feeds_due,
        },
        records::{NewRecord, RecordKey, RecordKind, records_insert},
    },
};

/// Events of one delivery (security, "Limits and time-outs"): 100 of at most 16 kB stay below 2 MB.
pub const BATCH: usize = 100;
/// After so long without an acknowledgement an event is parked: 72 h.
const PARK_MS: i64 = 72 * 3_600_000;

/// Sees to it that everybody for whom something waits is served, and waits for nobody.
pub(crate) async fn start(app: &App) -> Result<(), TriggerError> {
    begin(app).await.map(drop)
}

/// The same, and waits for all of them; the first error.
#[cfg(test)]
pub(crate) async fn run(app: &App) -> Result<(), TriggerError> {
    super::turns::ended(begin(app).await?).await
}

/// A task for each subscriber for whom something waits, whose endpoint may be tried, and who is not served already.
pub(super) async fn begin(app: &App) -> Result<Vec<Task>, TriggerError> {
    let now_ms = app.now_ms();
    let due = app.db().read(move |conn| Ok::<_, DatabaseError>(feeds_due(conn, now_ms)?)).await?;
    let subscribers = due.into_iter().map(|feed| feed.subscriber);
    Ok(app
        .triggers()
        .delivering
        .begin_all(app, super::DELIVERY, subscribers, |app, subscriber, lease| Box::pin(one(app, subscriber, lease))))
}

/// Sends again what was parked for a subscriber; how many.
///
/// # Errors
/// If the database fails.
pub async fn replay(app: &App, subscriber: &EntityId) -> Result<usize, DatabaseError> {
    let (subscriber, now_ms) = (subscriber.clone(), app.now_ms());
    let again =
        app.db().write(move |conn| Ok::<_, DatabaseError>(deliveries_replay(conn, &subscriber, now_ms)?)).await?;
    app.wakes().wake(super::DELIVERY);
    Ok(again)
}

/// Parks what nobody has acknowledged for 72 hours, and counts what waits.
pub(crate) async fn park(app: &App) -> Result<(), TriggerError> {
    let before = app.now_ms().saturating_sub(PARK_MS);
    let parked = app.db().write(move |conn| Ok::<_, DatabaseError>(deliveries_park_older(conn, before)?)).await?;
    if parked > 0 {
        tracing::error!(parked, "events were not acknowledged for 72 hours and are parked; they stay in the feed");
    }
    let (waiting, all_parked) = app.db().read(|conn| Ok::<_, DatabaseError>(deliveries_count(conn)?)).await?;
    #[allow(clippy::cast_precision_loss, reason = "metrics")]
    {
        metrics::gauge!("events_waiting").set(waiting as f64);
        metrics::gauge!("events_parked").set(all_parked as f64);
    }
    Ok(())
}

async fn one(app: &App, subscriber: &EntityId, lease: &Lease) -> Result<(), TriggerError> {
    let (of, now_ms) = (subscriber.clone(), app.now_ms());
    // Another process may have tried it since it was found due.
    let state = app.db().read(move |conn| Ok::<_, DatabaseError>(feed_state(conn, &of, now_ms)?)).await?;
    let Some(feed) = state else { return Ok(()) };
    let (mut failures, mut renewed) = (feed.failures, app.clock().monotonic());
    loop {
        if app.clock().monotonic().saturating_sub(renewed) > super::RENEWED_WITHIN {
            if !app.renew(lease).await? {
                return Ok(());
            }
            renewed = app.clock().monotonic();
        }
        // After a failure one event alone: it shows whether the endpoint is well, and whether it is this event.
        let (of, limit) = (subscriber.clone(), if failures == 0 { BATCH } else { 1 });
        let due =
            move |conn: &mut _| Ok::<_, DatabaseError>(deliveries_due(conn, &of, i64::try_from(limit).unwrap_or(1))?);
        let events = app.db().read(due).await?;
        if events.is_empty() {
            return Ok(());
        }
        if let Err(error) = send(app, subscriber, &events).await {
            failed(app, subscriber, &events, failures, &error).await?;
            return Err(error);
        }
        failures = 0;
    }
}

/// One delivery, and the acknowledgements that came back.
async fn send(app: &App, subscriber: &EntityId, events: &[FeedEvent]) -> Result<(), TriggerError> {
    let batch = EventBatch { events: events.iter().map(|event| event.jws.clone()).collect() };
    let answer: EventAckBatch = post_json(app, subscriber, Below::Events, &batch).await?;
    if answer.acks.len() != events.len() {
        return Err(TriggerError::Answer("not one acknowledgement for each event"));
    }
    let directory = app.directory();
    let us = our_entry(&directory, app.entity())?;
    let member = directory.peer(subscriber, app.now())?;
    let acks: Vec<Acknowledged> = events
        .iter()
        .zip(&answer.acks)
        .map(|(event, ack)| verified(event, ack.as_str(), us, member))
        .collect::<Result<_, _>>()?;
    store(app, subscriber, acks).await
}

struct Acknowledged {
    seq: u64,
    ack: Attested<EventAck>,
}

impl Acknowledged {
    fn record<'a>(&'a self, peer: &'a EntityId) -> NewRecord<'a> {
        let claims = self.ack.claims();
        let kind = RecordKind::of_ack(claims.result);
        let key = RecordKey { side: Side::Source, peer, event: &claims.event, kind };
        NewRecord { key, jws: self.ack.jws(), result: None }
    }
}

fn verified(
    event: &FeedEvent,
    ack: &str,
    us: &VerifiedMember,
    member: &VerifiedMember,
) -> Result<Acknowledged, TriggerError> {
    let ours = Attested::<Event>::verify(event.jws.as_str().as_bytes(), us)?;
    let ack = accept_ack(ack.as_bytes(), &ours, member).map_err(|error| {
        tracing::warn!(%error, peer = %member.entity(), "an acknowledgement is not taken");
        TriggerError::Answer("an acknowledgement does not verify")
    })?;
    Ok(Acknowledged { seq: event.seq, ack })
}

async fn store(app: &App, subscriber: &EntityId, acks: Vec<Acknowledged>) -> Result<(), TriggerError> {
    let (peer, now_ms) = (subscriber.clone(), app.now_ms());
    app.db()
        .write(move |conn| {
            let records: Vec<NewRecord<'_>> = acks.iter().map(|one| one.record(&peer)).collect();
            records_insert(conn, &records, now_ms)?;
            let (refused, done): (Vec<&Acknowledged>, Vec<&Acknowledged>) =
                acks.iter().partition(|one| one.ack.claims().result == EventResult::Refused);
            for Acknowledged { seq, ack } in refused {
                tracing::error!(peer = %peer, seq, code = ?ack.claims().refusal, "an event was refused and is parked");
                delivery_park(conn, &peer, *seq)?;
            }
            deliveries_done(conn, &peer, &done.iter().map(|one| one.seq).collect::<Vec<_>>())?;
            Ok::<_, TriggerError>(feed_succeeded(conn, &peer)?)
        })
        .await
}

/// The endpoint waits; an event that cannot even be read there is parked, so that the others go on.
async fn failed(
    app: &App,
    subscriber: &EntityId,
    events: &[FeedEvent],
    failures: u32,
    error: &TriggerError,
) -> Result<(), TriggerError> {
    let next = back_off::next_ms(app.now_ms(), failures, error.retry_after());
    let poison = match (error, events) {
        (TriggerError::Refused { status: 400, .. }, [event]) => Some(event.seq),
        _ => None,
    };
    let peer = subscriber.clone();
    app.db()
        .write(move |conn| {
            if let Some(seq) = poison {
                tracing::error!(%peer, seq, "an event is not readable at its subscriber and is parked");
                delivery_park(conn, &peer, seq)?;
            }
            Ok::<_, TriggerError>(feed_failed(conn, &peer, next)?)
        })
        .await
}
