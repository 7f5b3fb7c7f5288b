//! Whose pseudonym is which resident: what the identity registry looks up when it is asked to name somebody to another sector.
//!
//! Guarantees: a pseudonym is a keyed hash here, the resident's number is encrypted and bound to its row; who is there stays.
//! Deliberately absent: names of people, and pseudonyms that can be read back.

use std::collections::HashMap;

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{BigInt, Binary, Text},
};
use registry_adapter::key::LocalKey;
use schemas::id::{Sector, SectorSubject};
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

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Whether anybody of the sector is known.
pub fn resident_names_exist(conn: &mut AnyConnection, sector: &Sector) -> QueryResult<bool> {
    let select = Statement::new("SELECT COUNT(*) AS count FROM (SELECT 1 FROM resident_name WHERE sector = ")
        .bind(sector.as_str())
        .sql(" LIMIT 1) one");
    Ok(select.load::<Count>(conn)?.first().is_some_and(|row| row.count > 0))
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
