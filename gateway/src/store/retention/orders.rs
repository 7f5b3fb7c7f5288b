//! Orders to our own systems to erase an answer: signed once, sent again until they are confirmed.

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{BigInt, Nullable, Text},
};
use schemas::{
    erasure::SystemErasure,
    id::{CompactJws, MessageId, SystemName},
    time::Timestamp,
};
use service_kit::db::AnyConnection;

use crate::store::exchange::statement::{Statement, read};

/// An order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredOrder {
    /// `jti` of the order.
    pub id: MessageId,
    /// The exchange.
    pub exchange: MessageId,
    /// To which system.
    pub system: SystemName,
    /// As it was signed.
    pub jws: CompactJws,
    /// Since when it is sent, milliseconds since the epoch.
    pub since_ms: i64,
    /// Failures so far.
    pub tries: u32,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    exchange: String,
    #[diesel(sql_type = Text)]
    system: String,
    #[diesel(sql_type = Text)]
    jws: String,
    #[diesel(sql_type = BigInt)]
    since_ms: i64,
    #[diesel(sql_type = BigInt)]
    tries: i64,
}

impl Row {
    fn parsed(self) -> QueryResult<StoredOrder> {
        Ok(StoredOrder {
            id: read(&self.id)?,
            exchange: read(&self.exchange)?,
            system: read(&self.system)?,
            jws: read(&self.jws)?,
            since_ms: self.since_ms,
            tries: u32::try_from(self.tries).unwrap_or(u32::MAX),
        })
    }
}

const COLUMNS: &str = "SELECT id, exchange, system, jws, since_ms, tries FROM erase_order WHERE ";

/// Writes an order. One of the same exchange and system stays.
pub fn order_insert(conn: &mut AnyConnection, order: &StoredOrder) -> QueryResult<()> {
    Statement::new("INSERT INTO erase_order (id, exchange, system, jws, since_ms, tries, next_ms, parked) VALUES ")
        .row([
            order.id.as_str().into(),
            order.exchange.as_str().into(),
            order.system.as_str().into(),
            order.jws.as_str().into(),
            order.since_ms.into(),
            0.into(),
            order.since_ms.into(),
            0.into(),
        ])
        .sql(" ON CONFLICT DO NOTHING")
        .execute(conn)
        .map(drop)
}

/// Orders whose turn it is, longest ago first.
pub fn orders_due(conn: &mut AnyConnection, now_ms: i64, limit: i64) -> QueryResult<Vec<StoredOrder>> {
    let due = Statement::new(COLUMNS).sql("confirmed_at IS NULL AND parked = 0 AND next_ms <= ").bind(now_ms);
    let rows: Vec<Row> = due.sql(" ORDER BY next_ms, id LIMIT ").bind(limit).load(conn)?;
    rows.into_iter().map(Row::parsed).collect()
}

/// Orders of one system that it has not confirmed, parked ones included: what it fetches if it has no address for webhooks.
pub fn orders_of_system(conn: &mut AnyConnection, system: &SystemName, limit: i64) -> QueryResult<Vec<StoredOrder>> {
    let open = Statement::new(COLUMNS).sql("confirmed_at IS NULL AND system = ").bind(system.as_str());
    let rows: Vec<Row> = open.sql(" ORDER BY id LIMIT ").bind(limit).load(conn)?;
    rows.into_iter().map(Row::parsed).collect()
}

/// The system says that it is done. `false`: no such order of this system. A repeat is `true` and changes nothing.
pub fn order_confirm(
    conn: &mut AnyConnection,
    id: &MessageId,
    system: &SystemName,
    now: Timestamp,
) -> QueryResult<bool> {
    let update = Statement::new("UPDATE erase_order SET parked = 0, confirmed_at = COALESCE(confirmed_at, ");
    let update = update.bind(now.seconds()).sql(") WHERE id = ").bind(id.as_str());
    Ok(update.sql(" AND system = ").bind(system.as_str()).execute(conn)? == 1)
}

/// It failed: later again.
pub fn order_later(conn: &mut AnyConnection, id: &MessageId, next_ms: i64) -> QueryResult<()> {
    let update = Statement::new("UPDATE erase_order SET tries = tries + 1, next_ms = ").bind(next_ms);
    update.sql(" WHERE confirmed_at IS NULL AND id = ").bind(id.as_str()).execute(conn).map(drop)
}

/// It is given up until somebody looks. `false`: it was parked, or confirmed meanwhile.
pub fn order_park(conn: &mut AnyConnection, id: &MessageId) -> QueryResult<bool> {
    let update =
        Statement::new("UPDATE erase_order SET parked = 1 WHERE confirmed_at IS NULL AND parked = 0 AND id = ");
    Ok(update.bind(id.as_str()).execute(conn)? == 1)
}

/// Sends again what was parked; how many.
pub fn orders_replay(conn: &mut AnyConnection, now_ms: i64) -> QueryResult<usize> {
    Statement::new("UPDATE erase_order SET parked = 0, tries = 0, since_ms = ")
        .bind(now_ms)
        .sql(", next_ms = ")
        .bind(now_ms)
        .sql(" WHERE parked = 1 AND confirmed_at IS NULL")
        .execute(conn)
}

#[derive(QueryableByName)]
struct ConfirmedRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    system: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    confirmed_at: Option<i64>,
}

/// The confirmations of an exchange; `None` while one is missing.
pub fn confirmations_of(conn: &mut AnyConnection, exchange: &MessageId) -> QueryResult<Option<Vec<SystemErasure>>> {
    let rows: Vec<ConfirmedRow> = Statement::new("SELECT id, system, confirmed_at FROM erase_order WHERE exchange = ")
        .bind(exchange.as_str())
        .sql(" ORDER BY system")
        .load(conn)?;
    let confirmed = |row: ConfirmedRow| -> QueryResult<Option<SystemErasure>> {
        let Some(at) = row.confirmed_at else { return Ok(None) };
        let (system, order, confirmed) = (read(&row.system)?, read(&row.id)?, Timestamp::from_seconds(at));
        Ok(Some(SystemErasure { system, order, confirmed }))
    };
    rows.into_iter().map(confirmed).collect()
}

#[derive(QueryableByName)]
struct Counts {
    #[diesel(sql_type = BigInt)]
    open: i64,
    #[diesel(sql_type = BigInt)]
    parked: i64,
}

/// How many orders wait, and how many of them are parked.
pub fn orders_count(conn: &mut AnyConnection) -> QueryResult<(i64, i64)> {
    let rows: Vec<Counts> = Statement::new(
        "SELECT COUNT(*) AS open, CAST(COALESCE(SUM(parked), 0) AS BIGINT) AS parked FROM erase_order WHERE confirmed_at IS NULL",
    )
    .load(conn)?;
    Ok(rows.first().map_or((0, 0), |row| (row.open, row.parked)))
}
