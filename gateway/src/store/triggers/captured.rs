//! Which rows of the department's register have become events.

use diesel::{QueryResult, QueryableByName, sql_types::BigInt};
use schemas::id::EventType;
use service_kit::db::AnyConnection;

use crate::store::exchange::statement::Statement;

/// Whether an index was claimed.
pub fn captured_exists(conn: &mut AnyConnection, kind: &EventType, index: &str) -> QueryResult<bool> {
    let select = Statement::new("SELECT COUNT(*) AS number FROM captured WHERE event_type = ").bind(kind.as_str());
    let rows: Vec<Number> = select.sql(" AND row_index = ").bind(index).load(conn)?;
    Ok(rows.first().is_some_and(|row| row.number > 0))
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Claims a row, by one of its indexes; `false`: it has become an event before.
pub fn captured_claim(conn: &mut AnyConnection, kind: &EventType, index: &str, now_ms: i64) -> QueryResult<bool> {
    let inserted = Statement::new("INSERT INTO captured (event_type, row_index, at_ms) VALUES ")
        .row([kind.as_str().into(), index.into(), now_ms.into()])
        .sql(" ON CONFLICT DO NOTHING")
        .execute(conn)?;
    Ok(inserted == 1)
}
