//! When rows were committed at the register, and when each was acknowledged: the two ends of an event's way.
//!
//! Guarantees: a row is committed when PostgreSQL has said so to its writer, by this process's clock; an event is acknowledged when the
//! source has verified the subscriber's signed acknowledgement, by the source's clock on the same machine, as it stands in the source's
//! own table. The rows of one writer become events in the order in which they were written, so that the n-th is number n.

use std::time::Duration;

use diesel::{
    PgConnection, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Integer},
};
use service_kit::clock::Clock;
use vinimay::bench::Latencies;

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// One value of a query that has one.
///
/// # Errors
/// If the statement is refused.
pub fn number(conn: &mut PgConnection, query: &str) -> anyhow::Result<i64> {
    Ok(sql_query(query).get_result::<Number>(conn)?.number)
}

const ENTER: &str = "INSERT INTO residence_moves
     SELECT n, 'SYN-R' || lpad((n % $1)::text, 6, '0'), current_date, 'inter_district', 22, 387, false
     FROM generate_series($2, $3 - 1) AS n";

/// Enters rows of these numbers into the register: one commit.
///
/// # Errors
/// If the statement is refused.
pub fn enter(conn: &mut PgConnection, people: u32, (from, until): (u32, u32)) -> anyhow::Result<()> {
    let [people, from, until] = [people, from, until].map(|n| i32::try_from(n).unwrap_or(i32::MAX));
    sql_query(ENTER).bind::<Integer, _>(people).bind::<Integer, _>(from).bind::<Integer, _>(until).execute(conn)?;
    Ok(())
}

/// Wall time, milliseconds since the epoch.
pub fn now_ms(clock: &Clock) -> i64 {
    i64::try_from(clock.now_ms()).unwrap_or(i64::MAX)
}

#[derive(QueryableByName)]
struct Acknowledged {
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = BigInt)]
    at_ms: i64,
}

/// Number and instant of each event's first acknowledgement, after a number.
fn acknowledged(conn: &mut PgConnection, after: i64) -> anyhow::Result<Vec<Acknowledged>> {
    let query = "SELECT e.seq, min(r.at_ms) AS at_ms FROM feed_event e JOIN event_record r
         ON r.role = 'source' AND r.peer = e.subscriber AND r.event = e.jti AND r.kind IN ('received', 'duplicate')
         WHERE e.seq > $1 GROUP BY e.seq ORDER BY e.seq";
    Ok(sql_query(query).bind::<BigInt, _>(after).load(conn)?)
}

/// Waits until so many events were acknowledged altogether; looks seldom, so as not to be what is measured.
///
/// # Errors
/// If nothing moves for two minutes.
pub async fn until_acknowledged(clock: &Clock, conn: &mut PgConnection, all: i64) -> anyhow::Result<()> {
    // An acknowledgement that was lost comes again as `duplicate`.
    let query = "SELECT count(DISTINCT event) AS number FROM event_record WHERE role = 'source' AND kind IN ('received', 'duplicate')";
    let (mut before, mut since) = (-1, clock.monotonic());
    loop {
        let done = number(conn, query)?;
        if done >= all {
            return Ok(());
        }
        if done > before {
            (before, since) = (done, clock.monotonic());
        }
        let waited = clock.monotonic().saturating_sub(since);
        anyhow::ensure!(waited < Duration::from_secs(120), "{done} of {all} events were acknowledged");
        clock.sleep(Duration::from_millis(250)).await;
    }
}

/// The last acknowledgement after a number, milliseconds since the epoch.
///
/// # Errors
/// If there is none.
pub fn last_ms(conn: &mut PgConnection, after: i64) -> anyhow::Result<i64> {
    let all = acknowledged(conn, after)?;
    all.iter().map(|one| one.at_ms).max().ok_or_else(|| anyhow::anyhow!("nothing was acknowledged"))
}

/// How long each event took whose row was committed at these instants, the first of them number `after` + 1.
///
/// # Errors
/// If one is missing.
pub fn latencies(conn: &mut PgConnection, after: i64, committed: &[i64]) -> anyhow::Result<Latencies> {
    let all = acknowledged(conn, after)?;
    anyhow::ensure!(all.len() == committed.len(), "{} of {} events were acknowledged", all.len(), committed.len());
    let mut latencies = Latencies::default();
    for (one, (place, committed)) in all.iter().zip(committed.iter().enumerate()) {
        anyhow::ensure!(usize::try_from(one.seq - after - 1).ok() == Some(place), "a number is missing");
        latencies.add(Duration::from_millis(u64::try_from(one.at_ms - committed).unwrap_or(0)));
    }
    Ok(latencies)
}
