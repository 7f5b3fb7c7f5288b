//! Receipts about one person in a stretch of time: what notices of uses are made of.

use diesel::{QueryResult, QueryableByName, sql_types::Text};
use schemas::{id::CompactJws, time::Timestamp};
use service_kit::db::AnyConnection;

use super::Person;
use crate::store::exchange::statement::{Statement, read};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    jws: String,
}

/// Our receipts about a person, issued from a second on and before another, oldest first; without those that a law keeps back from
/// her for a time.
pub fn receipts_between(
    conn: &mut AnyConnection,
    person: &Person,
    from: Timestamp,
    before: Timestamp,
) -> QueryResult<Vec<CompactJws>> {
    let rows: Vec<Row> = Statement::new("SELECT jws FROM receipt WHERE told_from IS NULL AND issued_at >= ")
        .bind(from.seconds())
        .sql(" AND issued_at < ")
        .bind(before.seconds())
        .sql(" AND (subject_index = ")
        .bind(person.as_str())
        .sql(" OR issuer_index = ")
        .bind(person.as_str())
        .sql(" OR jti IN (SELECT receipt FROM receipt_person WHERE subject_index = ")
        .bind(person.as_str())
        .sql(")) ORDER BY issued_at, jti")
        .load(conn)?;
    rows.iter().map(|row| read(&row.jws)).collect()
}
