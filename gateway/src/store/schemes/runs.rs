//! Back-tests that a page began, who would move by them, and who read the sample of leavers.
//!
//! Guarantees: one run a file at a time, on all replicas; a run that nobody touched for [`BROKEN_OFF`] may be begun again; who moves
//! is encrypted, and kept for the newest back-test of a file alone; who read a sample is insert-only. Deliberately absent: what a run
//! does (`crate::schemes`).

use diesel::{
    OptionalExtension as _, QueryableByName, RunQueryDsl as _, sql_query,
    sql_types::{BigInt, Binary, Nullable, Text},
};
use eligibility::backtest::Leaver;
use schemas::{digest::Digest, id::SystemName, problem::Code};
use service_kit::db::AnyConnection;

use super::SchemeStoreError;
use crate::{keys::Keys, store::encrypted::Encrypted};

const PEOPLE: Encrypted = Encrypted { table: "scheme_backtest_people", column: "people" };

/// A run that was not touched for so long has broken off, milliseconds.
pub const BROKEN_OFF: i64 = 10 * 60_000;

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// Somebody reads the roll.
    Running,
    /// Its back-test is there.
    Done,
    /// It is not.
    Failed(Code),
}

/// A run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// How it stands.
    pub state: RunState,
    /// Who began it.
    pub account: SystemName,
    /// How many people were read.
    pub people: u64,
    /// Of how many.
    pub total: u64,
    /// When it was last touched, milliseconds since the epoch.
    pub touched_ms: i64,
}

#[derive(QueryableByName)]
struct RunRow {
    #[diesel(sql_type = Text)]
    account: String,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = BigInt)]
    people: i64,
    #[diesel(sql_type = BigInt)]
    total: i64,
    #[diesel(sql_type = Nullable<Text>)]
    code: Option<String>,
    #[diesel(sql_type = BigInt)]
    touched_ms: i64,
}

impl RunRow {
    fn read(self) -> Result<Run, SchemeStoreError> {
        let wrong = || SchemeStoreError::Content("scheme_backtest_run");
        let failed = || {
            let code = self.code.as_deref();
            Code::ALL.iter().copied().find(|known| code == Some(known.as_str())).unwrap_or(Code::Internal)
        };
        Ok(Run {
            state: match self.state.as_str() {
                "running" => RunState::Running,
                "done" => RunState::Done,
                "failed" => RunState::Failed(failed()),
                _ => return Err(wrong()),
            },
            account: self.account.parse().map_err(|_| wrong())?,
            people: u64::try_from(self.people).unwrap_or(0),
            total: u64::try_from(self.total).unwrap_or(0),
            touched_ms: self.touched_ms,
        })
    }
}

/// Begins a run of a file. Whether it may: no other one of this file goes on.
///
/// # Errors
/// If the database fails.
pub fn run_begin(
    conn: &mut AnyConnection,
    hash: &Digest,
    by: &SystemName,
    now_ms: i64,
) -> Result<bool, SchemeStoreError> {
    let rows = sql_query(
        "INSERT INTO scheme_backtest_run (hash, account, state, people, total, code, begun_ms, touched_ms) \
         VALUES ($1, $2, 'running', 0, 0, NULL, $3, $4) ON CONFLICT (hash) DO UPDATE SET account = excluded.account, \
         state = 'running', people = 0, total = 0, code = NULL, begun_ms = excluded.begun_ms, touched_ms = excluded.touched_ms \
         WHERE scheme_backtest_run.state <> 'running' OR scheme_backtest_run.touched_ms < $5",
    )
    .bind::<Text, _>(hash.to_string())
    .bind::<Text, _>(by.as_str())
    .bind::<BigInt, _>(now_ms)
    .bind::<BigInt, _>(now_ms)
    .bind::<BigInt, _>(now_ms.saturating_sub(BROKEN_OFF))
    .execute(conn)?;
    Ok(rows == 1)
}

/// Says how far a run is.
///
/// # Errors
/// If the database fails.
pub fn run_touch(
    conn: &mut AnyConnection,
    hash: &Digest,
    (people, total): (u64, u64),
    now_ms: i64,
) -> Result<(), SchemeStoreError> {
    let query =
        "UPDATE scheme_backtest_run SET people = $1, total = $2, touched_ms = $3 WHERE hash = $4 AND state = 'running'";
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    sql_query(query)
        .bind::<BigInt, _>(number(people))
        .bind::<BigInt, _>(number(total))
        .bind::<BigInt, _>(now_ms)
        .bind::<Text, _>(hash.to_string())
        .execute(conn)?;
    Ok(())
}

/// Ends a run, well or with a code.
///
/// # Errors
/// If the database fails.
pub fn run_end(
    conn: &mut AnyConnection,
    hash: &Digest,
    failed: Option<Code>,
    now_ms: i64,
) -> Result<(), SchemeStoreError> {
    sql_query("UPDATE scheme_backtest_run SET state = $1, code = $2, touched_ms = $3 WHERE hash = $4")
        .bind::<Text, _>(if failed.is_some() { "failed" } else { "done" })
        .bind::<Nullable<Text>, _>(failed.map(Code::as_str))
        .bind::<BigInt, _>(now_ms)
        .bind::<Text, _>(hash.to_string())
        .execute(conn)?;
    Ok(())
}

/// The run of a file, if there was one.
///
/// # Errors
/// If the database fails.
pub fn run_find(conn: &mut AnyConnection, hash: &Digest) -> Result<Option<Run>, SchemeStoreError> {
    let query = "SELECT account, state, people, total, code, touched_ms FROM scheme_backtest_run WHERE hash = $1";
    let found: Option<RunRow> = sql_query(query).bind::<Text, _>(hash.to_string()).get_result(conn).optional()?;
    found.map(RunRow::read).transpose()
}

/// Keeps who moves by a back-test, and forgets who moved by earlier ones of the same file.
///
/// # Errors
/// If the database or the encryption fails.
pub fn people_insert(
    conn: &mut AnyConnection,
    keys: &Keys,
    (hash, digest): (&Digest, &Digest),
    pages: &[(&'static str, Vec<Vec<Leaver>>)],
) -> Result<(), SchemeStoreError> {
    sql_query(
        "DELETE FROM scheme_backtest_people WHERE digest IN (SELECT digest FROM scheme_backtest WHERE hash = $1)",
    )
    .bind::<Text, _>(hash.to_string())
    .execute(conn)?;
    for (movement, pages) in pages {
        for (place, people) in (0_i64..).zip(pages) {
            sql_query("INSERT INTO scheme_backtest_people (digest, movement, page, people) VALUES ($1, $2, $3, $4)")
                .bind::<Text, _>(digest.to_string())
                .bind::<Text, _>(*movement)
                .bind::<BigInt, _>(place)
                .bind::<Binary, _>(PEOPLE.seal(keys, &row(digest, movement, place), people)?)
                .execute(conn)?;
        }
    }
    Ok(())
}

fn row(digest: &Digest, movement: &str, place: i64) -> String {
    format!("{digest}|{movement}|{place}")
}

#[derive(QueryableByName)]
struct PeopleRow {
    #[diesel(sql_type = Binary)]
    people: Vec<u8>,
}

/// One page of those who move so; `None` beyond the last.
///
/// # Errors
/// If the database or the encryption fails.
pub fn people_page(
    conn: &mut AnyConnection,
    keys: &Keys,
    digest: &Digest,
    (movement, place): (&'static str, i64),
) -> Result<Option<Vec<Leaver>>, SchemeStoreError> {
    let query = "SELECT people FROM scheme_backtest_people WHERE digest = $1 AND movement = $2 AND page = $3";
    let found: Option<PeopleRow> = sql_query(query)
        .bind::<Text, _>(digest.to_string())
        .bind::<Text, _>(movement)
        .bind::<BigInt, _>(place)
        .get_result(conn)
        .optional()?;
    found.map(|found| Ok(PEOPLE.open(keys, &row(digest, movement, place), &found.people)?)).transpose()
}

/// Keeps that an officer read the sample of leavers. Whether it is new.
///
/// # Errors
/// If the database fails.
pub fn leavers_read_insert(
    conn: &mut AnyConnection,
    digest: &Digest,
    by: &SystemName,
    now_ms: i64,
) -> Result<bool, SchemeStoreError> {
    let query = "INSERT INTO scheme_leavers_read (digest, account, at_ms) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    let rows = sql_query(query)
        .bind::<Text, _>(digest.to_string())
        .bind::<Text, _>(by.as_str())
        .bind::<BigInt, _>(now_ms)
        .execute(conn)?;
    Ok(rows == 1)
}

#[derive(QueryableByName)]
struct ReadRow {
    #[diesel(sql_type = Text)]
    account: String,
}

/// Who read the sample of leavers, the first first.
///
/// # Errors
/// If the database fails.
pub fn leavers_readers(conn: &mut AnyConnection, digest: &Digest) -> Result<Vec<SystemName>, SchemeStoreError> {
    let query = "SELECT account FROM scheme_leavers_read WHERE digest = $1 ORDER BY at_ms, account LIMIT 100";
    let rows: Vec<ReadRow> = sql_query(query).bind::<Text, _>(digest.to_string()).load(conn)?;
    let read = |row: ReadRow| row.account.parse().map_err(|_| SchemeStoreError::Content("scheme_leavers_read"));
    rows.into_iter().map(read).collect()
}

#[cfg(test)]
mod tests;
