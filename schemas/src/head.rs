//! Heads of journals and audit trails: typ `dx-head+jwt`, logged as entry type 8.
//!
//! Source: protocol, first table; triggers, "Decisions and the journal" ("its head anchored at least hourly"). Guarantees: a number
//! and a hash; nobody can read from a head what the journal holds. Deliberately absent: heads of feeds, which are [`crate::event`]'s.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    id::{DatasetId, EntityId, MessageId, Salt},
    time::NumericDate,
    version::V1,
};

/// A member's signed word of how far a chain has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChainHead {
    /// Structure version.
    pub v: V1,
    /// Whose chain it is.
    pub iss: EntityId,
    /// Issued at.
    pub iat: NumericDate,
    /// Id of the head.
    pub jti: MessageId,
    /// Keeps the logged digest from being guessed.
    pub salt: Salt,
    /// Which kind of chain.
    pub kind: ChainKind,
    /// The roll of a journal; null for the audit trail.
    pub roll: Option<DatasetId>,
    /// Number of the last entry, from 1.
    pub seq: u64,
    /// Hash of that entry.
    pub head: Digest,
}

/// What a chain is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChainKind {
    /// Changes of one roll.
    Journal,
    /// Administrative actions.
    Audit,
}
