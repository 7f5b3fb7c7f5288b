//! Who helped a citizen to decide: it stands inside what she signs, and inside what the identity registry signed about her key.
//!
//! Source: protocol, "The citizen" ("Assisted: operator and method stand inside what is signed"). Guarantees: the two are compared
//! where a provider decides, so that a device cannot name another helper than the registry did (ADR 0380).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    id::{EntityId, MessageId, SystemName},
    time::NumericDate,
};

/// For whose session a binding of the mode `assisted` was made: the identity registry's own word (claim `assisted`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssistedBy {
    /// The member whose operator helps; it has the role `assisted-operator`.
    pub operator: EntityId,
    /// The operator's session.
    pub session: MessageId,
    /// The person who helps, by her pseudonym at that member.
    pub person: SystemName,
    /// Until when the key may present this binding, seconds; what was consented before goes on.
    pub until: NumericDate,
}

/// An assisted session (evidence of a consent whose binding has the mode `assisted`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Assistance {
    /// The member whose operator helped; it has the role `assisted-operator`.
    pub operator: EntityId,
    /// The operator's session: the member's audit trail names the person.
    pub session: MessageId,
    /// How the citizen approved.
    pub method: AssistanceMethod,
}

/// How a citizen approves in an assisted session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AssistanceMethod {
    /// By a code on her own or her family's phone.
    Code,
    /// By a one-time password after the card was read out to her.
    OtpReadOut,
}
