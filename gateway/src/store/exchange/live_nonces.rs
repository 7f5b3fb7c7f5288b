//! Which consent a nonce of presence was given for.
//!
//! Guarantees: the first consent that comes with a nonce keeps it, over all processes (primary key); a row stays as long as its
//! consent can be used, so that a consent proves presence once and is then used as often as it allows. Insert-only.

use std::collections::{BTreeMap, HashMap};

use diesel::{QueryResult, QueryableByName, sql_types::Text};
use schemas::time::Timestamp;
use service_kit::db::AnyConnection;

use super::{
    consent_state::ConsentIndex,
    statement::{ROWS, Statement},
};

/// A nonce that came with a consent for the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveNonce {
    /// The nonce, one of ours.
    pub nonce: String,
    /// The consent.
    pub consent: ConsentIndex,
    /// When the consent ends.
    pub until: Timestamp,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    nonce: String,
    #[diesel(sql_type = Text)]
    consent_index: String,
}

/// Spends each nonce for its consent, unless it was spent before; whose each one is now (index of the consent).
pub fn live_nonces_spend(conn: &mut AnyConnection, nonces: &[&LiveNonce]) -> QueryResult<HashMap<String, String>> {
    // The first of a batch keeps a nonce, as the first of all batches does; sorted, as all locks are.
    let mut first: BTreeMap<&str, &LiveNonce> = BTreeMap::new();
    for live in nonces {
        first.entry(&live.nonce).or_insert(live);
    }
    let first: Vec<_> = first.into_values().collect();
    let mut spent = HashMap::with_capacity(first.len());
    for chunk in first.chunks(ROWS) {
        let rows = chunk
            .iter()
            .map(|live| [live.nonce.as_str().into(), live.consent.as_str().into(), live.until.seconds().into()]);
        Statement::new("INSERT INTO live_nonce (nonce, consent_index, until) VALUES ")
            .rows(rows)
            .sql(" ON CONFLICT DO NOTHING")
            .execute(conn)?;
        let select = Statement::new("SELECT nonce, consent_index FROM live_nonce WHERE nonce IN (VALUES ");
        let rows: Vec<Row> = select.rows(chunk.iter().map(|live| [live.nonce.as_str().into()])).sql(")").load(conn)?;
        spent.extend(rows.into_iter().map(|row| (row.nonce, row.consent_index)));
    }
    Ok(spent)
}

/// Forgets nonces of consents that ended before, at most `limit`; returns how many.
pub fn live_nonces_sweep(conn: &mut AnyConnection, now: Timestamp, limit: i64) -> QueryResult<usize> {
    Statement::new("DELETE FROM live_nonce WHERE nonce IN (SELECT nonce FROM live_nonce WHERE until < ")
        .bind(now.seconds())
        .sql(" LIMIT ")
        .bind(limit)
        .sql(")")
        .execute(conn)
}
