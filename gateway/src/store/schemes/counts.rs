//! What is counted of decisions by scheme, for the public page.
//!
//! Guarantees: counts alone leave the database. Deliberately absent: which of them may be told (`crate::console::transparency`).

use diesel::{
    QueryResult, QueryableByName, RunQueryDsl as _, sql_query,
    sql_types::{BigInt, Text},
};
use schemas::time::Timestamp;
use service_kit::db::AnyConnection;

/// Decisions of one scheme that began in a time, as they stand.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct SchemeCounts {
    /// The scheme's id, or that of a built-in rule.
    #[diesel(sql_type = Text)]
    pub scheme: String,
    /// Offers.
    #[diesel(sql_type = BigInt)]
    pub offered: i64,
    /// People who are in by them.
    #[diesel(sql_type = BigInt)]
    pub entered: i64,
    /// Payments that are held.
    #[diesel(sql_type = BigInt)]
    pub held: i64,
    /// People who are out.
    #[diesel(sql_type = BigInt)]
    pub removed: i64,
    /// Holds and removals that were undone.
    #[diesel(sql_type = BigInt)]
    pub undone: i64,
}

/// By scheme, what began from `from` to before `until`.
///
/// # Errors
/// If the database fails.
pub fn counts_between(conn: &mut AnyConnection, from: Timestamp, until: Timestamp) -> QueryResult<Vec<SchemeCounts>> {
    let ms = |at: Timestamp| at.seconds().saturating_mul(1_000);
    let query = "SELECT scheme, SUM(CASE WHEN action = 'offer' THEN 1 ELSE 0 END) AS offered, \
                 SUM(CASE WHEN state = 'enrolled' THEN 1 ELSE 0 END) AS entered, \
                 SUM(CASE WHEN state = 'held' THEN 1 ELSE 0 END) AS held, \
                 SUM(CASE WHEN state = 'removed' THEN 1 ELSE 0 END) AS removed, \
                 SUM(CASE WHEN state IN ('released', 'reversed', 'restored') THEN 1 ELSE 0 END) AS undone \
                 FROM decision WHERE at_ms >= $1 AND at_ms < $2 GROUP BY scheme ORDER BY scheme LIMIT 1000";
    sql_query(query).bind::<BigInt, _>(ms(from)).bind::<BigInt, _>(ms(until)).load(conn)
}

#[cfg(test)]
mod tests {
    use service_kit_testing::DatabaseWorld;

    use super::*;
    use crate::store::MIGRATIONS;

    #[tokio::test(flavor = "multi_thread")]
    async fn decisions_are_counted_by_scheme_as_they_stand() {
        let both = || vec![DatabaseWorld::sqlite(&MIGRATIONS), DatabaseWorld::postgres(&MIGRATIONS)];
        for world in tokio::task::block_in_place(both) {
            let conn = &mut **world.database.lend_writer().unwrap();
            let rows = [
                ("CG-X", "offer", "offered", 5_000),
                ("CG-X", "offer", "enrolled", 5_000),
                ("CG-X", "remove", "held", 5_000),
                ("CG-X", "remove", "removed", 5_000),
                ("CG-X", "remove", "restored", 5_000),
                ("CG-Y", "remove", "released", 9_999),
                ("CG-Y", "remove", "released", 10_000),
                ("CG-Y", "remove", "released", 4_999),
            ];
            for (number, (scheme, action, state, at_ms)) in rows.iter().enumerate() {
                let insert = "INSERT INTO decision (id, person, scheme, roll, action, reason, state, case_id, body, since_day, at_ms) \
                              VALUES ($1, 'p', $2, 'r', $3, 'x', $4, 'c', $5, '2026-11-21', $6)";
                sql_query(insert)
                    .bind::<Text, _>(number.to_string())
                    .bind::<Text, _>(*scheme)
                    .bind::<Text, _>(*action)
                    .bind::<Text, _>(*state)
                    .bind::<diesel::sql_types::Binary, _>(Vec::new())
                    .bind::<BigInt, _>(*at_ms)
                    .execute(conn)
                    .unwrap();
            }
            let found = counts_between(conn, Timestamp::from_seconds(5), Timestamp::from_seconds(10)).unwrap();
            let counts = |c: &SchemeCounts| (c.scheme.clone(), [c.offered, c.entered, c.held, c.removed, c.undone]);
            let expected = [("CG-X".to_owned(), [2, 1, 1, 1, 1]), ("CG-Y".to_owned(), [0, 0, 0, 0, 1])];
            assert_eq!(found.iter().map(counts).collect::<Vec<_>>(), expected);
        }
    }
}
