//! What the source signs, and what it verifies of a receiver's acknowledgement and application.
//!
//! Guarantees: match and data are sealed to the subscriber for this one event; an acknowledgement is taken only for
//! the exact bytes of an event of ours. Deliberately absent: the number `seq`; the sequencer gives it.

use std::collections::BTreeMap;

use schemas::{
    event::{
        CloudEventsVersion, Event, EventAck, EventApplied, EventAssurance, EventBasis, EventMatch, EventResult,
        FeedHead, FeedNotice,
    },
    id::{CaseId, CompactJwe, EntityId, EventType, MessageId},
    problem::Code,
    time::{CivilDate, Timestamp},
    version::V1,
};
use serde::Serialize;

use super::feed_root;
use crate::{
    exchange::{Attested, NotAttested},
    federation::VerifiedMember,
    seal::{Binding, EncryptionKey, SealFailed, SigningKey, random, seal},
};

/// The source as it signs.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Who sends.
    pub entity: &'a EntityId,
    /// Signs events and heads.
    pub signing: &'a SigningKey,
}

/// One event for one subscriber, before it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// Who hears it.
    pub subscriber: EntityId,
    /// What happened.
    pub kind: EventType,
    /// The subscriber's gap-free number, from 1.
    pub seq: u64,
    /// Pairwise pseudonym, stable for this subscriber.
    pub subject_ref: String,
    /// Counts the person's events to this subscriber, from 1.
    pub person_seq: u64,
    /// The day from which it holds.
    pub effective: CivilDate,
    /// When the register recorded it.
    pub recorded: Timestamp,
    /// Reported, or registered.
    pub assurance: EventAssurance,
    /// Joins a whole cascade.
    pub case: CaseId,
    /// The event that this one replaces.
    pub supersedes: Option<MessageId>,
    /// Why the subscriber may hear it.
    pub basis: EventBasis,
    /// The person, named to the subscriber by the identity registry.
    pub subject: CompactJwe,
    /// The id of the event before it in the subscriber's feed: the new one is greater, whatever the clock says.
    pub after: Option<MessageId>,
}

impl Source<'_> {
    /// Seals and signs an event.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn event(
        &self,
        occurrence: Occurrence,
        receiver: &EncryptionKey,
        about: &EventMatch,
        data: &impl Serialize,
        now: Timestamp,
    ) -> Result<Attested<Event>, SealFailed> {
        // Receivers order what was recorded in one second by id: a correction comes after what it corrects, also if the clock was set
        // back meanwhile, or is another machine's.
        let second = occurrence.after.as_ref().map_or(now, |before| now.max(random::second_of(before)));
        let jti = random::message_id_in_turn(second, occurrence.seq);
        let binding = Binding::event(self.entity, &occurrence.subscriber, &jti);
        let Occurrence { subscriber, kind, seq, subject_ref, person_seq, effective, recorded, .. } = occurrence;
        let event = Event {
            v: V1,
            iss: self.entity.clone(),
            aud: subscriber,
            iat: now.numeric(),
            salt: random::salt(),
            specversion: CloudEventsVersion::V1,
            r#type: kind,
            seq,
            subject_ref,
            person_seq,
            effective,
            recorded,
            assurance: occurrence.assurance,
            case: occurrence.case,
            supersedes: occurrence.supersedes,
            basis: occurrence.basis,
            subject: occurrence.subject,
            r#match: seal(receiver, &binding, about)?,
            data: seal(receiver, &binding, data)?,
            jti,
        };
        Attested::sign(event, self.signing)
    }

    /// Signs the head of one subscriber's feed: all its events' digests, in the order of their numbers from 1.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn feed_head(
        &self,
        subscriber: &EntityId,
        digests: &[schemas::digest::Digest],
        now: Timestamp,
    ) -> Result<Attested<FeedHead>, SealFailed> {
        self.heartbeat(subscriber, digests, (None, None), now)
    }

    /// The same as a heartbeat: with how many events of each type were told in the last 24 hours, and a warning of many to come.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn heartbeat(
        &self,
        subscriber: &EntityId,
        digests: &[schemas::digest::Digest],
        (counts, notice): (Option<BTreeMap<EventType, u64>>, Option<FeedNotice>),
        now: Timestamp,
    ) -> Result<Attested<FeedHead>, SealFailed> {
        let head = FeedHead {
            v: V1,
            iss: self.entity.clone(),
            aud: subscriber.clone(),
            iat: now.numeric(),
            jti: random::message_id(now),
            salt: random::salt(),
            last_seq: digests.len() as u64,
            root: feed_root(digests),
            counts,
            notice,
        };
        Attested::sign(head, self.signing)
    }
}

/// Why an acknowledgement or application is not taken.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum NotAboutEvent {
    /// Its signature or form.
    #[error("the record is not the receiver's")]
    Record(#[from] NotAttested),
    /// About another event, or other bytes of it.
    #[error("the record is not about this event")]
    Other,
}

impl NotAboutEvent {
    /// The code of refusal.
    pub const fn code(&self) -> Code {
        match self {
            Self::Record(error) => error.code(),
            Self::Other => Code::Conflict,
        }
    }
}

/// Takes the receiver's acknowledgement of an event of ours.
///
/// # Errors
/// If it is not the receiver's, or not about exactly this event.
pub fn accept_ack(
    bytes: &[u8],
    event: &Attested<Event>,
    receiver: &VerifiedMember,
) -> Result<Attested<EventAck>, NotAboutEvent> {
    let ack = Attested::verify(bytes, receiver)?;
    if ack_is_about(&ack, event) { Ok(ack) } else { Err(NotAboutEvent::Other) }
}

/// Takes the receiver's word that an event of ours has run its course there.
///
/// # Errors
/// If it is not the receiver's, or not about exactly this event.
pub fn accept_applied(
    bytes: &[u8],
    event: &Attested<Event>,
    receiver: &VerifiedMember,
) -> Result<Attested<EventApplied>, NotAboutEvent> {
    let applied = Attested::verify(bytes, receiver)?;
    if applied_is_about(&applied, event) { Ok(applied) } else { Err(NotAboutEvent::Other) }
}

/// Whether an acknowledgement names this event, its bytes, its number and its parties, and its code fits its result.
pub fn ack_is_about(ack: &Attested<EventAck>, event: &Attested<Event>) -> bool {
    let (a, e) = (ack.claims(), event.claims());
    (&a.iss, &a.aud, &a.event, a.digest, a.seq) == (&e.aud, &e.iss, &e.jti, event.digest(), e.seq)
        && a.refusal.is_some() == (a.result == EventResult::Refused)
}

/// Whether an application names this event, its bytes and its parties.
pub fn applied_is_about(applied: &Attested<EventApplied>, event: &Attested<Event>) -> bool {
    let (a, e) = (applied.claims(), event.claims());
    (&a.iss, &a.aud, &a.event, a.digest) == (&e.aud, &e.iss, &e.jti, event.digest())
}
