//! What carriers reported of messages: that they arrived. Insert-only, the first word counts.
//!
//! Deliberately absent: that a message was taken by the gateway for messages; that is a step of its way (`deliveries`).

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{BigInt, Nullable},
};
use schemas::id::{MessageId, SystemName};
use service_kit::db::AnyConnection;

use crate::store::exchange::statement::Statement;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    since_ms: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    arrived_ms: Option<i64>,
}

/// A short message that went out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone {
    /// Since when it was on its way, milliseconds since the epoch.
    pub since_ms: i64,
    /// When it arrived, as was reported.
    pub arrived_ms: Option<i64>,
}

/// The short message of a notice, if the gateway for messages took one.
pub fn message_gone(conn: &mut AnyConnection, notice: &MessageId) -> QueryResult<Option<Gone>> {
    let select = "SELECT d.since_ms, r.arrived_ms FROM notice_delivery d LEFT JOIN notice_report r ON r.notice = d.notice \
                  AND r.channel = d.channel WHERE d.channel = 'sms' AND d.state = 'delivered' AND d.notice = ";
    let rows: Vec<Row> = Statement::new(select).bind(notice.as_str()).load(conn)?;
    Ok(rows.first().map(|row| Gone { since_ms: row.since_ms, arrived_ms: row.arrived_ms }))
}

/// Keeps a report. `false`: there is one.
pub fn report_insert(
    conn: &mut AnyConnection,
    notice: &MessageId,
    (by, arrived_ms): (&SystemName, i64),
    now_ms: i64,
) -> QueryResult<bool> {
    let insert = Statement::new("INSERT INTO notice_report (notice, channel, reported_by, arrived_ms, at_ms) VALUES ");
    let row = [notice.as_str().into(), "sms".into(), by.as_str().into(), arrived_ms.into(), now_ms.into()];
    Ok(insert.row(row).sql(" ON CONFLICT DO NOTHING").execute(conn)? == 1)
}
