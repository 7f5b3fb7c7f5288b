//! Whom subscribers mean by their pseudonyms: keyed hash to keyed hash, made by the identity registry of its own residents.

use std::collections::HashMap;

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{BigInt, Text},
};
use schemas::id::{Sector, SectorSubject};
use service_kit::db::AnyConnection;

use super::PersonIndex;
use crate::{
    keys::Keys,
    store::exchange::statement::{ROWS, Statement},
};

/// Adds people of a sector: the index of the pseudonym, the index of the person. Who is there stays.
pub fn pseudonyms_insert(
    conn: &mut AnyConnection,
    sector: &Sector,
    people: &[(PersonIndex, PersonIndex)],
) -> QueryResult<()> {
    for chunk in people.chunks(ROWS) {
        let rows = chunk
            .iter()
            .map(|(subject, person)| [sector.as_str().into(), subject.as_str().into(), person.as_str().into()]);
        Statement::new("INSERT INTO pseudonym (sector, subject_index, person_index) VALUES ")
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

/// Whether any pseudonym of the sector is known.
pub fn pseudonyms_exist(conn: &mut AnyConnection, sector: &Sector) -> QueryResult<bool> {
    let select =
        Statement::new("SELECT COUNT(*) AS count FROM (SELECT 1 FROM pseudonym WHERE sector = ").bind(sector.as_str());
    Ok(select.sql(" LIMIT 1) one").load::<Count>(conn)?.first().is_some_and(|row| row.count > 0))
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    subject_index: String,
    #[diesel(sql_type = Text)]
    person_index: String,
}

/// The people behind pseudonyms, in their order; `None` for one that is nobody's.
pub fn pseudonyms_resolve(
    conn: &mut AnyConnection,
    keys: &Keys,
    sector: &Sector,
    subjects: &[SectorSubject],
) -> QueryResult<Vec<Option<PersonIndex>>> {
    let indexes: Vec<PersonIndex> = subjects.iter().map(|subject| PersonIndex::of_pseudonym(keys, subject)).collect();
    let mut known = HashMap::with_capacity(indexes.len());
    for chunk in indexes.chunks(ROWS) {
        let select =
            Statement::new("SELECT subject_index, person_index FROM pseudonym WHERE sector = ").bind(sector.as_str());
        let select =
            select.sql(" AND subject_index IN (VALUES ").rows(chunk.iter().map(|index| [index.as_str().into()]));
        known.extend(
            select
                .sql(")")
                .load::<Row>(conn)?
                .into_iter()
                .map(|row| (row.subject_index, PersonIndex(row.person_index))),
        );
    }
    Ok(indexes.iter().map(|index| known.get(index.as_str()).cloned()).collect())
}
