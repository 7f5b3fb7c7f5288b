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

/// When the roll was last compared with its journal, to the end.
pub fn journal_looked(conn: &mut AnyConnection, roll: &str) -> QueryResult<Option<i64>> {
    let found = sql_query("SELECT looked_ms FROM journal_look WHERE roll = $1").bind::<Text, _>(roll);
    Ok(found.get_result::<Looked>(conn).optional()?.map(|looked| looked.looked_ms).filter(|ms| *ms >= 0))
}

/// How far the alarms over a roll have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alarmed {
    /// Whether the roll was ever compared to the end.
    pub stock: bool,
    /// Up to which entry of its journal; none where it was looked at before anybody kept count.
    pub upto: Option<u64>,
}

#[derive(QueryableByName)]
struct AlarmedRow {
    #[diesel(sql_type = BigInt)]
    looked_ms: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    alarmed_seq: Option<i64>,
}

/// How far the alarms over a roll have come.
pub fn journal_alarmed(conn: &mut AnyConnection, roll: &str) -> QueryResult<Alarmed> {
    let found = sql_query("SELECT looked_ms, alarmed_seq FROM journal_look WHERE roll = $1").bind::<Text, _>(roll);
    Ok(match found.get_result::<AlarmedRow>(conn).optional()? {
        None => Alarmed { stock: false, upto: Some(0) },
        Some(row) => {
            Alarmed { stock: row.looked_ms >= 0, upto: row.alarmed_seq.map(|seq| u64::try_from(seq).unwrap_or(0)) }
        }
    })
}

/// Remembers up to which entry others' changes were alarmed, never an earlier one; and when the roll was compared, if that came to its
/// end. A roll of which it never did has a negative time.
pub fn journal_look_upsert(
    conn: &mut AnyConnection,
    roll: &str,
    looked_ms: Option<i64>,
    alarmed: u64,
) -> QueryResult<()> {
    sql_query(
        "INSERT INTO journal_look (roll, looked_ms, alarmed_seq) VALUES ($1, $2, $3) ON CONFLICT (roll) DO UPDATE SET \
         looked_ms = CASE WHEN EXCLUDED.looked_ms < 0 THEN journal_look.looked_ms ELSE EXCLUDED.looked_ms END, \
         alarmed_seq = CASE WHEN journal_look.alarmed_seq > EXCLUDED.alarmed_seq THEN journal_look.alarmed_seq \
         ELSE EXCLUDED.alarmed_seq END",
    )
    .bind::<Text, _>(roll)
    .bind::<BigInt, _>(looked_ms.unwrap_or(-1))
    .bind::<BigInt, _>(i64::try_from(alarmed).unwrap_or(i64::MAX))
    .execute(conn)
    .map(|_| ())
}
