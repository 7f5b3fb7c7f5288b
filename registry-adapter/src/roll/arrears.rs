//! Which months were not paid while a row was held or removed: pure, from the journal.
//!
//! Guarantees: a month counts if the row was out of payment on that month's day of payment; the amount is the one that stood in
//! the row when it left payment; a month that another roll paid on its own day of payment is in arrears nowhere. Deliberately
//! absent: paying; a list is made for the department's own treasury.

use std::collections::BTreeSet;

use jiff::civil::Date;
use schemas::time::{CivilDate, Timestamp};

use crate::{
    journal::{Arrears, Entry, RowOutcome, UnpaidMonth},
    mapping::Roll,
};

/// Months from the day on which the row left payment to the day on which it is back; none that another roll `paid`.
pub(super) fn since_payment(roll: &Roll, history: &[Entry], (paid, back): (&BTreeSet<String>, Timestamp)) -> Arrears {
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

/// The months whose day of payment lies after `left` and not after `back`, and that no other roll paid. The day on which a row leaves
/// payment was still paid.
fn unpaid((left, back): (CivilDate, CivilDate), payment_day: i8, paid: &BTreeSet<String>) -> Vec<String> {
    let missed = days_of_payment(payment_day, (left, back)).filter(|day| *day > left.date());
    missed.map(month).filter(|month| !paid.contains(month)).collect()
}

/// The months that a roll pays to whoever is in payment from one day to another, both included.
pub(super) fn paid(roll: &Roll, (from, until): (CivilDate, CivilDate)) -> BTreeSet<String> {
    days_of_payment(roll.payment_day, (from, until)).map(month).collect()
}

fn days_of_payment(payment_day: i8, (from, until): (CivilDate, CivilDate)) -> impl Iterator<Item = Date> {
    let (from, until) = (from.date(), until.date());
    let first = Date::new(from.year(), from.month(), payment_day).ok();
    let next = |day: &Date| day.checked_add(jiff::Span::new().months(1)).ok();
    std::iter::successors(first, next).skip_while(move |day| *day < from).take_while(move |day| *day <= until)
}

fn month(day: Date) -> String {
    format!("{:04}-{:02}", day.year(), day.month())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(left: &str, back: &str, payment_day: i8) -> Vec<String> {
        unpaid((left.parse().unwrap(), back.parse().unwrap()), payment_day, &BTreeSet::new())
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

    #[test]
    fn what_another_roll_pays_counts_by_its_own_day_of_payment() {
        let days = |from: &str, until: &str| (from.parse::<CivilDate>().unwrap(), until.parse::<CivilDate>().unwrap());
        let paid = |payment_day, stayed| days_of_payment(payment_day, stayed).map(month).collect::<BTreeSet<_>>();
        // Left on the 3rd, paid on the 5th of each month; the other one pays on the 1st, and pays no more on the 20th.
        let (left, other) = (days("2026-11-03", "2026-11-21"), paid(1, days("2026-11-03", "2026-11-20")));
        assert_eq!(unpaid(left, 5, &other), ["2026-11"], "its first day never came");
        let (left, other) = (days("2026-11-03", "2027-01-10"), paid(1, days("2026-11-03", "2027-01-09")));
        assert_eq!(unpaid(left, 5, &other), ["2026-11"]);
        assert_eq!(paid(5, days("2026-11-05", "2027-01-05")).len(), 3, "both days are included");
        assert!(paid(5, days("2026-11-06", "2026-11-05")).is_empty());
    }
}
