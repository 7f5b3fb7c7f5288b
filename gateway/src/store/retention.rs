//! Answers that we got: until when they may be kept, the orders to erase them, and the records that they are gone.
//!
//! Guarantees: a day is never moved back (a trigger refuses it); an exchange is erased once; an order is signed once and sent as it
//! was; signed records are insert-only. Deliberately absent: the rule by which the day is found (`crate::retention`).

pub mod orders;

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{BigInt, Binary, Nullable, Text},
};
use schemas::{
    digest::Digest,
    erasure::ErasureReason,
    id::{CompactJws, DatasetId, EntityId, MessageId, SystemName},
    time::Timestamp,
};
use service_kit::db::AnyConnection;

use super::{
    exchange::{
        ConsentIndex,
        statement::{ROWS, Statement, read},
    },
    notices::Person,
};

impl From<diesel::result::Error> for crate::retention::RetentionError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

/// An answer that we got, to be remembered until it must go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// `jti` of the query.
    pub exchange: MessageId,
    /// Who got it.
    pub system: SystemName,
    /// Who gave it.
    pub provider: EntityId,
    /// About what.
    pub dataset: DatasetId,
    /// Of our receipt.
    pub receipt: Digest,
    /// Whom it is about, where she is known here.
    pub person: Option<Person>,
    /// The consent, unless it was a law.
    pub consent: Option<ConsentIndex>,
    /// Whether revoking the consent ends it at once.
    pub ends_on_revocation: bool,
    /// From then on it may not be kept.
    pub ends: Timestamp,
}

/// The word of a reason.
pub const fn reason_word(reason: ErasureReason) -> &'static str {
    match reason {
        ErasureReason::RetentionOver => "retention-over",
        ErasureReason::ConsentRevoked => "consent-revoked",
    }
}

fn reason_of(word: &str) -> ErasureReason {
    if word == "consent-revoked" { ErasureReason::ConsentRevoked } else { ErasureReason::RetentionOver }
}

/// Remembers answers, in the transaction that makes their receipts durable. An exchange that is known stays as it is.
pub fn retention_insert(conn: &mut AnyConnection, kept: &[Kept]) -> QueryResult<()> {
    for chunk in kept.chunks(ROWS) {
        let rows = chunk.iter().map(|one| {
            [
                one.exchange.as_str().into(),
                one.system.as_str().into(),
                one.provider.as_str().into(),
                one.dataset.as_str().into(),
                one.receipt.as_bytes().as_slice().into(),
                one.person.as_ref().map(Person::as_str).into(),
                one.consent.as_ref().map(ConsentIndex::as_str).into(),
                i64::from(one.ends_on_revocation).into(),
                one.ends.seconds().into(),
                reason_word(ErasureReason::RetentionOver).into(),
                "kept".into(),
            ]
        });
        Statement::new(
            "INSERT INTO retention (exchange, system, provider, dataset, receipt_digest, person, consent_index, \
             ends_on_revocation, ends_at, reason, state) VALUES ",
        )
        .rows(rows)
        .sql(" ON CONFLICT DO NOTHING")
        .execute(conn)?;
    }
    Ok(())
}

/// The consent was revoked: what the purpose promises to erase then is due now. In the transaction of the order. Returns how many.
pub fn retention_revoked(conn: &mut AnyConnection, consent: &ConsentIndex, now: Timestamp) -> QueryResult<usize> {
    Statement::new("UPDATE retention SET reason = 'consent-revoked', ends_at = ")
        .bind(now.seconds())
        .sql(" WHERE state = 'kept' AND ends_on_revocation = 1 AND consent_index = ")
        .bind(consent.as_str())
        .sql(" AND ends_at > ")
        .bind(now.seconds())
        .execute(conn)
}

/// The same for every revoked consent: an answer and the revocation may have been committed side by side, neither seeing the other.
pub fn retention_sweep_revoked(conn: &mut AnyConnection, now: Timestamp) -> QueryResult<usize> {
    Statement::new("UPDATE retention SET reason = 'consent-revoked', ends_at = ")
        .bind(now.seconds())
        .sql(
            " WHERE state = 'kept' AND ends_on_revocation = 1 AND consent_index IN \
             (SELECT consent_index FROM consent_state WHERE status = 'revoked') AND ends_at > ",
        )
        .bind(now.seconds())
        .execute(conn)
}

/// An answer as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retained {
    /// `jti` of the query.
    pub exchange: MessageId,
    /// Who got it.
    pub system: SystemName,
    /// Who gave it.
    pub provider: EntityId,
    /// About what.
    pub dataset: DatasetId,
    /// Of our receipt.
    pub receipt: Digest,
    /// Whom it is about.
    pub person: Option<Person>,
    /// From then on it may not be kept.
    pub ends: Timestamp,
    /// Why it goes.
    pub reason: ErasureReason,
    /// When our own copies went, if they did.
    pub erased: Option<Timestamp>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    exchange: String,
    #[diesel(sql_type = Text)]
    system: String,
    #[diesel(sql_type = Text)]
    provider: String,
    #[diesel(sql_type = Text)]
    dataset: String,
    #[diesel(sql_type = Binary)]
    receipt_digest: Vec<u8>,
    #[diesel(sql_type = Nullable<Text>)]
    person: Option<String>,
    #[diesel(sql_type = BigInt)]
    ends_at: i64,
    #[diesel(sql_type = Text)]
    reason: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    erased_at: Option<i64>,
}

impl Row {
    fn parsed(self) -> QueryResult<Retained> {
        Ok(Retained {
            exchange: read(&self.exchange)?,
            system: read(&self.system)?,
            provider: read(&self.provider)?,
            dataset: read(&self.dataset)?,
            receipt: digest(self.receipt_digest)?,
            person: self.person.map(Person::from_stored),
            ends: Timestamp::from_seconds(self.ends_at),
            reason: reason_of(&self.reason),
            erased: self.erased_at.map(Timestamp::from_seconds),
        })
    }
}

pub(in crate::store) fn digest(bytes: Vec<u8>) -> QueryResult<Digest> {
    <[u8; 32]>::try_from(bytes).map(Digest::from_bytes).map_err(|_| diesel::result::Error::NotFound)
}

const COLUMNS: &str = "SELECT exchange, system, provider, dataset, receipt_digest, person, ends_at, reason, erased_at \
                       FROM retention WHERE ";

/// Answers whose day has come, longest ago first.
pub fn retention_due(conn: &mut AnyConnection, now: Timestamp, limit: i64) -> QueryResult<Vec<Retained>> {
    let due = Statement::new(COLUMNS).sql("state = 'kept' AND ends_at <= ").bind(now.seconds());
    let rows: Vec<Row> = due.sql(" ORDER BY ends_at, exchange LIMIT ").bind(limit).load(conn)?;
    rows.into_iter().map(Row::parsed).collect()
}

/// Answers that were ordered away and whose systems have all confirmed.
pub fn retention_confirmed(conn: &mut AnyConnection, limit: i64) -> QueryResult<Vec<Retained>> {
    let rows: Vec<Row> = Statement::new(COLUMNS)
        .sql(
            "state = 'erasing' AND NOT EXISTS (SELECT 1 FROM erase_order o WHERE o.exchange = retention.exchange \
             AND o.confirmed_at IS NULL) ORDER BY ends_at, exchange LIMIT ",
        )
        .bind(limit)
        .load(conn)?;
    rows.into_iter().map(Row::parsed).collect()
}

/// One answer.
pub fn retention_find(conn: &mut AnyConnection, exchange: &MessageId) -> QueryResult<Option<Retained>> {
    let rows: Vec<Row> = Statement::new(COLUMNS).sql("exchange = ").bind(exchange.as_str()).load(conn)?;
    rows.into_iter().next().map(Row::parsed).transpose()
}

/// Our own copies are gone and the orders are written. `false`: another process was faster.
pub fn retention_erasing(conn: &mut AnyConnection, exchange: &MessageId, now: Timestamp) -> QueryResult<bool> {
    let update = Statement::new("UPDATE retention SET state = 'erasing', erased_at = ").bind(now.seconds());
    Ok(update.sql(" WHERE state = 'kept' AND exchange = ").bind(exchange.as_str()).execute(conn)? == 1)
}

/// A signed record, to be written.
#[derive(Clone, Debug)]
pub struct NewErasure<'a> {
    /// `jti` of the query.
    pub exchange: &'a MessageId,
    /// The record.
    pub jws: &'a CompactJws,
    /// When all was confirmed.
    pub at: Timestamp,
}

/// Closes an answer with its record. `false`: another process was faster.
pub fn erasure_insert(conn: &mut AnyConnection, new: &NewErasure<'_>) -> QueryResult<bool> {
    let closed = Statement::new("UPDATE retention SET state = 'erased' WHERE state = 'erasing' AND exchange = ")
        .bind(new.exchange.as_str())
        .execute(conn)?;
    if closed == 0 {
        return Ok(false);
    }
    Statement::new("INSERT INTO erasure (exchange, digest, jws, erased_at) VALUES ")
        .row([
            new.exchange.as_str().into(),
            Digest::of(new.jws.as_str()).as_bytes().as_slice().into(),
            new.jws.as_str().into(),
            new.at.seconds().into(),
        ])
        .execute(conn)?;
    Ok(true)
}

/// A signed record of an erasure, and when all was confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredErasure {
    /// `jti` of the query.
    pub exchange: MessageId,
    /// The record.
    pub jws: CompactJws,
    /// When.
    pub at: Timestamp,
}

#[derive(QueryableByName)]
struct ErasureRow {
    #[diesel(sql_type = Text)]
    exchange: String,
    #[diesel(sql_type = Text)]
    jws: String,
    #[diesel(sql_type = BigInt)]
    erased_at: i64,
}

/// The records of these exchanges, as far as there are any.
pub fn erasures_of(conn: &mut AnyConnection, exchanges: &[MessageId]) -> QueryResult<Vec<StoredErasure>> {
    let mut found = Vec::new();
    for chunk in exchanges.chunks(ROWS) {
        let rows: Vec<ErasureRow> =
            Statement::new("SELECT exchange, jws, erased_at FROM erasure WHERE exchange IN (VALUES ")
                .rows(chunk.iter().map(|exchange| [exchange.as_str().into()]))
                .sql(") ORDER BY exchange")
                .load(conn)?;
        for row in rows {
            let at = Timestamp::from_seconds(row.erased_at);
            found.push(StoredErasure { exchange: read(&row.exchange)?, jws: read(&row.jws)?, at });
        }
    }
    Ok(found)
}

/// Takes away what this gateway itself keeps of an answer: the end that a repeated request would get, and the value in a case file.
pub fn own_copies_erase(conn: &mut AnyConnection, exchange: &MessageId) -> QueryResult<()> {
    Statement::new("DELETE FROM ask_answer WHERE exchange = ").bind(exchange.as_str()).execute(conn)?;
    Statement::new(
        "UPDATE inquiry_part SET value = NULL, value_until_ms = NULL WHERE value IS NOT NULL AND exchange = ",
    )
    .bind(exchange.as_str())
    .execute(conn)
    .map(drop)
}
