//! What a gateway posts to its department's own systems: CloudEvents 1.0, structured mode, JSON format.
//!
//! Source: CloudEvents 1.0 §3, JSON Event Format 1.0. Guarantees: `data` is one compact JWS by the gateway's signing key, and
//! everything that a receiver acts on stands inside it; the attributes around it repeat and never add. Deliberately absent:
//! signatures in headers: a program that can verify a JWS needs nothing else.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    id::{CompactJws, EntityId, MessageId},
    time::Timestamp,
};

/// The media type of an event in structured mode (CloudEvents JSON Event Format §3).
pub const MEDIA_TYPE: &str = "application/cloudevents+json";
/// The media type of `data`: a compact JWS (RFC 7515 §9.2.1).
pub const DATA_TYPE: &str = "application/jose";

/// CloudEvents' version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SpecVersion {
    /// The only one.
    #[default]
    #[serde(rename = "1.0")]
    V1,
}

/// The kinds of events that a system hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum WebhookType {
    /// Erase an answer; `data` is a `dx-erase-order+jwt`.
    #[serde(rename = "in.vinimay.data.erase.v1")]
    Erase,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookEvent {
    /// CloudEvents' version.
    pub specversion: SpecVersion,
    /// The same for each repeat; with `source` it names the event.
    pub id: MessageId,
    /// The department.
    pub source: EntityId,
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: WebhookType,
    /// What it is about: an exchange.
    pub subject: MessageId,
    /// When it came to be.
    pub time: Timestamp,
    /// Always [`DATA_TYPE`].
    pub datacontenttype: String,
    /// The signed order.
    pub data: CompactJws,
}
