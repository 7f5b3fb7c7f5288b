//! What a subscription says beyond its types: about whom, which of them, the data owner's approval, and its early end.
//!
//! Guarantees: insert-only. Deliberately absent: rules about who may approve.

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{Nullable, Text},
};
use protocol::event::SubscriptionTerms;
use schemas::{
    digest::Digest,
    event::{EventFilter, SubscriptionScope},
    id::{CompactJws, MessageId, SystemName},
};
use service_kit::db::AnyConnection;

use crate::store::exchange::statement::Statement;

/// About whom a subscription is, and which events of them it wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeRow {
    /// About whom.
    pub scope: SubscriptionScope,
    /// Which of them.
    pub filter: Option<EventFilter>,
    /// Whether the data owner has approved it.
    pub approved: bool,
    /// Whether it was ended before its last day.
    pub ended: bool,
}

const fn word(scope: SubscriptionScope) -> &'static str {
    match scope {
        SubscriptionScope::Follow => "follow",
        SubscriptionScope::Population => "population",
    }
}

fn damaged() -> diesel::result::Error {
    diesel::result::Error::DeserializationError("a subscription's scope is damaged".into())
}

/// Writes scope and filter of a subscription; the first ones stay.
pub fn scope_insert(conn: &mut AnyConnection, terms: &SubscriptionTerms) -> QueryResult<()> {
    let filter = terms.filter.as_ref().map(serde_json::to_string).transpose().map_err(|_| damaged())?;
    Statement::new("INSERT INTO subscription_scope (subscription, scope, filter) VALUES ")
        .row([terms.id.as_str().into(), word(terms.scope).into(), filter.as_deref().into()])
        .sql(" ON CONFLICT DO NOTHING")
        .execute(conn)
        .map(drop)
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    scope: String,
    #[diesel(sql_type = Nullable<Text>)]
    filter: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    approved: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    ended: Option<String>,
}

/// The scope of a subscription. One from before scopes were written down follows a list, unfiltered.
pub fn scope_find(conn: &mut AnyConnection, id: &MessageId) -> QueryResult<ScopeRow> {
    let select = "SELECT COALESCE(c.scope, 'follow') AS scope, c.filter AS filter, a.digest AS approved, e.by_whom AS ended \
         FROM subscription s LEFT JOIN subscription_scope c ON c.subscription = s.id \
         LEFT JOIN subscription_approval a ON a.subscription = s.id \
         LEFT JOIN subscription_end e ON e.subscription = s.id WHERE s.id = ";
    let rows: Vec<Row> = Statement::new(select).bind(id.as_str()).load(conn)?;
    let row = rows.into_iter().next().ok_or(diesel::result::Error::NotFound)?;
    let filter = row.filter.map(|filter| serde_json::from_str(&filter).map_err(|_| damaged())).transpose()?;
    let scope = match row.scope.as_str() {
        "follow" => SubscriptionScope::Follow,
        "population" => SubscriptionScope::Population,
        _ => return Err(damaged()),
    };
    Ok(ScopeRow { scope, filter, approved: row.approved.is_some(), ended: row.ended.is_some() })
}

/// Keeps the data owner's signed approval; `false`: there is one.
pub fn approval_insert(
    conn: &mut AnyConnection,
    id: &MessageId,
    owner: &SystemName,
    jws: &CompactJws,
    now_ms: i64,
) -> QueryResult<bool> {
    let digest = Digest::of(jws.as_str()).to_string();
    let inserted =
        Statement::new("INSERT INTO subscription_approval (subscription, owner, digest, jws, at_ms) VALUES ")
            .row([
                id.as_str().into(),
                owner.as_str().into(),
                digest.as_str().into(),
                jws.as_str().into(),
                now_ms.into(),
            ])
            .sql(" ON CONFLICT DO NOTHING")
            .execute(conn)?;
    Ok(inserted == 1)
}

/// Ends a subscription on our side before its last day; `false`: it has ended.
pub fn end_insert(conn: &mut AnyConnection, id: &MessageId, by: &str, reason: &str, now_ms: i64) -> QueryResult<bool> {
    let inserted = Statement::new("INSERT INTO subscription_end (subscription, by_whom, reason, at_ms) VALUES ")
        .row([id.as_str().into(), by.into(), reason.into(), now_ms.into()])
        .sql(" ON CONFLICT DO NOTHING")
        .execute(conn)?;
    Ok(inserted == 1)
}
