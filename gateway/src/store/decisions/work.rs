//! What of decisions is to be done, in which order, and what became of trying.
//!
//! Guarantees: lists hold ids alone, so that a row that cannot be opened stops nobody else; what fails goes behind the others; what
//! was given up is listed until somebody sets it out anew. Deliberately absent: how long to wait (`crate::decisions::trying`).

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Nullable, Text},
};
use schemas::{id::MessageId, scheme::DecisionState, time::CivilDate};
use service_kit::db::AnyConnection;

use super::{DecisionStoreError, cases::word};
use crate::store::{
    exchange::statement::{Statement, read},
    notices::Person,
};

/// A decision whose turn it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Which.
    pub id: MessageId,
    /// About whom.
    pub person: Person,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    person: String,
}

const COLUMNS: &str = "SELECT id, person FROM decision WHERE parked_ms IS NULL AND next_ms <= ";
const BEHIND: &str = " ORDER BY next_ms, at_ms, id LIMIT ";

fn turns(select: Statement, limit: i64, conn: &mut AnyConnection) -> Result<Vec<Turn>, DecisionStoreError> {
    let rows: Vec<Row> = select.sql(BEHIND).bind(limit).load(conn)?;
    let turn = |row: Row| Ok(Turn { id: read(&row.id)?, person: Person::from_stored(row.person) });
    rows.into_iter().map(turn).collect()
}

/// Decisions of which the roll is still to be told, at most `limit`.
///
/// # Errors
/// If the database fails.
pub fn decisions_todo(conn: &mut AnyConnection, now_ms: i64, limit: i64) -> Result<Vec<Turn>, DecisionStoreError> {
    turns(Statement::new(COLUMNS).bind(now_ms).sql(" AND todo IS NOT NULL"), limit, conn)
}

/// Decisions in a state whose last day is before this one, at most `limit`.
///
/// # Errors
/// If the database fails.
pub fn decisions_ended(
    conn: &mut AnyConnection,
    (state, today): (DecisionState, CivilDate),
    now_ms: i64,
    limit: i64,
) -> Result<Vec<Turn>, DecisionStoreError> {
    let select = Statement::new(COLUMNS).bind(now_ms).sql(" AND state = ").bind(word(&state)?.as_str());
    let select = select.sql(" AND until_day < ").bind(today.to_string().as_str());
    turns(select.sql(" AND todo IS NULL AND waits IS NULL"), limit, conn)
}

/// Decisions whose notice arrived in a way that starts a window, and whose window has not begun, at most `limit`.
///
/// # Errors
/// If the database fails.
pub fn decisions_told(conn: &mut AnyConnection, now_ms: i64, limit: i64) -> Result<Vec<Turn>, DecisionStoreError> {
    let select = Statement::new(COLUMNS).bind(now_ms).sql(
        " AND state IN ('proposed', 'held') AND waits IS NULL AND notice IS NOT NULL AND (EXISTS (SELECT 1 FROM notice n \
         WHERE n.id = decision.notice AND n.fetched_ms IS NOT NULL) OR EXISTS (SELECT 1 FROM notice_delivery d \
         WHERE d.notice = decision.notice AND d.channel = 'letter' AND d.state = 'delivered') OR EXISTS (SELECT 1 \
         FROM notice_report r WHERE r.notice = decision.notice))",
    );
    turns(select, limit, conn)
}

/// Decisions of a scheme that the breaker stopped, at most `limit`.
///
/// # Errors
/// If the database fails.
pub fn decisions_stopped(
    conn: &mut AnyConnection,
    scheme: &str,
    now_ms: i64,
    limit: i64,
) -> Result<Vec<Turn>, DecisionStoreError> {
    let select =
        Statement::new(COLUMNS).bind(now_ms).sql(" AND waits = 'breaker' AND state = 'proposed' AND scheme = ");
    turns(select.bind(scheme), limit, conn)
}

/// How trying has gone so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    /// Failures in a row.
    pub tries: u32,
    /// Since when it fails, milliseconds since the epoch; none: it does not.
    pub failing_ms: Option<i64>,
    /// Since when it is given up.
    pub parked_ms: Option<i64>,
    /// Not to be tried before.
    pub next_ms: i64,
}

/// When it is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Again {
    /// Since when it fails.
    pub failing_ms: i64,
    /// Not before.
    pub next_ms: i64,
    /// Since when it is given up for the time being.
    pub parked_ms: Option<i64>,
}

#[derive(QueryableByName)]
struct TriedRow {
    #[diesel(sql_type = BigInt)]
    tries: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    failing_ms: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    parked_ms: Option<i64>,
    #[diesel(sql_type = BigInt)]
    next_ms: i64,
}

fn tried(select: Statement, conn: &mut AnyConnection) -> Result<Option<Tried>, DecisionStoreError> {
    let rows: Vec<TriedRow> = select.load(conn)?;
    let row = rows.into_iter().next();
    Ok(row.map(|row| Tried {
        tries: u32::try_from(row.tries).unwrap_or(u32::MAX),
        failing_ms: row.failing_ms,
        parked_ms: row.parked_ms,
        next_ms: row.next_ms,
    }))
}

fn again(update: &'static str, whom: &str, again: Again, conn: &mut AnyConnection) -> Result<(), DecisionStoreError> {
    let update = Statement::new(update).bind(again.failing_ms).sql(", next_ms = ").bind(again.next_ms);
    update.sql(", parked_ms = ").bind(again.parked_ms).sql(" WHERE id = ").bind(whom).execute(conn)?;
    Ok(())
}

/// How trying a decision has gone so far; `None`: there is none.
///
/// # Errors
/// If the database fails.
pub fn decision_tried(conn: &mut AnyConnection, id: &MessageId) -> Result<Option<Tried>, DecisionStoreError> {
    let select = Statement::new("SELECT tries, failing_ms, parked_ms, next_ms FROM decision WHERE id = ");
    tried(select.bind(id.as_str()), conn)
}

/// It failed once more.
///
/// # Errors
/// If the database fails.
pub fn decision_failed(conn: &mut AnyConnection, id: &MessageId, next: Again) -> Result<(), DecisionStoreError> {
    again("UPDATE decision SET tries = tries + 1, failing_ms = ", id.as_str(), next, conn)
}

/// Nothing failed, and it is not to be looked at before `next_ms`.
///
/// # Errors
/// If the database fails.
pub fn decision_wait(conn: &mut AnyConnection, id: &MessageId, next_ms: i64) -> Result<(), DecisionStoreError> {
    let update = "UPDATE decision SET tries = 0, failing_ms = NULL, parked_ms = NULL, next_ms = ";
    Statement::new(update).bind(next_ms).sql(" WHERE id = ").bind(id.as_str()).execute(conn)?;
    Ok(())
}

/// An order is looked at again then; how it has gone so far stays on record.
///
/// # Errors
/// If the database fails.
pub fn decision_later(conn: &mut AnyConnection, id: &MessageId, next_ms: i64) -> Result<(), DecisionStoreError> {
    let update = Statement::new("UPDATE decision SET next_ms = ").bind(next_ms);
    update.sql(" WHERE id = ").bind(id.as_str()).execute(conn)?;
    Ok(())
}

/// Windows of a person that waited for another decision of hers are looked at again now.
///
/// # Errors
/// If the database fails.
pub fn decisions_wake(conn: &mut AnyConnection, person: &Person) -> Result<(), DecisionStoreError> {
    let update =
        "UPDATE decision SET next_ms = 0 WHERE state = 'noticed' AND tries = 0 AND parked_ms IS NULL AND person = ";
    Statement::new(update).bind(person.as_str()).execute(conn)?;
    Ok(())
}

/// How looking at a person has gone so far.
///
/// # Errors
/// If the database fails.
pub fn person_tried(conn: &mut AnyConnection, person: &Person) -> Result<Option<Tried>, DecisionStoreError> {
    let select = Statement::new(
        "SELECT tries, failing_ms, parked_ms, coalesce(due_ms, 0) AS next_ms FROM decision_person WHERE person = ",
    );
    tried(select.bind(person.as_str()), conn)
}

/// She could not be looked at once more; again behind the others.
///
/// # Errors
/// If the database fails.
pub fn person_failed(conn: &mut AnyConnection, person: &Person, next: Again) -> Result<(), DecisionStoreError> {
    let update = Statement::new("UPDATE decision_person SET tries = tries + 1, failing_ms = ").bind(next.failing_ms);
    let update = update.sql(", due_ms = ").bind(next.next_ms).sql(", parked_ms = ").bind(next.parked_ms);
    update.sql(" WHERE person = ").bind(person.as_str()).execute(conn)?;
    Ok(())
}

#[derive(QueryableByName)]
struct ParkedRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Nullable<Text>)]
    todo: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    since_ms: Option<i64>,
}

/// A decision that was given up for the time being.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParkedDecision {
    /// Which.
    pub id: MessageId,
    /// What the roll was to be told, as a word.
    pub todo: Option<String>,
    /// Since when it fails, milliseconds since the epoch.
    pub since_ms: i64,
}

/// Decisions that were given up for the time being, oldest first.
///
/// # Errors
/// If the database fails.
pub fn decisions_parked(conn: &mut AnyConnection, limit: i64) -> Result<Vec<ParkedDecision>, DecisionStoreError> {
    let select = "SELECT id, todo, failing_ms AS since_ms FROM decision WHERE parked_ms IS NOT NULL ORDER BY parked_ms, id LIMIT ";
    let rows: Vec<ParkedRow> = Statement::new(select).bind(limit).load(conn)?;
    let parked =
        |row: ParkedRow| Ok(ParkedDecision { id: read(&row.id)?, todo: row.todo, since_ms: row.since_ms.unwrap_or(0) });
    rows.into_iter().map(parked).collect()
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How many decisions, and how many people, were given up for the time being.
///
/// # Errors
/// If the database fails.
pub fn parked_count(conn: &mut AnyConnection) -> Result<(i64, i64), DecisionStoreError> {
    let mut count = |select: &'static str| {
        let rows: Vec<Count> = Statement::new(select).load(conn)?;
        Ok::<_, DecisionStoreError>(rows.first().map_or(0, |row| row.count))
    };
    let decisions = count("SELECT COUNT(*) AS count FROM decision WHERE parked_ms IS NOT NULL")?;
    Ok((decisions, count("SELECT COUNT(*) AS count FROM decision_person WHERE parked_ms IS NOT NULL")?))
}

/// Sets everything that was given up out anew; how many decisions and people.
///
/// # Errors
/// If the database fails.
pub fn parked_replay(conn: &mut AnyConnection, now_ms: i64) -> Result<usize, DecisionStoreError> {
    let anew = "UPDATE decision SET tries = 0, failing_ms = NULL, parked_ms = NULL, next_ms = ";
    let decisions = Statement::new(anew).bind(now_ms).sql(" WHERE parked_ms IS NOT NULL").execute(conn)?;
    let anew = "UPDATE decision_person SET tries = 0, failing_ms = NULL, parked_ms = NULL, due_ms = ";
    Ok(decisions + Statement::new(anew).bind(now_ms).sql(" WHERE parked_ms IS NOT NULL").execute(conn)?)
}
