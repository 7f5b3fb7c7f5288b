//! Feeds of a source: numbers, signed events, and what was not acknowledged yet.
//!
//! Guarantees: a number is given in the transaction that stores its event, so that a feed has no gaps; an event is stored once and
//! never changed; what was not acknowledged stays. Deliberately absent: sending.

use std::collections::BTreeMap;

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{BigInt, Text},
};
use schemas::{
    digest::Digest,
    id::{CompactJws, EntityId, MessageId},
};
use service_kit::db::AnyConnection;

use super::PersonIndex;
use crate::store::exchange::statement::{Bind, ROWS, Statement, read};

/// An event of a feed, as it was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedEvent {
    /// Its number.
    pub seq: u64,
    /// Its id.
    pub jti: MessageId,
    /// The token.
    pub jws: CompactJws,
}

/// How the endpoint of a feed's subscriber does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedState {
    /// Who hears.
    pub subscriber: EntityId,
    /// Last number.
    pub last_seq: u64,
    /// Failures since the last success.
    pub failures: u32,
    /// When the last head was signed, milliseconds since the epoch; 0 for never.
    pub head_ms: i64,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The next number of a feed. Call it in the transaction that stores the event.
pub fn feed_next(conn: &mut AnyConnection, subscriber: &EntityId) -> QueryResult<u64> {
    let rows: Vec<Number> = Statement::new("INSERT INTO feed (subscriber, last_seq, failures, next_ms, head_ms) VALUES (")
        .bind(subscriber.as_str())
        .sql(", 1, 0, 0, 0) ON CONFLICT (subscriber) DO UPDATE SET last_seq = feed.last_seq + 1 RETURNING last_seq AS number")
        .load(conn)?;
    Ok(rows.first().map_or(0, |row| unsigned(row.number)))
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = Text)]
    jti: String,
}

/// The id of a feed's last event. Call it in the transaction that gives the next number.
pub fn feed_last_id(conn: &mut AnyConnection, subscriber: &EntityId) -> QueryResult<Option<MessageId>> {
    let select = Statement::new("SELECT jti FROM feed_event WHERE subscriber = ").bind(subscriber.as_str());
    let rows: Vec<Id> = select.sql(" ORDER BY seq DESC LIMIT 1").load(conn)?;
    rows.first().map(|row| read(&row.jti)).transpose()
}

/// Numbers up to this one were given in this transaction, which has held the feed since [`feed_next`].
pub fn feed_counted(conn: &mut AnyConnection, subscriber: &EntityId, last: u64) -> QueryResult<()> {
    let update = Statement::new("UPDATE feed SET last_seq = ").bind(signed(last)).sql(" WHERE subscriber = ");
    update.bind(subscriber.as_str()).execute(conn).map(drop)
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = Text)]
    person_index: String,
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// How many events of each of these people a feed has, by their hashes; who has none is not among them.
pub fn feed_person_counts(
    conn: &mut AnyConnection,
    subscriber: &EntityId,
    people: &[PersonIndex],
) -> QueryResult<BTreeMap<String, u64>> {
    let mut counts = BTreeMap::new();
    for chunk in people.chunks(ROWS) {
        let select = Statement::new("SELECT person_index, COUNT(*) AS number FROM feed_event WHERE subscriber = ")
            .bind(subscriber.as_str())
            .sql(" AND person_index IN ")
            .row(chunk.iter().map(|person| person.as_str().into()))
            .sql(" GROUP BY person_index");
        for row in select.load::<Counted>(conn)? {
            counts.insert(row.person_index, unsigned(row.number));
        }
    }
    Ok(counts)
}

/// A signed event that is to be stored.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// Who hears it.
    pub subscriber: EntityId,
    /// The event.
    pub event: FeedEvent,
    /// Its digest.
    pub digest: Digest,
    /// About whom.
    pub person: PersonIndex,
    /// Whether it goes before those of others.
    pub urgent: bool,
}

/// Stores signed events and queues them for delivery.
pub fn feed_events_insert(conn: &mut AnyConnection, events: &[NewEvent], now_ms: i64) -> QueryResult<()> {
    for chunk in events.chunks(ROWS) {
        let rows = chunk.iter().map(|new| -> [Bind; 7] {
            [
                new.subscriber.as_str().into(),
                signed(new.event.seq).into(),
                new.event.jti.as_str().into(),
                new.person.as_str().into(),
                new.digest.to_string().as_str().into(),
                new.event.jws.as_str().into(),
                now_ms.into(),
            ]
        });
        Statement::new("INSERT INTO feed_event (subscriber, seq, jti, person_index, digest, jws, made_ms) VALUES ")
            .rows(rows)
            .execute(conn)?;
        let rows = chunk.iter().map(|new| -> [Bind; 6] {
            [
                new.subscriber.as_str().into(),
                signed(new.event.seq).into(),
                new.person.as_str().into(),
                "waiting".into(),
                now_ms.into(),
                i64::from(new.urgent).into(),
            ]
        });
        Statement::new("INSERT INTO feed_delivery (subscriber, seq, person_index, state, since_ms, urgent) VALUES ")
            .rows(rows)
            .execute(conn)?;
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Text)]
    jti: String,
    #[diesel(sql_type = Text)]
    jws: String,
}

impl Row {
    fn parsed(self) -> QueryResult<FeedEvent> {
        Ok(FeedEvent { seq: unsigned(self.seq), jti: read(&self.jti)?, jws: read(&self.jws)? })
    }
}

/// A page of a feed after a number, in order.
pub fn feed_page(
    conn: &mut AnyConnection,
    subscriber: &EntityId,
    after: u64,
    limit: i64,
) -> QueryResult<Vec<FeedEvent>> {
    let select = Statement::new("SELECT seq, jti, jws FROM feed_event WHERE subscriber = ").bind(subscriber.as_str());
    let select = select.sql(" AND seq > ").bind(signed(after)).sql(" ORDER BY seq LIMIT ").bind(limit);
    select.load::<Row>(conn)?.into_iter().map(Row::parsed).collect()
}

/// Events that went to a subscriber, by their ids; those that did not are not among them.
pub fn feed_events_find(
    conn: &mut AnyConnection,
    subscriber: &EntityId,
    events: &[&MessageId],
) -> QueryResult<Vec<FeedEvent>> {
    let mut found = Vec::with_capacity(events.len());
    for chunk in events.chunks(ROWS) {
        let select =
            Statement::new("SELECT seq, jti, jws FROM feed_event WHERE subscriber = ").bind(subscriber.as_str());
        let select = select.sql(" AND jti IN ").row(chunk.iter().map(|event| event.as_str().into()));
        for row in select.load::<Row>(conn)? {
            found.push(row.parsed()?);
        }
    }
    Ok(found)
}

#[derive(QueryableByName)]
struct DigestRow {
    #[diesel(sql_type = Text)]
    digest: String,
}

/// The digests of a feed's events, in the order of their numbers.
pub fn feed_digests(conn: &mut AnyConnection, subscriber: &EntityId) -> QueryResult<Vec<Digest>> {
    let select = Statement::new("SELECT digest FROM feed_event WHERE subscriber = ").bind(subscriber.as_str());
    let rows: Vec<DigestRow> = select.sql(" ORDER BY seq").load(conn)?;
    rows.iter().map(|row| read(&row.digest)).collect()
}

#[derive(QueryableByName)]
struct State {
    #[diesel(sql_type = Text)]
    subscriber: String,
    #[diesel(sql_type = BigInt)]
    last_seq: i64,
    #[diesel(sql_type = BigInt)]
    failures: i64,
    #[diesel(sql_type = BigInt)]
    head_ms: i64,
}

impl State {
    fn parsed(self) -> QueryResult<FeedState> {
        Ok(FeedState {
            subscriber: read(&self.subscriber)?,
            last_seq: unsigned(self.last_seq),
            failures: u32::try_from(self.failures).unwrap_or(u32::MAX),
            head_ms: self.head_ms,
        })
    }
}

/// Feeds with something to send, whose endpoint may be tried now.
pub fn feeds_due(conn: &mut AnyConnection, now_ms: i64) -> QueryResult<Vec<FeedState>> {
    let rows: Vec<State> = Statement::new("SELECT subscriber, last_seq, failures, head_ms FROM feed WHERE next_ms <= ")
        .bind(now_ms)
        .sql(" AND EXISTS (SELECT 1 FROM feed_delivery d WHERE d.subscriber = feed.subscriber AND d.state = 'waiting')")
        .load(conn)?;
    rows.into_iter().map(State::parsed).collect()
}

/// One of them, if it is one still.
pub fn feed_state(conn: &mut AnyConnection, subscriber: &EntityId, now_ms: i64) -> QueryResult<Option<FeedState>> {
    let select = Statement::new("SELECT subscriber, last_seq, failures, head_ms FROM feed WHERE subscriber = ");
    let rows: Vec<State> = select.bind(subscriber.as_str()).sql(" AND next_ms <= ").bind(now_ms).load(conn)?;
    rows.into_iter().next().map(State::parsed).transpose()
}

/// The last number of a feed; 0 for one that has not begun.
pub fn feed_last(conn: &mut AnyConnection, subscriber: &EntityId) -> QueryResult<u64> {
    let select = Statement::new("SELECT last_seq AS number FROM feed WHERE subscriber = ").bind(subscriber.as_str());
    Ok(select.load::<Number>(conn)?.first().map_or(0, |row| unsigned(row.number)))
}

/// Feeds whose last head is older than this instant.
pub fn feeds_without_head_since(conn: &mut AnyConnection, since_ms: i64) -> QueryResult<Vec<FeedState>> {
    let select =
        Statement::new("SELECT subscriber, last_seq, failures, head_ms FROM feed WHERE head_ms < ").bind(since_ms);
    select.load::<State>(conn)?.into_iter().map(State::parsed).collect()
}

/// A head was signed.
pub fn feed_head_signed(conn: &mut AnyConnection, subscriber: &EntityId, now_ms: i64) -> QueryResult<()> {
    let update =
        Statement::new("UPDATE feed SET head_ms = ").bind(now_ms).sql(" WHERE subscriber = ").bind(subscriber.as_str());
    update.execute(conn).map(drop)
}

/// What may be sent now: first the events of persons of whom something urgent waits, then the others, each in order; never an event
/// of a person whose earlier one is parked.
pub fn deliveries_due(conn: &mut AnyConnection, subscriber: &EntityId, limit: i64) -> QueryResult<Vec<FeedEvent>> {
    let urgent = deliveries_urgent(conn, subscriber, limit)?;
    if urgent.is_empty() { deliveries_in_order(conn, subscriber, limit) } else { Ok(urgent) }
}

fn deliveries_urgent(conn: &mut AnyConnection, subscriber: &EntityId, limit: i64) -> QueryResult<Vec<FeedEvent>> {
    let select = Statement::new(
        "SELECT e.seq, e.jti, e.jws FROM feed_delivery d \
         JOIN feed_event e ON e.subscriber = d.subscriber AND e.seq = d.seq WHERE d.subscriber = ",
    );
    let select = select.bind(subscriber.as_str()).sql(
        " AND d.state = 'waiting' AND d.person_index IN (SELECT u.person_index FROM feed_delivery u \
         WHERE u.subscriber = d.subscriber AND u.urgent = 1 AND u.state = 'waiting') \
         AND NOT EXISTS (SELECT 1 FROM feed_delivery p WHERE p.subscriber = d.subscriber \
         AND p.person_index = d.person_index AND p.seq < d.seq AND p.state = 'parked') ORDER BY d.seq LIMIT ",
    );
    select.bind(limit).load::<Row>(conn)?.into_iter().map(Row::parsed).collect()
}

fn deliveries_in_order(conn: &mut AnyConnection, subscriber: &EntityId, limit: i64) -> QueryResult<Vec<FeedEvent>> {
    let select = Statement::new(
        "SELECT e.seq, e.jti, e.jws FROM feed_delivery d \
         JOIN feed_event e ON e.subscriber = d.subscriber AND e.seq = d.seq WHERE d.subscriber = ",
    );
    let select = select.bind(subscriber.as_str()).sql(
        " AND d.state = 'waiting' AND NOT EXISTS (SELECT 1 FROM feed_delivery p WHERE p.subscriber = d.subscriber \
         AND p.person_index = d.person_index AND p.seq < d.seq AND p.state = 'parked') ORDER BY d.seq LIMIT ",
    );
    select.bind(limit).load::<Row>(conn)?.into_iter().map(Row::parsed).collect()
}

/// The subscriber acknowledged these: they are delivered.
pub fn deliveries_done(conn: &mut AnyConnection, subscriber: &EntityId, seqs: &[u64]) -> QueryResult<()> {
    for chunk in seqs.chunks(ROWS) {
        let delete = Statement::new("DELETE FROM feed_delivery WHERE subscriber = ").bind(subscriber.as_str());
        delete.sql(" AND seq IN ").row(chunk.iter().map(|seq| signed(*seq).into())).execute(conn)?;
    }
    Ok(())
}

/// An officer must look at it: it is sent no more by itself, and stays in the feed.
pub fn delivery_park(conn: &mut AnyConnection, subscriber: &EntityId, seq: u64) -> QueryResult<()> {
    let update =
        Statement::new("UPDATE feed_delivery SET state = 'parked' WHERE subscriber = ").bind(subscriber.as_str());
    update.sql(" AND seq = ").bind(signed(seq)).execute(conn).map(drop)
}

/// Parks what has waited since before this instant; says how many.
pub fn deliveries_park_older(conn: &mut AnyConnection, since_ms: i64) -> QueryResult<usize> {
    let update = Statement::new("UPDATE feed_delivery SET state = 'parked' WHERE state = 'waiting' AND since_ms < ");
    update.bind(since_ms).execute(conn)
}

/// Sends again what was parked for a subscriber, counting its age anew; says how many.
pub fn deliveries_replay(conn: &mut AnyConnection, subscriber: &EntityId, now_ms: i64) -> QueryResult<usize> {
    let update = Statement::new("UPDATE feed_delivery SET state = 'waiting', since_ms = ").bind(now_ms);
    update.sql(" WHERE state = 'parked' AND subscriber = ").bind(subscriber.as_str()).execute(conn)
}

/// How many wait, and how many are parked.
pub fn deliveries_count(conn: &mut AnyConnection) -> QueryResult<(u64, u64)> {
    let mut count = |state: &'static str| -> QueryResult<u64> {
        let select = Statement::new("SELECT COUNT(*) AS number FROM feed_delivery WHERE state = ").bind(state);
        Ok(select.load::<Number>(conn)?.first().map_or(0, |row| unsigned(row.number)))
    };
    Ok((count("waiting")?, count("parked")?))
}

/// The endpoint answered.
pub fn feed_succeeded(conn: &mut AnyConnection, subscriber: &EntityId) -> QueryResult<()> {
    let update =
        Statement::new("UPDATE feed SET failures = 0, next_ms = 0 WHERE subscriber = ").bind(subscriber.as_str());
    update.execute(conn).map(drop)
}

/// The endpoint failed; it is not tried before `next_ms`.
pub fn feed_failed(conn: &mut AnyConnection, subscriber: &EntityId, next_ms: i64) -> QueryResult<()> {
    let update = Statement::new("UPDATE feed SET failures = failures + 1, next_ms = ").bind(next_ms);
    update.sql(" WHERE subscriber = ").bind(subscriber.as_str()).execute(conn).map(drop)
}

/// Begins a feed, so that its silence is told too; one that is there stays.
pub fn feed_open(conn: &mut AnyConnection, subscriber: &EntityId) -> QueryResult<()> {
    Statement::new("INSERT INTO feed (subscriber, last_seq, failures, next_ms, head_ms) VALUES (")
        .bind(subscriber.as_str())
        .sql(", 0, 0, 0, 0) ON CONFLICT DO NOTHING")
        .execute(conn)
        .map(drop)
}
