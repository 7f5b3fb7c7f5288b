//! What the schemes that follow paid her instead, so that it is in arrears nowhere.
//!
//! Guarantees: a month counts only if a roll that follows had her in payment, or owes it itself, on its own day of payment; where
//! nobody can say, it does not count, and the treasury judges. Deliberately absent: the list of arrears (`registry_adapter`).

use std::collections::BTreeSet;

use registry_adapter::{
    key::LocalKey,
    mapping::{RollId, RollStatus},
    roll::{MappedRolls, RollError, RollWriter as _, RowStanding, Standing},
};
use schemas::{decision::DecisionAction, scheme::DecisionState, time::CivilDate};

use crate::{
    decisions::DecisionError,
    store::decisions::cases::{Decided, Todo},
};

/// A time on the roll of a scheme that follows.
pub(super) struct Stay {
    pub(super) roll: RollId,
    pub(super) from: CivilDate,
    /// The day on which a decision of ours took her off; none if she is there still, as far as we decided.
    pub(super) until: Option<CivilDate>,
}

/// Where she was entered by what follows on a removal: what was paid there is in arrears nowhere.
pub(super) fn stays(past: &[Decided], own: &Decided, (next, today): (&[String], CivilDate)) -> Vec<Stay> {
    let follows = |other: &&Decided| {
        let known = own.matter.next.as_ref().is_some_and(|next| next.scheme == other.scheme);
        other.roll != own.roll && (known || next.contains(&other.scheme))
    };
    let entered = |other: &&Decided| {
        matches!(other.action, DecisionAction::Offer | DecisionAction::Enrol) && other.state == DecisionState::Enrolled
    };
    let stay = |entry: &Decided| {
        let left = |other: &&Decided| {
            let removed = other.action == DecisionAction::Remove && other.state == DecisionState::Removed;
            removed && other.roll == entry.roll && other.at_ms >= entry.at_ms
        };
        // Whoever is to be put back there too is owed there what was not paid there.
        let back = |other: &Decided| other.todo == Some(Todo::Restore) && other.roll == entry.roll;
        let until =
            if past.iter().any(back) { Some(today) } else { past.iter().filter(left).map(|other| other.since).min() };
        Some(Stay { roll: entry.roll.parse().ok()?, from: entry.since, until })
    };
    past.iter().filter(follows).filter(entered).filter_map(stay).collect()
}

/// Months that what follows paid her instead: on the days on which it was seen to pay while she was held for its sake; and, of a
/// removal that is taken back, as long as she stood there.
pub(super) fn paid(
    writer: &MappedRolls,
    decided: &Decided,
    subject: &LocalKey,
    (stays, today): (&[Stay], CivilDate),
) -> Result<BTreeSet<String>, DecisionError> {
    let mut days: Vec<(RollId, (CivilDate, CivilDate))> = Vec::new();
    if let Some((next, roll)) = decided.matter.next.as_ref().and_then(|next| Some((next, next.roll.parse().ok()?))) {
        let roll: RollId = roll;
        days.extend(next.paid.iter().map(|seen| (roll.clone(), *seen)));
    }
    for stay in stays.iter().filter(|_| decided.todo == Some(Todo::Restore)) {
        let until = match stay.until {
            Some(until) => Some(until),
            None => paid_until(&writer.standing(&stay.roll, subject)?, today),
        };
        days.extend(until.map(|until| (stay.roll.clone(), (stay.from, until))));
    }
    let mut months = BTreeSet::new();
    for (roll, days) in days {
        match writer.months_paid(&roll, days) {
            Ok(paid) => months.extend(paid),
            // Of a roll that is mapped no more nobody can say; the treasury judges.
            Err(RollError::RollUnknown(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(months)
}

/// Until when a roll paid her to which she was entered and from which no decision took her: until now, or until the day since when its
/// row says otherwise. What we hold there is in arrears there.
fn paid_until(standing: &Standing, today: CivilDate) -> Option<CivilDate> {
    let pays = |row: &RowStanding| match row.status {
        RollStatus::Active => true,
        RollStatus::Held => row.held_by.is_some(),
        RollStatus::Removed | RollStatus::Other => false,
    };
    if standing.rows.iter().any(pays) { Some(today) } else { standing.rows.iter().filter_map(|row| row.since).max() }
}
