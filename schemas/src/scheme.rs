//! What may become of a person in a scheme: one enum of states, one table of moves; and the orders by which a version comes into
//! force.
//!
//! Source: triggers, "Decisions and the journal", "Schemes"; protocol, first table (`dx-scheme+jwt`, `dx-backtest+jwt`).
//! Deliberately absent: scheme files and clauses (`eligibility`), decisions and notices ([`crate::decision`]).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    decision::SchemeVersion,
    digest::Digest,
    id::{DatasetId, EntityId, KeyId, MessageId, Salt},
    time::{CivilDate, NumericDate},
    version::V1,
};

/// What an order does with a version of a scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SchemeAction {
    /// Brings it into force.
    Publish,
    /// Brings back a version that was in force before.
    Rollback,
    /// Takes it out of force; no version of the scheme is in force then.
    Withdraw,
}

/// An officer's signed order about a scheme, logged as entry type 7. In force with two of them by two persons whose claims are
/// equal but for `iss`, `iat`, `jti` and `salt`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SchemeOrder {
    /// Structure version.
    pub v: V1,
    /// The officer's key, as the department's `officer_jwks` lists it.
    pub iss: KeyId,
    /// The department.
    pub aud: EntityId,
    /// Issued at.
    pub iat: NumericDate,
    /// Id of this order.
    pub jti: MessageId,
    /// Keeps the logged digest from being guessed.
    pub salt: Salt,
    /// What is done.
    pub action: SchemeAction,
    /// With which version.
    pub scheme: SchemeVersion,
    /// From this day.
    pub from: CivilDate,
    /// The signed back-test on which it rests (digest of the JWS).
    pub backtest: Digest,
}

/// How many people a scheme would move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MovementCounts {
    /// Would enter.
    pub enter: u64,
    /// Would leave, after notice and window.
    pub leave: u64,
    /// Would stay.
    pub stay: u64,
    /// Would stay out.
    pub out: u64,
    /// A fact is missing: no action.
    pub unknown: u64,
    /// An officer would look.
    pub officer: u64,
}

/// A department's signed result of a back-test, logged as entry type 10. Counts only; the whole result stays in the department.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BackTestRecord {
    /// Structure version.
    pub v: V1,
    /// The department.
    pub iss: EntityId,
    /// Issued at.
    pub iat: NumericDate,
    /// Id of this record.
    pub jti: MessageId,
    /// Keeps the logged digest from being guessed.
    pub salt: Salt,
    /// The tested version.
    pub scheme: SchemeVersion,
    /// The version in force that it was compared with; null where there was none.
    pub live: Option<SchemeVersion>,
    /// The roll.
    pub roll: DatasetId,
    /// The day that was asked about.
    pub as_of: CivilDate,
    /// How many people there were.
    pub people: u64,
    /// How many of them were on the roll.
    pub on_roll: u64,
    /// How many would move.
    pub counts: MovementCounts,
    /// SHA-256 over the whole result's JSON.
    pub result: Digest,
}

/// State of a decision. In: proposed to enrolled. Out: proposed to removed, restored or released.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DecisionState {
    /// Computed, nothing done yet.
    Proposed,
    /// Offered to the citizen.
    Offered,
    /// She took the offer.
    Accepted,
    /// She did not.
    Declined,
    /// The offer ended.
    Expired,
    /// The reason for the offer went away.
    Withdrawn,
    /// In the scheme.
    Enrolled,
    /// Payment is held; reversible, arrears are computed.
    Held,
    /// A notice was delivered; the window runs.
    Noticed,
    /// She objects.
    Contested,
    /// The objection was heard and the removal stands.
    Upheld,
    /// Out of the scheme.
    Removed,
    /// The objection was right.
    Reversed,
    /// The hold was lifted.
    Released,
    /// Back after a removal, as if never gone (SPDCI status 6).
    Restored,
}

impl DecisionState {
    /// Whether the next state may follow this one.
    pub const fn may_become(self, next: Self) -> bool {
        use DecisionState::*;
        matches!(
            (self, next),
            (Proposed, Offered | Enrolled | Held | Noticed | Withdrawn)
                | (Offered, Accepted | Declined | Expired | Withdrawn)
                | (Accepted, Enrolled)
                | (Enrolled, Declined)
                | (Held, Noticed | Released)
                | (Noticed, Contested | Removed | Released)
                | (Contested, Upheld | Reversed)
                // New words while she may still object are heard again.
                | (Upheld, Contested | Removed | Released)
                | (Removed, Restored)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::DecisionState::*;

    #[test]
    fn nobody_is_removed_without_a_notice() {
        for state in [
            Proposed, Offered, Accepted, Declined, Expired, Withdrawn, Enrolled, Held, Contested, Reversed, Released,
            Restored,
        ] {
            assert!(!state.may_become(Removed), "{state:?}");
        }
        assert!(Noticed.may_become(Removed) && Upheld.may_become(Removed));
    }

    #[test]
    fn a_hold_can_be_lifted_and_a_removal_undone() {
        assert!(Held.may_become(Released) && Removed.may_become(Restored));
    }
}
