//! What subscribers tell of our events, at the source.
//!
//! Guarantees: stored only if it is the subscriber's word about exactly an event of ours to it. Deliberately absent: who gets
//! which scheme; that is not the source's business.

use protocol::{event::accept_applied, exchange::Attested};
use schemas::{
    event::{Event, EventApplied},
    id::{CompactJws, EntityId, MessageId},
    problem::Code,
};
use serde::{Deserialize, Serialize};
use service_kit::db::{AnyConnection, DatabaseError};

use super::{TriggerError, delivery::BATCH, error::blocking, outbound::our_entry};
use crate::{
    app::App,
    exchange::Rejected,
    store::triggers::{
        Side,
        feeds::feed_event_find,
        records::{RecordKey, RecordKind, record_insert},
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
        let mut records = Vec::with_capacity(batch.applied.len());
        for jws in &batch.applied {
            let record = Attested::<EventApplied>::verify(jws.as_str().as_bytes(), receiver)
                .map_err(|error| Rejected::new(error.code()))?;
            records.push(record);
        }
        let app = self.clone();
        let (receiver, directory) = (receiver.clone(), directory.clone());
        blocking(move || {
            let us = our_entry(&directory, app.entity())?;
            app.db().write_blocking(|conn| {
                let mut answer = AppliedTaken { taken: 0, refused: Vec::new() };
                for record in &records {
                    match store(conn, record, us, &receiver, app.now_ms())? {
                        Ok(()) => answer.taken += 1,
                        Err(code) => answer.refused.push(AppliedRefused { event: record.claims().event.clone(), code }),
                    }
                }
                Ok::<_, TriggerError>(answer)
            })
        })
        .await
        .map_err(|error| {
            tracing::warn!(%error, peer = %caller, "applications could not be stored");
            Rejected::new(Code::Overloaded).retry_after(1)
        })
    }
}

fn store(
    conn: &mut AnyConnection,
    record: &Attested<EventApplied>,
    us: &protocol::federation::VerifiedMember,
    receiver: &protocol::federation::VerifiedMember,
    now_ms: i64,
) -> Result<Result<(), Code>, TriggerError> {
    let claims = record.claims();
    let found = feed_event_find(conn, receiver.entity(), &claims.event).map_err(DatabaseError::from)?;
    let Some(sent) = found else { return Ok(Err(Code::NotFound)) };
    let event = Attested::<Event>::verify(sent.jws.as_str().as_bytes(), us)?;
    if let Err(error) = accept_applied(record.jws().as_str().as_bytes(), &event, receiver) {
        return Ok(Err(error.code()));
    }
    let key =
        RecordKey { side: Side::Source, peer: receiver.entity(), event: &claims.event, kind: RecordKind::Applied };
    record_insert(conn, key, record.jws(), Some(claims.result), now_ms)?;
    Ok(Ok(()))
}
