//! What a decision does to the rows of one person, inside its transaction.

use std::collections::BTreeMap;

use protocol::seal::keyed_hash::MacKey;
use schemas::{digest::Digest, id::MessageId, time::Timestamp};
use service_kit::db::AnyConnection;

use super::{HoldDecision, ReleaseDecision, RollError};
use crate::{
    catalogue::{Column, Engine},
    connection::engine,
    journal::{self, Action, Entry, Finding, JournalError, RowDigest, RowOutcome},
    key::LocalKey,
    mapping::Roll,
    row::{key_bind, where_key},
    statement::{Bind, Row, Statement},
};

/// Rows of one person in one roll: more is a wrong mapping, not a person.
const LIMIT: usize = 100;

/// One row of the roll as it was read.
struct RollRow {
    key: LocalKey,
    status: String,
    reason: Option<String>,
    since: Option<String>,
    digest: RowDigest,
}

/// People read at a time.
const PAGE: i64 = 1_000;

/// A page of the people who have an active or a held row.
pub(super) fn beneficiaries(
    conn: &mut AnyConnection,
    roll: &Roll,
    after: Option<&LocalKey>,
) -> Result<Vec<LocalKey>, RollError> {
    let mut select =
        Statement::new("SELECT ").text_of(&roll.subject).sql(" FROM ").table(&roll.table).sql(" AS t WHERE ");
    select = select.name(&roll.status.name).sql(" IN (").bind(roll.active.as_str()).sql(", ");
    select = select.bind(roll.held.as_str()).sql(") AND ").name(&roll.subject.name).sql(" IS NOT NULL");
    if let Some(bind) = after.and_then(|last| key_bind(&roll.subject, last)) {
        select = select.sql(" AND ").name(&roll.subject.name).sql(" > ").bind(bind);
    }
    // Grouped and not DISTINCT: PostgreSQL orders a DISTINCT by what is selected alone, which is the text.
    select = select.sql(" GROUP BY t.").name(&roll.subject.name).sql(" ORDER BY t.").name(&roll.subject.name);
    let rows = select.sql(" LIMIT ").bind(PAGE).rows(conn)?;
    let unreadable = || RollError::RowUnreadable(roll.id.clone());
    rows.iter().map(|row| row.text(0).and_then(|text| text.parse().ok()).ok_or_else(unreadable)).collect()
}

/// Holds every active row.
pub(super) fn hold(
    conn: &mut AnyConnection,
    roll: &Roll,
    key: &MacKey,
    decision: &HoldDecision,
    at: Timestamp,
) -> Result<Vec<Entry>, RollError> {
    let mut entries = Vec::new();
    for row in rows_of(conn, roll, key, &decision.subject)? {
        let history = journal::of_row(conn, &roll.id, &row.key)?;
        note_outside_change(conn, roll, &row, history.last(), at)?;
        let mut entry = Entry {
            decision: Some(decision.decision.clone()),
            action: Action::Hold,
            reason: decision.reason.clone(),
            actor: decision.actor.clone(),
            event: Some(decision.event),
            effective: Some(decision.effective),
            ..unchanged(roll, &row, at)
        };
        if row.status == roll.active {
            let since = Some(at.civil_day().to_string());
            let values = Values { status: &roll.held, reason: Some(decision.reason.clone()), since };
            let after = update(conn, roll, key, &row, values)?;
            entry = Entry { outcome: RowOutcome::Held, after: after.digest, after_state: after.status, ..entry };
        } else if row.status == roll.held {
            entry.outcome = RowOutcome::AlreadyHeld;
        }
        entries.push(journal::append(conn, entry)?);
    }
    Ok(entries)
}

/// Lifts one hold: the row gets back what it had, unless another decision still holds it or others changed it.
pub(super) fn release(
    conn: &mut AnyConnection,
    roll: &Roll,
    key: &MacKey,
    decision: &ReleaseDecision,
    at: Timestamp,
) -> Result<Vec<Entry>, RollError> {
    let mut entries = Vec::new();
    for row in rows_of(conn, roll, key, &decision.subject)? {
        let history = journal::of_row(conn, &roll.id, &row.key)?;
        note_outside_change(conn, roll, &row, history.last(), at)?;
        let mut entry = Entry {
            decision: Some(decision.decision.clone()),
            action: Action::Release,
            reason: decision.reason.clone(),
            actor: decision.actor.clone(),
            event: decision.event,
            hold: Some(decision.hold.clone()),
            outcome: judge_release(roll, &row, &history, &decision.hold),
            ..unchanged(roll, &row, at)
        };
        if let (RowOutcome::Released, Some(held)) = (entry.outcome, our_hold(&history)) {
            let (reason, since) = (held.before_reason.clone(), held.before_since.clone());
            let after = update(conn, roll, key, &row, Values { status: &roll.active, reason, since })?;
            entry = Entry { after: after.digest, after_state: after.status, ..entry };
        }
        entries.push(journal::append(conn, entry)?);
    }
    Ok(entries)
}

/// Whether the row may go back now.
fn judge_release(roll: &Roll, row: &RollRow, history: &[Entry], hold: &MessageId) -> RowOutcome {
    let mut claims = claims(history);
    let claimed = claims.contains(&hold);
    claims.retain(|claim| *claim != hold);
    let (Some(held), Some(last)) = (our_hold(history), history.last()) else { return RowOutcome::NotHeld };
    // What others wrote since our hold is theirs: putting the old values back would overwrite it.
    let touched = history.iter().any(|entry| entry.seq > held.seq && entry.action == Action::Outside);
    if !claimed || row.status != roll.held {
        RowOutcome::NotHeld
    } else if touched || last.after != row.digest {
        RowOutcome::ChangedOutside
    } else if claims.is_empty() {
        RowOutcome::Released
    } else {
        RowOutcome::StillHeld
    }
}

/// The entry that took the row from active to held, if nothing put it back since.
fn our_hold(history: &[Entry]) -> Option<&Entry> {
    let last = |wanted| history.iter().rposition(|entry| entry.outcome == wanted);
    let held = last(RowOutcome::Held)?;
    last(RowOutcome::Released).is_none_or(|released| released < held).then(|| &history[held])
}

/// Decisions that hold the row and were not lifted.
fn claims(history: &[Entry]) -> Vec<&MessageId> {
    let mut claims = Vec::new();
    for entry in history {
        match (entry.action, &entry.decision, &entry.hold) {
            (Action::Hold, Some(decision), _) if entry.outcome != RowOutcome::NotActive => claims.push(decision),
            // A release that was refused lifted nothing.
            (Action::Release, _, Some(hold)) if lifted(entry.outcome) => claims.retain(|claim| *claim != hold),
            _ => {}
        }
    }
    claims
}

const fn lifted(outcome: RowOutcome) -> bool {
    matches!(outcome, RowOutcome::Released | RowOutcome::StillHeld)
}

/// An entry that tells of no change yet; outcome `NotActive` until something better is known.
fn unchanged(roll: &Roll, row: &RollRow, at: Timestamp) -> Entry {
    Entry {
        roll: roll.id.clone(),
        seq: 0,
        at,
        row_key: row.key.clone(),
        decision: None,
        action: Action::Outside,
        outcome: RowOutcome::NotActive,
        reason: String::new(),
        actor: String::new(),
        event: None,
        effective: None,
        hold: None,
        before: row.digest,
        after: row.digest,
        before_state: row.status.clone(),
        after_state: row.status.clone(),
        before_reason: row.reason.clone(),
        before_since: row.since.clone(),
        prev_hash: Digest::from_bytes([0; 32]),
        hash: Digest::from_bytes([0; 32]),
    }
}

/// Journals that others changed the row since we last wrote or looked, before anything is done to it.
fn note_outside_change(
    conn: &mut AnyConnection,
    roll: &Roll,
    row: &RollRow,
    last: Option<&Entry>,
    at: Timestamp,
) -> Result<(), JournalError> {
    let Some(last) = last.filter(|last| last.after != row.digest) else { return Ok(()) };
    let entry = Entry {
        outcome: RowOutcome::ChangedOutside,
        before: last.after,
        before_state: last.after_state.clone(),
        reason: "CHANGED_OUTSIDE".to_owned(),
        actor: "unknown".to_owned(),
        ..unchanged(roll, row, at)
    };
    journal::append(conn, entry).map(|_| ())
}

struct Values<'v> {
    status: &'v str,
    reason: Option<String>,
    since: Option<String>,
}

/// Changes the row from the state in which it was read, and reads it back.
fn update(
    conn: &mut AnyConnection,
    roll: &Roll,
    key: &MacKey,
    row: &RollRow,
    values: Values<'_>,
) -> Result<RollRow, RollError> {
    let bind = key_bind(&roll.key, &row.key).ok_or_else(|| RollError::RowUnreadable(roll.id.clone()))?;
    let mut statement = Statement::new("UPDATE ").table(&roll.table).sql(" SET ").name(&roll.status.name).sql(" = ");
    statement = statement.bind(values.status);
    for (column, value) in [(&roll.reason, values.reason), (&roll.since, values.since)] {
        if let Some(column) = column {
            statement = statement.sql(", ").name(&column.name).sql(" = ");
            statement = statement.bind_for(engine(conn), column, value);
        }
    }
    statement = where_key(statement.sql(" WHERE "), &roll.key, bind.clone());
    statement = statement.sql(" AND ").name(&roll.status.name).sql(" = ").bind(row.status.as_str());
    if statement.execute(conn)? != 1 {
        return Err(RollError::Raced);
    }
    rows_where(conn, roll, key, &roll.key, bind)?.pop().ok_or(RollError::Raced)
}

fn rows_of(conn: &mut AnyConnection, roll: &Roll, key: &MacKey, subject: &LocalKey) -> Result<Vec<RollRow>, RollError> {
    match key_bind(&roll.subject, subject) {
        Some(bind) => rows_where(conn, roll, key, &roll.subject, bind),
        None => Ok(Vec::new()),
    }
}

fn rows_where(
    conn: &mut AnyConnection,
    roll: &Roll,
    key: &MacKey,
    column: &Column,
    bind: Bind,
) -> Result<Vec<RollRow>, RollError> {
    let select =
        Statement::new("SELECT ").texts_of(roll.columns()).sql(" FROM ").table(&roll.table).sql(" AS t WHERE ");
    // `t.`: without it PostgreSQL orders by the text of the output column of the same name.
    let select = where_key(select, column, bind).sql(" ORDER BY t.").name(&roll.key.name).sql(" LIMIT ");
    // PostgreSQL locks what it reads; SQLite's transaction holds the whole file.
    let lock = if engine(conn) == Engine::Postgres { " FOR UPDATE" } else { "" };
    let rows = select.bind(LIMIT as i64 + 1).sql(lock).rows(conn)?;
    if rows.len() > LIMIT {
        return Err(RollError::TooManyRows { roll: roll.id.clone(), limit: LIMIT });
    }
    rows.iter().map(|row| roll_row(roll, key, row)).collect()
}

fn roll_row(roll: &Roll, key: &MacKey, row: &Row) -> Result<RollRow, RollError> {
    let unreadable = || RollError::RowUnreadable(roll.id.clone());
    let columns = roll.columns();
    let values: BTreeMap<&str, Option<&str>> =
        columns.iter().enumerate().map(|(place, column)| (column.name.as_str(), row.text(place))).collect();
    let of = |column: &Option<Column>| {
        column.as_ref().and_then(|column| values.get(column.name.as_str()).copied().flatten()).map(str::to_owned)
    };
    Ok(RollRow {
        key: row.text(0).and_then(|text| text.parse().ok()).ok_or_else(unreadable)?,
        status: row.text(2).ok_or_else(unreadable)?.to_owned(),
        reason: of(&roll.reason),
        since: of(&roll.since),
        digest: digest(roll, key, &values),
    })
}

/// HMAC-SHA-256 over the roll's id and the mapped columns as JSON with sorted members.
fn digest(roll: &Roll, key: &MacKey, values: &BTreeMap<&str, Option<&str>>) -> RowDigest {
    let json = serde_json::to_vec(values).unwrap_or_default();
    key.hash(&[b"vinimay-roll-row\0", roll.id.as_str().as_bytes(), b"\0", &json]).into()
}

/// Every row in the journal that is not as its last entry left it.
pub(super) fn rows_changed_outside(
    conn: &mut AnyConnection,
    roll: &Roll,
    key: &MacKey,
) -> Result<Vec<Finding>, RollError> {
    let keys = Statement::new("SELECT DISTINCT row_key FROM ").sql(journal::table(engine(conn)));
    let keys = keys.sql(" WHERE roll = ").bind(roll.id.as_str()).sql(" ORDER BY row_key").rows(conn)?;
    let mut findings = Vec::new();
    for row_key in keys.iter().filter_map(|row| row.text(0)?.parse::<LocalKey>().ok()) {
        // An entry that cannot be read is the chain's finding, not the row's.
        let Ok(history) = journal::of_row(conn, &roll.id, &row_key) else { continue };
        let Some(last) = history.last() else { continue };
        let bind = key_bind(&roll.key, &row_key).ok_or_else(|| RollError::RowUnreadable(roll.id.clone()))?;
        match rows_where(conn, roll, key, &roll.key, bind)?.first() {
            None => findings.push(Finding::RowMissing { row_key }),
            Some(row) if row.digest != last.after => findings.push(Finding::RowChangedOutside { row_key }),
            Some(_) => {}
        }
    }
    Ok(findings)
}
