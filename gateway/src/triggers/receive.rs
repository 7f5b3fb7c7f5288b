//! Taking a delivery of events: judge each, store what is good, acknowledge every one.
//!
//! Guarantees: an acknowledgement leaves only after the commit that holds the event, the acknowledgement and its place in the
//! queue for the log; an event is stored once by id and once by number; other bytes under a known id or number are kept as
//! evidence and refused; a refusal says why, signed. Deliberately absent: acting on the event (`apply`).

use protocol::{
    event::{PeerEvent, Receiver, accept_event, authorize_event, open_any_event},
    exchange::Attested,
    federation::VerifiedMember,
};
use schemas::{
    digest::Digest,
    event::{EventAck, EventResult},
    id::{CompactJws, EntityId},
    problem::Code,
    time::Timestamp,
};
use service_kit::db::{AnyConnection, DatabaseError};
use tlog::entry::EntryType;

use super::{APPLY, PULL, TriggerError, delivery::BATCH, error::blocking};
use crate::{
    app::App,
    directory::DirectorySnapshot,
    exchange::Rejected,
    store::{
        outbox::outbox_insert,
        triggers::{
            PersonIndex, Side,
            inbox::{Stored, equivocation_insert, inbox_advance, inbox_insert, inbox_last},
            records::{NewRecord, RecordKey, RecordKind, record_find, records_insert},
            subscriptions::{SubscriptionRow, subscriptions_with},
        },
    },
};

impl App {
    /// Takes events from the caller; one acknowledgement each, in their order.
    ///
    /// # Errors
    /// A plain problem where nobody is known to have signed one of them, or nothing could be made durable: `peer-unknown`,
    /// `peer-suspended`, `directory-outdated`, `request-too-large`, those of the token, `too-many-requests`, `overloaded`.
    pub async fn receive_events(&self, caller: &EntityId, events: &[CompactJws]) -> Result<Vec<CompactJws>, Rejected> {
        let taken = self.take_events(caller, events).await?;
        if taken.new {
            self.triggers().flow.delivered(caller, self.clock().monotonic());
        }
        Ok(taken.acks)
    }

    /// The same, of events that were delivered or read from the caller's feed.
    pub(super) async fn take_events(&self, caller: &EntityId, events: &[CompactJws]) -> Result<Taken, Rejected> {
        if events.is_empty() || events.len() > BATCH {
            return Err(Rejected::new(if events.is_empty() { Code::RequestMalformed } else { Code::RequestTooLarge }));
        }
        let (now, directory) = (self.now(), self.directory());
        let source = directory.peer(caller, now).map_err(|refusal| Rejected::new(refusal.code()))?;
        let from = caller.clone();
        let agreed = self
            .db()
            .read(move |conn| Ok::<_, DatabaseError>(subscriptions_with(conn, Side::Subscriber, &from)?))
            .await?;
        let (app, source, texts) = (self.clone(), source.clone(), events.to_vec());
        let taken = blocking(move || {
            let judge = Judge { app: &app, directory: &directory, source: &source, agreed: &agreed, now };
            let judged: Result<Vec<Judged>, Rejected> =
                texts.iter().map(|event| judge.judge_within_bucket(event)).collect();
            Ok(match judged {
                Ok(judged) => Ok(commit(&app, source.entity(), judged, now)?),
                Err(rejected) => Err(rejected),
            })
        })
        .await
        .map_err(|error| {
            tracing::warn!(%error, peer = %caller, "events could not be stored");
            Rejected::new(Code::Overloaded).retry_after(1)
        })??;
        self.wake_anchor();
        self.wakes().wake(APPLY);
        if taken.gap {
            self.wakes().wake(PULL);
        }
        Ok(taken)
    }
}

/// What judges one delivery.
struct Judge<'a> {
    app: &'a App,
    directory: &'a DirectorySnapshot,
    source: &'a VerifiedMember,
    agreed: &'a [SubscriptionRow],
    now: Timestamp,
}

/// An event whose signature is the source's, and whether it may be stored.
struct Judged {
    event: PeerEvent,
    allowed: Result<(), Code>,
}

impl Judge<'_> {
    /// A signed refusal costs us work and a row: each peer has so many of them.
    fn judge_within_bucket(&self, jws: &CompactJws) -> Result<Judged, Rejected> {
        let judged = self.judge(jws)?;
        if let Err(code) = judged.allowed {
            tracing::info!(%code, source = %self.source.entity(), "an event is refused");
            self.app.exchange().take_refusal(self.source.entity())?;
        }
        Ok(judged)
    }

    fn judge(&self, jws: &CompactJws) -> Result<Judged, Rejected> {
        let event = accept_event(jws.as_str().as_bytes(), self.source).map_err(|error| Rejected::new(error.code()))?;
        let allowed = self.allow(&event);
        Ok(Judged { event, allowed })
    }

    /// Meant for us, from a source with that role, under a subscription in force, and readable.
    fn allow(&self, event: &PeerEvent) -> Result<(), Code> {
        let claims = event.claims();
        authorize_event(event, self.source, self.app.entity(), self.now)?;
        let today = self.now.civil_day();
        let agreed = self.agreed.iter().any(|row| row.in_force(today) && row.types.contains(&claims.r#type));
        if !agreed || claims.seq == 0 || claims.person_seq == 0 {
            return Err(Code::AccessDenied);
        }
        let registry = identity_registry(self.app, self.directory).ok_or(Code::DirectoryOutdated)?;
        open_any_event(event, registry, &self.app.keys().encryption).map(drop).map_err(|error| error.code())
    }
}

/// The member that names people in our sector.
pub(super) fn identity_registry<'d>(app: &App, directory: &'d DirectorySnapshot) -> Option<&'d VerifiedMember> {
    directory.members().members().find(|member| member.authorize_identity_registry(&app.config().sector).is_ok())
}

/// What left the commit.
pub(super) struct Taken {
    acks: Vec<CompactJws>,
    /// The greatest number among them, as their source has signed it.
    pub(super) last: u64,
    /// Something was not here before.
    new: bool,
    gap: bool,
}

/// One commit: events, acknowledgements, their places in the queue for the log.
fn commit(app: &App, source: &EntityId, judged: Vec<Judged>, now: Timestamp) -> Result<Taken, TriggerError> {
    app.db().write_blocking(|conn| {
        let results = keep(app, conn, &judged)?;
        let contiguous = inbox_advance(conn, source)?;
        let acks = acknowledge(app, conn, (&judged, &results), contiguous, now)?;
        let new = results.contains(&Ok(EventResult::Received));
        let last = judged.iter().map(|one| one.event.claims().seq).max().unwrap_or(0);
        Ok(Taken { acks, last, new, gap: inbox_last(conn, source)? > contiguous })
    })
}

/// What became of each event.
fn keep(
    app: &App,
    conn: &mut AnyConnection,
    judged: &[Judged],
) -> Result<Vec<Result<EventResult, Code>>, TriggerError> {
    let now_ms = app.now_ms();
    let person =
        |event: &PeerEvent| PersonIndex::of_reference(app.keys(), &event.claims().iss, &event.claims().subject_ref);
    let allowed: Vec<(&PeerEvent, PersonIndex)> = judged
        .iter()
        .filter(|judged| judged.allowed.is_ok())
        .map(|judged| (&judged.event, person(&judged.event)))
        .collect();
    let mut stored = inbox_insert(conn, &allowed, now_ms)?.into_iter();
    let mut results = Vec::with_capacity(judged.len());
    for Judged { event, allowed } in judged {
        results.push(match allowed.and_then(|()| stored.next().ok_or(Code::Internal)) {
            Err(code) => Err(code),
            Ok(Stored::New) => Ok(EventResult::Received),
            Ok(Stored::Same) => Ok(EventResult::Duplicate),
            Ok(Stored::Other) => {
                contradicts(conn, event, now_ms)?;
                Err(Code::Replayed)
            }
        });
    }
    Ok(results)
}

/// Kept as evidence.
fn contradicts(conn: &mut AnyConnection, event: &PeerEvent, now_ms: i64) -> Result<(), TriggerError> {
    let claims = event.claims();
    tracing::error!(source = %claims.iss, event = %claims.jti, seq = claims.seq, "a source has signed two different events under one id or number");
    metrics::counter!("equivocations_total").increment(1);
    Ok(equivocation_insert(conn, event, now_ms)?)
}

/// Signs and stores acknowledgements; one that was given for the same bytes and with the same result is given again.
fn acknowledge(
    app: &App,
    conn: &mut AnyConnection,
    (judged, results): (&[Judged], &[Result<EventResult, Code>]),
    contiguous: u64,
    now: Timestamp,
) -> Result<Vec<CompactJws>, TriggerError> {
    let us = Receiver { entity: app.entity(), signing: &app.keys().signing };
    let (mut acks, mut new) = (Vec::with_capacity(judged.len()), Vec::with_capacity(judged.len()));
    for (Judged { event, .. }, result) in judged.iter().zip(results) {
        let kind = RecordKind::of_ack(result.unwrap_or(EventResult::Refused));
        let (iss, jti) = (&event.claims().iss, &event.claims().jti);
        let key = RecordKey { side: Side::Subscriber, peer: iss, event: jti, kind };
        let before = if kind == RecordKind::Duplicate { record_find(conn, key)? } else { None };
        let ack = match before {
            Some(before) => before,
            None => {
                let ack: Attested<EventAck> = us.acknowledge(event, *result, contiguous, now)?;
                new.push((key, ack.jws().clone()));
                ack.jws().clone()
            }
        };
        acks.push(ack);
    }
    let records: Vec<NewRecord<'_>> = new.iter().map(|(key, jws)| NewRecord { key: *key, jws, result: None }).collect();
    let stored = records_insert(conn, &records, app.now_ms())?;
    let entries: Vec<(EntryType, Digest)> = stored.into_iter().map(|digest| (EntryType::Trigger, digest)).collect();
    outbox_insert(conn, &entries, app.now_ms())?;
    Ok(acks)
}
