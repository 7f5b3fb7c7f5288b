//! The breaker: a flood of removals stops, and two persons must let it go on.
//!
//! Guarantees: what is stopped was not applied: no hold, no notice. Deliberately absent: a switch that turns it off. Fewer than
//! [`FEW`] in 24 hours never stop a scheme, or each removal from a roll of a hundred would.

use eligibility::effect::Breaker;
use registry_adapter::{mapping::RollId, roll::MappedRolls};
use service_kit::db::AnyConnection;

use super::{DecisionError, plan::Plan};
use crate::store::decisions::{
    breakers::{breaker_find, breaker_trip},
    cases::removals_begun,
};

/// So many removals in 24 hours are no flood on any roll.
pub(super) const FEW: u64 = 10;
/// Days of the median.
const DAYS: i64 = 90;
/// How long two signatures let a scheme go on, milliseconds.
const RELEASED_FOR: i64 = 86_400_000;

/// How many people the roll has. Blocks.
///
/// # Errors
/// If the roll cannot be read.
pub(super) fn roll_size(writer: &MappedRolls, roll: &RollId) -> Result<u64, DecisionError> {
    Ok(writer.headcount(roll)?)
}

/// Whether one more removal of this scheme must wait.
///
/// # Errors
/// If the database fails.
pub(super) fn stops(
    conn: &mut AnyConnection,
    (plan, size): (&Plan, Option<u64>),
    now_ms: i64,
) -> Result<bool, DecisionError> {
    let (Some(breaker), Some(size)) = (plan.effect.remove.breaker, size) else { return Ok(false) };
    match breaker_find(conn, plan.key())? {
        Some(stopped) if stopped.released_ms.is_none() => return Ok(true),
        Some(stopped) if stopped.released_ms.is_some_and(|at| now_ms - at < RELEASED_FOR) => return Ok(false),
        _ => {}
    }
    let by_day = removals_begun(conn, plan.key(), now_ms, DAYS)?;
    let today = by_day.iter().find(|(day, _)| *day == 0).map_or(0, |(_, count)| *count).saturating_add(1);
    let stops = is_flood(&breaker, today, size, median(&by_day));
    if stops {
        breaker_trip(conn, plan.key(), (today, size), now_ms)?;
        tracing::error!(
            scheme = plan.key(),
            removals = today,
            "the breaker stopped removals; two officers must sign to go on"
        );
        metrics::counter!("decisions_breaker_tripped").increment(1);
    }
    Ok(stops)
}

fn is_flood(breaker: &Breaker, today: u64, size: u64, median: u64) -> bool {
    today >= FEW && breaker.trips(today, size, median)
}

/// The median over the days before today, those without a removal included.
fn median(by_day: &[(i64, u64)]) -> u64 {
    let mut counts: Vec<u64> =
        (1..DAYS).map(|day| by_day.iter().find(|(known, _)| *known == day).map_or(0, |(_, count)| *count)).collect();
    counts.sort_unstable();
    counts.get(counts.len() / 2).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_more_than_a_few_and_more_than_its_share_or_its_multiple_of_the_median() {
        let breaker = Breaker { basis_points_of_roll: 50, percent_of_median_90d: 300 };
        assert!(!is_flood(&breaker, FEW - 1, 100, 0), "9 of 100 is more than half a percent, and few");
        assert!(is_flood(&breaker, FEW, 100, 0));
        assert!(!is_flood(&breaker, FEW, 100_000, 0) && is_flood(&breaker, FEW, 100_000, 3));
    }

    #[test]
    fn quiet_days_count_in_the_median_and_today_does_not() {
        assert_eq!(median(&[(0, 1_000), (1, 5), (2, 5)]), 0);
        let busy: Vec<(i64, u64)> = (0..DAYS).map(|day| (day, u64::try_from(day).unwrap())).collect();
        assert_eq!(median(&busy), 45);
    }
}
