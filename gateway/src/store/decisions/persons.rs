//! Who is known to decisions, and when somebody is to be looked at again.

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Binary, Text},
};
use schemas::{
    event::EventMatch,
    id::{MessageId, SectorSubject},
};
use serde::{Deserialize, Serialize};
use service_kit::db::AnyConnection;

use super::DecisionStoreError;
use crate::{
    keys::Keys,
    store::{
        encrypted::Encrypted,
        exchange::statement::{ROWS, Statement},
        notices::Person,
    },
};

const BODY: Encrypted = Encrypted { table: "decision_person", column: "body" };

/// What is kept of a person beside the records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Our pseudonym.
    pub subject: SectorSubject,
    /// Name and birth year, as the first event told them.
    pub about: Option<EventMatch>,
}

/// Enters a person, or leaves her as she is; she is due now.
///
/// # Errors
/// If the database or the encryption fails.
pub fn person_due(
    conn: &mut AnyConnection,
    keys: &Keys,
    (person, known): (&Person, &Known),
    now_ms: i64,
) -> Result<(), DecisionStoreError> {
    let body = BODY.seal(keys, person.as_str(), known)?;
    Statement::new("INSERT INTO decision_person (person, body, due_ms) VALUES ")
        .row([person.as_str().into(), body.as_slice().into(), now_ms.into()])
        .sql(" ON CONFLICT (person) DO UPDATE SET due_ms = excluded.due_ms, tries = 0, failing_ms = NULL, parked_ms = NULL")
        .execute(conn)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    person: String,
    #[diesel(sql_type = Binary)]
    body: Vec<u8>,
}

/// A person, locked until the end of the transaction: of two processes one decides at a time.
///
/// # Errors
/// If the database or the encryption fails.
pub fn person_lock(
    conn: &mut AnyConnection,
    keys: &Keys,
    person: &Person,
) -> Result<Option<Known>, DecisionStoreError> {
    let lock = Statement::new("UPDATE decision_person SET turn = turn + 1 WHERE person = ").bind(person.as_str());
    if lock.execute(conn)? == 0 {
        return Ok(None);
    }
    person_find(conn, keys, person)
}

/// A person.
///
/// # Errors
/// If the database or the encryption fails.
pub fn person_find(
    conn: &mut AnyConnection,
    keys: &Keys,
    person: &Person,
) -> Result<Option<Known>, DecisionStoreError> {
    let rows: Vec<Row> =
        Statement::new("SELECT person, body FROM decision_person WHERE person = ").bind(person.as_str()).load(conn)?;
    let first = rows.into_iter().next();
    first.map(|row| Ok(BODY.open(keys, &row.person, &row.body)?)).transpose()
}

/// She was looked at; again at `due_ms`, if it is given. One who was linked to a number while she was looked at without one is
/// due at once.
///
/// # Errors
/// If the database fails.
pub fn person_seen(
    conn: &mut AnyConnection,
    person: &Person,
    (linked, due_ms): (bool, Option<i64>),
    now_ms: i64,
) -> Result<(), DecisionStoreError> {
    let seen = Statement::new("UPDATE decision_person SET tries = 0, failing_ms = NULL, parked_ms = NULL, linked = ");
    let seen = seen.bind(i64::from(linked)).sql(", due_ms = ").bind(due_ms).sql(" WHERE person = ");
    seen.bind(person.as_str()).execute(conn)?;
    if !linked {
        let linked =
            "EXISTS (SELECT 1 FROM subject_link l WHERE l.subject_index = decision_person.person) AND person = ";
        let due = Statement::new("UPDATE decision_person SET due_ms = ").bind(now_ms).sql(" WHERE ").sql(linked);
        due.bind(person.as_str()).execute(conn)?;
    }
    Ok(())
}

/// These were linked to numbers: those who were looked at without one are due, whatever failed before.
///
/// # Errors
/// If the database fails.
pub fn persons_linked(conn: &mut AnyConnection, indices: &[String], now_ms: i64) -> diesel::QueryResult<()> {
    for some in indices.chunks(ROWS) {
        let due =
            Statement::new("UPDATE decision_person SET tries = 0, failing_ms = NULL, parked_ms = NULL, due_ms = ");
        let due = due.bind(now_ms).sql(" WHERE linked = 0 AND person IN ");
        due.row(some.iter().map(|index| index.as_str().into())).execute(conn)?;
    }
    Ok(())
}

/// Whoever this decision is about is due.
///
/// # Errors
/// If the database fails.
pub fn person_due_by(conn: &mut AnyConnection, decision: &MessageId, now_ms: i64) -> Result<(), DecisionStoreError> {
    let due = Statement::new("UPDATE decision_person SET tries = 0, failing_ms = NULL, parked_ms = NULL, due_ms = ");
    let of_it = due.bind(now_ms).sql(" WHERE person IN (SELECT person FROM decision WHERE id = ");
    of_it.bind(decision.as_str()).sql(")").execute(conn)?;
    Ok(())
}

/// Marks whoever is known under this mark: something was found on her roll.
///
/// # Errors
/// If the database fails.
pub fn person_due_again(conn: &mut AnyConnection, person: &Person, now_ms: i64) -> Result<(), DecisionStoreError> {
    let due = Statement::new("UPDATE decision_person SET tries = 0, failing_ms = NULL, parked_ms = NULL, due_ms = ");
    due.bind(now_ms).sql(" WHERE person = ").bind(person.as_str()).execute(conn)?;
    Ok(())
}

/// Marks everybody: the rules are others.
///
/// # Errors
/// If the database fails.
pub fn persons_all_due(conn: &mut AnyConnection, now_ms: i64) -> Result<usize, DecisionStoreError> {
    let due = Statement::new("UPDATE decision_person SET tries = 0, failing_ms = NULL, parked_ms = NULL, due_ms = ");
    Ok(due.bind(now_ms).execute(conn)?)
}

#[derive(QueryableByName)]
struct Due {
    #[diesel(sql_type = Text)]
    person: String,
}

/// Who is due, at most `limit`.
///
/// # Errors
/// If the database fails.
pub fn persons_due(conn: &mut AnyConnection, now_ms: i64, limit: i64) -> Result<Vec<Person>, DecisionStoreError> {
    let due = Statement::new("SELECT person FROM decision_person WHERE parked_ms IS NULL AND due_ms <= ").bind(now_ms);
    let rows: Vec<Due> = due.sql(" ORDER BY due_ms, person LIMIT ").bind(limit).load(conn)?;
    Ok(rows.into_iter().map(|row| Person::from_stored(row.person)).collect())
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How many people are known.
///
/// # Errors
/// If the database fails.
pub fn persons_count(conn: &mut AnyConnection) -> Result<i64, DecisionStoreError> {
    let rows: Vec<Count> = Statement::new("SELECT COUNT(*) AS count FROM decision_person").load(conn)?;
    Ok(rows.first().map_or(0, |row| row.count))
}
