//! The breaker: a flood of removals stops, and two persons must let it go on, for as many people as they name.
//!
//! Guarantees: what is stopped was not applied: no hold, no notice. Whoever wants to go on while it is stopped waits and is counted.
//! A release ends with the last of the people for whom it was signed, and after a day; then it is stopped again. Deliberately
//! absent: a switch that turns it off. Fewer than [`FEW`] in 24 hours never stop a scheme, or each removal from a roll of a hundred
//! would.

mod going_on;

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use eligibility::effect::Breaker;
use registry_adapter::{mapping::RollId, roll::MappedRolls};
use service_kit::db::AnyConnection;

pub(super) use self::going_on::go_on;
use super::{DecisionError, plan::Plan};
use crate::store::decisions::{
    breakers::{Stopped, breaker_find, breaker_lock, breaker_take, breaker_trip},
    cases::removals_begun,
};

/// So many removals in 24 hours are no flood on any roll.
const FEW: u64 = 10;
/// Days of the median.
const DAYS: i64 = 90;
/// How long two signatures let a scheme go on, milliseconds.
const RELEASED_FOR: i64 = 86_400_000;
/// How long a count of a roll is good enough, milliseconds.
const COUNTED_FOR: i64 = 300_000;
/// How long one whom a stopped scheme keeps on the roll waits until she is looked at again, milliseconds.
pub(super) const STOPPED_MS: i64 = 900_000;
/// For rules that name none: half a percent of the roll, or three times the median day.
const DEFAULT: Breaker = Breaker { basis_points_of_roll: 50, percent_of_median_90d: 300 };

/// How many people each roll had when it was counted; a cache that may be lost.
#[derive(Debug, Default)]
pub(super) struct Counted(Mutex<HashMap<RollId, (i64, u64)>>);

impl Counted {
    /// How many people the roll has, as counted at most five minutes ago. Blocks.
    ///
    /// # Errors
    /// If the roll cannot be read.
    pub(super) fn size(&self, writer: &MappedRolls, roll: &RollId, now_ms: i64) -> Result<u64, DecisionError> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(roll).copied();
        if let Some((at, size)) = known
            && (0..COUNTED_FOR).contains(&(now_ms - at))
        {
            return Ok(size);
        }
        let size = writer.headcount(roll)?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(roll.clone(), (now_ms, size));
        Ok(size)
    }
}

/// Whether one more removal of this scheme must wait. One that need not is one of those for whom two persons signed, if they did.
///
/// # Errors
/// If the database fails.
pub(super) fn stops(
    conn: &mut AnyConnection,
    (plan, size): (&Plan, Option<u64>),
    now_ms: i64,
) -> Result<bool, DecisionError> {
    let breaker = plan.effect.remove.breaker.unwrap_or(DEFAULT);
    // A roll that could not be counted is as if it were empty: then any flood is one.
    let size = size.unwrap_or(0);
    breaker_lock(conn, plan.key())?;
    let known = breaker_find(conn, plan.key())?;
    let over = match &known {
        Some(stopped) if stopped.released_ms.is_none() => return Ok(true),
        Some(released) if is_released(released, now_ms) => {
            if breaker_take(conn, plan.key(), now_ms - RELEASED_FOR)? {
                return Ok(false);
            }
            true
        }
        // Its day is over, and people for whom nobody signed still wait.
        Some(ended) => ended.waiting > 0,
        None => false,
    };
    let by_day = removals_begun(conn, plan.key(), now_ms, DAYS)?;
    let today = by_day.iter().find(|(day, _)| *day == 0).map_or(0, |(_, count)| *count).saturating_add(1);
    let stops = over || is_flood(&breaker, today, size, median(&by_day));
    if stops {
        trip(conn, plan.key(), (today, size), now_ms)?;
    }
    Ok(stops)
}

/// Whether removals of a scheme are stopped: then nobody of it is taken off either who was told before. It stays so until the
/// transaction ends, so ask before any of its rows is locked but the person's.
///
/// # Errors
/// If the database fails.
pub(super) fn is_stopped(conn: &mut AnyConnection, scheme: &str) -> Result<bool, DecisionError> {
    breaker_lock(conn, scheme)?;
    Ok(breaker_find(conn, scheme)?.is_some_and(|stopped| stopped.released_ms.is_none()))
}

/// Whether two signatures hold at this time.
fn is_released(stopped: &Stopped, now_ms: i64) -> bool {
    stopped.released_ms.is_some_and(|at| (0..RELEASED_FOR).contains(&(now_ms - at)))
}

/// Stops a scheme, and says so.
fn trip(
    conn: &mut AnyConnection,
    scheme: &str,
    (removals, size): (u64, u64),
    now_ms: i64,
) -> Result<(), DecisionError> {
    breaker_trip(conn, scheme, (removals, size), now_ms)?;
    tracing::error!(
        scheme,
        removals,
        "the breaker stopped removals; two officers must sign for how many people they go on"
    );
    metrics::counter!("decisions_breaker_tripped").increment(1);
    Ok(())
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
