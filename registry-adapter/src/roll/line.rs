//! One row of a roll: read as texts, digested with the key, changed from the state in which it was read, inserted.

use std::collections::{BTreeMap, BTreeSet};

use protocol::seal::{keyed_hash::MacKey, random};
use schemas::{answer::FieldValue, time::Timestamp};
use service_kit::db::AnyConnection;

use super::RollError;
use crate::{
    catalogue::{Column, ColumnKind, Engine},
    connection::engine,
    journal::{RowDigest, RowValues},
    key::LocalKey,
    mapping::{EnrolMapping, Roll, RollStatus, RowNumbers},
    row::{key_bind, where_key},
    statement::{Bind, Row, Statement},
};

/// Rows of one person in one roll: more is a wrong mapping, not a person.
pub(super) const LIMIT: usize = 100;

/// One row of the roll as it was read.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub key: LocalKey,
    pub status: String,
    pub values: RowValues,
    pub digest: RowDigest,
}

/// Columns and what is written to them.
pub(super) type Written = Vec<(Column, Option<String>)>;

impl Line {
    pub(super) fn text(&self, column: Option<&Column>) -> Option<String> {
        self.values.value(column?.name.as_str()).map(str::to_owned)
    }

    pub(super) fn meaning(&self, roll: &Roll) -> RollStatus {
        roll.meaning(&self.status)
    }

    pub(super) fn read(roll: &Roll, key: &MacKey, row: &Row) -> Result<Self, RollError> {
        let unreadable = || RollError::RowUnreadable(roll.id.clone());
        let named = roll.columns().into_iter().enumerate();
        let values: BTreeMap<String, Option<String>> =
            named.map(|(place, column)| (column.name.to_string(), row.text(place).map(str::to_owned))).collect();
        let values = RowValues::new(values);
        Ok(Self {
            key: row.text(0).and_then(|text| text.parse().ok()).ok_or_else(unreadable)?,
            status: row.text(2).ok_or_else(unreadable)?.to_owned(),
            digest: digest(roll, key, &values),
            values,
        })
    }
}

/// HMAC-SHA-256 over the roll's id and the mapped columns as JSON with sorted members.
pub(super) fn digest(roll: &Roll, key: &MacKey, values: &RowValues) -> RowDigest {
    key.hash(&[b"vinimay-roll-row\0", roll.id.as_str().as_bytes(), b"\0", values.to_json().as_bytes()]).into()
}

/// The digest of a row that is not there.
pub(super) fn absent(roll: &Roll, key: &MacKey) -> RowDigest {
    digest(roll, key, &RowValues::default())
}

/// `SELECT` of the mapped columns of this roll's rows, up to and with `WHERE`.
pub(super) fn select(roll: &Roll) -> Statement {
    let select =
        Statement::new("SELECT ").texts_of(roll.columns()).sql(" FROM ").table(&roll.table).sql(" AS t WHERE ");
    only(select, roll)
}

/// The condition that tells this roll's rows from others of the table, and ` AND `.
pub(super) fn only(mut statement: Statement, roll: &Roll) -> Statement {
    for (column, word) in &roll.only {
        statement = statement.sql("CAST(").name(&column.name).sql(" AS TEXT) = ").bind(word.as_str()).sql(" AND ");
    }
    statement
}

pub(super) fn of_subject(
    conn: &mut AnyConnection,
    roll: &Roll,
    key: &MacKey,
    subject: &LocalKey,
) -> Result<Vec<Line>, RollError> {
    match key_bind(&roll.subject, subject) {
        Some(bind) => lines_where(conn, roll, key, &roll.subject, bind),
        None => Ok(Vec::new()),
    }
}

pub(super) fn of_key(
    conn: &mut AnyConnection,
    roll: &Roll,
    key: &MacKey,
    row: &LocalKey,
) -> Result<Option<Line>, RollError> {
    let Some(bind) = key_bind(&roll.key, row) else { return Ok(None) };
    Ok(lines_where(conn, roll, key, &roll.key, bind)?.pop())
}

fn lines_where(
    conn: &mut AnyConnection,
    roll: &Roll,
    key: &MacKey,
    column: &Column,
    bind: Bind,
) -> Result<Vec<Line>, RollError> {
    // `t.`: without it PostgreSQL orders by the text of the output column of the same name.
    let select = where_key(select(roll), column, bind).sql(" ORDER BY t.").name(&roll.key.name).sql(" LIMIT ");
    // PostgreSQL locks what it reads; SQLite's transaction holds the whole file.
    let lock = if engine(conn) == Engine::Postgres { " FOR UPDATE" } else { "" };
    let rows = select.bind(LIMIT as i64 + 1).sql(lock).rows(conn)?;
    if rows.len() > LIMIT {
        return Err(RollError::TooManyRows { roll: roll.id.clone(), limit: LIMIT });
    }
    rows.iter().map(|row| Line::read(roll, key, row)).collect()
}

/// Changes the row from the status in which it was read, and reads it back.
pub(super) fn update(
    conn: &mut AnyConnection,
    roll: &Roll,
    key: &MacKey,
    line: &Line,
    written: &Written,
) -> Result<Line, RollError> {
    let bind = key_bind(&roll.key, &line.key).ok_or_else(|| RollError::RowUnreadable(roll.id.clone()))?;
    let mut statement = Statement::new("UPDATE ").table(&roll.table).sql(" SET ");
    for (place, (column, value)) in written.iter().enumerate() {
        statement = if place == 0 { statement } else { statement.sql(", ") }.name(&column.name).sql(" = ");
        statement = statement.bind_for(engine(conn), column, value.clone());
    }
    statement = where_key(statement.sql(" WHERE "), &roll.key, bind);
    statement = statement.sql(" AND ").name(&roll.status.name).sql(" = ").bind(line.status.as_str());
    if statement.execute(conn)? != 1 {
        return Err(RollError::Raced);
    }
    of_key(conn, roll, key, &line.key)?.ok_or(RollError::Raced)
}

/// Makes a row and reads it back.
pub(super) fn insert(
    conn: &mut AnyConnection,
    roll: &Roll,
    key: &MacKey,
    row: &LocalKey,
    written: &Written,
) -> Result<Line, RollError> {
    let mut statement = Statement::new("INSERT INTO ").table(&roll.table).sql(" (");
    for (place, (column, _)) in written.iter().enumerate() {
        statement = if place == 0 { statement } else { statement.sql(", ") }.name(&column.name);
    }
    statement = statement.sql(") VALUES (");
    for (place, (column, value)) in written.iter().enumerate() {
        statement = if place == 0 { statement } else { statement.sql(", ") };
        statement = statement.bind_for(engine(conn), column, value.clone());
    }
    match statement.sql(")").execute(conn) {
        Ok(1) => {}
        // Somebody took the number meanwhile.
        Err(diesel::result::Error::DatabaseError(diesel::result::DatabaseErrorKind::UniqueViolation, _)) | Ok(_) => {
            return Err(RollError::Raced);
        }
        Err(error) => return Err(error.into()),
    }
    of_key(conn, roll, key, row)?.ok_or(RollError::Raced)
}

/// The number of a new row: none of those that are promised to others, where the department counts.
pub(super) fn new_number(
    conn: &mut AnyConnection,
    roll: &Roll,
    enrol: &EnrolMapping,
    (subject, promised): (Option<&LocalKey>, &BTreeSet<LocalKey>),
    at: Timestamp,
) -> Result<LocalKey, RollError> {
    let unreadable = || RollError::RowUnreadable(roll.id.clone());
    let text = match &enrol.number {
        RowNumbers::Next => {
            let highest = Statement::new("SELECT CAST(MAX(").name(&roll.key.name).sql(") AS TEXT) FROM ");
            let rows = highest.table(&roll.table).rows(conn)?;
            let highest: i64 = match rows.first().and_then(|row| row.text(0)) {
                None => 0,
                Some(text) => text.parse().map_err(|_| unreadable())?,
            };
            let promised = promised.iter().filter_map(|number| number.as_str().parse::<i64>().ok());
            promised.fold(highest, i64::max).checked_add(1).ok_or_else(unreadable)?.to_string()
        }
        RowNumbers::Prefixed { prefix, digits } => {
            let behind = |number: &LocalKey| number.as_str().strip_prefix(prefix.as_str())?.parse::<u64>().ok();
            let next = promised.iter().filter_map(behind).fold(highest_after(conn, roll, prefix)?, u64::max) + 1;
            format!("{prefix}{next:0digits$}")
        }
        RowNumbers::Uuid => random::message_id(at).to_string(),
        RowNumbers::Subject => subject.map(|subject| subject.as_str().to_owned()).ok_or(RollError::NobodyNamed)?,
    };
    text.parse().map_err(|_| unreadable())
}

/// The highest number behind the prefix; other spellings of the department's are passed over.
fn highest_after(conn: &mut AnyConnection, roll: &Roll, prefix: &str) -> Result<u64, RollError> {
    let mut select =
        Statement::new("SELECT ").text_of(&roll.key).sql(" FROM ").table(&roll.table).sql(" AS t WHERE substr(");
    select = select
        .name(&roll.key.name)
        .sql(", 1, CAST(")
        .bind(prefix.chars().count() as i64)
        .sql(" AS INTEGER)) = ")
        .bind(prefix);
    select = select.sql(" ORDER BY length(t.").name(&roll.key.name).sql(") DESC, t.").name(&roll.key.name);
    let rows = select.sql(" DESC LIMIT 1000").rows(conn)?;
    let number = |row: &Row| row.text(0)?.strip_prefix(prefix)?.parse::<u64>().ok();
    Ok(rows.iter().filter_map(number).max().unwrap_or(0))
}

/// A value as this engine's column holds it.
pub(super) fn written_value(engine: Engine, column: &Column, value: &FieldValue) -> Option<String> {
    match (value, engine, column.kind) {
        (FieldValue::Missing, ..) => None,
        (FieldValue::Text(text), ..) => Some(text.clone()),
        (FieldValue::Integer(number), ..) => Some(number.to_string()),
        (FieldValue::Boolean(truth), Engine::Postgres, ColumnKind::Boolean) => Some(truth.to_string()),
        (FieldValue::Boolean(truth), ..) => Some(u8::from(*truth).to_string()),
    }
}
