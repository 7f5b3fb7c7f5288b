//! What a receiver verifies of an event, opens in it, and signs about it.
//!
//! Guarantees: a [`PeerEvent`] was signed by its source; its parts were sealed to us for this very event; the person in
//! it was named to us by the identity registry for this source. What fails before the signature is verified is a plain
//! problem, what fails after it a signed `refused`. Deliberately absent: storing, duplicates, matching.

use schemas::{
    event::{AppliedResult, Event, EventAck, EventApplied, EventMatch, EventResult},
    federation::Standing,
    id::{EntityId, KeyId, SectorSubject},
    problem::Code,
    time::{NumericDate, Timestamp},
    version::V1,
};
use serde::de::DeserializeOwned;

use super::{NameInvalid, open_subject};
use crate::{
    exchange::{Attested, NotAttested, first_opened},
    federation::VerifiedMember,
    seal::{
        Binding, DecryptionKey, JweError, Limits, SealFailed, SigningKey, authorize_audience, freshness::SKEW, open,
        random,
    },
};

/// An event signed by the peer that sent it. Made by [`accept_event`] alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerEvent(Attested<Event>);

/// What was sealed in an event, by payload type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventContents<T> {
    /// Our own pseudonym of the person.
    pub subject: SectorSubject,
    /// What helps to match.
    pub about: EventMatch,
    /// The payload.
    pub data: T,
}

/// The receiver as it signs.
#[derive(Clone, Copy, Debug)]
pub struct Receiver<'a> {
    /// Who hears.
    pub entity: &'a EntityId,
    /// Signs acknowledgements and applications.
    pub signing: &'a SigningKey,
}

/// Takes an event from the member whose certificate the caller has shown.
///
/// # Errors
/// A plain problem: nobody is known to have signed it.
pub fn accept_event(bytes: &[u8], source: &VerifiedMember) -> Result<PeerEvent, NotAttested> {
    Attested::verify(bytes, source).map(PeerEvent)
}

/// Allows an event that is meant for us, not from the future, by a member in good standing with the role for its type.
///
/// # Errors
/// [`Code::AudienceWrong`], [`Code::PeerCertificateMismatch`], [`Code::PeerSuspended`], [`Code::RoleMissing`],
/// [`Code::Stale`].
pub fn authorize_event(event: &PeerEvent, source: &VerifiedMember, us: &EntityId, now: Timestamp) -> Result<(), Code> {
    let claims = event.claims();
    authorize_audience(&claims.aud, us).map_err(|error| error.code())?;
    if *source.entity() != claims.iss {
        return Err(Code::PeerCertificateMismatch);
    }
    if source.standing() == Standing::Suspended {
        return Err(Code::PeerSuspended);
    }
    source.authorize_event_source(&claims.r#type).map_err(|error| error.code())?;
    // A record has no end: an event counts however late it comes, but never before its time.
    if claims.iat > now.numeric().plus(SKEW) { Err(Code::Stale) } else { Ok(()) }
}

/// Why the sealed parts of an event cannot be read.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum EventUnreadable {
    /// The person was not named to us, for this source, by the identity registry.
    #[error("the person is not named as must be")]
    Name(#[from] NameInvalid),
    /// A part is not for us, or was sealed for another event or payload type.
    #[error("a sealed part does not open")]
    Part(#[from] JweError),
}

impl EventUnreadable {
    /// The code of refusal.
    pub const fn code(&self) -> Code {
        match self {
            Self::Name(error) => error.code(),
            Self::Part(error) => error.code(),
        }
    }
}

/// Opens the sealed parts. `keys` are all our decryption keys; `registry` is a member that names people in our sector, which the
/// caller has checked. The name must have been in force when the event was signed: an event counts however late it arrives.
///
/// # Errors
/// If a part is not for us, or was sealed for another event, source or payload type, or the registry did not sign the name.
pub fn open_event<T: DeserializeOwned>(
    event: &PeerEvent,
    registry: &VerifiedMember,
    keys: &[DecryptionKey],
) -> Result<EventContents<T>, EventUnreadable> {
    let Event { iss, aud, iat, jti, subject, r#match, data, .. } = event.claims();
    let binding = Binding::event(iss, aud, jti);
    let its_key = |entity: &EntityId, kid: &KeyId, at: NumericDate| {
        if entity == registry.entity() { registry.signing_key(kid, at, None).ok().cloned() } else { None }
    };
    Ok(EventContents {
        subject: open_subject(subject, aud, keys, iss, &its_key, *iat)?.into_subject(),
        about: first_opened(keys.iter().map(|key| open(r#match, key, &binding, Limits::EVENT)))?,
        data: first_opened(keys.iter().map(|key| open(data, key, &binding, Limits::EVENT)))?,
    })
}

impl Receiver<'_> {
    /// Signs what became of a delivered event; sent after the durable commit. `contiguous` is the highest number up
    /// to which all events of this source are stored.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn acknowledge(
        &self,
        event: &PeerEvent,
        result: Result<EventResult, Code>,
        contiguous: u64,
        now: Timestamp,
    ) -> Result<Attested<EventAck>, SealFailed> {
        let claims = event.claims();
        let ack = EventAck {
            v: V1,
            iss: self.entity.clone(),
            aud: claims.iss.clone(),
            iat: now.numeric(),
            jti: random::message_id(now),
            salt: random::salt(),
            event: claims.jti.clone(),
            digest: event.digest(),
            seq: claims.seq,
            result: result.unwrap_or(EventResult::Refused),
            refusal: result.err(),
            contiguous,
        };
        Attested::sign(ack, self.signing)
    }

    /// Signs that an event has run its course here.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn applied(
        &self,
        event: &PeerEvent,
        result: AppliedResult,
        now: Timestamp,
    ) -> Result<Attested<EventApplied>, SealFailed> {
        let applied = EventApplied {
            v: V1,
            iss: self.entity.clone(),
            aud: event.claims().iss.clone(),
            iat: now.numeric(),
            jti: random::message_id(now),
            salt: random::salt(),
            event: event.claims().jti.clone(),
            digest: event.digest(),
            result,
        };
        Attested::sign(applied, self.signing)
    }
}

impl PeerEvent {
    /// The claims.
    pub fn claims(&self) -> &Event {
        self.0.claims()
    }

    /// The event as it came.
    pub fn jws(&self) -> &schemas::id::CompactJws {
        self.0.jws()
    }

    /// SHA-256 over the event as it came.
    pub fn digest(&self) -> schemas::digest::Digest {
        self.0.digest()
    }

    /// The event with its proof of origin, as bundles and storage take it.
    pub fn attested(&self) -> &Attested<Event> {
        &self.0
    }
}
