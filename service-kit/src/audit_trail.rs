//! Who did what: an insert-only table in which each row holds the hash of the one before.
//!
//! Guarantees: rows cannot be changed or removed by the application (triggers refuse it), and a change made beneath
//! the database is found by [`verify`]; refused actions are rows like any other. Safe with several processes on one
//! PostgreSQL. Deliberately absent: personal data; `actor` and `target` are names of officers, systems and things.

use diesel::{
    OptionalExtension, QueryResult, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Binary, Nullable, Text},
};
use schemas::{problem::Code, time::Timestamp};
use sha2::{Digest, Sha256};

use crate::db::{AnyConnection, Database, DatabaseError};

/// A fixed number that names our advisory lock: the bytes `audit\0\0\0`.
const LOCK: i64 = 0x6175_6469_7400_0000;
const GENESIS: [u8; 32] = [0; 32];

/// How the action ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was not allowed.
    Refused,
    /// It was allowed and did not succeed.
    Failed,
}

impl Outcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// One action, to be written down.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// Which officer or system acted, by name.
    pub actor: String,
    /// What was done, such as `member.suspend`.
    pub action: String,
    /// To what.
    pub target: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it was refused, if it was.
    pub code: Option<Code>,
}

/// The newest row: its number from 1, and its hash. Whoever keeps a head can prove later that nothing before changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Number of the row.
    pub seq: i64,
    /// SHA-256 over the row and the hash before it.
    pub hash: [u8; 32],
}

/// The chain is broken.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// This row is not the one that was written.
    #[error("row {seq} of the audit trail was changed, or one before it removed")]
    Broken {
        /// Number of the first wrong row.
        seq: i64,
    },
}

impl From<diesel::result::Error> for ChainError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = BigInt)]
    at_seconds: i64,
    #[diesel(sql_type = Text)]
    actor: String,
    #[diesel(sql_type = Text)]
    action: String,
    #[diesel(sql_type = Text)]
    target: String,
    #[diesel(sql_type = Text)]
    outcome: String,
    #[diesel(sql_type = Nullable<Text>)]
    code: Option<String>,
    #[diesel(sql_type = Binary)]
    prev_hash: Vec<u8>,
    #[diesel(sql_type = Binary)]
    hash: Vec<u8>,
}

/// Writes the action down inside the caller's transaction, so that both happen or neither.
pub fn append(conn: &mut AnyConnection, entry: &Entry) -> QueryResult<Head> {
    if let AnyConnection::Postgres(_) = conn {
        // Held until COMMIT: the next writer reads our row as its predecessor.
        sql_query(format!("SELECT pg_advisory_xact_lock({LOCK})")).execute(conn)?;
    }
    let before = head(conn)?;
    let prev_hash = before.as_ref().map_or(GENESIS, |head| head.hash);
    let mut row = Row {
        seq: before.map_or(1, |head| head.seq.saturating_add(1)),
        at_seconds: entry.at.seconds(),
        actor: entry.actor.clone(),
        action: entry.action.clone(),
        target: entry.target.clone(),
        outcome: entry.outcome.as_str().to_owned(),
        code: entry.code.map(|code| code.to_string()),
        prev_hash: prev_hash.to_vec(),
        hash: Vec::new(),
    };
    let hash = chain(&row);
    row.hash = hash.to_vec();
    insert(conn, &row)?;
    Ok(Head { seq: row.seq, hash })
}

fn insert(conn: &mut AnyConnection, row: &Row) -> QueryResult<()> {
    sql_query(
        "INSERT INTO audit_trail (seq, at_seconds, actor, action, target, outcome, code, prev_hash, hash) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind::<BigInt, _>(row.seq)
    .bind::<BigInt, _>(row.at_seconds)
    .bind::<Text, _>(&row.actor)
    .bind::<Text, _>(&row.action)
    .bind::<Text, _>(&row.target)
    .bind::<Text, _>(&row.outcome)
    .bind::<Nullable<Text>, _>(row.code.as_ref())
    .bind::<Binary, _>(&row.prev_hash)
    .bind::<Binary, _>(&row.hash)
    .execute(conn)
    .map(drop)
}

/// Writes the action down in a transaction of its own.
pub async fn record(database: &Database, entry: Entry) -> Result<Head, DatabaseError> {
    database.write(move |conn| Ok(append(conn, &entry)?)).await
}

/// The newest row, if there is one.
pub fn head(conn: &mut AnyConnection) -> QueryResult<Option<Head>> {
    let row: Option<Row> =
        sql_query("SELECT * FROM audit_trail ORDER BY seq DESC LIMIT 1").get_result(conn).optional()?;
    // A hash of another length was not written by us; the zeros make the next check fail.
    Ok(row.map(|row| Head { seq: row.seq, hash: row.hash.try_into().unwrap_or(GENESIS) }))
}

/// One action as it was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Number of the row.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What.
    pub action: String,
    /// To what.
    pub target: String,
    /// `done`, `refused` or `failed`.
    pub outcome: String,
    /// Why it was refused.
    pub code: Option<String>,
}

/// The newest rows before this number, newest first.
pub fn newest(conn: &mut AnyConnection, before: i64, limit: i64) -> QueryResult<Vec<Recorded>> {
    let rows: Vec<Row> = sql_query("SELECT * FROM audit_trail WHERE seq < $1 ORDER BY seq DESC LIMIT $2")
        .bind::<BigInt, _>(before)
        .bind::<BigInt, _>(limit)
        .load(conn)?;
    let recorded = |row: Row| Recorded {
        seq: row.seq,
        at: Timestamp::from_seconds(row.at_seconds),
        actor: row.actor,
        action: row.action,
        target: row.target,
        outcome: row.outcome,
        code: row.code,
    };
    Ok(rows.into_iter().map(recorded).collect())
}

/// Hashes every row again, from the first. Returns the head that was reached.
pub fn verify(conn: &mut AnyConnection) -> Result<Option<Head>, ChainError> {
    verify_after(conn, None)
}

/// Hashes the rows after a head that was reached before, and that head's own row. Rows before it are not read: that they did not
/// change since, [`verify`] says.
pub fn verify_after(conn: &mut AnyConnection, known: Option<Head>) -> Result<Option<Head>, ChainError> {
    const PAGE: i64 = 1000;
    if let Some(known) = &known {
        let row: Option<Row> = sql_query("SELECT * FROM audit_trail WHERE seq = $1")
            .bind::<BigInt, _>(known.seq)
            .get_result(conn)
            .optional()?;
        if row.is_none_or(|row| row.hash != known.hash || chain(&row) != known.hash) {
            return Err(ChainError::Broken { seq: known.seq });
        }
    }
    let mut reached = known;
    loop {
        let after = reached.as_ref().map_or(0, |head| head.seq);
        let rows: Vec<Row> = sql_query("SELECT * FROM audit_trail WHERE seq > $1 ORDER BY seq LIMIT $2")
            .bind::<BigInt, _>(after)
            .bind::<BigInt, _>(PAGE)
            .load(conn)?;
        if rows.is_empty() {
            return Ok(reached);
        }
        for row in &rows {
            reached = Some(verify_row(reached.as_ref(), row)?);
        }
    }
}

fn verify_row(before: Option<&Head>, row: &Row) -> Result<Head, ChainError> {
    let (expected_seq, expected_prev) = before.map_or((1, GENESIS), |head| (head.seq.saturating_add(1), head.hash));
    let hash = chain(row);
    let whole = row.seq == expected_seq && row.prev_hash == expected_prev && row.hash == hash;
    if whole { Ok(Head { seq: row.seq, hash }) } else { Err(ChainError::Broken { seq: expected_seq }) }
}

/// SHA-256 over the previous hash and each column with its length, so that no two rows hash the same bytes.
fn chain(row: &Row) -> [u8; 32] {
    let mut hasher = Sha256::new();
    let code = row.code.as_ref().map_or(vec![0], |code| [b"\x01", code.as_bytes()].concat());
    for part in [
        row.prev_hash.as_slice(),
        &row.seq.to_be_bytes(),
        &row.at_seconds.to_be_bytes(),
        row.actor.as_bytes(),
        row.action.as_bytes(),
        row.target.as_bytes(),
        row.outcome.as_bytes(),
        &code,
    ] {
        hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests;
