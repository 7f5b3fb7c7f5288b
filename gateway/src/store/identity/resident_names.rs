//! Whose pseudonym is which resident: what the identity registry looks up when it is asked to name somebody to another sector.
//!
//! Guarantees: a pseudonym is a keyed hash here, the resident's number is encrypted and bound to its row; who is there stays;
//! a table counts as complete only after its last page, and one at a time builds it.
//! Deliberately absent: names of people, and pseudonyms that can be read back.

use std::collections::HashMap;

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{BigInt, Binary, Text},
};
use registry_adapter::key::LocalKey;
use schemas::{
    id::{Sector, SectorSubject},
    time::Timestamp,
};
use service_kit::db::AnyConnection;

use crate::{
    keys::Keys,
    store::{
        encrypted::{ColumnError, Encrypted},
        exchange::statement::{ROWS, Statement},
        links::LinkError,
    },
};

const SUBJECT: Encrypted = Encrypted { table: "resident_name", column: "subject" };
const RESIDENT: Encrypted = Encrypted { table: "resident_name", column: "resident" };

/// Adds residents of a sector by their pseudonyms.
///
/// # Errors
/// If the database or the encryption fails.
pub fn resident_names_insert(
    conn: &mut AnyConnection,
    keys: &Keys,
    sector: &Sector,
    people: &[(SectorSubject, LocalKey)],
) -> Result<(), LinkError> {
    for chunk in people.chunks(ROWS) {
        let mut rows = Vec::with_capacity(chunk.len());
        for (subject, resident) in chunk {
            let index = SUBJECT.index(keys, subject.as_str());
            let sealed = RESIDENT.seal(keys, &index, &resident.as_str())?;
            rows.push([sector.as_str().into(), index.as_str().into(), sealed.as_slice().into()]);
        }
        Statement::new("INSERT INTO resident_name (sector, subject_index, resident) VALUES ")
            .rows(rows)
            .sql(" ON CONFLICT DO NOTHING")
            .execute(conn)?;
    }
    Ok(())
}

/// How far a sector's table is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NamesTable {
    /// Once read to the end: whoever is not in it was nobody then.
    pub complete: bool,
    /// Somebody builds or completes it now.
    pub building: bool,
}

#[derive(QueryableByName)]
struct TableRow {
    #[diesel(sql_type = BigInt)]
    complete: i64,
    #[diesel(sql_type = BigInt)]
    building_until: i64,
}

/// How far the table of a sector is.
pub fn resident_names_table(conn: &mut AnyConnection, sector: &Sector, now: Timestamp) -> QueryResult<NamesTable> {
    let select = Statement::new("SELECT complete, building_until FROM resident_name_table WHERE sector = ");
    let rows: Vec<TableRow> = select.bind(sector.as_str()).load(conn)?;
    let table =
        |row: &TableRow| NamesTable { complete: row.complete == 1, building: row.building_until > now.seconds() };
    Ok(rows.first().map(table).unwrap_or_default())
}

/// Takes the turn to build a sector's table until then; `false` if somebody else has it.
pub fn resident_names_begin(
    conn: &mut AnyConnection,
    sector: &Sector,
    now: Timestamp,
    until: Timestamp,
) -> QueryResult<bool> {
    let taken = Statement::new("INSERT INTO resident_name_table (sector, complete, building_until) VALUES ")
        .row([sector.as_str().into(), 0_i64.into(), until.seconds().into()])
        .sql(" ON CONFLICT (sector) DO UPDATE SET building_until = excluded.building_until WHERE resident_name_table.building_until <= ")
        .bind(now.seconds())
        .execute(conn)?;
    Ok(taken == 1)
}

/// Keeps the turn until then.
pub fn resident_names_renew(conn: &mut AnyConnection, sector: &Sector, until: Timestamp) -> QueryResult<usize> {
    Statement::new("UPDATE resident_name_table SET building_until = ")
        .bind(until.seconds())
        .sql(" WHERE sector = ")
        .bind(sector.as_str())
        .execute(conn)
}

/// Gives the turn back; a table that was read to its end is complete from now on.
pub fn resident_names_end(conn: &mut AnyConnection, sector: &Sector, complete: bool) -> QueryResult<usize> {
    let update = if complete {
        "UPDATE resident_name_table SET building_until = 0, complete = 1 WHERE sector = "
    } else {
        "UPDATE resident_name_table SET building_until = 0 WHERE sector = "
    };
    Statement::new(update).bind(sector.as_str()).execute(conn)
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    subject_index: String,
    #[diesel(sql_type = Binary)]
    resident: Vec<u8>,
}

/// The residents behind pseudonyms, in their order; `None` for one that is nobody's.
///
/// # Errors
/// If the database or the encryption fails.
pub fn resident_names_resolve(
    conn: &mut AnyConnection,
    keys: &Keys,
    sector: &Sector,
    subjects: &[SectorSubject],
) -> Result<Vec<Option<LocalKey>>, LinkError> {
    let indexes: Vec<String> = subjects.iter().map(|subject| SUBJECT.index(keys, subject.as_str())).collect();
    let mut known = HashMap::with_capacity(indexes.len());
    for chunk in indexes.chunks(ROWS) {
        let rows: Vec<Row> = Statement::new("SELECT subject_index, resident FROM resident_name WHERE sector = ")
            .bind(sector.as_str())
            .sql(" AND subject_index IN (VALUES ")
            .rows(chunk.iter().map(|index| [index.as_str().into()]))
            .sql(")")
            .load(conn)?;
        for row in rows {
            let number: String = RESIDENT.open(keys, &row.subject_index, &row.resident)?;
            known.insert(row.subject_index, number.parse::<LocalKey>().map_err(|_| ColumnError::Content)?);
        }
    }
    Ok(indexes.iter().map(|index| known.get(index).cloned()).collect())
}
