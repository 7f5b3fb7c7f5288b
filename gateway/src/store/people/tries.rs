//! Tries to sign in, counted over the last minute on all replicas.

use diesel::{
    QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Text},
};
use schemas::id::MessageId;
use service_kit::db::AnyConnection;

use super::PeopleStoreError;
use crate::{keys::Keys, store::encrypted::Encrypted};

/// Over how long tries are counted, milliseconds.
pub const WINDOW_MS: i64 = 60_000;

const OF: Encrypted = Encrypted { table: "sign_in_try", column: "of" };

/// The index of an account or address.
pub fn try_index(keys: &Keys, of: &str) -> String {
    OF.index(keys, of)
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Writes a try down, and returns how many there were of the index within the window before it. Older ones are removed.
///
/// # Errors
/// If the database fails.
pub fn try_insert(
    conn: &mut AnyConnection,
    id: &MessageId,
    of_index: &str,
    now_ms: i64,
) -> Result<i64, PeopleStoreError> {
    let since = now_ms.saturating_sub(WINDOW_MS);
    sql_query("DELETE FROM sign_in_try WHERE at_ms <= $1").bind::<BigInt, _>(since).execute(conn)?;
    let before: Count = sql_query("SELECT count(*) AS count FROM sign_in_try WHERE of_index = $1")
        .bind::<Text, _>(of_index)
        .get_result(conn)?;
    sql_query("INSERT INTO sign_in_try (try, of_index, at_ms) VALUES ($1, $2, $3)")
        .bind::<Text, _>(id.as_str())
        .bind::<Text, _>(of_index)
        .bind::<BigInt, _>(now_ms)
        .execute(conn)?;
    Ok(before.count)
}

/// Forgets a try that succeeded.
///
/// # Errors
/// If the database fails.
pub fn try_delete(conn: &mut AnyConnection, id: &MessageId) -> Result<(), PeopleStoreError> {
    sql_query("DELETE FROM sign_in_try WHERE try = $1").bind::<Text, _>(id.as_str()).execute(conn)?;
    Ok(())
}
