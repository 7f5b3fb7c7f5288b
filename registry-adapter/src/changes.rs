//! Change capture: new and changed rows of mapped tables, noticed in the transaction that made them.
//!
//! Guarantees: the trigger's outbox row commits with the department's own change or not at all; a change stays pending
//! until [`ChangeFeed::mark_done`] says that the event is durable, whatever order transactions committed in (never
//! "position greater than the last"); a row that cannot be read is handed over as such and blocks nobody.
//! Deliberately absent: making events; deleting what was not taken.

use std::{collections::BTreeMap, sync::Arc};

use schemas::{
    event::{EventKind, Relation},
    id::EventType,
    time::{CivilDate, Timestamp},
};
use service_kit::db::{AnyConnection, DatabaseError, DatabaseUrl};

use crate::{
    catalogue::Engine,
    connection::{Connections, Connector, Role, engine, transaction},
    install,
    key::LocalKey,
    mapping::{ChangeCapture, Mapping, Noticed},
    row::{day, key_bind, where_key},
    source::OpenError,
    statement::{Row, Statement},
};

mod draft;
mod registrations;

pub use draft::Draft;
pub use registrations::{Death, Marriage};

/// The most that one call reads.
const LIMIT: i64 = 1_000;

/// Where a change stands in the outbox. Names it, and orders nothing between transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position(i64);

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// One new row of a mapped table. Personal data: Debug shows none of it.
#[derive(Clone)]
pub struct Change {
    /// Names it to [`ChangeFeed::mark_done`].
    pub position: Position,
    /// What it is an event of.
    pub event: EventType,
    /// The row's key.
    pub row_key: LocalKey,
    /// Whom it is about, by the department's own number; none where the register does not know.
    pub subject: Option<LocalKey>,
    /// When the register recorded it, by the database's clock.
    pub recorded: Timestamp,
    /// What the row says.
    pub content: Result<Content, ChangeUnreadable>,
}

/// What a changed row says.
#[derive(Clone)]
pub struct Content {
    /// From which day it holds.
    pub effective: CivilDate,
    /// The payload, without the people.
    pub draft: Draft,
    /// The other people of whom it speaks, by the department's own numbers.
    pub related: BTreeMap<Relation, LocalKey>,
    /// The number of the earlier registration that this one replaces.
    pub supersedes: Option<String>,
    /// Whether a changed row may come again and say something new.
    pub repeats: bool,
}

/// A change that cannot become an event as it stands: for an officer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeUnreadable {
    /// The row is gone again.
    #[error("the row is not there any more")]
    RowMissing,
    /// The row is not of the kind that becomes this event: it does not hold what `when` asks for.
    #[error("the row does not become an event")]
    NotMeant,
    /// The mapped members make no payload of the type.
    #[error("the mapped members do not make a payload of this type; look at the words that the register uses")]
    NoPayload,
    /// Its type of event is not in the mapping any more.
    #[error("the mapping has no such event")]
    NotMapped,
    /// A value is not what its column says.
    #[error("the column {column} holds no {expected}")]
    Value {
        /// The column.
        column: String,
        /// What it should hold.
        expected: &'static str,
    },
}

impl std::fmt::Debug for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Change").field("position", &self.position).field("event", &self.event).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Content(…)")
    }
}

/// Why changes could not be read or marked.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The database could not be asked.
    #[error("the outbox in the department's database could not be read")]
    Database(#[source] DatabaseError),
}

impl From<diesel::result::Error> for ChangeError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

/// New rows of the mapped change tables. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ChangeFeed {
    mapping: Arc<Mapping>,
    writer: Connections,
}

pub(crate) const fn table(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "vinimay_outbox",
        Engine::Postgres => "vinimay_journal.outbox",
    }
}

impl ChangeFeed {
    pub(crate) fn open(mapping: Arc<Mapping>, writer: &DatabaseUrl) -> Result<Self, OpenError> {
        let failed = |error: DatabaseError| OpenError::database(writer, error);
        let connector = Connector::new(writer, Role::Writer, None);
        let mut conn = connector.establish().map_err(failed)?;
        if !install::has_outbox(&mut conn).map_err(|error| failed(error.into()))? {
            return Err(OpenError::NotInstalled { what: "the outbox" });
        }
        Ok(Self { mapping, writer: connector.pool(1).map_err(failed)? })
    }

    /// What is pending, at most `limit` of it (at most 1,000), earlier positions first. Blocks.
    ///
    /// # Errors
    /// If the outbox cannot be read.
    pub fn pending(&self, limit: u32) -> Result<Vec<Change>, ChangeError> {
        let mut conn = self.writer.lend().map_err(ChangeError::Database)?;
        let select = Statement::new("SELECT CAST(position AS TEXT), event, row_key, subject, recorded_at FROM ");
        let select = select.sql(table(engine(&conn))).sql(" AS o ORDER BY o.position LIMIT ");
        let rows = select.bind(i64::from(limit).min(LIMIT)).rows(&mut conn)?;
        let mut changes = Vec::with_capacity(rows.len());
        for row in &rows {
            match Outbox::read(row) {
                Some(outbox) => changes.push(self.change(&mut conn, outbox)?),
                // It stays where it is, for whoever wrote it or an officer; the others go on.
                None => tracing::warn!(position = row.text(0), "an outbox row cannot be read; it stays pending"),
            }
        }
        Ok(changes)
    }

    /// The events of these changes are durable: they are pending no longer. Repeating it does no harm. Blocks.
    ///
    /// # Errors
    /// If the outbox cannot be written.
    pub fn mark_done(&self, positions: &[Position]) -> Result<(), ChangeError> {
        let mut conn = self.writer.lend().map_err(ChangeError::Database)?;
        transaction(&mut conn, |conn| {
            for Position(position) in positions {
                let delete = Statement::new("DELETE FROM ").sql(table(engine(conn))).sql(" WHERE position = ");
                delete.bind(*position).execute(conn)?;
            }
            Ok(())
        })
    }

    fn change(&self, conn: &mut AnyConnection, outbox: Outbox) -> Result<Change, ChangeError> {
        let Outbox { position, event, row_key, subject, recorded } = outbox;
        let content = match self.mapping.changes.iter().find(|capture| capture.event == event) {
            Some(capture) => content(conn, capture, &row_key)?,
            None => Err(ChangeUnreadable::NotMapped),
        };
        Ok(Change { position, event, row_key, subject, recorded, content })
    }
}

/// One row of the outbox.
struct Outbox {
    position: Position,
    event: EventType,
    row_key: LocalKey,
    subject: Option<LocalKey>,
    recorded: Timestamp,
}

impl Outbox {
    /// `None` where a key is no usable key, or the row was not written by our trigger.
    fn read(row: &Row) -> Option<Self> {
        Some(Self {
            position: Position(row.text(0)?.parse().ok()?),
            event: row.text(1)?.parse().ok()?,
            row_key: row.text(2)?.parse().ok()?,
            subject: row.text(3).map(str::parse).transpose().ok()?,
            recorded: row.text(4)?.parse().ok()?,
        })
    }
}

/// Reads the row as it stands now: facts decide, events only wake.
fn content(
    conn: &mut AnyConnection,
    capture: &ChangeCapture,
    key: &LocalKey,
) -> Result<Result<Content, ChangeUnreadable>, ChangeError> {
    let Some(bind) = key_bind(&capture.key, key) else { return Ok(Err(ChangeUnreadable::RowMissing)) };
    let select = Statement::new("SELECT ").texts_of(columns(capture)).sql(" FROM ").table(&capture.read).sql(" WHERE ");
    let rows = where_key(select, &capture.key, bind).sql(" LIMIT 1").rows(conn)?;
    Ok(rows.first().ok_or(ChangeUnreadable::RowMissing).and_then(|row| read(capture, row)))
}

/// The effective day, what `when` and `supersedes` name (else the key once more), the people, the members.
fn columns(capture: &ChangeCapture) -> impl Iterator<Item = &crate::catalogue::Column> {
    let when = capture.when.as_ref().map_or(&capture.key, |(column, _)| column);
    let supersedes = capture.supersedes.as_ref().unwrap_or(&capture.key);
    let related = capture.related.iter().map(|(_, column)| column);
    [&capture.effective, when, supersedes].into_iter().chain(related).chain(capture.payload.iter().map(|(_, c)| c))
}

fn read(capture: &ChangeCapture, row: &Row) -> Result<Content, ChangeUnreadable> {
    let meant = match &capture.when {
        None => true,
        Some((_, None)) => row.text(1).is_some(),
        Some((_, Some(value))) => row.text(1) == Some(value.as_str()),
    };
    if !meant {
        return Err(ChangeUnreadable::NotMeant);
    }
    let wrong = |column: &crate::catalogue::Column, expected| ChangeUnreadable::Value {
        column: column.name.to_string(),
        expected,
    };
    let effective = row.text(0).and_then(day).ok_or_else(|| wrong(&capture.effective, "date"))?;
    let mut related = BTreeMap::new();
    for (place, (relation, column)) in capture.related.iter().enumerate() {
        if let Some(text) = row.text(3 + place).map(str::trim).filter(|text| !text.is_empty()) {
            related.insert(*relation, text.parse().map_err(|_| wrong(column, "person's number"))?);
        }
    }
    let needs = matches!(capture.kind, EventKind::PersonMerged | EventKind::PersonSplit);
    if let (true, true, Some((_, column))) = (needs, related.is_empty(), capture.related.first()) {
        return Err(wrong(column, "person's number"));
    }
    Ok(Content {
        effective,
        draft: draft::draft(capture, row, 3 + capture.related.len(), effective)?,
        related,
        supersedes: capture.supersedes.as_ref().and_then(|_| row.text(2)).map(str::to_owned),
        repeats: capture.noticed != Noticed::Inserts,
    })
}

#[cfg(test)]
mod tests;
