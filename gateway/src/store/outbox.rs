//! What waits for the trust anchor's log, and where it stands once it is there.
//!
//! Guarantees: a row is written in the transaction of the record it speaks of; a row leaves only in the transaction that
//! writes its place; the pump reads what is there, never "position greater than last".

use diesel::{
    OptionalExtension, QueryResult, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Binary, Integer, Nullable, Text},
};
use schemas::{
    digest::Digest,
    federation::{SequencedEntry, SubmittedEntry},
};
use service_kit::db::AnyConnection;
use tlog::entry::EntryType;

/// Rows of one statement: two bound values each, far below SQLite's 32,766.
const ROWS: usize = 256;

/// A digest's place in the log.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Anchored {
    /// From 0.
    #[diesel(sql_type = BigInt)]
    pub log_index: i64,
    /// When the anchor took it, milliseconds since the epoch.
    #[diesel(sql_type = BigInt)]
    pub received_ms: i64,
}

/// Queues digests for the log; one that waits or is logged already is left alone.
pub fn outbox_insert(conn: &mut AnyConnection, rows: &[(EntryType, Digest)], now_ms: i64) -> QueryResult<()> {
    for chunk in rows.chunks(ROWS) {
        let values: Vec<String> = chunk
            .iter()
            .map(|(kind, digest)| format!("({}, {}, {now_ms})", u8::from(*kind), literal(conn, digest)))
            .collect();
        let statement = format!(
            "INSERT INTO outbox (entry_type, digest, since_ms) VALUES {} ON CONFLICT DO NOTHING",
            values.join(", ")
        );
        sql_query(statement).execute(conn)?;
    }
    Ok(())
}

/// A digest as an SQL literal: 64 hex digits of our own making, so nothing can be injected.
fn literal(conn: &AnyConnection, digest: &Digest) -> String {
    let text = digest.to_string();
    let digits = text.trim_start_matches("sha256:");
    match conn {
        AnyConnection::Sqlite(_) => format!("x'{digits}'"),
        AnyConnection::Postgres(_) => format!("'\\x{digits}'::bytea"),
    }
}

#[derive(QueryableByName)]
struct Waiting {
    #[diesel(sql_type = Integer)]
    entry_type: i32,
    #[diesel(sql_type = Binary)]
    digest: Vec<u8>,
}

/// The oldest rows that wait, at most `limit`.
pub fn outbox_waiting(conn: &mut AnyConnection, limit: usize) -> QueryResult<Vec<SubmittedEntry>> {
    let rows: Vec<Waiting> = sql_query("SELECT entry_type, digest FROM outbox ORDER BY since_ms LIMIT $1")
        .bind::<BigInt, _>(i64::try_from(limit).unwrap_or(i64::MAX))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let digest = <[u8; 32]>::try_from(row.digest).ok()?;
            Some(SubmittedEntry { r#type: u8::try_from(row.entry_type).ok()?, digest: Digest::from_bytes(digest) })
        })
        .collect())
}

#[derive(QueryableByName)]
struct Oldest {
    #[diesel(sql_type = Nullable<BigInt>)]
    since_ms: Option<i64>,
}

/// Since when the oldest row waits, milliseconds since the epoch; `None` when nothing waits.
pub fn outbox_oldest(conn: &mut AnyConnection) -> QueryResult<Option<i64>> {
    let row: Oldest = sql_query("SELECT MIN(since_ms) AS since_ms FROM outbox").get_result(conn)?;
    Ok(row.since_ms)
}

/// Writes places and removes the rows that waited, in the caller's transaction.
pub fn anchored_insert(
    conn: &mut AnyConnection,
    submitted: &[SubmittedEntry],
    places: &[SequencedEntry],
    origin: &str,
) -> QueryResult<()> {
    let rows: Vec<_> = submitted.iter().zip(places).collect();
    for chunk in rows.chunks(ROWS) {
        let placed: Vec<String> = chunk
            .iter()
            .map(|(entry, place)| {
                let (digest, kind) = (literal(conn, &place.digest), entry.r#type);
                format!("({digest}, {kind}, {}, {}, $1)", place.index, place.received_ms)
            })
            .collect();
        let statement = format!(
            "INSERT INTO anchored (digest, entry_type, log_index, received_ms, origin) VALUES {} ON CONFLICT DO NOTHING",
            placed.join(", ")
        );
        sql_query(statement).bind::<Text, _>(origin).execute(conn)?;
        let waited: Vec<String> = chunk
            .iter()
            .map(|(entry, place)| format!("({}, {})", entry.r#type, literal(conn, &place.digest)))
            .collect();
        sql_query(format!("DELETE FROM outbox WHERE (entry_type, digest) IN (VALUES {})", waited.join(", ")))
            .execute(conn)?;
    }
    Ok(())
}

/// Where a digest stands in the log, if it does.
pub fn anchored_find(conn: &mut AnyConnection, kind: EntryType, digest: &Digest) -> QueryResult<Option<Anchored>> {
    sql_query("SELECT log_index, received_ms FROM anchored WHERE digest = $1 AND entry_type = $2")
        .bind::<Binary, _>(digest.as_bytes().to_vec())
        .bind::<Integer, _>(i32::from(u8::from(kind)))
        .get_result(conn)
        .optional()
}
