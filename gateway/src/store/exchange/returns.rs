//! Consumer's receipts on their way back to the provider: a queue that drops nothing.

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{BigInt, Text},
};
use schemas::id::{CompactJws, EntityId, MessageId};
use service_kit::db::AnyConnection;

use super::{
    receipts::NewReceipt,
    statement::{ROWS, Statement, read},
};

/// A receipt that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingReceipt {
    /// Its id.
    pub receipt: MessageId,
    /// To whom.
    pub peer: EntityId,
    /// The token.
    pub jws: CompactJws,
    /// How often it was tried.
    pub tries: u32,
}

/// Queues receipts of ours for the provider, in the transaction that writes them.
pub fn returns_insert(conn: &mut AnyConnection, receipts: &[&NewReceipt], now_ms: i64) -> QueryResult<()> {
    for chunk in receipts.chunks(ROWS) {
        let rows = chunk.iter().map(|receipt| {
            [
                receipt.jti.as_str().into(),
                receipt.key.peer.as_str().into(),
                receipt.jws.as_str().into(),
                0.into(),
                now_ms.into(),
            ]
        });
        Statement::new("INSERT INTO receipt_return (receipt, peer, jws, tries, next_ms) VALUES ")
            .rows(rows)
            .sql(" ON CONFLICT DO NOTHING")
            .execute(conn)?;
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    receipt: String,
    #[diesel(sql_type = Text)]
    peer: String,
    #[diesel(sql_type = Text)]
    jws: String,
    #[diesel(sql_type = BigInt)]
    tries: i64,
}

/// Receipts whose turn it is, at most `limit`; until `next_ms` they are left to whoever claimed them.
pub fn returns_claim(
    conn: &mut AnyConnection,
    now_ms: i64,
    next_ms: i64,
    limit: i64,
) -> QueryResult<Vec<WaitingReceipt>> {
    let rows: Vec<Row> = Statement::new("UPDATE receipt_return SET next_ms = ")
        .bind(next_ms)
        .sql(" WHERE receipt IN (SELECT receipt FROM receipt_return WHERE next_ms <= ")
        .bind(now_ms)
        .sql(" ORDER BY next_ms LIMIT ")
        .bind(limit)
        // Once more, for the process that waited for another one's lock on the row.
        .sql(") AND next_ms <= ")
        .bind(now_ms)
        .sql(" RETURNING receipt, peer, jws, tries")
        .load(conn)?;
    rows.into_iter()
        .map(|row| {
            let tries = u32::try_from(row.tries).unwrap_or(u32::MAX);
            Ok(WaitingReceipt { receipt: read(&row.receipt)?, peer: read(&row.peer)?, jws: read(&row.jws)?, tries })
        })
        .collect()
}

/// Takes receipts off the queue: the provider has them, or will never take them.
pub fn returns_done(conn: &mut AnyConnection, receipts: &[MessageId]) -> QueryResult<()> {
    for chunk in receipts.chunks(ROWS) {
        Statement::new("DELETE FROM receipt_return WHERE receipt IN (VALUES ")
            .rows(chunk.iter().map(|receipt| [receipt.as_str().into()]))
            .sql(")")
            .execute(conn)?;
    }
    Ok(())
}

/// Puts receipts off until `next_ms`.
pub fn returns_later(conn: &mut AnyConnection, receipts: &[MessageId], next_ms: i64) -> QueryResult<()> {
    for chunk in receipts.chunks(ROWS) {
        Statement::new("UPDATE receipt_return SET tries = tries + 1, next_ms = ")
            .bind(next_ms)
            .sql(" WHERE receipt IN (VALUES ")
            .rows(chunk.iter().map(|receipt| [receipt.as_str().into()]))
            .sql(")")
            .execute(conn)?;
    }
    Ok(())
}
