//! Which rows of the department's register have become events.

use std::collections::BTreeSet;

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{BigInt, Text},
};
use schemas::id::EventType;
use service_kit::db::AnyConnection;

use crate::store::exchange::statement::{Bind, ROWS, Statement};

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

#[derive(QueryableByName)]
struct Claimed {
    #[diesel(sql_type = Text)]
    event_type: String,
    #[diesel(sql_type = Text)]
    row_index: String,
}

/// Claims many indexes at once; gives those that were claimed now, each once however often it stands in the list.
pub fn captured_claim_all(
    conn: &mut AnyConnection,
    claims: &[(EventType, &str)],
    now_ms: i64,
) -> QueryResult<BTreeSet<(String, String)>> {
    let mut claimed = BTreeSet::new();
    for chunk in claims.chunks(ROWS) {
        let rows =
            chunk.iter().map(|(kind, index)| -> [Bind; 3] { [kind.as_str().into(), (*index).into(), now_ms.into()] });
        let insert = Statement::new("INSERT INTO captured (event_type, row_index, at_ms) VALUES ").rows(rows);
        let new = insert.sql(" ON CONFLICT DO NOTHING RETURNING event_type, row_index").load::<Claimed>(conn)?;
        claimed.extend(new.into_iter().map(|row| (row.event_type, row.row_index)));
    }
    Ok(claimed)
}

/// Claims a row, by one of its indexes; `false`: it has become an event before.
pub fn captured_claim(conn: &mut AnyConnection, kind: &EventType, index: &str, now_ms: i64) -> QueryResult<bool> {
    let inserted = Statement::new("INSERT INTO captured (event_type, row_index, at_ms) VALUES ")
        .row([kind.as_str().into(), index.into(), now_ms.into()])
        .sql(" ON CONFLICT DO NOTHING")
        .execute(conn)?;
    Ok(inserted == 1)
}
