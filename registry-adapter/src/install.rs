//! What a department's database gets of ours, once, by its owner: the journal, the outbox, a trigger on each mapped
//! change table and roll and, on PostgreSQL, the rights of the two roles.
//!
//! Guarantees: one transaction; running it again changes nothing but triggers whose mapping changed; the journal refuses
//! UPDATE and DELETE by triggers, for its owner too; no table of the department is altered. An outbox row that cannot be
//! complete never stops the department's own change. Deliberately absent: removing any of it.

use std::{fmt, path::Path, str::FromStr};

use schemas::{event::EventKind, id::EventType};
use service_kit::db::{AnyConnection, DatabaseError, DatabaseUrl};

use crate::{
    catalogue::{self, Engine, is_identifier},
    connection::{Connector, Role, engine, transaction},
    mapping::{ChangeCapture, Mapping, MappingFile, Noticed},
    source::OpenError,
    statement::Statement,
};

mod ddl;
mod guard;

/// The name of a database role, in the form of an identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleName(Box<str>);

/// The text is no role's name.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a role is named with letters, digits and underscores")]
pub struct InvalidRoleName;

impl RoleName {
    /// The name, unquoted.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RoleName {
    type Err = InvalidRoleName;

    fn from_str(text: &str) -> Result<Self, InvalidRoleName> {
        if is_identifier(text) { Ok(Self(text.into())) } else { Err(InvalidRoleName) }
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The two roles that PostgreSQL shall know; they exist already.
#[derive(Clone, Debug)]
pub struct Roles {
    /// Reads mapped tables.
    pub reader: RoleName,
    /// Holds, releases, writes the journal, empties the outbox.
    pub writer: RoleName,
}

/// Installs what the mapping needs, as the database's owner. `roles` are granted their rights on PostgreSQL; SQLite has
/// no roles. Blocks.
///
/// # Errors
/// If the mapping is wrong or the owner may not do it.
pub fn install(mapping: &Path, owner: &DatabaseUrl, roles: Option<&Roles>) -> Result<(), OpenError> {
    let failed = |error: DatabaseError| OpenError::database(owner, error);
    let file = MappingFile::read(mapping)?;
    let mut conn = Connector::new(owner, Role::Writer, None).establish().map_err(failed)?;
    let catalogue = catalogue::read(&mut conn).map_err(|error| failed(error.into()))?;
    let mapping = file.bind(&catalogue)?;
    let done: diesel::QueryResult<()> = transaction(&mut conn, |conn| match engine(conn) {
        Engine::Sqlite => install_sqlite(conn, &mapping),
        Engine::Postgres => install_postgres(conn, &mapping, roles),
    });
    done.map_err(|error| failed(error.into()))
}

fn install_sqlite(conn: &mut AnyConnection, mapping: &Mapping) -> diesel::QueryResult<()> {
    run(conn, ddl::SQLITE)?;
    let have = Statement::new(ddl::SQLITE_JOURNAL_COLUMNS).rows(conn)?;
    for (column, add) in ddl::SQLITE_LATER {
        if !have.iter().any(|row| row.text(0) == Some(column)) {
            Statement::new(add).execute(conn)?;
        }
    }
    for roll in &mapping.rolls {
        guard::install_sqlite(conn, roll)?;
    }
    for capture in &mapping.changes {
        // The name under which an earlier version watched the table.
        let drop = Statement::new("DROP TRIGGER IF EXISTS ").prefixed("vinimay_capture_", &capture.table.name);
        drop.execute(conn)?;
    }
    // Those of a mapping before this one too, or they would go on.
    for (when, event) in Watched::every() {
        Statement::new("DROP TRIGGER IF EXISTS ").event_named(when.prefix(), &event).execute(conn)?;
    }
    for capture in &mapping.changes {
        for when in Watched::of(capture) {
            sqlite_trigger(capture, when).execute(conn)?;
        }
    }
    Ok(())
}

/// What a trigger waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Watched {
    Inserts,
    Updates,
}

impl Watched {
    const ALL: [Self; 2] = [Self::Inserts, Self::Updates];

    fn of(capture: &ChangeCapture) -> impl Iterator<Item = Self> {
        let (inserts, updates) = match capture.noticed {
            Noticed::Inserts => (true, false),
            Noticed::Updates => (false, true),
            Noticed::Both => (true, true),
        };
        Self::ALL.into_iter().filter(move |when| if *when == Self::Inserts { inserts } else { updates })
    }

    /// Every trigger that a mapping may have asked for.
    fn every() -> impl Iterator<Item = (Self, EventType)> {
        let events = EventKind::ALL.iter().filter_map(|kind| kind.event_type());
        events.flat_map(|event| Self::ALL.map(|when| (when, event.clone())))
    }

    const fn prefix(self) -> &'static str {
        match self {
            Self::Inserts => "vinimay_on_insert_",
            Self::Updates => "vinimay_on_update_",
        }
    }
}

fn watched(statement: Statement, capture: &ChangeCapture, when: Watched) -> Statement {
    if when == Watched::Inserts {
        return statement.sql(" AFTER INSERT ON ").table(&capture.table);
    }
    let mut statement = statement.sql(" AFTER UPDATE OF ");
    for (place, column) in capture.watch.iter().enumerate() {
        statement = if place == 0 { statement } else { statement.sql(", ") }.name(&column.name);
    }
    statement.sql(" ON ").table(&capture.table)
}

/// Writing the same value again is no change.
fn if_changed(mut statement: Statement, capture: &ChangeCapture, differs: &'static str) -> Statement {
    for (place, column) in capture.watch.iter().enumerate() {
        statement = if place == 0 { statement } else { statement.sql(" OR ") }.sql("NEW.").name(&column.name);
        statement = statement.sql(differs).sql("OLD.").name(&column.name);
    }
    statement
}

fn sqlite_trigger(capture: &ChangeCapture, when: Watched) -> Statement {
    let trigger = Statement::new("CREATE TRIGGER ").event_named(when.prefix(), &capture.event);
    let mut trigger = watched(trigger, capture, when);
    if when == Watched::Updates {
        trigger = if_changed(trigger.sql(" WHEN "), capture, " IS NOT ");
    }
    trigger
        .sql(" BEGIN INSERT INTO vinimay_outbox (event, row_key, subject, recorded_at) SELECT ")
        .event(&capture.event)
        .sql(", CAST(NEW.")
        .name(&capture.key.name)
        .sql(" AS TEXT), CAST(NEW.")
        .name(&capture.subject.name)
        .sql(" AS TEXT), strftime('%Y-%m-%dT%H:%M:%SZ', 'now') WHERE NEW.")
        .name(&capture.key.name)
        .sql(" IS NOT NULL; END")
}

fn install_postgres(conn: &mut AnyConnection, mapping: &Mapping, roles: Option<&Roles>) -> diesel::QueryResult<()> {
    run(conn, ddl::POSTGRES)?;
    for roll in &mapping.rolls {
        guard::install_postgres(conn, roll, roles)?;
    }
    for capture in &mapping.changes {
        // The name under which an earlier version watched the table.
        Statement::new("DROP TRIGGER IF EXISTS vinimay_capture ON ").table(&capture.table).execute(conn)?;
        // Those of a mapping before this one too, or they would go on.
        for (when, event) in Watched::every() {
            let drop = Statement::new("DROP TRIGGER IF EXISTS ").event_named(when.prefix(), &event);
            drop.sql(" ON ").table(&capture.table).execute(conn)?;
        }
    }
    for capture in &mapping.changes {
        for when in Watched::of(capture) {
            postgres_trigger(capture, when).execute(conn)?;
        }
    }
    roles.map_or(Ok(()), |roles| grant(conn, mapping, roles))
}

fn postgres_trigger(capture: &ChangeCapture, when: Watched) -> Statement {
    let create = Statement::new("CREATE TRIGGER ").event_named(when.prefix(), &capture.event);
    let mut create = watched(create, capture, when).sql(" FOR EACH ROW");
    if when == Watched::Updates {
        create = if_changed(create.sql(" WHEN ("), capture, " IS DISTINCT FROM ").sql(")");
    }
    let create = create.sql(" EXECUTE FUNCTION vinimay_journal.capture(").event(&capture.event);
    let create = create.sql(", ").name_literal(&capture.key.name).sql(", ").name_literal(&capture.subject.name);
    create.sql(")")
}

/// The reader: SELECT on mapped tables. The writer: what it reads back and writes, column by column.
fn grant(conn: &mut AnyConnection, mapping: &Mapping, roles: &Roles) -> diesel::QueryResult<()> {
    let datasets = mapping.datasets.iter().map(|d| &d.table).chain(mapping.matching.iter().map(|m| &m.table));
    let read = datasets.chain(mapping.identity.iter().map(|i| &i.table));
    let owned = mapping.rolls.iter().map(|r| &r.table).chain(mapping.changes.iter().flat_map(|c| [&c.table, &c.read]));
    for table in read.chain(owned.clone()) {
        Statement::new("GRANT SELECT ON ").table(table).sql(" TO ").role(&roles.reader).execute(conn)?;
    }
    for table in owned {
        Statement::new("GRANT SELECT ON ").table(table).sql(" TO ").role(&roles.writer).execute(conn)?;
    }
    for roll in &mapping.rolls {
        // What an earlier mapping needed; column by column too.
        for right in ["REVOKE UPDATE ON ", "REVOKE INSERT ON "] {
            Statement::new(right).table(&roll.table).sql(" FROM ").role(&roles.writer).execute(conn)?;
        }
    }
    for roll in &mapping.rolls {
        for column in roll.updated() {
            let grant = Statement::new("GRANT UPDATE (").name(&column.name).sql(") ON ").table(&roll.table);
            grant.sql(" TO ").role(&roles.writer).execute(conn)?;
        }
        for column in roll.inserted() {
            let grant = Statement::new("GRANT INSERT (").name(&column.name).sql(") ON ").table(&roll.table);
            grant.sql(" TO ").role(&roles.writer).execute(conn)?;
        }
    }
    for right in ddl::POSTGRES_WRITER_RIGHTS {
        Statement::new(right).role(&roles.writer).execute(conn)?;
    }
    Ok(())
}

fn run(conn: &mut AnyConnection, statements: &[&'static str]) -> diesel::QueryResult<()> {
    for statement in statements {
        Statement::new(statement).execute(conn)?;
    }
    Ok(())
}

/// Makes the journal's tables in a database of the gateway's own, for rolls that have none beside them.
pub(crate) fn books(conn: &mut AnyConnection) -> diesel::QueryResult<()> {
    transaction(conn, |conn| match engine(conn) {
        Engine::Sqlite => run(conn, ddl::SQLITE),
        Engine::Postgres => run(conn, ddl::POSTGRES),
    })
}

/// Whether the journal is there.
pub(crate) fn has_journal(conn: &mut AnyConnection) -> diesel::QueryResult<bool> {
    exists(conn, ddl::SQLITE_HAS_JOURNAL, ddl::POSTGRES_HAS_JOURNAL)
}

/// Whether the outbox is there.
pub(crate) fn has_outbox(conn: &mut AnyConnection) -> diesel::QueryResult<bool> {
    exists(conn, ddl::SQLITE_HAS_OUTBOX, ddl::POSTGRES_HAS_OUTBOX)
}

fn exists(conn: &mut AnyConnection, sqlite: &'static str, postgres: &'static str) -> diesel::QueryResult<bool> {
    let query = if engine(conn) == Engine::Sqlite { sqlite } else { postgres };
    Ok(!Statement::new(query).rows(conn)?.is_empty())
}

#[cfg(test)]
mod tests;
