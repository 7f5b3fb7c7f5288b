//! Change capture: new and changed rows of mapped tables, noticed in the transaction that made them.
//!
//! Guarantees: the trigger's outbox row commits with the department's own change or not at all; a change stays pending
//! until [`ChangeFeed::mark_done`] says that the event is durable, whatever order transactions committed in (never
//! "position greater than the last"); a row that cannot be read is handed over as such and blocks nobody.
//! Deliberately absent: making events; deleting what was not taken.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

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
    row::{day, key_bind, where_key_in},
    source::OpenError,
    statement::{Bind, Row, Statement},
};

mod draft;
mod registrations;

pub use draft::Draft;
pub use registrations::{Death, Marriage};

/// The most that one call reads.
const LIMIT: i64 = 1_000;

/// Keys of one statement.
const AT_ONCE: usize = 500;

/// What rows say, by the type of event that they become, and their key.
type Contents = BTreeMap<(EventType, LocalKey), Result<Content, ChangeUnreadable>>;

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
        let mut pending = Vec::with_capacity(rows.len());
        for row in &rows {
            match Outbox::read(row) {
                Some(outbox) => pending.push(outbox),
                // It stays where it is, for whoever wrote it or an officer; the others go on.
                None => tracing::warn!(position = row.text(0), "an outbox row cannot be read; it stays pending"),
            }
        }
        let found = self.contents(&mut conn, &pending)?;
        Ok(pending.into_iter().map(|outbox| self.change(outbox, &found)).collect())
    }

    /// The events of these changes are durable: they are pending no longer. Repeating it does no harm. Blocks.
    ///
    /// # Errors
    /// If the outbox cannot be written.
    pub fn mark_done(&self, positions: &[Position]) -> Result<(), ChangeError> {
        let mut conn = self.writer.lend().map_err(ChangeError::Database)?;
        transaction(&mut conn, |conn| {
            for chunk in positions.chunks(AT_ONCE) {
                let mut delete = Statement::new("DELETE FROM ").sql(table(engine(conn))).sql(" WHERE position IN (");
                for (place, Position(position)) in chunk.iter().enumerate() {
                    delete = if place == 0 { delete } else { delete.sql(", ") }.bind(*position);
                }
                delete.sql(")").execute(conn)?;
            }
            Ok(())
        })
    }

    /// The rows of which these changes are, as they stand now, by type and key.
    fn contents(&self, conn: &mut AnyConnection, pending: &[Outbox]) -> Result<Contents, ChangeError> {
        let mut found = Contents::new();
        for capture in &self.mapping.changes {
            let keys: BTreeSet<&LocalKey> =
                pending.iter().filter(|outbox| outbox.event == capture.event).map(|outbox| &outbox.row_key).collect();
            let keys: Vec<&LocalKey> = keys.into_iter().collect();
            for chunk in keys.chunks(AT_ONCE) {
                found.extend(contents(conn, capture, chunk)?);
            }
        }
        Ok(found)
    }

    fn change(&self, outbox: Outbox, found: &Contents) -> Change {
        let Outbox { position, event, row_key, subject, recorded } = outbox;
        let mapped = self.mapping.changes.iter().any(|capture| capture.event == event);
        let missing = if mapped { ChangeUnreadable::RowMissing } else { ChangeUnreadable::NotMapped };
        let here = (event, row_key);
        let content = found.get(&here).cloned().unwrap_or(Err(missing));
        let (event, row_key) = here;
        Change { position, event, row_key, subject, recorded, content }
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

/// Reads the rows as they stand now: facts decide, events only wake. A row that is gone is not among them.
fn contents(conn: &mut AnyConnection, capture: &ChangeCapture, keys: &[&LocalKey]) -> Result<Contents, ChangeError> {
    let binds: Vec<Bind> = keys.iter().filter_map(|key| key_bind(&capture.key, key)).collect();
    if binds.is_empty() {
        return Ok(Contents::new());
    }
    // The key comes last, so that the places of the others stay.
    let all = columns(capture).chain(std::iter::once(&capture.key));
    let select = Statement::new("SELECT ").texts_of(all).sql(" FROM ").table(&capture.read).sql(" WHERE ");
    let place = columns(capture).count();
    let mut found = Contents::new();
    for row in where_key_in(select, &capture.key, binds).rows(conn)? {
        if let Some(key) = row.text(place).and_then(|text| text.parse().ok()) {
            found.entry((capture.event.clone(), key)).or_insert_with(|| read(capture, &row));
        }
    }
    Ok(found)
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
