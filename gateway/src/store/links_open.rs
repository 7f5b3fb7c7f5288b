//! People of a seeding file whom only an officer can link: kept, encrypted, until she decides or a month has passed.

use diesel::{
    QueryResult, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Binary, Text},
};
use schemas::{id::SectorSubject, linking::NamedResident, time::Timestamp};
use service_kit::db::AnyConnection;

use super::{
    encrypted::Encrypted,
    links::{LinkError, subject_index},
};
use crate::keys::Keys;

const PERSON: Encrypted = Encrypted { table: "link_open", column: "person" };

/// Keeps a person for an officer; one who waits already stays as she is.
///
/// # Errors
/// If the database or the encryption fails.
pub fn open_insert(
    conn: &mut AnyConnection,
    keys: &Keys,
    person: &NamedResident,
    now: Timestamp,
) -> Result<(), LinkError> {
    let index = subject_index(keys, &person.sub);
    let sealed = PERSON.seal(keys, &index, person)?;
    sql_query("INSERT INTO link_open (subject_index, person, opened_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .bind::<Text, _>(&index)
        .bind::<Binary, _>(sealed)
        .bind::<BigInt, _>(now.seconds())
        .execute(conn)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    subject_index: String,
    #[diesel(sql_type = Binary)]
    person: Vec<u8>,
}

/// Who waits, longest first, at most `limit`.
///
/// # Errors
/// If the database or the encryption fails.
pub fn open_list(conn: &mut AnyConnection, keys: &Keys, limit: i64) -> Result<Vec<NamedResident>, LinkError> {
    let rows: Vec<Row> =
        sql_query("SELECT subject_index, person FROM link_open ORDER BY opened_at, subject_index LIMIT $1")
            .bind::<BigInt, _>(limit)
            .load(conn)?;
    rows.into_iter().map(|row| Ok(PERSON.open(keys, &row.subject_index, &row.person)?)).collect()
}

/// One who waits, by her pseudonym.
///
/// # Errors
/// If the database or the encryption fails.
pub fn open_find(
    conn: &mut AnyConnection,
    keys: &Keys,
    subject: &SectorSubject,
) -> Result<Option<NamedResident>, LinkError> {
    let rows: Vec<Row> = sql_query("SELECT subject_index, person FROM link_open WHERE subject_index = $1")
        .bind::<Text, _>(subject_index(keys, subject))
        .load(conn)?;
    rows.into_iter().next().map(|row| Ok(PERSON.open(keys, &row.subject_index, &row.person)?)).transpose()
}

/// Decided: she waits no more.
pub fn open_remove(conn: &mut AnyConnection, keys: &Keys, subject: &SectorSubject) -> QueryResult<()> {
    sql_query("DELETE FROM link_open WHERE subject_index = $1")
        .bind::<Text, _>(subject_index(keys, subject))
        .execute(conn)
        .map(drop)
}

/// Forgets whoever has waited since before this time.
pub fn open_prune(conn: &mut AnyConnection, before: Timestamp) -> QueryResult<usize> {
    sql_query("DELETE FROM link_open WHERE opened_at < $1").bind::<BigInt, _>(before.seconds()).execute(conn)
}
