//! What waits for an officer to say who is meant.

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Binary, Nullable, Text},
};
use eligibility::fold::Role;
use schemas::{
    event::EventMatch,
    id::{EntityId, MessageId, SystemName},
};
use serde::{Deserialize, Serialize};
use service_kit::db::AnyConnection;

use super::{
    DecisionStoreError,
    facts::{Body, Heard, role_word},
};
use crate::{
    keys::Keys,
    store::{
        encrypted::Encrypted,
        exchange::statement::{Statement, read},
        notices::Person,
    },
};

const BODY: Encrypted = Encrypted { table: "match_queue", column: "body" };

/// Why nobody is surely meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueKind {
    /// Nobody here.
    Unmatched,
    /// Somebody of the same name and birth year is here, which is not enough.
    Ambiguous,
}

impl QueueKind {
    const fn word(self) -> &'static str {
        match self {
            Self::Unmatched => "unmatched",
            Self::Ambiguous => "ambiguous",
        }
    }
}

/// What waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Why.
    pub kind: QueueKind,
    /// The person's index, where the register knows her by number.
    pub person: Option<Person>,
    /// What was said.
    pub heard: Heard,
    /// Name and birth year as told.
    pub about: EventMatch,
    /// Local numbers of people whose name and birth year fit.
    pub candidates: Vec<String>,
    /// Since when, milliseconds since the epoch.
    pub at_ms: i64,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    record: Body,
    about: EventMatch,
    candidates: Vec<String>,
}

fn place(source: &str, message: &str, role: &str) -> String {
    format!("{source} {message} {role}")
}

/// Puts something into the queue; what waits already stays.
///
/// # Errors
/// If the database or the encryption fails.
pub fn queue_insert(conn: &mut AnyConnection, keys: &Keys, new: &Waiting) -> Result<bool, DecisionStoreError> {
    let record = &new.heard.record;
    let (source, message, role) = (record.source.as_str(), record.id.as_str(), role_word(record.role));
    let sealed = Sealed { record: Body::of(&new.heard)?, about: new.about.clone(), candidates: new.candidates.clone() };
    let body = BODY.seal(keys, &place(source, message, role), &sealed)?;
    let inserted = Statement::new("INSERT INTO match_queue (source, message, role, kind, person, body, at_ms) VALUES ")
        .row([
            source.into(),
            message.into(),
            role.into(),
            new.kind.word().into(),
            new.person.as_ref().map(Person::as_str).into(),
            body.as_slice().into(),
            new.at_ms.into(),
        ])
        .sql(" ON CONFLICT DO NOTHING")
        .execute(conn)?;
    Ok(inserted == 1)
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    source: String,
    #[diesel(sql_type = Text)]
    message: String,
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Nullable<Text>)]
    person: Option<String>,
    #[diesel(sql_type = Binary)]
    body: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    at_ms: i64,
}

impl Row {
    fn open(self, keys: &Keys) -> Result<Waiting, DecisionStoreError> {
        let sealed: Sealed = BODY.open(keys, &place(&self.source, &self.message, &self.role), &self.body)?;
        Ok(Waiting {
            kind: if self.kind == "ambiguous" { QueueKind::Ambiguous } else { QueueKind::Unmatched },
            person: self.person.map(Person::from_stored),
            heard: sealed.record.heard()?,
            about: sealed.about,
            candidates: sealed.candidates,
            at_ms: self.at_ms,
        })
    }
}

const COLUMNS: &str =
    "SELECT source, message, role, kind, person, body, at_ms FROM match_queue WHERE resolved_ms IS NULL ";

/// What waits, longest first, at most `limit`.
///
/// # Errors
/// If the database or the encryption fails.
pub fn queue_open(conn: &mut AnyConnection, keys: &Keys, limit: i64) -> Result<Vec<Waiting>, DecisionStoreError> {
    let rows: Vec<Row> = Statement::new(COLUMNS).sql("ORDER BY at_ms, message LIMIT ").bind(limit).load(conn)?;
    rows.into_iter().map(|row| row.open(keys)).collect()
}

/// One that waits.
///
/// # Errors
/// If the database or the encryption fails.
pub fn queue_find(
    conn: &mut AnyConnection,
    keys: &Keys,
    (source, message, role): (&EntityId, &MessageId, Role),
) -> Result<Option<Waiting>, DecisionStoreError> {
    let select = Statement::new(COLUMNS).sql("AND source = ").bind(source.as_str()).sql(" AND message = ");
    let select = select.bind(message.as_str()).sql(" AND role = ").bind(role_word(role));
    let rows: Vec<Row> = select.load(conn)?;
    rows.into_iter().next().map(|row| row.open(keys)).transpose()
}

/// Somebody said who is meant, or that nobody is. `false`: it was resolved.
///
/// # Errors
/// If the database fails.
pub fn queue_resolved(
    conn: &mut AnyConnection,
    (source, message, role): (&EntityId, &MessageId, Role),
    by: &SystemName,
    now_ms: i64,
) -> Result<bool, DecisionStoreError> {
    let update = Statement::new("UPDATE match_queue SET resolved_by = ").bind(by.as_str()).sql(", resolved_ms = ");
    let update = update.bind(now_ms).sql(" WHERE resolved_ms IS NULL AND source = ").bind(source.as_str());
    let update = update.sql(" AND message = ").bind(message.as_str()).sql(" AND role = ").bind(role_word(role));
    Ok(update.execute(conn)? == 1)
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Officers by whose word a person is the one who is meant: who linked her number, or said whom a record means that is hers now.
///
/// # Errors
/// If the database fails.
pub fn who_named(conn: &mut AnyConnection, person: &Person) -> Result<Vec<SystemName>, DecisionStoreError> {
    let select = Statement::new(
        "SELECT q.resolved_by AS name FROM match_queue q JOIN fact_record f \
         ON f.source = q.source AND f.message = q.message AND f.role = q.role WHERE q.resolved_by IS NOT NULL AND f.person = ",
    );
    let select = select.bind(person.as_str());
    let select = select
        .sql(" UNION SELECT confirmed_by AS name FROM subject_link WHERE method = 'officer' AND subject_index = ");
    let rows: Vec<Name> = select.bind(person.as_str()).load(conn)?;
    // What is no account's name linked her by itself, as an enrolment does.
    Ok(rows.iter().filter_map(|row| row.name.parse().ok()).collect())
}

/// Nothing waits for this person any more: she was linked.
///
/// # Errors
/// If the database fails.
pub fn queue_linked(conn: &mut AnyConnection, person: &Person, now_ms: i64) -> Result<usize, DecisionStoreError> {
    let update = Statement::new("UPDATE match_queue SET resolved_by = 'link', resolved_ms = ").bind(now_ms);
    Ok(update.sql(" WHERE resolved_ms IS NULL AND person = ").bind(person.as_str()).execute(conn)?)
}

/// Reads a stored name; for callers that hold texts of a route.
///
/// # Errors
/// If it is none.
pub fn queue_message(text: &str) -> diesel::QueryResult<MessageId> {
    read(text)
}
