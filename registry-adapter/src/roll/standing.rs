//! How a person stands on a roll, from its rows and the journal beside them. Reads only.

use protocol::seal::keyed_hash::MacKey;
use schemas::{id::MessageId, time::CivilDate};

use super::{RollError, line, plan};
use crate::{
    catalogue::Column,
    connection::Connections,
    journal::{self, Action, Entry, RowOutcome},
    key::LocalKey,
    mapping::{Roll, RollStatus},
    row,
};

/// How a person stands on a roll: nothing, one row, or several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Her rows, in the order of their keys.
    pub rows: Vec<RowStanding>,
}

/// How one row stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowStanding {
    /// The row.
    pub row_key: LocalKey,
    /// What its status means.
    pub status: RollStatus,
    /// The status's own word.
    pub word: String,
    /// Since when, where the roll says so.
    pub since: Option<CivilDate>,
    /// Until when, where the roll says so.
    pub until: Option<CivilDate>,
    /// Whole rupees a month, where the roll says so.
    pub amount: Option<i64>,
    /// The decision of ours that holds it.
    pub held_by: Option<MessageId>,
    /// The decision of ours that removed it.
    pub removed_by: Option<MessageId>,
    /// The last decision that was to remove it and did not: it is as others left it.
    pub spared_by: Option<MessageId>,
}

impl Standing {
    /// Whether a row is in payment.
    pub fn is_active(&self) -> bool {
        self.rows.iter().any(|row| row.status == RollStatus::Active)
    }

    /// Whether a row is in payment or held.
    pub fn is_enrolled(&self) -> bool {
        self.rows.iter().any(|row| matches!(row.status, RollStatus::Active | RollStatus::Held))
    }
}

pub(super) fn of(
    (books, rolls): (&Connections, &Connections),
    roll: &Roll,
    key: &MacKey,
    subject: &LocalKey,
) -> Result<Standing, RollError> {
    let lines = line::of_subject(&mut *rolls.lend().map_err(RollError::Database)?, roll, key, subject)?;
    let mut conn = books.lend().map_err(RollError::Database)?;
    let mut rows = Vec::new();
    for line in lines {
        let history = journal::of_row(&mut conn, &roll.id, &line.key)?;
        let day = |column: Option<&Column>| line.text(column).and_then(|text| row::day(&text));
        rows.push(RowStanding {
            status: line.meaning(roll),
            since: day(roll.since.as_ref()),
            until: day(roll.until.as_ref()),
            amount: line.text(roll.amount.as_ref()).and_then(|text| text.trim().parse().ok()),
            held_by: plan::our_hold(&history).and_then(|entry| entry.decision.clone()),
            removed_by: plan::our_removal(&history).and_then(|entry| entry.decision.clone()),
            spared_by: history.iter().rev().find(|entry| is_spared(entry)).and_then(|entry| entry.decision.clone()),
            word: line.status,
            row_key: line.key,
        });
    }
    Ok(Standing { rows })
}

/// Whether a removal was answered by leaving the row alone.
fn is_spared(entry: &Entry) -> bool {
    let refused = !matches!(entry.outcome, RowOutcome::Removed | RowOutcome::AlreadyRemoved | RowOutcome::Intended);
    entry.action == Action::Remove && refused
}
