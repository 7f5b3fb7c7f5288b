//! Which rows of the department's register have become events.

use diesel::QueryResult;
use schemas::id::EventType;
use service_kit::db::AnyConnection;

use crate::store::exchange::statement::Statement;

/// Claims a row, by one of its indexes; `false`: it has become an event before.
pub fn captured_claim(conn: &mut AnyConnection, kind: &EventType, index: &str, now_ms: i64) -> QueryResult<bool> {
    let inserted = Statement::new("INSERT INTO captured (event_type, row_index, at_ms) VALUES ")
        .row([kind.as_str().into(), index.into(), now_ms.into()])
        .sql(" ON CONFLICT DO NOTHING")
        .execute(conn)?;
    Ok(inserted == 1)
}
