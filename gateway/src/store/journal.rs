//! Heads of the journals beside the rolls as they were signed, and when each roll was last looked at.
//!
//! Guarantees: one head a number of a roll; none is changed. Deliberately absent: the journals; they lie beside the rolls.

use diesel::{
    OptionalExtension, QueryResult, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Nullable, Text},
};
use schemas::id::CompactJws;
use service_kit::db::AnyConnection;

/// A head that was signed and queued for the log.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct SignedHead {
    /// Number of the entry.
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
    /// Its hash, as a digest's text.
    #[diesel(sql_type = Text)]
    pub hash: String,
    /// When, milliseconds since the epoch.
    #[diesel(sql_type = BigInt)]
    pub at_ms: i64,
}

/// Keeps a signed head; false where this number has one.
pub fn journal_head_insert(
    conn: &mut AnyConnection,
    roll: &str,
    head: &SignedHead,
    jws: &CompactJws,
) -> QueryResult<bool> {
    let insert = sql_query(
        "INSERT INTO journal_head (roll, seq, hash, jws, at_ms) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
    );
    let insert = insert.bind::<Text, _>(roll).bind::<BigInt, _>(head.seq).bind::<Text, _>(&head.hash);
    Ok(insert.bind::<Text, _>(jws.as_str()).bind::<BigInt, _>(head.at_ms).execute(conn)? == 1)
}

/// The newest head of a roll.
pub fn journal_head_newest(conn: &mut AnyConnection, roll: &str) -> QueryResult<Option<SignedHead>> {
    sql_query("SELECT seq, hash, at_ms FROM journal_head WHERE roll = $1 ORDER BY seq DESC LIMIT 1")
        .bind::<Text, _>(roll)
        .get_result(conn)
        .optional()
}

/// The newest head that covers this entry: up to its time the entry was as it had been written.
pub fn journal_head_covering(conn: &mut AnyConnection, roll: &str, seq: i64) -> QueryResult<Option<SignedHead>> {
    sql_query("SELECT seq, hash, at_ms FROM journal_head WHERE roll = $1 AND seq >= $2 ORDER BY seq DESC LIMIT 1")
        .bind::<Text, _>(roll)
        .bind::<BigInt, _>(seq)
        .get_result(conn)
        .optional()
}

#[derive(QueryableByName)]
struct Looked {
    #[diesel(sql_type = BigInt)]
    looked_ms: i64,
}

/// When the roll was last compared with its journal.
pub fn journal_looked(conn: &mut AnyConnection, roll: &str) -> QueryResult<Option<i64>> {
    let found = sql_query("SELECT looked_ms FROM journal_look WHERE roll = $1").bind::<Text, _>(roll);
    Ok(found.get_result::<Looked>(conn).optional()?.map(|looked| looked.looked_ms))
}

/// How far the alarms over a roll have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarmed {
    /// Its stock was never taken whole.
    Never,
    /// It was looked at before anybody kept count.
    Uncounted,
    /// Up to this entry of its journal.
    UpTo(i64),
}

#[derive(QueryableByName)]
struct AlarmedRow {
    #[diesel(sql_type = Nullable<BigInt>)]
    alarmed_seq: Option<i64>,
}

/// How far the alarms over a roll have come.
pub fn journal_alarmed(conn: &mut AnyConnection, roll: &str) -> QueryResult<Alarmed> {
    let found = sql_query("SELECT alarmed_seq FROM journal_look WHERE roll = $1").bind::<Text, _>(roll);
    Ok(match found.get_result::<AlarmedRow>(conn).optional()? {
        None => Alarmed::Never,
        Some(AlarmedRow { alarmed_seq: None }) => Alarmed::Uncounted,
        Some(AlarmedRow { alarmed_seq: Some(seq) }) => Alarmed::UpTo(seq),
    })
}

/// Remembers up to which entry of its journal what others did to a roll was alarmed, if its stock was ever taken.
pub fn journal_alarmed_update(conn: &mut AnyConnection, roll: &str, seq: i64) -> QueryResult<()> {
    sql_query("UPDATE journal_look SET alarmed_seq = $2 WHERE roll = $1")
        .bind::<Text, _>(roll)
        .bind::<BigInt, _>(seq)
        .execute(conn)
        .map(|_| ())
}

/// Remembers that it was compared whole, or with all that was touched, now, and up to which entry others' changes were alarmed.
pub fn journal_look_upsert(conn: &mut AnyConnection, roll: &str, now_ms: i64, alarmed: i64) -> QueryResult<()> {
    sql_query(
        "INSERT INTO journal_look (roll, looked_ms, alarmed_seq) VALUES ($1, $2, $3) ON CONFLICT (roll) DO UPDATE \
         SET looked_ms = EXCLUDED.looked_ms, alarmed_seq = EXCLUDED.alarmed_seq",
    )
    .bind::<Text, _>(roll)
    .bind::<BigInt, _>(now_ms)
    .bind::<BigInt, _>(alarmed)
    .execute(conn)
    .map(|_| ())
}
