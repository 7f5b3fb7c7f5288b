//! What follows from an evaluation: an offer or an enrolment on the way in, holds, notices and windows on the way out.
//!
//! Guarantees: a reported death can neither hold nor remove; each way out has a notice of at least [`LEAST_NOTICE_DAYS`]; what is
//! unknown has no effect. Source: triggers, "Schemes". Deliberately absent: carrying it out.

/// The shortest notice that a scheme may give, in days.
pub const LEAST_NOTICE_DAYS: u16 = 15;

/// How people come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// By consent; a declined offer is remembered.
    Offer,
    /// By law, without application; she is told and may decline.
    Enrol {
        /// The registered law, such as `law:nfsa-2013`.
        basis: String,
    },
}

/// The way in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Include {
    /// By offer or by law.
    pub mode: Mode,
    /// For how many months a declined offer is not repeated.
    pub remembered_months: u8,
}

/// Whom a notice goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeTo {
    /// The person.
    Person,
    /// The household, after a death.
    Household,
}

/// What a registered death brings about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeathRule {
    /// Whether payment is held while the window runs.
    pub hold: bool,
    /// Length of the window.
    pub notice_days: u16,
    /// Whom the notice goes to.
    pub notice_to: NoticeTo,
}

/// What moving out of the state brings about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MoveRule {
    /// Whether payment is held.
    pub hold: bool,
    /// How long after the move the notice goes out.
    pub remove_after_days: u16,
    /// Length of the window.
    pub notice_days: u16,
}

/// What a clause that became false brings about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClauseFalseRule {
    /// Length of the window.
    pub notice_days: u16,
    /// Whether an officer must look first.
    pub officer: bool,
}

/// When a run of removals stops and asks for two signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breaker {
    /// Hundredths of a percent of the roll: 50 is 0.5 %.
    pub basis_points_of_roll: u32,
    /// Hundredths of the median day of the last 90: 300 is three times.
    pub percent_of_median_90d: u32,
}

/// The way out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remove {
    /// After a registered death; `None`: nothing.
    pub death: Option<DeathRule>,
    /// After a move out of the state; `None`: the benefit goes along.
    pub moved_out_of_state: Option<MoveRule>,
    /// After a clause became false; `None`: nothing.
    pub clause_false: Option<ClauseFalseRule>,
    /// When to stop.
    pub breaker: Option<Breaker>,
}

/// Both ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The way in.
    pub include: Include,
    /// The way out.
    pub remove: Remove,
}

impl Breaker {
    /// Whether this many removals of a roll of this size, against the median day, stop the run.
    pub fn trips(&self, removals: u64, roll: u64, median_90d: u64) -> bool {
        let of_roll = removals.saturating_mul(10_000) > u64::from(self.basis_points_of_roll).saturating_mul(roll);
        let of_median = median_90d > 0
            && removals.saturating_mul(100) > u64::from(self.percent_of_median_90d).saturating_mul(median_90d);
        of_roll || of_median
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_breaker_stops_above_its_share_of_the_roll_or_its_multiple_of_the_median() {
        let breaker = Breaker { basis_points_of_roll: 50, percent_of_median_90d: 300 };
        assert!(!breaker.trips(5, 1000, 0) && breaker.trips(6, 1000, 0), "0.5 % of 1,000");
        assert!(!breaker.trips(6, 100_000, 2) && breaker.trips(7, 100_000, 2), "three times 2");
        assert!(breaker.trips(80, 1000, 1000), "a rule that would remove 8 %");
    }
}
