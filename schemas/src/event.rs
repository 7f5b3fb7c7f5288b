//! Life events on their way from a register to departments that follow the person, typ `dx-event+jwt` and kin.
//!
//! Source: triggers, "Events", "Delivery"; CloudEvents 1.0 attributes as JWT claims; payload names as SPDCI CRVS has them.
//! Deliberately absent: rules about who may send and hear what; schemes and notices.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    id::{
        CaseId, CompactJwe, CompactJws, EntityId, EventType, LawId, LgdCode, MessageId, PurposeCode, Salt,
        SectorSubject,
    },
    problem::Code,
    time::{CivilDate, NumericDate, Timestamp},
    version::V1,
};

mod kind;
mod payload;
mod person;
mod vital;

pub use kind::*;
pub use payload::{EventPayload, MAX_PAYLOAD, PayloadInvalid, PayloadReader, Relation};
pub use person::*;
pub use vital::*;

/// One life event for one subscriber.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Structure version.
    pub v: V1,
    /// The source.
    pub iss: EntityId,
    /// The subscriber.
    pub aud: EntityId,
    /// Signed at.
    pub iat: NumericDate,
    /// Id of the event.
    pub jti: MessageId,
    /// Keeps the logged digest from being guessed.
    pub salt: Salt,
    /// CloudEvents: always `1.0`.
    pub specversion: CloudEventsVersion,
    /// What happened.
    pub r#type: EventType,
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
    /// Its `sub_<sector>` ([`NamedSubject`]), signed and sealed by the identity registry.
    pub subject: CompactJwe,
    /// Name and birth year ([`EventMatch`]), sealed by the source.
    pub r#match: CompactJwe,
    /// The payload of the type, sealed by the source.
    pub data: CompactJwe,
}

/// The version of CloudEvents whose attributes the claims carry (CloudEvents 1.0 §3.1.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CloudEventsVersion {
    /// `1.0`.
    #[default]
    #[serde(rename = "1.0")]
    V1,
}

/// How sure the source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EventAssurance {
    /// Hearsay; may flag, never removes.
    Reported,
    /// In the register.
    Registered,
}

/// Why a subscriber may hear an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum EventBasis {
    /// A registered law.
    Law {
        /// Its id.
        id: LawId,
    },
}

/// A person named to one receiver by the identity registry, typ `dx-subject+jwt`; it travels as the body of a bound JWE, sealed to the
/// receiver (protocol, "The citizen").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedSubject {
    /// Structure version.
    pub v: V1,
    /// The identity registry.
    pub iss: EntityId,
    /// The receiver.
    pub aud: EntityId,
    /// Named at.
    pub iat: NumericDate,
    /// The end of its use.
    pub exp: NumericDate,
    /// Id of the naming.
    pub jti: MessageId,
    /// The receiver's pseudonym of the person.
    pub sub: SectorSubject,
    /// Who may use it in a message: the signer of the message around.
    pub r#for: EntityId,
}

/// What helps to match: name and birth year, never the birth date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventMatch {
    /// Given name, family name.
    pub name: String,
    /// Year of birth, where known.
    pub birth_year: Option<i16>,
}

/// A batch of events: at most 100, body of a POST to `event_endpoint`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventBatch {
    /// Compact JWSs of typ `dx-event+jwt`.
    pub events: Vec<CompactJws>,
}

/// What the receiver answers: one acknowledgement an event, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventAckBatch {
    /// Compact JWSs of typ `dx-event-ack+jwt`.
    pub acks: Vec<CompactJws>,
}

/// The receiver's receipt for one event, typ `dx-event-ack+jwt`, sent after its durable commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventAck {
    /// Structure version.
    pub v: V1,
    /// The receiver.
    pub iss: EntityId,
    /// The source.
    pub aud: EntityId,
    /// Issued at.
    pub iat: NumericDate,
    /// Id of the acknowledgement.
    pub jti: MessageId,
    /// Keeps the logged digest from being guessed.
    pub salt: Salt,
    /// The event's `jti`.
    pub event: MessageId,
    /// Digest of the event as received.
    pub digest: Digest,
    /// The event's number.
    pub seq: u64,
    /// What became of it.
    pub result: EventResult,
    /// Why it was refused.
    pub refusal: Option<Code>,
    /// Highest number up to which all events are stored.
    pub contiguous: u64,
}

/// What became of a delivered event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EventResult {
    /// Durably stored.
    Received,
    /// Stored before, same bytes.
    Duplicate,
    /// Not taken.
    Refused,
}

/// The receiver's word that an event has run its course there, typ `dx-event-applied+jwt`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventApplied {
    /// Structure version.
    pub v: V1,
    /// The receiver.
    pub iss: EntityId,
    /// The source.
    pub aud: EntityId,
    /// Issued at.
    pub iat: NumericDate,
    /// Id of the application.
    pub jti: MessageId,
    /// Keeps the logged digest from being guessed.
    pub salt: Salt,
    /// The event's `jti`.
    pub event: MessageId,
    /// Digest of the event.
    pub digest: Digest,
    /// All that the source may know: who gets which scheme is not its business.
    pub result: AppliedResult,
}

/// All that the source may know of an event's effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AppliedResult {
    /// Matched and handled.
    Settled,
    /// Nobody here, or not surely.
    Unmatched,
    /// What is known here speaks against it.
    Contradicted,
}

/// The source's word about its feed to one subscriber, typ `dx-feed-head+jwt`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedHead {
    /// Structure version.
    pub v: V1,
    /// The source.
    pub iss: EntityId,
    /// The subscriber.
    pub aud: EntityId,
    /// Issued at.
    pub iat: NumericDate,
    /// Id of the head.
    pub jti: MessageId,
    /// Keeps the logged digest from being guessed.
    pub salt: Salt,
    /// Last number.
    pub last_seq: u64,
    /// RFC 6962 Merkle root over the events' digests (32 bytes each), as a digest.
    pub root: Digest,
    /// As a heartbeat: how many events of each type were told in the last 24 hours ([`FEED_HEARTBEAT`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<BTreeMap<EventType, u64>>,
    /// A warning of many events to come ([`FEED_NOTICE`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<FeedNotice>,
}

/// A warning that many events of a kind are to come, such as after a register was cleaned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedNotice {
    /// Of which type.
    pub r#type: EventType,
    /// About how many.
    pub count: u64,
    /// From which day.
    pub from: CivilDate,
    /// Until which day.
    pub until: CivilDate,
}

/// A subscription; both sides sign equal claims except `iss`, `iat`, `jti`, `salt`; typ `dx-subscription+jwt`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    /// Structure version.
    pub v: V1,
    /// Who signs this copy.
    pub iss: EntityId,
    /// Signed at.
    pub iat: NumericDate,
    /// Id of this copy.
    pub jti: MessageId,
    /// Keeps the logged digest from being guessed.
    pub salt: Salt,
    /// The subscription, the same in both copies.
    pub id: MessageId,
    /// Who sends.
    pub source: EntityId,
    /// Who hears.
    pub subscriber: EntityId,
    /// Types.
    pub types: Vec<EventType>,
    /// For what.
    pub purpose: PurposeCode,
    /// Why it is allowed.
    pub basis: EventBasis,
    /// What an event carries.
    pub profile: SubscriptionProfile,
    /// About whom.
    pub scope: SubscriptionScope,
    /// Which events of these types; all, if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<EventFilter>,
    /// Last day.
    pub until: CivilDate,
}

/// Which events of the agreed types are sent. An empty list leaves nothing out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventFilter {
    /// People of these states, where the register knows it.
    #[serde(default)]
    pub states: Vec<LgdCode>,
    /// People of these districts, where the register knows it.
    #[serde(default)]
    pub districts: Vec<LgdCode>,
    /// Ages that the subscriber's schemes really use; events about age need at least one.
    #[serde(default)]
    pub ages: Vec<AgeThreshold>,
}

/// What an event carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SubscriptionProfile {
    /// No data; fetch under own right.
    Signal,
    /// The payload of the type.
    Minimal,
}

/// About whom events are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SubscriptionScope {
    /// Persons on a follow list, each with an end date.
    Follow,
    /// Everybody; needs the data owner's signature.
    Population,
}

/// A subscriber's change of its follow list, typ `dx-follow+jwt`; posted below `event_endpoint` of the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FollowRequest {
    /// Structure version.
    pub v: V1,
    /// The subscriber.
    pub iss: EntityId,
    /// The source.
    pub aud: EntityId,
    /// Issued at.
    pub iat: NumericDate,
    /// Expires at, at most 120 s later.
    pub exp: NumericDate,
    /// Id of the request.
    pub jti: MessageId,
    /// The subscription.
    pub subscription: MessageId,
    /// [`FollowList`], sealed to the source.
    pub follow: CompactJwe,
}

/// People to follow (at most 10,000 a request), by the subscriber's own pseudonyms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FollowList {
    /// Followed from now on until the day given.
    pub add: Vec<Followed>,
    /// No longer followed.
    pub remove: Vec<SectorSubject>,
}

/// One person followed until a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Followed {
    /// The subscriber's pseudonym.
    pub sub: SectorSubject,
    /// Last day.
    pub until: CivilDate,
}
