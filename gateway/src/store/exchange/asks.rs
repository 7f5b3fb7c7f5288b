//! Our own questions: who asked, the signed query until it has an end, and the end for a day.
//!
//! Guarantees: a system's idempotency key names one question for ever; the query to be sent again and the end are encrypted.

use std::collections::HashSet;

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{BigInt, Binary, Nullable, Text},
};
use schemas::{
    digest::Digest,
    id::{CompactJws, EntityId, MessageId, SectorSubject, SystemName},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use service_kit::db::AnyConnection;

use super::statement::{ROWS, Statement, read};
use crate::{
    keys::Keys,
    store::encrypted::{ColumnError, Encrypted},
};

const QUERY: Encrypted = Encrypted { table: "ask_open", column: "query" };
const ANSWER: Encrypted = Encrypted { table: "ask_answer", column: "answer" };
/// How long an end is kept for a repeated request, milliseconds.
pub const KEPT_MS: i64 = 24 * 60 * 60 * 1000;

/// The name that one of our systems gave its request.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AskKey {
    /// The system.
    pub system: SystemName,
    /// Its `Idempotency-Key`.
    pub idempotency: MessageId,
    /// Which part of that request, where it asks several things; each part is a question of its own.
    pub part: Option<u32>,
    /// How often this part was asked anew because its question before had only ever been heard too late.
    pub turn: u32,
}

/// So often is a part asked anew.
const TURNS: u32 = 2;

impl AskKey {
    /// The name of a request.
    pub const fn new(system: SystemName, idempotency: MessageId) -> Self {
        Self { system, idempotency, part: None, turn: 0 }
    }

    /// The name of one part of the same request.
    #[must_use]
    pub fn part(&self, part: u32) -> Self {
        Self { part: Some(part), ..self.clone() }
    }

    /// The name of the same part's next question; `None` for what is no part, and for a part that had its turns.
    #[must_use]
    pub fn again(&self) -> Option<Self> {
        let turn = self.turn.saturating_add(1);
        (self.part.is_some() && turn <= TURNS).then(|| Self { turn, ..self.clone() })
    }

    /// As it stands in the table.
    pub(in crate::store) fn column(&self) -> String {
        match (self.part, self.turn) {
            (None, _) => self.idempotency.to_string(),
            (Some(part), 0) => format!("{}#{part}", self.idempotency),
            (Some(part), turn) => format!("{}#{part}.{turn}", self.idempotency),
        }
    }
}

/// A question, to be written before it is sent.
#[derive(Clone, Debug)]
pub struct NewAsk {
    /// `jti` of the query.
    pub exchange: MessageId,
    /// Who asked, under which key.
    pub key: AskKey,
    /// Digest of the request, so that a key is not used for another one.
    pub request: Digest,
    /// Whom.
    pub provider: EntityId,
    /// As [`query_seal`] made it.
    pub query: Vec<u8>,
    /// Not before this does recovery send it again, milliseconds since the epoch.
    pub next_ms: i64,
}

/// A query as it is kept until it has an end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredQuery {
    /// The query, to be sent again byte for byte.
    pub query: CompactJws,
    /// Our own pseudonyms of those whom it is about, under a law; the query holds them sealed to others alone.
    pub people: Vec<SectorSubject>,
}

/// Encrypts a query for its row.
///
/// # Errors
/// If OpenSSL fails.
pub fn query_seal(
    keys: &Keys,
    exchange: &MessageId,
    query: &CompactJws,
    people: &[SectorSubject],
) -> Result<Vec<u8>, ColumnError> {
    QUERY.seal(keys, exchange.as_str(), &StoredQuery { query: query.clone(), people: people.to_vec() })
}

/// Decrypts the query of a row.
///
/// # Errors
/// If it was changed or moved, or its key is gone.
pub fn query_open(keys: &Keys, exchange: &MessageId, stored: &[u8]) -> Result<StoredQuery, ColumnError> {
    QUERY.open(keys, exchange.as_str(), stored)
}

/// Encrypts an end for its row.
///
/// # Errors
/// If OpenSSL fails.
pub fn end_seal<T: Serialize>(keys: &Keys, exchange: &MessageId, end: &T) -> Result<Vec<u8>, ColumnError> {
    ANSWER.seal(keys, exchange.as_str(), end)
}

/// Decrypts the end of a row.
///
/// # Errors
/// If it was changed or moved, or its key is gone.
pub fn end_open<T: DeserializeOwned>(keys: &Keys, exchange: &MessageId, stored: &[u8]) -> Result<T, ColumnError> {
    ANSWER.open(keys, exchange.as_str(), stored)
}

#[derive(QueryableByName)]
struct ExchangeRow {
    #[diesel(sql_type = Text)]
    exchange: String,
}

/// Writes questions; a key that is taken keeps its question. Returns those that were written. Must be sorted by key.
pub fn asks_insert(conn: &mut AnyConnection, asks: &[NewAsk], now_ms: i64) -> QueryResult<HashSet<MessageId>> {
    let mut written = HashSet::new();
    for chunk in asks.chunks(ROWS) {
        let rows = chunk.iter().map(|ask| {
            [
                ask.exchange.as_str().into(),
                ask.key.system.as_str().into(),
                ask.key.column().as_str().into(),
                ask.request.as_bytes().as_slice().into(),
                ask.provider.as_str().into(),
                now_ms.into(),
            ]
        });
        let inserted: Vec<ExchangeRow> = Statement::new(
            "INSERT INTO ask (exchange, system, idempotency_key, request_digest, provider, asked_ms) VALUES ",
        )
        .rows(rows)
        .sql(" ON CONFLICT DO NOTHING RETURNING exchange")
        .load(conn)?;
        for row in inserted {
            written.insert(read(&row.exchange)?);
        }
        let open = chunk.iter().filter(|ask| written.contains(&ask.exchange));
        let open: Vec<_> = open
            .map(|ask| [ask.exchange.as_str().into(), ask.query.as_slice().into(), now_ms.into(), ask.next_ms.into()])
            .collect();
        if !open.is_empty() {
            Statement::new("INSERT INTO ask_open (exchange, query, asked_ms, next_ms) VALUES ")
                .rows(open)
                .execute(conn)?;
        }
    }
    Ok(written)
}

/// A question as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskRow {
    /// `jti` of the query.
    pub exchange: MessageId,
    /// Digest of the request.
    pub request: Digest,
    /// The encrypted query, while it has no end.
    pub open: Option<Vec<u8>>,
    /// The encrypted end, while it is kept.
    pub end: Option<Vec<u8>>,
}

#[derive(QueryableByName)]
struct AskedRow {
    #[diesel(sql_type = Text)]
    exchange: String,
    #[diesel(sql_type = Binary)]
    request_digest: Vec<u8>,
    #[diesel(sql_type = Nullable<Binary>)]
    query: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Binary>)]
    answer: Option<Vec<u8>>,
}

const ASKED: &str = "SELECT a.exchange, a.request_digest, o.query, e.answer FROM ask a LEFT JOIN ask_open o ON o.exchange = a.exchange \
     LEFT JOIN ask_answer e ON e.exchange = a.exchange WHERE ";

/// The question that a key names.
pub fn ask_find(conn: &mut AnyConnection, key: &AskKey) -> QueryResult<Option<AskRow>> {
    let by_system = Statement::new(ASKED).sql("a.system = ").bind(key.system.as_str());
    asked(by_system.sql(" AND a.idempotency_key = ").bind(key.column().as_str()), conn)
}

/// The question of an exchange.
pub fn ask_of_exchange(conn: &mut AnyConnection, exchange: &MessageId) -> QueryResult<Option<AskRow>> {
    asked(Statement::new(ASKED).sql("a.exchange = ").bind(exchange.as_str()), conn)
}

fn asked(statement: Statement, conn: &mut AnyConnection) -> QueryResult<Option<AskRow>> {
    let Some(row) = statement.load::<AskedRow>(conn)?.into_iter().next() else { return Ok(None) };
    let request = <[u8; 32]>::try_from(row.request_digest).map_err(|_| diesel::result::Error::NotFound)?;
    let (exchange, request) = (read(&row.exchange)?, Digest::from_bytes(request));
    Ok(Some(AskRow { exchange, request, open: row.query, end: row.answer }))
}

/// A question without an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenAsk {
    /// `jti` of the query.
    pub exchange: MessageId,
    /// The encrypted query.
    pub query: Vec<u8>,
    /// When it was first asked, milliseconds since the epoch.
    pub asked_ms: i64,
}

#[derive(QueryableByName)]
struct OpenRow {
    #[diesel(sql_type = Text)]
    exchange: String,
    #[diesel(sql_type = Binary)]
    query: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    asked_ms: i64,
}

/// Questions whose turn it is, oldest first; their next turn is set to `next_ms` at once, so that two processes do not send
/// the same.
pub fn asks_due(conn: &mut AnyConnection, now_ms: i64, next_ms: i64, limit: i64) -> QueryResult<Vec<OpenAsk>> {
    let rows: Vec<OpenRow> = Statement::new("UPDATE ask_open SET next_ms = ")
        .bind(next_ms)
        .sql(" WHERE exchange IN (SELECT exchange FROM ask_open WHERE next_ms <= ")
        .bind(now_ms)
        .sql(" ORDER BY next_ms LIMIT ")
        .bind(limit)
        // Once more, for the process that waited for another one's lock on the row.
        .sql(") AND next_ms <= ")
        .bind(now_ms)
        .sql(" RETURNING exchange, query, asked_ms")
        .load(conn)?;
    let open = |row: OpenRow| Ok(OpenAsk { exchange: read(&row.exchange)?, query: row.query, asked_ms: row.asked_ms });
    let mut due = rows.into_iter().map(open).collect::<QueryResult<Vec<_>>>()?;
    due.sort_by_key(|ask| ask.asked_ms);
    Ok(due)
}

/// Gives every open question its turn now: after a restart of the only process nobody else is sending them.
pub fn asks_hurry(conn: &mut AnyConnection, now_ms: i64) -> QueryResult<usize> {
    Statement::new("UPDATE ask_open SET next_ms = ").bind(now_ms).sql(" WHERE next_ms > ").bind(now_ms).execute(conn)
}

/// Ends of questions, encrypted, with the exchange each belongs to. The questions are no longer open.
pub fn asks_end(conn: &mut AnyConnection, ends: &[(MessageId, Vec<u8>)], now_ms: i64) -> QueryResult<()> {
    for chunk in ends.chunks(ROWS) {
        let until = now_ms.saturating_add(KEPT_MS);
        let rows = chunk.iter().map(|(exchange, end)| [exchange.as_str().into(), end.as_slice().into(), until.into()]);
        Statement::new("INSERT INTO ask_answer (exchange, answer, until_ms) VALUES ")
            .rows(rows)
            .sql(" ON CONFLICT DO NOTHING")
            .execute(conn)?;
        Statement::new("DELETE FROM ask_open WHERE exchange IN (VALUES ")
            .rows(chunk.iter().map(|(exchange, _)| [exchange.as_str().into()]))
            .sql(")")
            .execute(conn)?;
    }
    Ok(())
}

/// Forgets ends whose day is over, at most `limit`; returns how many.
pub fn ends_sweep(conn: &mut AnyConnection, now_ms: i64, limit: i64) -> QueryResult<usize> {
    Statement::new("DELETE FROM ask_answer WHERE exchange IN (SELECT exchange FROM ask_answer WHERE until_ms <= ")
        .bind(now_ms)
        .sql(" LIMIT ")
        .bind(limit)
        .sql(")")
        .execute(conn)
}
