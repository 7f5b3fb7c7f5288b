//! Objections and how they were heard: one of a decision. What is said later is added to it, and it is heard anew.

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Binary, Nullable, Text},
};
use schemas::{
    decision::AppealRoute,
    id::{MessageId, SystemName},
};
use service_kit::db::AnyConnection;

use super::DecisionStoreError;
use crate::{
    keys::Keys,
    store::{
        encrypted::Encrypted,
        exchange::statement::{Statement, read},
    },
};

const BODY: Encrypted = Encrypted { table: "objection", column: "body" };

/// An objection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredObjection {
    /// Against which decision.
    pub decision: MessageId,
    /// Where it was taken.
    pub route: AppealRoute,
    /// What was said.
    pub words: String,
    /// Who entered it; `None`: she herself.
    pub entered_by: Option<SystemName>,
    /// The number on her slip.
    pub slip: String,
    /// When, milliseconds since the epoch.
    pub at_ms: i64,
    /// Who proposed how to decide it, and whether the removal stands.
    pub first: Option<(SystemName, bool)>,
    /// Who decided it.
    pub second: Option<SystemName>,
}

const fn route_word(route: AppealRoute) -> &'static str {
    match route {
        AppealRoute::Wallet => "wallet",
        AppealRoute::Counter => "counter",
        AppealRoute::Operator => "operator",
    }
}

fn route_of(word: &str) -> AppealRoute {
    match word {
        "wallet" => AppealRoute::Wallet,
        "operator" => AppealRoute::Operator,
        _ => AppealRoute::Counter,
    }
}

/// Writes an objection. `false`: there is one already.
///
/// # Errors
/// If the database or the encryption fails.
pub fn objection_insert(
    conn: &mut AnyConnection,
    keys: &Keys,
    new: &StoredObjection,
) -> Result<bool, DecisionStoreError> {
    let body = BODY.seal(keys, new.decision.as_str(), &new.words)?;
    let inserted = Statement::new("INSERT INTO objection (decision, route, body, entered_by, slip, at_ms) VALUES ")
        .row([
            new.decision.as_str().into(),
            route_word(new.route).into(),
            body.as_slice().into(),
            new.entered_by.as_ref().map(SystemName::as_str).into(),
            new.slip.as_str().into(),
            new.at_ms.into(),
        ])
        .sql(" ON CONFLICT DO NOTHING")
        .execute(conn)?;
    Ok(inserted == 1)
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    decision: String,
    #[diesel(sql_type = Text)]
    route: String,
    #[diesel(sql_type = Binary)]
    body: Vec<u8>,
    #[diesel(sql_type = Nullable<Text>)]
    entered_by: Option<String>,
    #[diesel(sql_type = Text)]
    slip: String,
    #[diesel(sql_type = BigInt)]
    at_ms: i64,
    #[diesel(sql_type = Nullable<Text>)]
    first_by: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    first_upheld: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    second_by: Option<String>,
}

/// The objection against a decision.
///
/// # Errors
/// If the database or the encryption fails.
pub fn objection_find(
    conn: &mut AnyConnection,
    keys: &Keys,
    decision: &MessageId,
) -> Result<Option<StoredObjection>, DecisionStoreError> {
    let rows: Vec<Row> = Statement::new(
        "SELECT decision, route, body, entered_by, slip, at_ms, first_by, first_upheld, second_by FROM objection WHERE decision = ",
    )
    .bind(decision.as_str())
    .load(conn)?;
    let Some(row) = rows.into_iter().next() else { return Ok(None) };
    let first_by: Option<SystemName> = row.first_by.as_deref().map(read).transpose()?;
    Ok(Some(StoredObjection {
        words: BODY.open(keys, &row.decision, &row.body)?,
        decision: read(&row.decision)?,
        route: route_of(&row.route),
        entered_by: row.entered_by.as_deref().map(read).transpose()?,
        slip: row.slip,
        at_ms: row.at_ms,
        first: first_by.zip(row.first_upheld.map(|upheld| upheld == 1)),
        second: row.second_by.as_deref().map(read).transpose()?,
    }))
}

/// The first officer proposes. `false`: somebody did already.
///
/// # Errors
/// If the database fails.
pub fn objection_first(
    conn: &mut AnyConnection,
    decision: &MessageId,
    (officer, upheld): (&SystemName, bool),
) -> Result<bool, DecisionStoreError> {
    let update = Statement::new("UPDATE objection SET first_by = ").bind(officer.as_str());
    let update = update.sql(", first_upheld = ").bind(i64::from(upheld)).sql(" WHERE first_by IS NULL AND decision = ");
    Ok(update.bind(decision.as_str()).execute(conn)? == 1)
}

/// The second officer does not agree: it is heard again.
///
/// # Errors
/// If the database fails.
pub fn objection_again(conn: &mut AnyConnection, decision: &MessageId) -> Result<(), DecisionStoreError> {
    let update = Statement::new(
        "UPDATE objection SET first_by = NULL, first_upheld = NULL WHERE second_by IS NULL AND decision = ",
    );
    update.bind(decision.as_str()).execute(conn)?;
    Ok(())
}

/// The second officer decides as the first proposed. `false`: it is decided, or the first word is another by now.
///
/// # Errors
/// If the database fails.
pub fn objection_second(
    conn: &mut AnyConnection,
    decision: &MessageId,
    ((first, upheld), officer): ((&SystemName, bool), &SystemName),
    now_ms: i64,
) -> Result<bool, DecisionStoreError> {
    let update = Statement::new("UPDATE objection SET second_by = ").bind(officer.as_str());
    let update = update.sql(", decided_ms = ").bind(now_ms).sql(" WHERE second_by IS NULL AND first_by = ");
    let update = update.bind(first.as_str()).sql(" AND first_upheld = ").bind(i64::from(upheld));
    Ok(update.sql(" AND decision = ").bind(decision.as_str()).execute(conn)? == 1)
}

/// More was said: nobody has heard it yet.
///
/// # Errors
/// If the database or the encryption fails.
pub fn objection_more(conn: &mut AnyConnection, keys: &Keys, now: &StoredObjection) -> Result<(), DecisionStoreError> {
    let body = BODY.seal(keys, now.decision.as_str(), &now.words)?;
    let update = Statement::new("UPDATE objection SET body = ").bind(body.as_slice());
    let update = update.sql(", route = ").bind(route_word(now.route)).sql(", entered_by = ");
    let update =
        update.bind(now.entered_by.as_ref().map(SystemName::as_str)).sql(", first_by = NULL, first_upheld = NULL");
    let update = update.sql(", second_by = NULL, decided_ms = NULL WHERE decision = ");
    update.bind(now.decision.as_str()).execute(conn)?;
    Ok(())
}
