//! What a gateway asks of a system of its own department that makes the changes of a roll itself.
//!
//! Source: triggers, "Decisions and the journal" (a webhook counts when read back). Guarantees: what is asked is the whole row as it
//! must read back, so that asking again is the same; nothing that the system answers counts as done. Deliberately absent: names of
//! people beyond what the row itself holds; the order goes to the department's own system and nowhere else.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    id::{DatasetId, EntityId, MessageId, ReasonCode},
    time::NumericDate,
    version::V1,
};

/// What is done to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RollAction {
    /// A payment is held.
    Hold,
    /// A hold is lifted.
    Release,
    /// Somebody is entered.
    Enrol,
    /// Somebody is taken off, after notice and window.
    Remove,
    /// Somebody is put back as if never gone.
    Restore,
    /// Somebody stays, with another amount, end or facts.
    Amend,
}

/// One change of one row, typ `dx-roll-order+jwt`. It may come again with another `jti`; decision and row say that it is the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RollOrder {
    /// Structure version.
    pub v: V1,
    /// The department's gateway.
    pub iss: EntityId,
    /// Where it is sent.
    pub aud: String,
    /// Issued at.
    pub iat: NumericDate,
    /// Id of this message.
    pub jti: MessageId,
    /// The decision.
    pub decision: MessageId,
    /// The roll, as the mapping names it.
    pub roll: DatasetId,
    /// The key of the row.
    pub row: String,
    /// What is done.
    pub action: RollAction,
    /// Why, as a code.
    pub reason: ReasonCode,
    /// The mapped columns as they must be before, otherwise the order does not hold; none for a new row.
    pub before: Option<BTreeMap<String, Option<String>>>,
    /// The mapped columns as they must read back.
    pub after: BTreeMap<String, Option<String>>,
}
