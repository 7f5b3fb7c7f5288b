//! Opening an event whatever its type: the person, what helps to match, the payload, and the other people of whom it speaks.
//!
//! Guarantees: an [`OpenedEvent`] holds the payload of exactly the type that its claims name; hearsay calls itself hearsay; everybody
//! named in it was named to us by the identity registry, for this source. Deliberately absent: whether anybody here is meant.
//! Source: triggers, "Events".

use schemas::{
    digest::Digest,
    event::{Event, EventAssurance, EventKind, EventMatch, EventPayload, PayloadReader, Relation},
    id::{CompactJwe, EntityId, KeyId, SectorSubject},
    problem::Code,
    time::NumericDate,
};
use serde::de::DeserializeOwned;

use super::{EventUnreadable, NameInvalid, PeerEvent, open_subject};
use crate::{
    exchange::first_opened,
    federation::VerifiedMember,
    seal::{Binding, DecryptionKey, JweError, Limits, open},
};

/// An event with everything in it that was sealed. Personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedEvent {
    /// Who told it.
    pub source: EntityId,
    /// The claims.
    pub claims: Event,
    /// Our own pseudonym of the person.
    pub subject: SectorSubject,
    /// What helps to match.
    pub about: EventMatch,
    /// What happened.
    pub payload: EventPayload,
    /// Our own pseudonyms of the others of whom it speaks, as far as the register knows them by number.
    pub related: Vec<(Relation, SectorSubject)>,
    /// SHA-256 over the event as it came: the receipt of each fact that it brings.
    pub digest: Digest,
}

/// Why a verified event cannot be used.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum EventUnusable {
    /// A sealed part.
    #[error(transparent)]
    Unreadable(#[from] EventUnreadable),
    /// The federation knows no such type of an event about a person.
    #[error("no event about a person is of this type")]
    Type,
    /// Hearsay that calls itself registered, the reverse, or another day outside than inside.
    #[error("the claims do not fit the payload")]
    Contradiction,
}

impl EventUnusable {
    /// The code of refusal.
    pub const fn code(&self) -> Code {
        match self {
            Self::Unreadable(error) => error.code(),
            Self::Type => Code::VersionUnsupported,
            Self::Contradiction => Code::TokenMalformed,
        }
    }
}

impl From<NameInvalid> for EventUnusable {
    fn from(error: NameInvalid) -> Self {
        Self::Unreadable(error.into())
    }
}

impl From<JweError> for EventUnusable {
    fn from(error: JweError) -> Self {
        Self::Unreadable(error.into())
    }
}

/// A sealed part that waits for the type it is to be read as.
struct Sealed<'a> {
    part: &'a CompactJwe,
    keys: &'a [DecryptionKey],
    binding: &'a Binding,
}

impl PayloadReader for Sealed<'_> {
    type Error = JweError;

    fn read<T: DeserializeOwned>(self) -> Result<T, JweError> {
        first_opened(self.keys.iter().map(|key| open(self.part, key, self.binding, Limits::EVENT)))
    }
}

/// Opens all sealed parts by the type of the event. `keys` are all our decryption keys; `registry` is a member that names people in
/// our sector, which the caller has checked. Names must have been in force when the event was signed.
///
/// # Errors
/// [`EventUnusable`].
pub fn open_any_event(
    event: &PeerEvent,
    registry: &VerifiedMember,
    keys: &[DecryptionKey],
) -> Result<OpenedEvent, EventUnusable> {
    let claims = event.claims();
    let binding = Binding::event(&claims.iss, &claims.aud, &claims.jti);
    let kind = EventKind::of(&claims.r#type).ok_or(EventUnusable::Type)?;
    let sealed = Sealed { part: &claims.data, keys, binding: &binding };
    let payload = EventPayload::read_as(kind, sealed).ok_or(EventUnusable::Type)??;
    if !fits(claims, &payload) {
        return Err(EventUnusable::Contradiction);
    }
    let its_key = |entity: &EntityId, kid: &KeyId, at: NumericDate| {
        if entity == registry.entity() { registry.signing_key(kid, at, None).ok().cloned() } else { None }
    };
    let name = |sealed: &CompactJwe| {
        open_subject(sealed, &claims.aud, keys, &claims.iss, &its_key, claims.iat).map(super::NamedPerson::into_subject)
    };
    let mut related = Vec::new();
    for (relation, person) in payload.related() {
        if let Some(sealed) = &person.subject {
            related.push((relation, name(sealed)?));
        }
    }
    Ok(OpenedEvent {
        source: claims.iss.clone(),
        subject: name(&claims.subject)?,
        about: first_opened(keys.iter().map(|key| open(&claims.r#match, key, &binding, Limits::EVENT)))?,
        claims: claims.clone(),
        payload,
        related,
        digest: event.digest(),
    })
}

fn fits(claims: &Event, payload: &EventPayload) -> bool {
    let reported = claims.assurance == EventAssurance::Reported;
    let same_day = match payload {
        EventPayload::AgeAttained(age) => age.effective == claims.effective,
        _ => true,
    };
    reported == payload.kind().is_reported() && same_day
}

#[cfg(test)]
mod tests;
