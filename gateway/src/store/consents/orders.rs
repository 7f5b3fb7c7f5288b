//! Acknowledgements of citizens' orders, insert-only.

use diesel::{
    OptionalExtension, QueryResult, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Binary, Text},
};
use schemas::{digest::Digest, id::CompactJws, time::Timestamp};
use service_kit::db::AnyConnection;

use crate::store::exchange::ConsentIndex;

/// An acknowledgement, to be written.
#[derive(Debug)]
pub struct NewAck<'a> {
    /// Of which order.
    pub order: &'a Digest,
    /// Of which consent.
    pub consent: &'a ConsentIndex,
    /// The order's number.
    pub n: u32,
    /// The acknowledgement.
    pub ack: &'a CompactJws,
    /// When.
    pub at: Timestamp,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    ack: String,
}

/// The acknowledgement of an order, if it was given before.
pub fn ack_find(conn: &mut AnyConnection, order: &Digest) -> QueryResult<Option<CompactJws>> {
    let row: Option<Row> = sql_query("SELECT ack FROM order_ack WHERE order_digest = $1")
        .bind::<Binary, _>(order.as_bytes().to_vec())
        .get_result(conn)
        .optional()?;
    row.map(|row| row.ack.parse().map_err(|error| diesel::result::Error::DeserializationError(Box::new(error))))
        .transpose()
}

/// Writes an acknowledgement; the first of an order stays.
pub fn ack_insert(conn: &mut AnyConnection, new: &NewAck<'_>) -> QueryResult<bool> {
    let written = sql_query(
        "INSERT INTO order_ack (order_digest, consent_index, n, ack, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
    )
    .bind::<Binary, _>(new.order.as_bytes().to_vec())
    .bind::<Text, _>(new.consent.as_str())
    .bind::<BigInt, _>(i64::from(new.n))
    .bind::<Text, _>(new.ack.as_str())
    .bind::<BigInt, _>(new.at.seconds())
    .execute(conn)?;
    Ok(written == 1)
}
