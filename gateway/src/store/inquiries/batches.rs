//! Batches: whose turn it is, and who works on it.

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{BigInt, Text},
};
use schemas::{id::MessageId, problem::Code};
use service_kit::db::AnyConnection;

use super::{Outcome, State};
use crate::store::exchange::statement::{Statement, read};

/// A batch that this process may work on until its lease ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// Which.
    pub id: MessageId,
    /// The number that a later process will raise.
    pub fence: i64,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    fence: i64,
}

/// Takes one batch that nobody works on, until `until_ms`.
pub fn batch_claim(conn: &mut AnyConnection, now_ms: i64, until_ms: i64) -> QueryResult<Option<Claimed>> {
    let rows: Vec<Row> = Statement::new("UPDATE inquiry SET fence = fence + 1, lease_ms = ")
        .bind(until_ms)
        .sql(" WHERE id IN (SELECT id FROM inquiry WHERE state = 'running' AND lease_ms <= ")
        .bind(now_ms)
        .sql(" ORDER BY lease_ms, made_ms LIMIT 1) AND state = 'running' AND lease_ms <= ")
        // Once more, for the process that waited for another one's lock on the row.
        .bind(now_ms)
        .sql(" RETURNING id, fence")
        .load(conn)?;
    rows.into_iter().next().map(|row| Ok(Claimed { id: read(&row.id)?, fence: row.fence })).transpose()
}

/// Keeps a batch for longer. `false`: another process has taken it.
pub fn batch_renew(conn: &mut AnyConnection, claimed: &Claimed, until_ms: i64) -> QueryResult<bool> {
    let renewed = Statement::new("UPDATE inquiry SET lease_ms = ")
        .bind(until_ms)
        .sql(" WHERE state = 'running' AND id = ")
        .bind(claimed.id.as_str())
        .sql(" AND fence = ")
        .bind(claimed.fence)
        .execute(conn)?;
    Ok(renewed == 1)
}

/// Puts a batch down: with an end for everybody, or with a code for all those that were not asked.
pub fn batch_stop(
    conn: &mut AnyConnection,
    claimed: &Claimed,
    state: State,
    left: Option<(Code, Outcome)>,
) -> QueryResult<bool> {
    let stopped = Statement::new("UPDATE inquiry SET state = ")
        .bind(state.word())
        .sql(", code = ")
        .bind(left.map(|(code, _)| code.as_str()))
        .sql(", lease_ms = 0 WHERE state = 'running' AND id = ")
        .bind(claimed.id.as_str())
        .sql(" AND fence = ")
        .bind(claimed.fence)
        .execute(conn)?;
    if let (1, Some((code, outcome))) = (stopped, left) {
        Statement::new("UPDATE inquiry_part SET outcome = ")
            .bind(outcome.word())
            .sql(", code = ")
            .bind(code.as_str())
            .sql(" WHERE ended = 0 AND outcome IS NULL AND inquiry = ")
            .bind(claimed.id.as_str())
            .execute(conn)?;
    }
    Ok(stopped == 1)
}

/// Lets a stopped batch go on with everybody who has no end.
pub fn batch_resume(conn: &mut AnyConnection, id: &MessageId) -> QueryResult<bool> {
    let resumed = Statement::new(
        "UPDATE inquiry SET state = 'running', code = NULL, lease_ms = 0 WHERE state = 'stopped' AND id = ",
    )
    .bind(id.as_str())
    .execute(conn)?;
    if resumed == 1 {
        Statement::new("UPDATE inquiry_part SET outcome = NULL, code = NULL WHERE ended = 0 AND inquiry = ")
            .bind(id.as_str())
            .execute(conn)?;
    }
    Ok(resumed == 1)
}

/// After a restart of the only process: nobody works on any batch.
pub fn batches_hurry(conn: &mut AnyConnection) -> QueryResult<usize> {
    Statement::new("UPDATE inquiry SET lease_ms = 0 WHERE state = 'running' AND lease_ms > ").bind(0_i64).execute(conn)
}
