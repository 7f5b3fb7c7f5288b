//! Each query of a peer once, for ever: whoever inserts (peer, jti) decides it.

use std::collections::HashSet;

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{Binary, Nullable, Text},
};
use schemas::{
    digest::Digest,
    id::{EntityId, LawId, MessageId},
};
use service_kit::db::AnyConnection;

use super::{
    answers::StatusPlace,
    statement::{ROWS, Statement, read},
};

/// A query by who asked and its id. What orders locks, too.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClaimKey {
    /// The asking member.
    pub peer: EntityId,
    /// `jti` of the query.
    pub exchange: MessageId,
}

/// A claim to be made.
#[derive(Clone, Debug)]
pub struct NewClaim {
    /// Which query.
    pub key: ClaimKey,
    /// SHA-256 of its exact bytes.
    pub query: Digest,
}

#[derive(QueryableByName)]
struct KeyRow {
    #[diesel(sql_type = Text)]
    peer: String,
    #[diesel(sql_type = Text)]
    exchange: String,
}

/// Claims what nobody has claimed; returns the claims that were won. Waits for a rival's commit. The rows must be sorted.
pub fn claims_insert(conn: &mut AnyConnection, claims: &[NewClaim], now_ms: i64) -> QueryResult<HashSet<ClaimKey>> {
    let mut won = HashSet::new();
    for chunk in claims.chunks(ROWS) {
        let rows = chunk.iter().map(|claim| {
            let NewClaim { key, query } = claim;
            [key.peer.as_str().into(), key.exchange.as_str().into(), query.as_bytes().as_slice().into(), now_ms.into()]
        });
        let inserted: Vec<KeyRow> =
            Statement::new("INSERT INTO exchange_claim (peer, exchange, query_digest, claimed_ms) VALUES ")
                .rows(rows)
                .sql(" ON CONFLICT DO NOTHING RETURNING peer, exchange")
                .load(conn)?;
        for row in inserted {
            won.insert(ClaimKey { peer: read(&row.peer)?, exchange: read(&row.exchange)? });
        }
    }
    Ok(won)
}

/// A query that was decided before, and its answer as long as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownQuery {
    /// SHA-256 of the bytes that were decided.
    pub query: Digest,
    /// The encrypted answer, while it is kept.
    pub answer: Option<Vec<u8>>,
    /// Whether the consent behind the data has since been `paused` or `revoked`, or has `ended`: its own end or an earlier one.
    pub stopped: Option<String>,
    /// The law behind the data.
    pub law: Option<LawId>,
    /// SHA-256 of that law as it was registered when the data left.
    pub law_digest: Option<Digest>,
    /// Bindings and guardianships behind the data.
    pub statuses: Vec<StatusPlace>,
}

/// The row of a query in a LEFT JOIN: all of it or nothing.
#[derive(QueryableByName)]
pub(super) struct KnownRow {
    #[diesel(sql_type = Nullable<Binary>)]
    query_digest: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Binary>)]
    answer: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Text>)]
    stopped: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    law: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    law_digest: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    statuses: Option<String>,
}

impl KnownRow {
    pub(super) fn read(self) -> QueryResult<Option<KnownQuery>> {
        let Some(digest) = self.query_digest else { return Ok(None) };
        let query = <[u8; 32]>::try_from(digest).map_err(|_| diesel::result::Error::NotFound)?;
        let places = self.statuses.as_deref().map_or(Ok(Vec::new()), serde_json::from_str);
        let statuses = places.map_err(|error| diesel::result::Error::DeserializationError(Box::new(error)))?;
        let law = self.law.map(|law| read(&law)).transpose()?;
        let law_digest = self.law_digest.map(|digest| read(&digest)).transpose()?;
        let query = Digest::from_bytes(query);
        Ok(Some(KnownQuery { query, answer: self.answer, stopped: self.stopped, law, law_digest, statuses }))
    }
}

/// As ends of consents are stored.
pub(super) const fn seconds(milliseconds: i64) -> i64 {
    milliseconds.div_euclid(1000)
}

/// What is known of a query that came before, at `now_ms`.
pub fn claim_find(conn: &mut AnyConnection, key: &ClaimKey, now_ms: i64) -> QueryResult<Option<KnownQuery>> {
    let rows: Vec<KnownRow> = Statement::new(
        "SELECT c.query_digest, a.answer, a.law, a.law_digest, a.statuses, \
         CASE WHEN s.status <> 'active' THEN s.status \
         WHEN a.consent_index IS NOT NULL AND COALESCE(a.consent_until, 0) <= ",
    )
    .bind(seconds(now_ms))
    .sql(" THEN 'ended' WHEN s.ends_at <= ")
    .bind(seconds(now_ms))
    .sql(
        " THEN 'ended' END AS stopped FROM exchange_claim c \
         LEFT JOIN stored_answer a ON a.peer = c.peer AND a.exchange = c.exchange AND a.until_ms > ",
    )
    .bind(now_ms)
    .sql(" LEFT JOIN consent_state s ON s.consent_index = a.consent_index WHERE c.peer = ")
    .bind(key.peer.as_str())
    .sql(" AND c.exchange = ")
    .bind(key.exchange.as_str())
    .load(conn)?;
    rows.into_iter().next().map_or(Ok(None), KnownRow::read)
}
