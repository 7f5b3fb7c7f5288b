//! A roll made again from its journal: every row as of the end of any day.
//!
//! Guarantees: only the journal is read; equal to what stood in the table then, to the bit, for every row that a look or a change
//! had found by then. Deliberately absent: rows of before the first look.

use std::collections::BTreeMap;

use schemas::{digest::Digest, time::CivilDate};
use service_kit::db::AnyConnection;

use super::{Entry, JournalError, RowOutcome, RowValues, after};
use crate::{catalogue::ColumnKind, key::LocalKey, mapping::RollId};

const PAGE: i64 = 1_000;

/// The rows of a roll, by key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    rows: Vec<(LocalKey, RowValues)>,
}

impl Replayed {
    pub(crate) fn of(rows: BTreeMap<LocalKey, RowValues>, kind: ColumnKind) -> Self {
        let mut rows: Vec<_> = rows.into_iter().collect();
        if kind == ColumnKind::Integer {
            rows.sort_by_key(|(key, _)| key.as_str().parse::<i64>().unwrap_or(i64::MAX));
        }
        Self { rows }
    }

    /// Follows the chain from its beginning to the end of that day.
    pub(crate) fn as_of(
        conn: &mut AnyConnection,
        roll: &RollId,
        kind: ColumnKind,
        day: CivilDate,
    ) -> Result<Self, JournalError> {
        let (mut rows, mut last) = (BTreeMap::new(), 0);
        loop {
            let page = after(conn, roll, last, PAGE)?;
            if page.is_empty() {
                return Ok(Self::of(rows, kind));
            }
            for row in page {
                let entry = Entry::read(&row)?;
                last = entry.seq;
                if entry.at.civil_day() <= day {
                    follow(&mut rows, entry);
                }
            }
        }
    }

    /// The rows, in the order of their keys.
    pub fn rows(&self) -> impl Iterator<Item = (&LocalKey, &RowValues)> {
        self.rows.iter().map(|(key, values)| (key, values))
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether nobody was on it.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// One line of canonical JSON a row: sorted members, every value text or null.
    pub fn to_lines(&self) -> String {
        self.rows.iter().map(|(_, values)| values.to_json() + "\n").collect()
    }

    /// SHA-256 over [`to_lines`](Self::to_lines).
    pub fn digest(&self) -> Digest {
        Digest::of(self.to_lines())
    }
}

fn follow(rows: &mut BTreeMap<LocalKey, RowValues>, entry: Entry) {
    match (entry.outcome, entry.after_row) {
        // What was only intended is told by the entry after it.
        (RowOutcome::Intended, _) => {}
        (RowOutcome::Gone, _) => {
            rows.remove(&entry.row_key);
        }
        (_, Some(values)) => {
            rows.insert(entry.row_key, values);
        }
        (_, None) => {}
    }
}
