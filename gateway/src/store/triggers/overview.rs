//! Feeds as an officer looks at them: numbers and times, never contents; and whether a source is silent or out of its band.
//!
//! Deliberately absent: deciding what to do about it.

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{BigInt, Nullable, Text},
};
use schemas::{
    id::{EntityId, MessageId},
    time::Timestamp,
};
use serde::Serialize;
use service_kit::db::AnyConnection;

use crate::store::exchange::statement::{Statement, read};

/// A day in milliseconds.
const DAY_MS: i64 = 86_400_000;
/// The days before today with which today is compared.
const BAND_DAYS: i64 = 14;
/// Below so many a day a register's numbers say nothing.
const BAND_FLOOR: u64 = 10;

/// A feed of ours.
#[derive(Clone, Debug, Serialize)]
pub struct FeedView {
    /// Who hears.
    pub subscriber: EntityId,
    /// Last number.
    pub last_seq: u64,
    /// Not acknowledged yet.
    pub waiting: u64,
    /// Not acknowledged for 72 hours, or refused.
    pub parked: u64,
    /// Failures of its endpoint since the last success.
    pub failures: u64,
    /// When it is tried again, where it waits.
    pub next: Option<Timestamp>,
}

/// A feed that we hear.
#[derive(Clone, Debug, Serialize)]
pub struct InboxView {
    /// Who tells.
    pub source: EntityId,
    /// Up to which number nothing is missing.
    pub contiguous: u64,
    /// Still to be applied.
    pub waiting: u64,
    /// Events of the last 24 hours.
    pub today: u64,
    /// The last signed head.
    pub head: Option<Timestamp>,
    /// `silent`: no head for a day; `many`, `few`: out of the band of the last two weeks; `usual`.
    pub band: Band,
    /// Contradictions that are kept as evidence.
    pub equivocations: u64,
}

/// How a source's day compares with its days before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Band {
    /// As usual, or too few to tell.
    Usual,
    /// More than three times its busiest day of two weeks.
    Many,
    /// Less than a third of its usual day.
    Few,
    /// No signed head for a day.
    Silent,
}

/// The band of a day by the days before it; `days` are their counts.
pub fn band(today: u64, days: &[u64], head_age_ms: Option<i64>) -> Band {
    if head_age_ms.is_some_and(|age| age > DAY_MS) {
        return Band::Silent;
    }
    let mut days = days.to_vec();
    days.sort_unstable();
    let (usual, most) = (days.get(days.len() / 2).copied().unwrap_or(0), days.last().copied().unwrap_or(0));
    if today > BAND_FLOOR && today > most.max(BAND_FLOOR).saturating_mul(3) {
        Band::Many
    } else if usual >= BAND_FLOOR && today.saturating_mul(3) < usual {
        Band::Few
    } else {
        Band::Usual
    }
}

#[derive(QueryableByName)]
struct FeedRow {
    #[diesel(sql_type = Text)]
    subscriber: String,
    #[diesel(sql_type = BigInt)]
    last_seq: i64,
    #[diesel(sql_type = BigInt)]
    waiting: i64,
    #[diesel(sql_type = BigInt)]
    parked: i64,
    #[diesel(sql_type = BigInt)]
    failures: i64,
    #[diesel(sql_type = BigInt)]
    next_ms: i64,
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// Every feed of ours.
pub fn feeds_overview(conn: &mut AnyConnection, now_ms: i64) -> QueryResult<Vec<FeedView>> {
    let rows: Vec<FeedRow> = Statement::new(
        "SELECT f.subscriber, f.last_seq, f.failures, f.next_ms, \
         (SELECT COUNT(*) FROM feed_delivery d WHERE d.subscriber = f.subscriber AND d.state = 'waiting') AS waiting, \
         (SELECT COUNT(*) FROM feed_delivery d WHERE d.subscriber = f.subscriber AND d.state = 'parked') AS parked \
         FROM feed f ORDER BY f.subscriber",
    )
    .load(conn)?;
    let view = |row: FeedRow| {
        Ok(FeedView {
            subscriber: read(&row.subscriber)?,
            last_seq: unsigned(row.last_seq),
            waiting: unsigned(row.waiting),
            parked: unsigned(row.parked),
            failures: unsigned(row.failures),
            next: (row.next_ms > now_ms).then(|| Timestamp::from_seconds(row.next_ms / 1000)),
        })
    };
    rows.into_iter().map(view).collect()
}

#[derive(QueryableByName)]
struct InboxRow {
    #[diesel(sql_type = Text)]
    source: String,
    #[diesel(sql_type = BigInt)]
    contiguous: i64,
    #[diesel(sql_type = BigInt)]
    waiting: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    head_ms: Option<i64>,
    #[diesel(sql_type = BigInt)]
    equivocations: i64,
}

#[derive(QueryableByName)]
struct DayRow {
    #[diesel(sql_type = BigInt)]
    day: i64,
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Every feed that we hear.
pub fn inbox_overview(conn: &mut AnyConnection, now_ms: i64) -> QueryResult<Vec<InboxView>> {
    let rows: Vec<InboxRow> = Statement::new(
        "SELECT s.peer AS source, COALESCE(MAX(i.contiguous), 0) AS contiguous, \
         (SELECT COUNT(*) FROM inbox_work w WHERE w.source = s.peer) AS waiting, \
         (SELECT MAX(h.at_ms) FROM feed_head h WHERE h.role = 'subscriber' AND h.peer = s.peer) AS head_ms, \
         (SELECT COUNT(*) FROM equivocation q WHERE q.source = s.peer) AS equivocations \
         FROM subscription s LEFT JOIN inbox i ON i.source = s.peer WHERE s.role = 'subscriber' \
         GROUP BY s.peer ORDER BY s.peer",
    )
    .load(conn)?;
    let mut views = Vec::with_capacity(rows.len());
    for row in rows {
        let (today, before) = days(conn, &row.source, now_ms)?;
        let age = row.head_ms.map(|at| now_ms.saturating_sub(at));
        views.push(InboxView {
            source: read(&row.source)?,
            contiguous: unsigned(row.contiguous),
            waiting: unsigned(row.waiting),
            today,
            head: row.head_ms.map(|at| Timestamp::from_seconds(at / 1000)),
            band: band(today, &before, age),
            equivocations: unsigned(row.equivocations),
        });
    }
    Ok(views)
}

/// Events of the last 24 hours, and of each of the 14 days before, days without any among them.
fn days(conn: &mut AnyConnection, source: &str, now_ms: i64) -> QueryResult<(u64, Vec<u64>)> {
    let begin = now_ms.saturating_sub((BAND_DAYS + 1) * DAY_MS);
    let select = Statement::new("SELECT (received_ms - ").bind(begin).sql(") / 86400000 AS day, COUNT(*) AS number ");
    let select = select.sql("FROM inbox_event WHERE source = ").bind(source).sql(" AND received_ms >= ").bind(begin);
    let rows: Vec<DayRow> = select.sql(" GROUP BY 1").load(conn)?;
    let of = |day: i64| rows.iter().filter(|row| row.day == day).map(|row| unsigned(row.number)).sum();
    Ok(((BAND_DAYS..=BAND_DAYS + 1).map(of).sum(), (0..BAND_DAYS).map(of).collect()))
}

/// A signed record of an event.
#[derive(Clone, Debug, Serialize)]
pub struct RecordView {
    /// `source` or `subscriber`.
    pub side: String,
    /// The other side.
    pub peer: EntityId,
    /// `received`, `duplicate`, `refused`, `applied`.
    pub kind: String,
    /// What became of it, of an application.
    pub result: Option<String>,
    /// Its digest, as it is logged.
    pub digest: String,
    /// When it was stored.
    pub at: Timestamp,
}

#[derive(QueryableByName)]
struct RecordRow {
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Text)]
    peer: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Nullable<Text>)]
    result: Option<String>,
    #[diesel(sql_type = Text)]
    digest: String,
    #[diesel(sql_type = BigInt)]
    at_ms: i64,
}

/// The records of an event, the oldest first.
pub fn records_of(conn: &mut AnyConnection, event: &MessageId) -> QueryResult<Vec<RecordView>> {
    let select = Statement::new("SELECT role, peer, kind, result, digest, at_ms FROM event_record WHERE event = ");
    let rows: Vec<RecordRow> = select.bind(event.as_str()).sql(" ORDER BY at_ms, kind").load(conn)?;
    let view = |row: RecordRow| {
        Ok(RecordView {
            side: row.role,
            peer: read(&row.peer)?,
            kind: row.kind,
            result: row.result,
            digest: row.digest,
            at: Timestamp::from_seconds(row.at_ms / 1000),
        })
    };
    rows.into_iter().map(view).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_held_against_the_two_weeks_before_it() {
        let usual = [30, 28, 31, 0, 30, 35, 29, 30, 31, 28, 0, 33, 30, 30];
        let hour = Some(3_600_000);
        assert_eq!(band(32, &usual, hour), Band::Usual);
        assert_eq!(band(106, &usual, hour), Band::Many);
        assert_eq!(band(105, &usual, hour), Band::Usual);
        assert_eq!(band(9, &usual, hour), Band::Few);
        assert_eq!(band(32, &usual, Some(DAY_MS + 1)), Band::Silent);
    }

    #[test]
    fn small_numbers_and_beginnings_flag_nobody() {
        assert_eq!(band(0, &[0; 14], None), Band::Usual);
        assert_eq!(band(9, &[1; 14], None), Band::Usual);
        assert_eq!(band(30, &[], None), Band::Usual);
        assert_eq!(band(31, &[], None), Band::Many, "many out of nothing");
    }
}
