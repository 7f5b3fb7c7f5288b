//! The receipts of one exchange and the record of its erasure, found by the id of either receipt or by that of the query; and whether
//! they are about a person.

use diesel::{
    OptionalExtension as _, QueryableByName, RunQueryDsl as _, sql_query,
    sql_types::{BigInt, Nullable, Text},
};
use schemas::{
    bundle::BundleKind,
    id::{CompactJws, MessageId},
    time::Timestamp,
};
use service_kit::db::{AnyConnection, DatabaseError};
use tlog::entry::EntryType;

use crate::bundle::Records;

#[derive(QueryableByName)]
struct ReceiptRow {
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Text)]
    peer: String,
    #[diesel(sql_type = Text)]
    exchange: String,
    #[diesel(sql_type = Text)]
    jws: String,
}

#[derive(QueryableByName)]
struct JwsRow {
    #[diesel(sql_type = Text)]
    jws: String,
}

/// Our receipt, the other side's if we hold it, and our record of the erasure once there is one; `None` if the id is of neither. An id of our own receipt comes first: that one
/// is unique, while peers choose the others.
pub fn exchange_records(conn: &mut AnyConnection, id: &MessageId) -> Result<Option<Records>, DatabaseError> {
    let ours: Option<ReceiptRow> = sql_query(
        "SELECT 1 AS place, r.jti, r.role, r.peer, r.exchange, r.jws FROM receipt AS r WHERE r.jti = $1 \
         UNION SELECT 2, r.jti, r.role, r.peer, r.exchange, r.jws FROM receipt AS r JOIN counterpart_receipt AS c \
         ON c.exchange = r.exchange AND c.peer = r.peer AND c.role <> r.role WHERE c.jti = $1 \
         UNION SELECT 3, r.jti, r.role, r.peer, r.exchange, r.jws FROM receipt AS r WHERE r.exchange = $1 \
         ORDER BY place, jti LIMIT 1",
    )
    .bind::<Text, _>(id.as_str())
    .get_result(conn)
    .optional()?;
    let Some(ours) = ours else { return Ok(None) };
    let theirs: Option<JwsRow> =
        sql_query("SELECT jws FROM counterpart_receipt WHERE exchange = $1 AND peer = $2 AND role <> $3")
            .bind::<Text, _>(&ours.exchange)
            .bind::<Text, _>(&ours.peer)
            .bind::<Text, _>(&ours.role)
            .get_result(conn)
            .optional()?;
    let tokens = std::iter::once(ours.jws).chain(theirs.map(|row| row.jws));
    let mut records =
        tokens.map(|jws| Ok((EntryType::ExchangeReceipt, token(&jws)?))).collect::<Result<Vec<_>, DatabaseError>>()?;
    // We erase what we were answered, never what we answered; a peer may have chosen the same id for an exchange of its own.
    if ours.role == "consumer" {
        let erased: Option<JwsRow> = sql_query("SELECT jws FROM erasure WHERE exchange = $1")
            .bind::<Text, _>(&ours.exchange)
            .get_result(conn)
            .optional()?;
        if let Some(row) = erased {
            records.push((EntryType::Consent, token(&row.jws)?));
        }
    }
    Ok(Some(Records { kind: BundleKind::Exchange, records }))
}

fn token(jws: &str) -> Result<CompactJws, DatabaseError> {
    jws.parse().map_err(|_| DatabaseError::Storage("a stored receipt is no token".to_owned()))
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = Text)]
    jti: String,
}

/// The id of our receipt of this exchange about this person of which she may be told now: by the index of her pseudonym
/// (`store::links::subject_index`), or of the issuer of the consent. Two peers may have chosen the same id for an exchange: only
/// the receipt that is returned is hers.
pub fn receipt_about(
    conn: &mut AnyConnection,
    exchange: &MessageId,
    subject: Option<&str>,
    issuer: Option<&str>,
    now: Timestamp,
) -> Result<Option<MessageId>, DatabaseError> {
    let found: Option<IdRow> = sql_query(
        "SELECT r.jti FROM receipt AS r WHERE r.exchange = $1 AND (r.told_from IS NULL OR r.told_from <= $2) \
         AND (r.subject_index = $3 OR r.issuer_index = $4 \
         OR r.jti IN (SELECT p.receipt FROM receipt_person AS p WHERE p.subject_index = $3)) ORDER BY r.jti LIMIT 1",
    )
    .bind::<Text, _>(exchange.as_str())
    .bind::<BigInt, _>(now.seconds())
    .bind::<Nullable<Text>, _>(subject)
    .bind::<Nullable<Text>, _>(issuer)
    .get_result(conn)
    .optional()?;
    let damaged = |_| DatabaseError::Storage("a stored receipt's id is none".to_owned());
    found.map(|row| row.jti.parse().map_err(damaged)).transpose()
}
