//! All that our own rows say of a query, in one statement: known before? what holds for its consent? who is the person here?
//!
//! Guarantees: the same rows as [`super::claims::claim_find`], [`super::consent_find`] and the links would give, in one round
//! trip to the database. Deliberately absent: what follows from them.

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{Binary, Nullable, Text},
};
use protocol::consent::ConsentState;
use schemas::id::SectorSubject;
use service_kit::db::AnyConnection;

use super::{
    claims::{ClaimKey, KnownQuery, KnownRow, seconds},
    consent_state::{ConsentIndex, ConsentRow, StateRow},
    law_uses::{LawCounter, law_uses_find},
    statement::Statement,
};
use crate::{
    keys::Keys,
    store::links::{LinkError, local_key_open, subject_index},
};

/// What to look for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The query.
    pub key: ClaimKey,
    /// Its consent.
    pub consent: Option<ConsentIndex>,
    /// Its person.
    pub subject: Option<SectorSubject>,
    /// The nonce over which she proved presence.
    pub live: Option<String>,
    /// Counts of its law, today.
    pub counters: Vec<LawCounter>,
}

impl Wanted {
    /// Only whether the query came before.
    pub const fn of(key: ClaimKey) -> Self {
        Self { key, consent: None, subject: None, live: None, counters: Vec::new() }
    }
}

/// What was found.
#[derive(Clone, Debug)]
pub struct OwnRows {
    /// The query, if it was decided before.
    pub known: Option<KnownQuery>,
    /// What holds for the consent.
    pub state: ConsentState,
    /// The consent (by its index) for which the nonce was spent before.
    pub spent_for: Option<String>,
    /// The person's number here, as text.
    pub local_key: Option<String>,
    /// Uses of the law so far, in the order asked for.
    pub uses: Vec<u32>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(embed)]
    known: KnownRow,
    #[diesel(embed)]
    state: StateRow,
    #[diesel(sql_type = Nullable<Text>)]
    link_index: Option<String>,
    #[diesel(sql_type = Nullable<Binary>)]
    local_key: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Text>)]
    spent_for: Option<String>,
}

/// Looks for all of it.
///
/// # Errors
/// If the database or the encryption fails.
pub fn own_rows_find(
    conn: &mut AnyConnection,
    keys: &Keys,
    wanted: &Wanted,
    now_ms: i64,
) -> Result<OwnRows, LinkError> {
    let subject = wanted.subject.as_ref().map(|subject| subject_index(keys, subject));
    let row = select(conn, wanted, subject.as_deref(), now_ms)?;
    let counted = if wanted.counters.is_empty() { Default::default() } else { law_uses_find(conn, &wanted.counters)? };
    let uses = wanted.counters.iter().map(|counter| counted.get(counter).copied().unwrap_or(0)).collect();
    let Some(row) = row else { return Err(diesel::result::Error::NotFound.into()) };
    let local_key = match (&row.link_index, &row.local_key) {
        (Some(index), Some(sealed)) => Some(local_key_open(keys, index, sealed)?),
        _ => None,
    };
    let state = row.state.read().map_or(ConsentState::fresh(), |row: ConsentRow| row.state);
    Ok(OwnRows { known: row.known.read()?, state, spent_for: row.spent_for, local_key, uses })
}

fn select(conn: &mut AnyConnection, wanted: &Wanted, subject: Option<&str>, now_ms: i64) -> QueryResult<Option<Row>> {
    let consent = wanted.consent.as_ref().map(ConsentIndex::as_str);
    let rows: Vec<Row> = Statement::new(
        "SELECT c.query_digest, a.answer, a.law, a.law_digest, a.statuses, \
         CASE WHEN s.status <> 'active' THEN s.status \
         WHEN a.consent_index IS NOT NULL AND COALESCE(a.consent_until, 0) <= ",
    )
    .bind(seconds(now_ms))
    .sql(" THEN 'ended' WHEN s.ends_at <= ")
    .bind(seconds(now_ms))
    .sql(
        " THEN 'ended' END AS stopped, \
         t.consent_index, t.status, t.ends_at, t.order_n, t.uses, t.window_index, t.window_uses, \
         l.subject_index AS link_index, l.local_key, v.consent_index AS spent_for \
         FROM (SELECT 1 AS one) q LEFT JOIN exchange_claim c ON c.peer = ",
    )
    .bind(wanted.key.peer.as_str())
    .sql(" AND c.exchange = ")
    .bind(wanted.key.exchange.as_str())
    .sql(" LEFT JOIN stored_answer a ON a.peer = c.peer AND a.exchange = c.exchange AND a.until_ms > ")
    .bind(now_ms)
    .sql(" LEFT JOIN consent_state s ON s.consent_index = a.consent_index")
    .sql(" LEFT JOIN consent_state t ON t.consent_index = ")
    .bind(consent)
    .sql(" LEFT JOIN subject_link l ON l.subject_index = ")
    .bind(subject)
    .sql(" LEFT JOIN live_nonce v ON v.nonce = ")
    .bind(wanted.live.as_deref())
    .load(conn)?;
    Ok(rows.into_iter().next())
}
