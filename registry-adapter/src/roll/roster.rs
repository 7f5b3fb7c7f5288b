//! The rows of a roll as a stream, through the reader's role: for back-tests and comparisons.
//!
//! Guarantees: pages by key, so that memory does not grow with the roll; nothing is written and nothing locked. Values are what the
//! columns hold now; a row that cannot be read as mapped has no value for that fact, and is never guessed.

use std::{collections::BTreeMap, sync::Arc};

use schemas::{
    answer::FieldValue,
    id::{FactName, FieldName},
    time::CivilDate,
};

use super::{RollError, line, people};
use crate::{
    catalogue::{Column, ColumnKind},
    connection::Connections,
    key::LocalKey,
    mapping::{FieldKind, Roll, RollStatus},
    row::{self, field_value, key_bind, where_key},
};

/// Rows read at a time.
const PAGE: i64 = 2_000;

/// One row of a roll, with the facts that its columns hold.
#[derive(Clone, Debug, PartialEq)]
pub struct RosterRow {
    /// The row.
    pub row_key: LocalKey,
    /// The person; none where the column is empty.
    pub subject: Option<LocalKey>,
    /// What its status means.
    pub status: RollStatus,
    /// Since when.
    pub since: Option<CivilDate>,
    /// Until when.
    pub until: Option<CivilDate>,
    /// Whole rupees a month.
    pub amount: Option<i64>,
    /// The mapped facts (`[roll.fact]`); a fact whose column is empty or unreadable is not here.
    pub facts: BTreeMap<FactName, FieldValue>,
}

/// Whom a roll has by an identifier that another department's roll holds too. Personal data: it does not print itself.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Identified {
    /// Person and identifier as the column holds it; a person with several rows stands here once a row.
    pub people: Vec<(LocalKey, String)>,
    /// Rows without one.
    pub without: u64,
}

impl std::fmt::Debug for Identified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Identified({} rows, {} without)", self.people.len(), self.without)
    }
}

/// The rows of one roll. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Roster {
    roll: Arc<Roll>,
    readers: Connections,
}

impl Roster {
    pub(crate) fn new(roll: Arc<Roll>, readers: Connections) -> Self {
        Self { roll, readers }
    }

    /// How many rows there are now, of whatever status. Blocks.
    ///
    /// # Errors
    /// If the roll cannot be read.
    pub fn len(&self) -> Result<u64, RollError> {
        let mut conn = self.readers.lend().map_err(RollError::Database)?;
        let select = crate::statement::Statement::new("SELECT CAST(COUNT(*) AS TEXT) FROM ").table(&self.roll.table);
        let rows = line::only(select.sql(" AS t WHERE "), &self.roll).sql("1 = 1").rows(&mut conn)?;
        let count = rows.first().and_then(|row| row.text(0)?.parse().ok());
        count.ok_or_else(|| RollError::RowUnreadable(self.roll.id.clone()))
    }

    /// Whether there is no row at all. Blocks.
    ///
    /// # Errors
    /// If the roll cannot be read.
    pub fn is_empty(&self) -> Result<bool, RollError> {
        Ok(self.len()? == 0)
    }

    /// A page after this row; empty at the end. Blocks.
    ///
    /// # Errors
    /// If the roll cannot be read.
    pub fn page(&self, after: Option<&LocalKey>) -> Result<Vec<RosterRow>, RollError> {
        let roll = &*self.roll;
        let mut conn = self.readers.lend().map_err(RollError::Database)?;
        let mut select = line::select(roll).sql("t.").name(&roll.key.name).sql(" IS NOT NULL");
        if let Some(bind) = after.and_then(|last| key_bind(&roll.key, last)) {
            select = select.sql(" AND t.").name(&roll.key.name).sql(" > ").bind(bind);
        }
        let rows = select.sql(" ORDER BY t.").name(&roll.key.name).sql(" LIMIT ").bind(PAGE).rows(&mut conn)?;
        rows.into_iter().map(|row| self.read(row)).collect()
    }

    /// The rows of one person, whatever their status. Blocks.
    ///
    /// # Errors
    /// If the roll cannot be read, or has more rows of her than anybody has.
    pub fn of(&self, subject: &LocalKey) -> Result<Vec<RosterRow>, RollError> {
        let roll = &*self.roll;
        let Some(bind) = key_bind(&roll.subject, subject) else { return Ok(Vec::new()) };
        let mut conn = self.readers.lend().map_err(RollError::Database)?;
        let select = where_key(line::select(roll), &roll.subject, bind).sql(" ORDER BY t.").name(&roll.key.name);
        let rows = select.sql(" LIMIT ").bind(line::LIMIT as i64 + 1).rows(&mut conn)?;
        if rows.len() > line::LIMIT {
            return Err(RollError::TooManyRows { roll: roll.id.clone(), limit: line::LIMIT });
        }
        rows.into_iter().map(|row| self.read(row)).collect()
    }

    /// Every row, in the order of the key. `each` may stop it by an error of its own. Blocks.
    ///
    /// # Errors
    /// If the roll cannot be read, or `each` stops it.
    pub fn each<E: From<RollError>>(&self, mut each: impl FnMut(RosterRow) -> Result<(), E>) -> Result<(), E> {
        let mut last = None;
        loop {
            let page = self.page(last.as_ref())?;
            let Some(row) = page.last() else { return Ok(()) };
            last = Some(row.row_key.clone());
            page.into_iter().try_for_each(&mut each)?;
        }
    }

    /// People with an active or a held row and the identifier that it holds, row by row; `None` where the mapping has no such
    /// identifier. A row whose column is empty counts as without. Blocks.
    ///
    /// # Errors
    /// If the roll cannot be read.
    pub fn identified(&self, identifier: &FieldName) -> Result<Option<Identified>, RollError> {
        let Some(column) = self.roll.overlap.get(identifier) else { return Ok(None) };
        let (mut found, mut last) = (Identified::default(), None);
        loop {
            let mut conn = self.readers.lend().map_err(RollError::Database)?;
            let page = people::identified(&mut conn, &self.roll, column, last.as_ref())?;
            for row in page.rows {
                match row {
                    (person, Some(identifier)) => found.people.push((person, identifier)),
                    (_, None) => found.without += 1,
                }
            }
            match page.last {
                Some(key) => last = Some(key),
                None => return Ok(Some(found)),
            }
        }
    }

    fn read(&self, row: crate::statement::Row) -> Result<RosterRow, RollError> {
        let roll = &*self.roll;
        let unreadable = || RollError::RowUnreadable(roll.id.clone());
        let columns = roll.columns();
        let text = |wanted: Option<&Column>| {
            let place = columns.iter().position(|column| Some(*column) == wanted)?;
            row.text(place)
        };
        let fact = |(name, column): (&FactName, &Column)| {
            let value = field_value(kind_of(column), text(Some(column))).ok()?;
            (value != FieldValue::Missing).then(|| (name.clone(), value))
        };
        Ok(RosterRow {
            row_key: row.text(0).and_then(|text| text.parse().ok()).ok_or_else(unreadable)?,
            subject: row.text(1).and_then(|text| text.parse().ok()),
            status: roll.meaning(row.text(2).ok_or_else(unreadable)?),
            since: text(roll.since.as_ref()).and_then(row::day),
            until: text(roll.until.as_ref()).and_then(row::day),
            amount: text(roll.amount.as_ref()).and_then(|text| text.trim().parse().ok()),
            facts: roll.facts.iter().filter_map(fact).collect(),
        })
    }
}

const fn kind_of(column: &Column) -> FieldKind {
    match column.kind {
        ColumnKind::Integer => FieldKind::Integer,
        ColumnKind::Boolean => FieldKind::Boolean,
        ColumnKind::Date => FieldKind::Date,
        ColumnKind::Text | ColumnKind::Other => FieldKind::Text,
    }
}
