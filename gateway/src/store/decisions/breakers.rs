//! Schemes whose removals stopped.

use diesel::{
    QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Nullable, Text},
};
use schemas::id::SystemName;
use service_kit::db::AnyConnection;

use super::DecisionStoreError;
use crate::store::exchange::statement::{Statement, read};

/// A stopped scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// Which.
    pub scheme: String,
    /// Since when, milliseconds since the epoch.
    pub tripped_ms: i64,
    /// How many removals there would have been in 24 hours.
    pub removals: u64,
    /// Of how many people on the roll.
    pub roll_size: u64,
    /// How many wait for it to go on.
    pub waiting: u64,
    /// Who signed first that it may go on.
    pub first_by: Option<SystemName>,
    /// For how many people it was signed that it may go on.
    pub ceiling: Option<u64>,
    /// How many of them went on since.
    pub passed: u64,
    /// Since when it goes on, if it does.
    pub released_ms: Option<i64>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    scheme: String,
    #[diesel(sql_type = BigInt)]
    tripped_ms: i64,
    #[diesel(sql_type = BigInt)]
    removals: i64,
    #[diesel(sql_type = BigInt)]
    roll_size: i64,
    #[diesel(sql_type = BigInt)]
    waiting: i64,
    #[diesel(sql_type = Nullable<Text>)]
    first_by: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    ceiling: Option<i64>,
    #[diesel(sql_type = BigInt)]
    passed: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    released_ms: Option<i64>,
}

impl Row {
    fn parsed(self) -> Result<Stopped, DecisionStoreError> {
        let unsigned = |number: i64| u64::try_from(number).unwrap_or(0);
        Ok(Stopped {
            first_by: self.first_by.as_deref().map(read).transpose()?,
            scheme: self.scheme,
            tripped_ms: self.tripped_ms,
            removals: unsigned(self.removals),
            roll_size: unsigned(self.roll_size),
            waiting: unsigned(self.waiting),
            ceiling: self.ceiling.map(unsigned),
            passed: unsigned(self.passed),
            released_ms: self.released_ms,
        })
    }
}

const COLUMNS: &str = "SELECT scheme, tripped_ms, removals, roll_size, first_by, released_ms, ceiling, passed, \
                       (SELECT COUNT(*) FROM decision d WHERE d.scheme = breaker.scheme AND d.waits = 'breaker') AS waiting \
                       FROM breaker WHERE ";

/// Until the transaction ends, nobody else counts removals of this scheme: of those who decide at once, each sees what the others began.
/// SQLite has one writer anyway.
///
/// # Errors
/// If the database fails.
pub fn breaker_lock(conn: &mut AnyConnection, scheme: &str) -> Result<(), DecisionStoreError> {
    if let AnyConnection::Postgres(_) = conn {
        sql_query("SELECT pg_advisory_xact_lock(hashtextextended('breaker ' || $1, 0))")
            .bind::<Text, _>(scheme)
            .execute(conn)?;
    }
    Ok(())
}

/// How a scheme's breaker stands, if it ever tripped.
///
/// # Errors
/// If the database fails.
pub fn breaker_find(conn: &mut AnyConnection, scheme: &str) -> Result<Option<Stopped>, DecisionStoreError> {
    let rows: Vec<Row> = Statement::new(COLUMNS).sql("scheme = ").bind(scheme).load(conn)?;
    rows.into_iter().next().map(Row::parsed).transpose()
}

/// Schemes that are stopped.
///
/// # Errors
/// If the database fails.
pub fn breakers_open(conn: &mut AnyConnection) -> Result<Vec<Stopped>, DecisionStoreError> {
    let rows: Vec<Row> = Statement::new(COLUMNS).sql("released_ms IS NULL ORDER BY scheme").load(conn)?;
    rows.into_iter().map(Row::parsed).collect()
}

/// Schemes that two persons let go on, and of which somebody still waits.
///
/// # Errors
/// If the database fails.
pub fn breakers_released(conn: &mut AnyConnection) -> Result<Vec<Stopped>, DecisionStoreError> {
    let waits = "released_ms IS NOT NULL AND EXISTS (SELECT 1 FROM decision d WHERE d.scheme = breaker.scheme \
                 AND d.waits = 'breaker') ORDER BY scheme";
    let rows: Vec<Row> = Statement::new(COLUMNS).sql(waits).load(conn)?;
    rows.into_iter().map(Row::parsed).collect()
}

/// Takes one of the people for whom two persons signed since this instant. `false`: there is none left.
///
/// # Errors
/// If the database fails.
pub fn breaker_take(conn: &mut AnyConnection, scheme: &str, since_ms: i64) -> Result<bool, DecisionStoreError> {
    let update = Statement::new("UPDATE breaker SET passed = passed + 1 WHERE passed < ceiling AND scheme = ");
    Ok(update.bind(scheme).sql(" AND released_ms > ").bind(since_ms).execute(conn)? == 1)
}

/// Stops a scheme.
///
/// # Errors
/// If the database fails.
pub fn breaker_trip(
    conn: &mut AnyConnection,
    scheme: &str,
    (removals, roll_size): (u64, u64),
    now_ms: i64,
) -> Result<(), DecisionStoreError> {
    let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    Statement::new("INSERT INTO breaker (scheme, tripped_ms, removals, roll_size) VALUES ")
        .row([scheme.into(), now_ms.into(), signed(removals).into(), signed(roll_size).into()])
        .sql(
            " ON CONFLICT (scheme) DO UPDATE SET tripped_ms = excluded.tripped_ms, removals = excluded.removals, \
             roll_size = excluded.roll_size, first_by = NULL, second_by = NULL, released_ms = NULL, ceiling = NULL, passed = 0",
        )
        .execute(conn)?;
    Ok(())
}

/// An officer signs that it may go on for so many people; another number is signed anew. `false`: it is not stopped.
///
/// # Errors
/// If the database fails.
pub fn breaker_first(
    conn: &mut AnyConnection,
    scheme: &str,
    (by, people): (&SystemName, u64),
) -> Result<bool, DecisionStoreError> {
    let people = i64::try_from(people).unwrap_or(i64::MAX);
    let update = Statement::new("UPDATE breaker SET first_by = ").bind(by.as_str()).sql(", ceiling = ").bind(people);
    Ok(update.sql(" WHERE released_ms IS NULL AND scheme = ").bind(scheme).execute(conn)? == 1)
}

/// The second officer lets it go on as the first signed. `false`: it is not stopped, or the first word is another by now.
///
/// # Errors
/// If the database fails.
pub fn breaker_second(
    conn: &mut AnyConnection,
    scheme: &str,
    ((first, people), by): ((&SystemName, u64), &SystemName),
    now_ms: i64,
) -> Result<bool, DecisionStoreError> {
    let people = i64::try_from(people).unwrap_or(i64::MAX);
    let update =
        Statement::new("UPDATE breaker SET second_by = ").bind(by.as_str()).sql(", released_ms = ").bind(now_ms);
    let update = update.sql(" WHERE released_ms IS NULL AND first_by = ").bind(first.as_str());
    let update = update.sql(" AND ceiling = ").bind(people).sql(" AND scheme = ").bind(scheme);
    Ok(update.execute(conn)? == 1)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use service_kit::db::Database;
    use service_kit_testing::DatabaseWorld;

    use super::*;
    use crate::store::MIGRATIONS;

    /// Whether a transaction gets to count, that waits for nobody longer than this.
    async fn counts(database: &Database, scheme: &'static str) -> bool {
        let counted = database.write(move |conn| {
            sql_query("SET LOCAL lock_timeout = '50ms'").execute(conn)?;
            breaker_lock(conn, scheme)
        });
        counted.await.is_ok()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn removals_of_one_scheme_are_counted_by_one_transaction_at_a_time() {
        let world = tokio::task::block_in_place(|| DatabaseWorld::postgres(&MIGRATIONS));
        let (locked, was_locked) = tokio::sync::oneshot::channel();
        let (end, ended) = mpsc::channel();
        let database = world.database.clone();
        let first = tokio::spawn(async move {
            let held = database.write(move |conn| {
                breaker_lock(conn, "OAP")?;
                locked.send(()).unwrap();
                ended.recv().unwrap();
                Ok::<_, DecisionStoreError>(())
            });
            held.await.unwrap();
        });
        was_locked.await.unwrap();
        assert!(!counts(&world.database, "OAP").await, "two counted at once");
        assert!(counts(&world.database, "WIDOW").await, "schemes wait for one another");
        end.send(()).unwrap();
        first.await.unwrap();
        assert!(counts(&world.database, "OAP").await);
    }
}
