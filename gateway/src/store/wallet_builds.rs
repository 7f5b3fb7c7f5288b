//! Builds of the wallet that we have served, each with its signed record.
//!
//! Guarantees: one record a build, whichever process was first. Deliberately absent: signing.

use diesel::{
    QueryableByName, RunQueryDsl as _, sql_query,
    sql_types::{Binary, Text},
};
use schemas::{digest::Digest, id::CompactJws};
use service_kit::db::{AnyConnection, DatabaseError};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    jws: String,
}

/// The record of a build; `None` if it was never served here.
///
/// # Errors
/// If the database fails, or the row was damaged beneath us.
pub fn wallet_build_find(conn: &mut AnyConnection, build: &Digest) -> Result<Option<CompactJws>, DatabaseError> {
    let rows: Vec<Row> = sql_query("SELECT jws FROM wallet_build WHERE build = $1")
        .bind::<Binary, _>(build.as_bytes().to_vec())
        .load(conn)?;
    let damaged = |_| DatabaseError::Storage("a stored record of a build is no token".to_owned());
    rows.first().map(|row| row.jws.parse().map_err(damaged)).transpose()
}

/// Keeps a record; the first one of a build stays. `false`: there was one.
///
/// # Errors
/// If the database fails.
pub fn wallet_build_insert(conn: &mut AnyConnection, build: &Digest, jws: &CompactJws) -> Result<bool, DatabaseError> {
    let written = sql_query("INSERT INTO wallet_build (build, jws) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind::<Binary, _>(build.as_bytes().to_vec())
        .bind::<Text, _>(jws.as_str())
        .execute(conn)?;
    Ok(written == 1)
}
