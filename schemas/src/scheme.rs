//! What may become of a person in a scheme: one enum of states, one table of moves.
//!
//! Source: triggers, "Decisions and the journal". Deliberately absent so far: scheme files, clauses, notices.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
                | (Upheld, Removed | Released)
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
