//! What subscribers tell of our events, at the source.
//!
//! Guarantees: stored only if it is the subscriber's word about exactly an event of ours to it. Deliberately absent: who gets
//! which scheme; that is not the source's business.

use std::collections::BTreeMap;

use protocol::{
    event::{NotAboutEvent, applied_is_about},
    exchange::Attested,
    federation::VerifiedMember,
};
use schemas::{
    event::{Event, EventApplied},
    id::{CompactJws, EntityId, MessageId},
    problem::Code,
};
use serde::{Deserialize, Serialize};
use service_kit::db::DatabaseError;

use super::{TriggerError, delivery::BATCH, error::blocking, outbound::our_entry};
use crate::{
    app::App,
    exchange::Rejected,
    store::triggers::{
        Side,
        feeds::feed_events_find,
        records::{NewRecord, RecordKey, RecordKind, records_insert},
    },
};

/// Applications on their way back; at most 100.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppliedBatch {
    /// Compact JWSs of typ `dx-event-applied+jwt`.
    pub applied: Vec<CompactJws>,
}

/// What the source took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppliedTaken {
    /// How many are stored, now or before.
    pub taken: usize,
    /// Those that never will be.
    pub refused: Vec<AppliedRefused>,
}

/// An application that is not about an event of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppliedRefused {
    /// The event that it names.
    pub event: MessageId,
    /// Why.
    pub code: Code,
}

impl App {
    /// Takes the caller's word about our events to it.
    ///
    /// # Errors
    /// `peer-unknown`, `peer-suspended`, `directory-outdated`, `request-too-large`, those of a token, `overloaded`.
    pub async fn receive_applied(&self, caller: &EntityId, batch: AppliedBatch) -> Result<AppliedTaken, Rejected> {
        if batch.applied.len() > BATCH {
            return Err(Rejected::new(Code::RequestTooLarge));
        }
        let (now, directory) = (self.now(), self.directory());
        let receiver = directory.peer(caller, now).map_err(|refusal| Rejected::new(refusal.code()))?;
        let (app, receiver, directory) = (self.clone(), receiver.clone(), directory.clone());
        blocking(move || {
            let verify = |jws: &CompactJws| Attested::<EventApplied>::verify(jws.as_str().as_bytes(), &receiver);
            let records: Vec<Attested<EventApplied>> = match batch.applied.iter().map(verify).collect() {
                Ok(records) => records,
                Err(error) => return Ok(Err(Rejected::new(error.code()))),
            };
            let us = our_entry(&directory, app.entity())?;
            take(&app, &records, us, &receiver).map(Ok)
        })
        .await
        .map_err(|error| {
            tracing::warn!(%error, peer = %caller, "applications could not be stored");
            Rejected::new(Code::Overloaded).retry_after(1)
        })?
    }
}

/// Stores those that are about events of ours, together.
fn take(
    app: &App,
    records: &[Attested<EventApplied>],
    us: &VerifiedMember,
    receiver: &VerifiedMember,
) -> Result<AppliedTaken, TriggerError> {
    let named: Vec<&MessageId> = records.iter().map(|record| &record.claims().event).collect();
    let sent = app
        .db()
        .read_blocking(|conn| feed_events_find(conn, receiver.entity(), &named).map_err(DatabaseError::from))?;
    let sent: BTreeMap<&MessageId, &CompactJws> = sent.iter().map(|event| (&event.jti, &event.jws)).collect();
    let (mut refused, mut good) = (Vec::new(), Vec::with_capacity(records.len()));
    for record in records {
        let event = &record.claims().event;
        let code = match sent.get(event) {
            None => Some(Code::NotFound),
            Some(jws) => {
                let ours = Attested::<Event>::verify(jws.as_str().as_bytes(), us)?;
                (!applied_is_about(record, &ours)).then(|| NotAboutEvent::Other.code())
            }
        };
        match code {
            None => good.push(record),
            Some(code) => refused.push(AppliedRefused { event: event.clone(), code }),
        }
    }
    app.db().write_blocking(|conn| {
        let key = |event| RecordKey { side: Side::Source, peer: receiver.entity(), event, kind: RecordKind::Applied };
        let new = good.iter().map(|record| {
            let claims = record.claims();
            NewRecord { key: key(&claims.event), jws: record.jws(), result: Some(claims.result) }
        });
        records_insert(conn, &new.collect::<Vec<_>>(), app.now_ms())?;
        Ok(AppliedTaken { taken: good.len(), refused })
    })
}
