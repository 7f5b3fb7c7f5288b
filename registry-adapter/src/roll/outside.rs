//! What others did to a roll: found by its triggers or by a scan, journaled as *outside*, never overwritten silently.
//!
//! Guarantees: a row is compared with the journal under the lock under which we write ourselves, so that our own change is never
//! taken for another's. The first look journals each row as it was found: from there on the roll of any day can be made again.
//! Deliberately absent: who did it; the department's database knows.

use std::collections::BTreeMap;

use protocol::seal::keyed_hash::MacKey;
use schemas::time::Timestamp;
use service_kit::db::AnyConnection;

use super::{
    RollError,
    line::{self, Line},
    plan::{last_differs, unchanged},
};
use crate::{
    catalogue::Engine,
    connection::{engine, transaction},
    journal::{self, Action, Entry, JournalError, JournalHead, RowDigest, RowOutcome},
    key::LocalKey,
    mapping::{Roll, RollId},
    row::key_bind,
    statement::{Row, Statement},
};

/// Rows compared in one transaction.
const PAGE: i64 = 500;

/// A row that others changed, entered or deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutsideChange {
    /// The row.
    pub row_key: LocalKey,
    /// What was found: changed, appeared or gone; found, at the first look.
    pub outcome: RowOutcome,
    /// Its journal entry.
    pub journal: JournalHead,
}

/// Where a scan is; it begins with the default.
#[derive(Clone, Debug, Default)]
pub(super) struct Scan {
    /// The first look, at which nobody can say that a row appeared.
    first: Option<bool>,
    last: Option<LocalKey>,
    /// Rows of the roll are done; rows of the journal that are gone come next.
    gone: bool,
}

/// Journals that others changed the row since we last wrote or looked, before anything is done to it.
pub(super) fn note(
    conn: &mut AnyConnection,
    roll: &Roll,
    line: &Line,
    history: &[Entry],
    at: Timestamp,
) -> Result<Option<Entry>, JournalError> {
    let known = carried_out(history);
    if !differs(line, history, &known) {
        return Ok(None);
    }
    let Some(last) = known.last() else { return Ok(None) };
    journal::append(conn, since(roll, line, last, &known, at)).map(Some)
}

/// What was done, without what was only intended.
fn carried_out(history: &[Entry]) -> Vec<Entry> {
    history.iter().filter(|entry| entry.outcome != RowOutcome::Intended).cloned().collect()
}

/// Whether a row is neither as it was left nor as it was intended to become.
fn differs(line: &Line, history: &[Entry], known: &[Entry]) -> bool {
    last_differs(line, history) && last_differs(line, known)
}

fn since(roll: &Roll, line: &Line, last: &Entry, history: &[Entry], at: Timestamp) -> Entry {
    let back = last.outcome == RowOutcome::Gone;
    let before_row = history.iter().rev().find_map(|entry| entry.after_row.clone()).filter(|_| !back);
    Entry {
        outcome: if back { RowOutcome::Appeared } else { RowOutcome::ChangedOutside },
        before: last.after,
        before_state: last.after_state.clone(),
        before_row,
        after_row: Some(line.values.clone()),
        ..seen(roll, line, at)
    }
}

fn seen(roll: &Roll, line: &Line, at: Timestamp) -> Entry {
    Entry { reason: "CHANGED_OUTSIDE".to_owned(), actor: "unknown".to_owned(), ..unchanged(roll, line, at) }
}

fn found(roll: &Roll, key: &MacKey, line: &Line, first: bool, at: Timestamp) -> Entry {
    Entry {
        outcome: if first { RowOutcome::Found } else { RowOutcome::Appeared },
        before: line::absent(roll, key),
        before_state: String::new(),
        before_reason: None,
        before_since: None,
        after_row: Some(line.values.clone()),
        ..seen(roll, line, at)
    }
}

fn gone(roll: &Roll, key: &MacKey, last: &Entry, history: &[Entry], at: Timestamp) -> Entry {
    Entry {
        at,
        decision: None,
        action: Action::Outside,
        outcome: RowOutcome::Gone,
        reason: "CHANGED_OUTSIDE".to_owned(),
        actor: "unknown".to_owned(),
        event: None,
        effective: None,
        hold: None,
        before: last.after,
        after: line::absent(roll, key),
        before_state: last.after_state.clone(),
        after_state: String::new(),
        before_reason: None,
        before_since: None,
        before_row: history.iter().rev().find_map(|entry| entry.after_row.clone()),
        after_row: None,
        record: None,
        notice: None,
        intent: None,
        arrears: None,
        ..last.clone()
    }
}

/// Compares the rows that somebody touched since the last call with the journal; at most a page of touches.
pub(super) fn touched(
    conn: &mut AnyConnection,
    roll: &Roll,
    key: &MacKey,
    at: Timestamp,
) -> Result<(Vec<OutsideChange>, bool), RollError> {
    transaction(conn, |conn| {
        journal::lock(conn, &roll.id)?;
        let touches = touches(conn, &roll.id)?;
        let more = touches.len() as i64 == PAGE;
        let mut rows: BTreeMap<LocalKey, ()> = BTreeMap::new();
        for touch in &touches {
            rows.extend(touch.text(1).and_then(|text| text.parse().ok()).map(|row| (row, ())));
        }
        let mut changes = Vec::new();
        for row in rows.into_keys() {
            changes.extend(compare(conn, roll, key, &row, at)?.map(told));
        }
        if let Some(last) = touches.last().and_then(|touch| touch.text(0)?.parse::<i64>().ok()) {
            let delete = Statement::new("DELETE FROM ").sql(touched_table(engine(conn))).sql(" WHERE roll = ");
            delete.bind(roll.id.as_str()).sql(" AND position <= ").bind(last).execute(conn)?;
        }
        Ok((changes, more))
    })
}

fn touches(conn: &mut AnyConnection, roll: &RollId) -> diesel::QueryResult<Vec<Row>> {
    let select = Statement::new("SELECT CAST(position AS TEXT), row_key FROM ").sql(touched_table(engine(conn)));
    let select = select.sql(" AS e WHERE roll = ").bind(roll.as_str()).sql(" ORDER BY e.position LIMIT ").bind(PAGE);
    select.rows(conn)
}

const fn touched_table(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "vinimay_touched",
        Engine::Postgres => "vinimay_journal.touched",
    }
}

/// Compares one row with its last entry. A row that is no longer of this roll is gone from it.
fn compare(
    conn: &mut AnyConnection,
    roll: &Roll,
    key: &MacKey,
    row: &LocalKey,
    at: Timestamp,
) -> Result<Option<Entry>, RollError> {
    let history = journal::of_row(conn, &roll.id, row)?;
    match (line::of_key(conn, roll, key, row)?, history.last()) {
        (Some(line), Some(_)) => Ok(note(conn, roll, &line, &history, at)?),
        (Some(line), None) => {
            let first = journal::head(conn, &roll.id)?.is_none();
            Ok(Some(journal::append(conn, found(roll, key, &line, first, at))?))
        }
        (None, Some(last)) if last.outcome != RowOutcome::Gone && last.intent.is_none() => {
            Ok(Some(journal::append(conn, gone(roll, key, last, &history, at))?))
        }
        (None, _) => Ok(None),
    }
}

pub(super) fn told(entry: Entry) -> OutsideChange {
    OutsideChange {
        row_key: entry.row_key,
        outcome: entry.outcome,
        journal: JournalHead { seq: entry.seq, hash: entry.hash },
    }
}

impl Scan {
    /// At the first look, also where one before it was broken off.
    pub(super) fn first() -> Self {
        Self { first: Some(true), ..Self::default() }
    }

    /// The next page; `None` when the whole roll and the whole journal were compared.
    pub(super) fn page(
        &mut self,
        conn: &mut AnyConnection,
        roll: &Roll,
        key: &MacKey,
        at: Timestamp,
    ) -> Result<Option<Vec<OutsideChange>>, RollError> {
        transaction(conn, |conn| {
            journal::lock(conn, &roll.id)?;
            if self.first.is_none() {
                self.first = Some(journal::head(conn, &roll.id)?.is_none());
            }
            if self.gone { self.of_journal(conn, roll, key, at) } else { self.of_roll(conn, roll, key, at).map(Some) }
        })
    }

    fn of_roll(
        &mut self,
        conn: &mut AnyConnection,
        roll: &Roll,
        key: &MacKey,
        at: Timestamp,
    ) -> Result<Vec<OutsideChange>, RollError> {
        let lines = lines_after(conn, roll, key, self.last.as_ref(), PAGE)?;
        let last = digests(conn, &roll.id, lines.iter().map(|line| &line.key))?;
        let mut head = journal::head(conn, &roll.id)?;
        let mut changes = Vec::new();
        for line in &lines {
            match last.get(&line.key) {
                Some(digest) if *digest == line.digest => {}
                Some(_) => {
                    let history = journal::of_row(conn, &roll.id, &line.key)?;
                    let known = carried_out(&history);
                    if let (true, Some(last)) = (differs(line, &history, &known), known.last()) {
                        let entry = since(roll, line, last, &known, at);
                        changes.push(told(journal::append_after(conn, entry, &mut head)?));
                    }
                }
                None => {
                    let entry = found(roll, key, line, self.first == Some(true), at);
                    changes.push(told(journal::append_after(conn, entry, &mut head)?));
                }
            }
        }
        (self.last, self.gone) = match lines.last().filter(|_| lines.len() as i64 == PAGE) {
            Some(line) => (Some(line.key.clone()), false),
            None => (None, true),
        };
        Ok(changes)
    }

    fn of_journal(
        &mut self,
        conn: &mut AnyConnection,
        roll: &Roll,
        key: &MacKey,
        at: Timestamp,
    ) -> Result<Option<Vec<OutsideChange>>, RollError> {
        let select = Statement::new("SELECT DISTINCT row_key FROM ").sql(journal::table(engine(conn)));
        let mut select = select.sql(" WHERE roll = ").bind(roll.id.as_str());
        if let Some(last) = &self.last {
            select = select.sql(" AND row_key > ").bind(last.as_str());
        }
        let rows = select.sql(" ORDER BY row_key LIMIT ").bind(PAGE).rows(conn)?;
        let keys: Vec<LocalKey> = rows.iter().filter_map(|row| row.text(0)?.parse().ok()).collect();
        let Some(last) = keys.last().cloned() else { return Ok(None) };
        let mut changes = Vec::new();
        for row in missing(conn, roll, &keys)? {
            changes.extend(compare(conn, roll, key, &row, at)?.map(told));
        }
        self.last = Some(last);
        Ok(Some(changes))
    }
}

/// A page of the roll in the order of its key.
pub(super) fn lines_after(
    conn: &mut AnyConnection,
    roll: &Roll,
    key: &MacKey,
    last: Option<&LocalKey>,
    limit: i64,
) -> Result<Vec<Line>, RollError> {
    let mut select = line::select(roll).sql("t.").name(&roll.key.name).sql(" IS NOT NULL");
    if let Some(bind) = last.and_then(|last| key_bind(&roll.key, last)) {
        select = select.sql(" AND t.").name(&roll.key.name).sql(" > ").bind(bind);
    }
    let rows = select.sql(" ORDER BY t.").name(&roll.key.name).sql(" LIMIT ").bind(limit).rows(conn)?;
    rows.iter().map(|row| Line::read(roll, key, row)).collect()
}

/// The digest that the last entry of each row left.
fn digests<'k>(
    conn: &mut AnyConnection,
    roll: &RollId,
    rows: impl Iterator<Item = &'k LocalKey>,
) -> Result<BTreeMap<LocalKey, RowDigest>, RollError> {
    let table = journal::table(engine(conn));
    let select = Statement::new("SELECT e.row_key, e.after_digest FROM ").sql(table).sql(" AS e WHERE e.roll = ");
    let select = listed(select.bind(roll.as_str()).sql(" AND e.row_key IN ("), rows);
    let select = select.sql(") AND e.seq = (SELECT MAX(l.seq) FROM ").sql(table);
    let rows = select.sql(" AS l WHERE l.roll = e.roll AND l.row_key = e.row_key)").rows(conn)?;
    // An entry that cannot be read is the chain's finding; the row then counts as not known.
    Ok(rows.iter().filter_map(|row| Some((row.text(0)?.parse().ok()?, row.text(1)?.parse().ok()?))).collect())
}

fn missing(conn: &mut AnyConnection, roll: &Roll, keys: &[LocalKey]) -> Result<Vec<LocalKey>, RollError> {
    let select = Statement::new("SELECT ").text_of(&roll.key).sql(" FROM ").table(&roll.table).sql(" AS t WHERE ");
    let mut select = line::only(select, roll).name(&roll.key.name).sql(" IN (NULL");
    for bind in keys.iter().filter_map(|key| key_bind(&roll.key, key)) {
        select = select.sql(", ").bind(bind);
    }
    let rows = select.sql(")").rows(conn)?;
    let there: std::collections::BTreeSet<&str> = rows.iter().filter_map(|row| row.text(0)).collect();
    Ok(keys.iter().filter(|key| !there.contains(key.as_str())).cloned().collect())
}

fn listed<'k>(mut statement: Statement, keys: impl Iterator<Item = &'k LocalKey>) -> Statement {
    let mut first = true;
    for key in keys {
        statement = if first { statement } else { statement.sql(", ") }.bind(key.as_str());
        first = false;
    }
    if first { statement.sql("NULL") } else { statement }
}
