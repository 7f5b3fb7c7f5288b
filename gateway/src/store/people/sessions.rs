//! Who is signed in.

use diesel::{
    OptionalExtension, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Text},
};
use schemas::{digest::Digest, id::SystemName};
use service_kit::db::AnyConnection;

use super::PeopleStoreError;

/// A session that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenSession {
    /// Whose.
    pub account: SystemName,
    /// When it was last used, within a minute.
    pub seen_ms: i64,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    account: String,
    #[diesel(sql_type = BigInt)]
    seen_ms: i64,
}

/// Begins a session, and removes those that have ended by themselves.
///
/// # Errors
/// If the database fails.
pub fn session_insert(
    conn: &mut AnyConnection,
    token: &Digest,
    account: &SystemName,
    now_ms: i64,
    until_ms: i64,
) -> Result<(), PeopleStoreError> {
    sql_query("DELETE FROM session WHERE until_ms <= $1").bind::<BigInt, _>(now_ms).execute(conn)?;
    sql_query("INSERT INTO session (digest, account, seen_ms, until_ms) VALUES ($1, $2, $3, $4)")
        .bind::<Text, _>(token.to_string())
        .bind::<Text, _>(account.as_str())
        .bind::<BigInt, _>(now_ms)
        .bind::<BigInt, _>(until_ms)
        .execute(conn)?;
    Ok(())
}

/// A session that has neither ended nor been idle since before `seen_after_ms`.
///
/// # Errors
/// If the database fails.
pub fn session_find(
    conn: &mut AnyConnection,
    token: &Digest,
    now_ms: i64,
    seen_after_ms: i64,
) -> Result<Option<OpenSession>, PeopleStoreError> {
    let found: Option<Row> =
        sql_query("SELECT account, seen_ms FROM session WHERE digest = $1 AND until_ms > $2 AND seen_ms > $3")
            .bind::<Text, _>(token.to_string())
            .bind::<BigInt, _>(now_ms)
            .bind::<BigInt, _>(seen_after_ms)
            .get_result(conn)
            .optional()?;
    let read = |row: Row| {
        let account = row.account.parse().map_err(|_| PeopleStoreError::Content { table: "session" })?;
        Ok(OpenSession { account, seen_ms: row.seen_ms })
    };
    found.map(read).transpose()
}

/// Notes that a session is used.
///
/// # Errors
/// If the database fails.
pub fn session_touch(conn: &mut AnyConnection, token: &Digest, now_ms: i64) -> Result<(), PeopleStoreError> {
    sql_query("UPDATE session SET seen_ms = $1 WHERE digest = $2 AND seen_ms < $1")
        .bind::<BigInt, _>(now_ms)
        .bind::<Text, _>(token.to_string())
        .execute(conn)?;
    Ok(())
}

/// Ends a session.
///
/// # Errors
/// If the database fails.
pub fn session_delete(conn: &mut AnyConnection, token: &Digest) -> Result<(), PeopleStoreError> {
    sql_query("DELETE FROM session WHERE digest = $1").bind::<Text, _>(token.to_string()).execute(conn)?;
    Ok(())
}

/// Ends every session of an account. Returns how many there were.
///
/// # Errors
/// If the database fails.
pub fn session_delete_all(conn: &mut AnyConnection, account: &SystemName) -> Result<usize, PeopleStoreError> {
    Ok(sql_query("DELETE FROM session WHERE account = $1").bind::<Text, _>(account.as_str()).execute(conn)?)
}
