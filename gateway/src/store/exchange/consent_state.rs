//! What holds for a consent in this gateway: its status, an earlier end, how often it was used.
//!
//! Guarantees: a row is found by a keyed hash over issuer and id; uses only grow and a revoked consent stays revoked (triggers
//! refuse the rest); the use that an answer consumes is a conditional UPDATE on a row that is locked until COMMIT, so that an
//! order of the citizen comes before it or after it, never between.

use std::collections::BTreeMap;

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{BigInt, Nullable, Text},
};
use protocol::consent::{ConsentState, WindowUse};
use schemas::{
    consent::ConsentStatus,
    id::{ConsentId, Did},
    time::Timestamp,
};
use service_kit::db::AnyConnection;

use super::statement::{ROWS, Statement};
use crate::{keys::Keys, store::encrypted::Encrypted};

const CONSENT: Encrypted = Encrypted { table: "consent_state", column: "consent" };
const ISSUER: Encrypted = Encrypted { table: "receipt", column: "issuer" };

/// The keyed hash by which a consent is found. Its order is the order of locks.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConsentIndex(String);

impl ConsentIndex {
    /// As it stands in the table.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The index of a consent: by issuer and id, never by digest (ES256 signatures are malleable).
pub fn consent_index(keys: &Keys, issuer: &Did, id: &ConsentId) -> ConsentIndex {
    ConsentIndex(CONSENT.index(keys, &format!("{issuer} {id}")))
}

/// The index of a consent's issuer in our receipts.
pub fn issuer_index(keys: &Keys, issuer: &Did) -> String {
    ISSUER.index(keys, issuer.as_str())
}

/// A consent's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsentRow {
    /// What holds.
    pub state: ConsentState,
    /// `n` of the latest order of the citizen.
    pub order_n: Option<u32>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    consent_index: String,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    ends_at: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    order_n: Option<i64>,
    #[diesel(sql_type = BigInt)]
    uses: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    window_index: Option<i64>,
    #[diesel(sql_type = BigInt)]
    window_uses: i64,
}

const COLUMNS: &str =
    "SELECT consent_index, status, ends_at, order_n, uses, window_index, window_uses FROM consent_state ";

/// A consent's row in a LEFT JOIN: all of it or nothing.
#[derive(QueryableByName)]
pub(super) struct StateRow {
    #[diesel(sql_type = Nullable<Text>)]
    consent_index: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    status: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    ends_at: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    order_n: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    uses: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    window_index: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    window_uses: Option<i64>,
}

impl StateRow {
    /// The row, if there was one.
    pub(super) fn read(self) -> Option<ConsentRow> {
        let Self { consent_index, status, ends_at, order_n, uses, window_index, window_uses } = self;
        let row = Row {
            consent_index: consent_index?,
            status: status?,
            ends_at,
            order_n,
            uses: uses?,
            window_index,
            window_uses: window_uses?,
        };
        Some(row.into())
    }
}

impl From<Row> for ConsentRow {
    fn from(row: Row) -> Self {
        let window = row.window_index.map(|index| WindowUse { index: count(index), uses: count(row.window_uses) });
        let until = row.ends_at.map(Timestamp::from_seconds);
        let state = ConsentState { status: status_of(&row.status), until, uses: count(row.uses), window };
        Self { state, order_n: row.order_n.map(count) }
    }
}

/// A count beyond 32 bits is a damaged row; the greatest count refuses every use.
fn count(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// A word that is none of ours ends the consent: fail closed.
fn status_of(text: &str) -> ConsentStatus {
    match text {
        "active" => ConsentStatus::Active,
        "paused" => ConsentStatus::Paused,
        _ => ConsentStatus::Revoked,
    }
}

const fn word(status: ConsentStatus) -> &'static str {
    match status {
        ConsentStatus::Active => "active",
        ConsentStatus::Paused => "paused",
        ConsentStatus::Revoked => "revoked",
    }
}

/// What holds for a consent; `None` if it was never used nor ordered about: [`ConsentState::fresh`].
pub fn consent_find(conn: &mut AnyConnection, index: &ConsentIndex) -> QueryResult<Option<ConsentRow>> {
    let rows: Vec<Row> = Statement::new(COLUMNS).sql("WHERE consent_index = ").bind(index.as_str()).load(conn)?;
    Ok(rows.into_iter().next().map(ConsentRow::from))
}

/// Makes sure that each consent has a row, and locks the rows until COMMIT, in the order of their indexes.
pub fn consents_lock(
    conn: &mut AnyConnection,
    indexes: &[ConsentIndex],
) -> QueryResult<BTreeMap<ConsentIndex, ConsentState>> {
    let mut states = BTreeMap::new();
    for chunk in indexes.chunks(ROWS) {
        consents_ensure(conn, chunk)?;
        let wanted = chunk.iter().map(|index| [index.as_str().into()]);
        let select = Statement::new(COLUMNS).sql("WHERE consent_index IN (VALUES ").rows(wanted);
        let select = select.sql(") ORDER BY consent_index");
        // SQLite holds the lock of the whole database since BEGIN IMMEDIATE.
        let select = if matches!(conn, AnyConnection::Postgres(_)) { select.sql(" FOR UPDATE") } else { select };
        let rows: Vec<Row> = select.load(conn)?;
        states
            .extend(rows.into_iter().map(|row| (ConsentIndex(row.consent_index.clone()), ConsentRow::from(row).state)));
    }
    Ok(states)
}

fn consents_ensure(conn: &mut AnyConnection, sorted: &[ConsentIndex]) -> QueryResult<()> {
    let rows = sorted.iter().map(|index| [index.as_str().into(), "active".into(), 0.into(), 0.into()]);
    Statement::new("INSERT INTO consent_state (consent_index, status, uses, window_uses) VALUES ")
        .rows(rows)
        .sql(" ON CONFLICT DO NOTHING")
        .execute(conn)
        .map(drop)
}

/// What the uses of one consent in one batch come to.
#[derive(Clone, Debug)]
pub struct UsesTaken {
    /// The consent.
    pub index: ConsentIndex,
    /// Uses before.
    pub before: u32,
    /// What holds after.
    pub after: ConsentState,
}

/// Counts uses: only of consents that are active and were used exactly as often as was decided on. Returns how many rows
/// agreed; fewer than given means that the decision was made on something else than the row, and nothing may be kept.
pub fn uses_take(conn: &mut AnyConnection, taken: &[UsesTaken]) -> QueryResult<usize> {
    let mut changed = 0;
    for chunk in taken.chunks(ROWS) {
        let rows = chunk.iter().map(|taken| {
            let window = taken.after.window;
            [
                taken.index.as_str().into(),
                i64::from(taken.before).into(),
                i64::from(taken.after.uses).into(),
                window.map(|window| i64::from(window.index)).into(),
                i64::from(window.map_or(0, |window| window.uses)).into(),
            ]
        });
        changed += Statement::new(
            "UPDATE consent_state SET uses = v.column3, window_index = v.column4, window_uses = v.column5 FROM (VALUES ",
        )
        .rows(rows)
        .sql(
            ") AS v WHERE consent_state.consent_index = v.column1 AND consent_state.status = 'active' \
             AND consent_state.uses = v.column2",
        )
        .execute(conn)?;
    }
    Ok(changed)
}

/// What a citizen orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentChange {
    /// Ends it for good.
    Revoke,
    /// Stops it for now.
    Pause,
    /// Lets it go on.
    Resume,
    /// Ends it earlier; a later end than the one that holds changes nothing.
    Shorten(Timestamp),
}

/// What an order did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderEffect {
    /// Whether this order changed anything: not if its `n` is no greater than the last one's, or the consent is revoked.
    pub applied: bool,
    /// What holds now.
    pub state: ConsentState,
}

/// Applies an order in the caller's transaction: effective with its COMMIT, on every replica.
pub fn consent_order(
    conn: &mut AnyConnection,
    index: &ConsentIndex,
    n: u32,
    change: ConsentChange,
) -> QueryResult<OrderEffect> {
    let before = consents_lock(conn, std::slice::from_ref(index))?;
    let before =
        before.get(index).copied().unwrap_or(ConsentState { status: ConsentStatus::Revoked, ..ConsentState::fresh() });
    let earlier = |until: Timestamp| before.until.map_or(until, |known| known.min(until));
    let (status, until) = match change {
        ConsentChange::Revoke => (ConsentStatus::Revoked, before.until),
        ConsentChange::Pause => (ConsentStatus::Paused, before.until),
        ConsentChange::Resume => (ConsentStatus::Active, before.until),
        ConsentChange::Shorten(until) => (before.status, Some(earlier(until))),
    };
    let applied = Statement::new("UPDATE consent_state SET status = ")
        .bind(word(status))
        .sql(", ends_at = ")
        .bind(until.map(Timestamp::seconds))
        .sql(", order_n = ")
        .bind(i64::from(n))
        .sql(" WHERE consent_index = ")
        .bind(index.as_str())
        .sql(" AND status <> 'revoked' AND (order_n IS NULL OR order_n < ")
        .bind(i64::from(n))
        .sql(")")
        .execute(conn)?
        == 1;
    let state = if applied { ConsentState { status, until, ..before } } else { before };
    Ok(OrderEffect { applied, state })
}
