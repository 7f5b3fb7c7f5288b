//! The ways of a notice, one row each, until it is delivered.
//!
//! Guarantees: a way ends once, as delivered or parked; what counted as delivered stands beside it. Deliberately absent: addresses.

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{BigInt, Text},
};
use schemas::{
    id::MessageId,
    notice::{Channel, DeliveryState},
};
use service_kit::db::AnyConnection;

use crate::store::exchange::statement::{Statement, read};

/// A way whose turn it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueDelivery {
    /// The notice.
    pub notice: MessageId,
    /// Which way.
    pub channel: Channel,
    /// Failures so far.
    pub tries: u32,
    /// Since when it waits, milliseconds since the epoch.
    pub since_ms: i64,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    notice: String,
    #[diesel(sql_type = Text)]
    channel: String,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = BigInt)]
    tries: i64,
    #[diesel(sql_type = BigInt)]
    since_ms: i64,
}

fn damaged<T>() -> QueryResult<T> {
    Err(diesel::result::Error::DeserializationError("a delivery's row holds an unknown word".into()))
}

fn channel_of(word: &str) -> QueryResult<Channel> {
    match word {
        "mail" => Ok(Channel::Mail),
        "sms" => Ok(Channel::Sms),
        "letter" => Ok(Channel::Letter),
        _ => damaged(),
    }
}

fn state_of(word: &str) -> QueryResult<DeliveryState> {
    match word {
        "waiting" => Ok(DeliveryState::Waiting),
        "printed" => Ok(DeliveryState::Printed),
        "delivered" => Ok(DeliveryState::Delivered),
        "parked" => Ok(DeliveryState::Parked),
        _ => damaged(),
    }
}

const COLUMNS: &str = "SELECT notice, channel, state, tries, since_ms FROM notice_delivery WHERE ";

/// Opens a way. One that is open already stays as it is.
pub fn delivery_insert(
    conn: &mut AnyConnection,
    notice: &MessageId,
    channel: Channel,
    now_ms: i64,
) -> QueryResult<bool> {
    let written =
        Statement::new("INSERT INTO notice_delivery (notice, channel, state, tries, since_ms, next_ms) VALUES ")
            .row([
                notice.as_str().into(),
                channel.as_str().into(),
                "waiting".into(),
                0.into(),
                now_ms.into(),
                now_ms.into(),
            ])
            .sql(" ON CONFLICT DO NOTHING")
            .execute(conn)?;
    Ok(written == 1)
}

/// Ways whose turn it is, oldest first.
pub fn deliveries_due(conn: &mut AnyConnection, now_ms: i64, limit: i64) -> QueryResult<Vec<DueDelivery>> {
    let rows: Vec<Row> = Statement::new(COLUMNS)
        .sql("state = 'waiting' AND next_ms <= ")
        .bind(now_ms)
        .sql(" ORDER BY next_ms, notice LIMIT ")
        .bind(limit)
        .load(conn)?;
    let due = |row: Row| {
        let tries = u32::try_from(row.tries).unwrap_or(u32::MAX);
        Ok(DueDelivery {
            notice: read(&row.notice)?,
            channel: channel_of(&row.channel)?,
            tries,
            since_ms: row.since_ms,
        })
    };
    rows.into_iter().map(due).collect()
}

/// How the ways of a notice stand.
pub fn deliveries_of(conn: &mut AnyConnection, notice: &MessageId) -> QueryResult<Vec<(Channel, DeliveryState)>> {
    let rows: Vec<Row> =
        Statement::new(COLUMNS).sql("notice = ").bind(notice.as_str()).sql(" ORDER BY channel").load(conn)?;
    rows.into_iter().map(|row| Ok((channel_of(&row.channel)?, state_of(&row.state)?))).collect()
}

/// How a way goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It arrived; why we say so.
    Delivered(String),
    /// The letter lies in the folder.
    Printed,
    /// It failed; not before this, milliseconds since the epoch, is it tried again.
    Later(i64),
    /// It is given up until somebody looks; why.
    Parked(String),
}

/// Writes a step down. `false`: the way had ended already.
pub fn delivery_step(
    conn: &mut AnyConnection,
    (notice, channel): (&MessageId, Channel),
    step: &Step,
    now_ms: i64,
) -> QueryResult<bool> {
    let set = Statement::new("UPDATE notice_delivery SET ");
    let set = match step {
        Step::Delivered(proof) => {
            set.sql("state = 'delivered', proof = ").bind(proof.as_str()).sql(", done_ms = ").bind(now_ms)
        }
        Step::Printed => set.sql("state = 'printed', done_ms = ").bind(now_ms),
        Step::Later(next_ms) => set.sql("tries = tries + 1, next_ms = ").bind(*next_ms),
        Step::Parked(proof) => {
            set.sql("state = 'parked', proof = ").bind(proof.as_str()).sql(", done_ms = ").bind(now_ms)
        }
    };
    let open = set.sql(" WHERE state IN ('waiting', 'printed') AND notice = ").bind(notice.as_str());
    Ok(open.sql(" AND channel = ").bind(channel.as_str()).execute(conn)? == 1)
}

/// Sends again what was parked; how many.
pub fn deliveries_replay(conn: &mut AnyConnection, now_ms: i64) -> QueryResult<usize> {
    Statement::new("UPDATE notice_delivery SET state = 'waiting', tries = 0, done_ms = NULL, proof = NULL, since_ms = ")
        .bind(now_ms)
        .sql(", next_ms = ")
        .bind(now_ms)
        .sql(" WHERE state = 'parked'")
        .execute(conn)
}

#[derive(QueryableByName)]
struct LetterRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    done_ms: i64,
}

/// Letters that lie in the folder: notice, kind, since when.
pub fn letters_printed(conn: &mut AnyConnection, limit: i64) -> QueryResult<Vec<(MessageId, String, i64)>> {
    let rows: Vec<LetterRow> = Statement::new(
        "SELECT n.id, n.kind, d.done_ms FROM notice_delivery d JOIN notice n ON n.id = d.notice \
         WHERE d.channel = 'letter' AND d.state = 'printed' ORDER BY d.done_ms, n.id LIMIT ",
    )
    .bind(limit)
    .load(conn)?;
    rows.into_iter().map(|row| Ok((read(&row.id)?, row.kind, row.done_ms))).collect()
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How many ways stand how.
pub fn deliveries_count(conn: &mut AnyConnection) -> QueryResult<Vec<(DeliveryState, i64)>> {
    let rows: Vec<Count> = Statement::new(
        "SELECT state, COUNT(*) AS count FROM notice_delivery WHERE state <> 'delivered' GROUP BY state ORDER BY state",
    )
    .load(conn)?;
    rows.into_iter().map(|row| Ok((state_of(&row.state)?, row.count))).collect()
}
