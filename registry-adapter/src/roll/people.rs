//! The people and the rows of a roll as a whole: who draws or is held, what differs from the journal, how it stands now.

use std::collections::BTreeMap;

use protocol::seal::keyed_hash::MacKey;
use service_kit::db::AnyConnection;

use super::{RollError, line, outside, plan};
use crate::{
    catalogue::Column,
    connection::{Connections, engine},
    journal::{self, Finding, RowOutcome, replay::Replayed},
    key::LocalKey,
    mapping::Roll,
    row::key_bind,
    statement::{Row, Statement},
};

/// People read at a time.
const PAGE: i64 = 1_000;

/// A page of the people who have an active or a held row.
pub(super) fn beneficiaries(
    conn: &mut AnyConnection,
    roll: &Roll,
    after: Option<&LocalKey>,
) -> Result<Vec<LocalKey>, RollError> {
    let select = Statement::new("SELECT ").text_of(&roll.subject).sql(" FROM ").table(&roll.table).sql(" AS t WHERE ");
    let mut select = drawing(select, roll);
    if let Some(bind) = after.and_then(|last| key_bind(&roll.subject, last)) {
        select = select.sql(" AND ").name(&roll.subject.name).sql(" > ").bind(bind);
    }
    // Grouped and not DISTINCT: PostgreSQL orders a DISTINCT by what is selected alone, which is the text.
    select = select.sql(" GROUP BY t.").name(&roll.subject.name).sql(" ORDER BY t.").name(&roll.subject.name);
    let rows = select.sql(" LIMIT ").bind(PAGE).rows(conn)?;
    let unreadable = || RollError::RowUnreadable(roll.id.clone());
    rows.iter().map(|row| row.text(0).and_then(|text| text.parse().ok()).ok_or_else(unreadable)).collect()
}

/// How many people have an active or a held row: one count by the database, however large the roll is.
pub(super) fn headcount(conn: &mut AnyConnection, roll: &Roll) -> Result<u64, RollError> {
    let select = Statement::new("SELECT CAST(COUNT(DISTINCT t.").name(&roll.subject.name).sql(") AS TEXT) FROM ");
    let rows = drawing(select.table(&roll.table).sql(" AS t WHERE "), roll).rows(conn)?;
    let count = rows.first().and_then(|row| row.text(0)?.parse().ok());
    count.ok_or_else(|| RollError::RowUnreadable(roll.id.clone()))
}

/// Only rows in payment or held, of somebody.
fn drawing(select: Statement, roll: &Roll) -> Statement {
    let mut select = line::only(select, roll).name(&roll.status.name).sql(" IN (").bind(roll.active.as_str()).sql(", ");
    if let Some(restored) = &roll.restored {
        select = select.bind(restored.as_str()).sql(", ");
    }
    select.bind(roll.held.as_str()).sql(") AND ").name(&roll.subject.name).sql(" IS NOT NULL")
}

/// A page of rows with the identifier that they hold.
pub(super) struct IdentifiedPage {
    pub rows: Vec<(LocalKey, Option<String>)>,
    /// Key of the last row; none at the end.
    pub last: Option<LocalKey>,
}

/// A page of the rows in payment or held, in the order of their keys, with one identifier of each.
pub(super) fn identified(
    conn: &mut AnyConnection,
    roll: &Roll,
    identifier: &Column,
    after: Option<&LocalKey>,
) -> Result<IdentifiedPage, RollError> {
    let columns = [&roll.key, &roll.subject, identifier];
    let select = Statement::new("SELECT ").texts_of(columns).sql(" FROM ").table(&roll.table).sql(" AS t WHERE ");
    let mut select = drawing(select, roll).sql(" AND t.").name(&roll.key.name).sql(" IS NOT NULL");
    if let Some(bind) = after.and_then(|last| key_bind(&roll.key, last)) {
        select = select.sql(" AND t.").name(&roll.key.name).sql(" > ").bind(bind);
    }
    let found = select.sql(" ORDER BY t.").name(&roll.key.name).sql(" LIMIT ").bind(PAGE).rows(conn)?;
    let unreadable = || RollError::RowUnreadable(roll.id.clone());
    let key = |place: usize, row: &Row| row.text(place).and_then(|text| text.parse().ok()).ok_or_else(unreadable);
    let last = found.last().map(|row| key(0, row)).transpose()?;
    let one = |row: &Row| Ok((key(1, row)?, row.text(2).filter(|text| !text.trim().is_empty()).map(str::to_owned)));
    Ok(IdentifiedPage { rows: found.iter().map(one).collect::<Result<_, RollError>>()?, last })
}

/// Every row in the journal that is not as its last entry left it.
pub(super) fn rows_changed_outside(
    (books, rolls): (&Connections, &Connections),
    roll: &Roll,
    key: &MacKey,
) -> Result<Vec<Finding>, RollError> {
    let known = {
        let mut conn = books.lend().map_err(RollError::Database)?;
        let keys = Statement::new("SELECT DISTINCT row_key FROM ").sql(journal::table(engine(&conn)));
        keys.sql(" WHERE roll = ").bind(roll.id.as_str()).sql(" ORDER BY row_key").rows(&mut conn)?
    };
    let mut findings = Vec::new();
    for row_key in known.iter().filter_map(|row| row.text(0)?.parse::<LocalKey>().ok()) {
        let history = journal::of_row(&mut *books.lend().map_err(RollError::Database)?, &roll.id, &row_key);
        // An entry that cannot be read is the chain's finding, not the row's.
        let Ok(history) = history else { continue };
        let Some(last) = history.last().filter(|last| last.intent.is_none()) else { continue };
        match line::of_key(&mut *rolls.lend().map_err(RollError::Database)?, roll, key, &row_key)? {
            None if last.outcome == RowOutcome::Gone || last.after == line::absent(roll, key) => {}
            None => findings.push(Finding::RowMissing { row_key }),
            Some(line) if plan::last_differs(&line, &history) => findings.push(Finding::RowChangedOutside { row_key }),
            Some(_) => {}
        }
    }
    Ok(findings)
}

/// The roll as it stands now.
pub(super) fn snapshot(conn: &mut AnyConnection, roll: &Roll, key: &MacKey) -> Result<Replayed, RollError> {
    let (mut rows, mut last) = (BTreeMap::new(), None);
    loop {
        let page = outside::lines_after(conn, roll, key, last.as_ref(), PAGE)?;
        let Some(line) = page.last() else { return Ok(Replayed::of(rows, roll.key.kind)) };
        last = Some(line.key.clone());
        rows.extend(page.into_iter().map(|line| (line.key, line.values)));
    }
}
