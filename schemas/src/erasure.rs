//! The end of an answer's life: the order to erase, its confirmation, and the record that it was done.
//!
//! Source: protocol, "Consent credential" (`retention`) and its first table (`dx-erasure+jwt`). Guarantees: names of exchanges,
//! systems and digests only; nobody can read from these whose data it was, or what it said. Deliberately absent: the rule by which
//! the day is found (`gateway`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    id::{DatasetId, EntityId, MessageId, Salt, SystemName},
    time::{NumericDate, Timestamp},
    version::V1,
};

/// Why an answer is erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ErasureReason {
    /// The time for which it might be kept is over.
    RetentionOver,
    /// The citizen revoked her consent, and the purpose promises erasure for that case.
    ConsentRevoked,
}

/// A gateway's order to one of its department's own systems, typ `dx-erase-order+jwt`. It is signed once and sent again byte for
/// byte; it has no `exp`, because the duty does not end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EraseOrder {
    /// Structure version.
    pub v: V1,
    /// The department.
    pub iss: EntityId,
    /// Its system that got the data.
    pub aud: SystemName,
    /// Issued at.
    pub iat: NumericDate,
    /// Id of the order: what the system confirms, and by which it knows a repeat.
    pub jti: MessageId,
    /// `jti` of the query; the system got it as `exchange` with the answer.
    pub exchange: MessageId,
    /// Digest of the department's receipt of that exchange.
    pub receipt: Digest,
    /// Who had answered.
    pub provider: EntityId,
    /// About what.
    pub dataset: DatasetId,
    /// Why.
    pub reason: ErasureReason,
    /// Since when the data may not be kept.
    pub due: Timestamp,
}

/// What a system answers, with a 2xx, once the data is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErasureConfirmation {
    /// `jti` of the order.
    pub id: MessageId,
}

/// One system's part of an erasure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SystemErasure {
    /// Which system.
    pub system: SystemName,
    /// `jti` of the order.
    pub order: MessageId,
    /// When the gateway had its confirmation.
    pub confirmed: Timestamp,
}

/// The asking department's record that an answer is gone everywhere, typ `dx-erasure+jwt`, logged as entry type 9.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Erasure {
    /// Structure version.
    pub v: V1,
    /// The asking department.
    pub iss: EntityId,
    /// Issued at.
    pub iat: NumericDate,
    /// Id of the record.
    pub jti: MessageId,
    /// Keeps the logged digest from being guessed.
    pub salt: Salt,
    /// `jti` of the query.
    pub exchange: MessageId,
    /// Digest of the department's receipt of that exchange.
    pub receipt: Digest,
    /// Why.
    pub reason: ErasureReason,
    /// Since when the data might not be kept.
    pub due: Timestamp,
    /// When the gateway erased its own copies.
    pub gateway: Timestamp,
    /// The systems that had got it, each with its confirmation.
    pub systems: Vec<SystemErasure>,
}
