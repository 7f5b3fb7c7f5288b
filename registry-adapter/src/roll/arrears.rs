//! Which months were not paid while a row was held or removed: pure, from the journal.
//!
//! Guarantees: a month counts if the row was out of payment on that month's day of payment; the amount is the one that stood in
//! the row when it left payment. Deliberately absent: paying; a list is made for the department's own treasury.

use schemas::time::{CivilDate, Timestamp};

use crate::{
    journal::{Arrears, Entry, RowOutcome, UnpaidMonth},
    mapping::Roll,
};

/// Months from the day on which the row left payment to the day on which it is back; none whose day of payment lies in days (`paid`) on
/// which another roll paid instead.
pub(super) fn since_payment(
    roll: &Roll,
    history: &[Entry],
    (paid, back): (&[(CivilDate, CivilDate)], Timestamp),
) -> Arrears {
    let mut left: Option<&Entry> = None;
    for entry in history {
        match entry.outcome {
            RowOutcome::Held | RowOutcome::Removed if left.is_none() => left = Some(entry),
            RowOutcome::Released | RowOutcome::Restored | RowOutcome::Enrolled => left = None,
            _ => {}
        }
    }
    let Some(left) = left else { return Arrears::default() };
    let amount = roll
        .amount
        .as_ref()
        .and_then(|column| left.before_row.as_ref()?.value(column.name.as_str())?.trim().parse().ok());
    let months = unpaid((left.at.civil_day(), back.civil_day()), roll.payment_day, paid);
    Arrears(months.into_iter().map(|month| UnpaidMonth { month, amount }).collect())
}

/// The months whose day of payment lies after `left` and not after `back`, and in none of the days that were paid. The day on which a
/// row leaves payment was still paid.
fn unpaid((left, back): (CivilDate, CivilDate), payment_day: i8, paid: &[(CivilDate, CivilDate)]) -> Vec<String> {
    let mut months = Vec::new();
    let (left, back) = (left.date(), back.date());
    let Ok(mut day) = jiff::civil::Date::new(left.year(), left.month(), payment_day) else { return months };
    while day <= back {
        let by_another = paid.iter().any(|(from, until)| (from.date()..=until.date()).contains(&day));
        if day > left && !by_another {
            months.push(format!("{:04}-{:02}", day.year(), day.month()));
        }
        let Ok(next) = day.checked_add(jiff::Span::new().months(1)) else { break };
        day = next;
    }
    months
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(left: &str, back: &str, payment_day: i8) -> Vec<String> {
        unpaid((left.parse().unwrap(), back.parse().unwrap()), payment_day, &[])
    }

    #[test]
    fn a_month_counts_if_its_day_of_payment_was_missed() {
        let table: [(&str, &str, i8, &[&str]); 6] = [
            ("2026-11-21", "2027-02-10", 1, &["2026-12", "2027-01", "2027-02"]),
            ("2026-11-21", "2026-11-30", 1, &[]),
            ("2026-11-21", "2026-12-01", 1, &["2026-12"]),
            ("2026-11-04", "2026-11-21", 5, &["2026-11"]),
            ("2026-11-05", "2026-11-21", 5, &[]),
            ("2027-02-10", "2026-11-21", 1, &[]),
        ];
        for (left, back, day, expected) in table {
            assert_eq!(between(left, back, day), expected, "{left} {back} {day}");
        }
    }
}
