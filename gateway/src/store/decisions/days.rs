//! Which day decisions have come to, and by which rules everybody was looked at last.
//!
//! Guarantees: the day only grows (a trigger refuses the rest); both outlive the process. Deliberately absent: whether a clock is
//! believed (`crate::decisions::clock`).

use diesel::{QueryableByName, sql_types::Text};
use schemas::time::CivilDate;
use service_kit::db::AnyConnection;

use super::DecisionStoreError;
use crate::store::exchange::statement::{Statement, read};

#[derive(QueryableByName)]
struct One {
    #[diesel(sql_type = Text)]
    text: String,
}

/// The last day on which decisions went on; `None`: they never did.
///
/// # Errors
/// If the database fails.
pub fn decision_day(conn: &mut AnyConnection) -> Result<Option<CivilDate>, DecisionStoreError> {
    let rows: Vec<One> = Statement::new("SELECT day AS text FROM decision_day").load(conn)?;
    Ok(rows.first().map(|row| read(&row.text)).transpose()?)
}

/// Decisions go on today; an earlier day changes nothing.
///
/// # Errors
/// If the database fails.
pub fn decision_day_move(conn: &mut AnyConnection, today: CivilDate) -> Result<(), DecisionStoreError> {
    let insert = Statement::new("INSERT INTO decision_day (place, day) VALUES ");
    insert
        .row([1.into(), today.to_string().as_str().into()])
        .sql(" ON CONFLICT (place) DO UPDATE SET day = excluded.day WHERE decision_day.day < excluded.day")
        .execute(conn)?;
    Ok(())
}

/// The rules by which everybody was looked at last.
///
/// # Errors
/// If the database fails.
pub fn rules_known(conn: &mut AnyConnection) -> Result<Option<String>, DecisionStoreError> {
    let rows: Vec<One> = Statement::new("SELECT rules AS text FROM decision_rules").load(conn)?;
    Ok(rows.into_iter().next().map(|row| row.text))
}

/// Everybody is looked at by these rules from now on. `false`: so it was.
///
/// # Errors
/// If the database fails.
pub fn rules_seen(conn: &mut AnyConnection, rules: &str, now_ms: i64) -> Result<bool, DecisionStoreError> {
    let insert = Statement::new("INSERT INTO decision_rules (place, rules, at_ms) VALUES ");
    let changed = insert
        .row([1.into(), rules.into(), now_ms.into()])
        .sql(
            " ON CONFLICT (place) DO UPDATE SET rules = excluded.rules, at_ms = excluded.at_ms \
             WHERE decision_rules.rules <> excluded.rules",
        )
        .execute(conn)?;
    Ok(changed == 1)
}
