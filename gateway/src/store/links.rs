//! `subject_link`: which pseudonym of the department's sector is which local number.
//!
//! Guarantees: both sides are encrypted; one pseudonym has at most one local number. Deliberately absent: how a link
//! is decided (registry-adapter's matcher, an officer, or the citizen herself).

use std::collections::{HashMap, HashSet};

use diesel::{
    QueryResult, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Binary, Integer, Text},
};
use schemas::{id::SectorSubject, time::Timestamp};
use service_kit::db::AnyConnection;

use super::{
    decisions::persons::persons_linked,
    encrypted::{ColumnError, Encrypted},
    exchange::{self, statement::Statement},
};
use crate::keys::Keys;

const SUBJECT: Encrypted = Encrypted { table: "subject_link", column: "subject" };
const LOCAL_KEY: Encrypted = Encrypted { table: "subject_link", column: "local_key" };

/// A link, to be written.
#[derive(Clone, Debug)]
pub struct NewLink {
    /// The pseudonym.
    pub subject: SectorSubject,
    /// The local number, as text.
    pub local_key: String,
    /// How it was found: `name-birthdate-district`, `citizen`, `officer`.
    pub method: String,
    /// 0 to 100.
    pub score: u8,
    /// Who says so: an officer's pseudonym, a seeding law, `citizen`.
    pub confirmed_by: String,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    subject_index: String,
    #[diesel(sql_type = Binary)]
    subject: Vec<u8>,
    #[diesel(sql_type = Binary)]
    local_key: Vec<u8>,
}

/// A link that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The database.
    #[error(transparent)]
    Database(#[from] service_kit::db::DatabaseError),
    /// The encryption.
    #[error(transparent)]
    Column(#[from] ColumnError),
}

impl From<diesel::result::Error> for LinkError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

/// The index by which a pseudonym is found; also names the person in other tables of this database.
pub fn subject_index(keys: &Keys, subject: &SectorSubject) -> String {
    SUBJECT.index(keys, subject.as_str())
}

/// Writes a link; a pseudonym that is linked already keeps its link. Returns whether it was written.
///
/// # Errors
/// If the database or the encryption fails.
pub fn link_insert(conn: &mut AnyConnection, keys: &Keys, link: &NewLink, now: Timestamp) -> Result<bool, LinkError> {
    let index = subject_index(keys, &link.subject);
    let subject = SUBJECT.seal(keys, &index, &link.subject)?;
    let local_key = LOCAL_KEY.seal(keys, &index, &link.local_key)?;
    let rows = sql_query(
        "INSERT INTO subject_link (subject_index, local_index, subject, local_key, method, score, confirmed_by, linked_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
    )
    .bind::<Text, _>(&index)
    .bind::<Text, _>(LOCAL_KEY.index(keys, &link.local_key))
    .bind::<Binary, _>(subject)
    .bind::<Binary, _>(local_key)
    .bind::<Text, _>(&link.method)
    .bind::<Integer, _>(i32::from(link.score))
    .bind::<Text, _>(&link.confirmed_by)
    .bind::<BigInt, _>(now.seconds())
    .execute(conn)?;
    if rows == 1 {
        persons_linked(conn, &[index], now.seconds().saturating_mul(1000))?;
    }
    Ok(rows == 1)
}

/// Rows of one statement.
const ROWS: usize = 250;

/// What a run of links came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// How many are new.
    pub written: u64,
    /// Whose number belongs to another pseudonym, or is named for another one too: nothing was written of them.
    pub taken: Vec<SectorSubject>,
}

/// Writes links, those of one statement in one round trip. A number that another pseudonym has is not given twice, to two of one
/// run neither. Method and confirmation are the first link's: a page comes from one run.
///
/// # Errors
/// If the database or the encryption fails.
pub fn link_insert_many(
    conn: &mut AnyConnection,
    keys: &Keys,
    links: &[NewLink],
    now: Timestamp,
) -> Result<Run, LinkError> {
    lock_all(conn)?;
    let taken = taken(conn, keys, links)?;
    let free: Vec<&NewLink> = links.iter().filter(|link| !taken.contains(&link.subject)).collect();
    let mut written = 0;
    for chunk in free.chunks(ROWS) {
        let values: Result<Vec<String>, LinkError> = chunk.iter().map(|link| values(conn, keys, link, now)).collect();
        let statement = format!(
            "INSERT INTO subject_link (subject_index, local_index, subject, local_key, score, linked_at, method, confirmed_by) \
             SELECT one.*, $1, $2 FROM (VALUES {}) AS one WHERE true ON CONFLICT DO NOTHING",
            values?.join(", ")
        );
        let Some(first) = chunk.first() else { continue };
        let rows =
            sql_query(statement).bind::<Text, _>(&first.method).bind::<Text, _>(&first.confirmed_by).execute(conn)?;
        written += u64::try_from(rows).unwrap_or(0);
    }
    let linked: Vec<String> = free.iter().map(|link| subject_index(keys, &link.subject)).collect();
    persons_linked(conn, &linked, now.seconds().saturating_mul(1000))?;
    Ok(Run { written, taken })
}

#[derive(QueryableByName)]
struct Pair {
    #[diesel(sql_type = Text)]
    subject_index: String,
    #[diesel(sql_type = Text)]
    local_index: String,
}

/// Those of a run whose number somebody else has, or is to get.
fn taken(conn: &mut AnyConnection, keys: &Keys, links: &[NewLink]) -> QueryResult<Vec<SectorSubject>> {
    let mut claims: HashMap<String, HashSet<String>> = HashMap::new();
    let numbers: Vec<String> = links.iter().map(|link| LOCAL_KEY.index(keys, &link.local_key)).collect();
    for (link, number) in links.iter().zip(&numbers) {
        claims.entry(number.clone()).or_default().insert(subject_index(keys, &link.subject));
    }
    let (mut hers, wanted) = (HashSet::new(), claims.keys().cloned().collect::<Vec<_>>());
    for some in wanted.chunks(exchange::statement::ROWS) {
        let select = Statement::new("SELECT subject_index, local_index FROM subject_link WHERE local_index IN ");
        let known: Vec<Pair> = select.row(some.iter().map(|number| number.as_str().into())).load(conn)?;
        for Pair { subject_index, local_index } in known {
            hers.insert((subject_index.clone(), local_index.clone()));
            claims.entry(local_index).or_default().insert(subject_index);
        }
    }
    let is_taken = |(link, number): &(&NewLink, &String)| {
        let several = claims.get(*number).is_some_and(|claimed| claimed.len() > 1);
        several && !hers.contains(&(subject_index(keys, &link.subject), (*number).clone()))
    };
    Ok(links.iter().zip(&numbers).filter(is_taken).map(|(link, _)| link.subject.clone()).collect())
}

/// A row as SQL literals: base64url and hex digits of our own making, and numbers, so nothing can be injected.
fn values(conn: &AnyConnection, keys: &Keys, link: &NewLink, now: Timestamp) -> Result<String, LinkError> {
    let index = subject_index(keys, &link.subject);
    let local = LOCAL_KEY.index(keys, &link.local_key);
    let subject = bytes(conn, &SUBJECT.seal(keys, &index, &link.subject)?);
    let local_key = bytes(conn, &LOCAL_KEY.seal(keys, &index, &link.local_key)?);
    Ok(format!("('{index}', '{local}', {subject}, {local_key}, {}, {})", link.score, now.seconds()))
}

fn bytes(conn: &AnyConnection, content: &[u8]) -> String {
    let digits = hex::encode(content);
    match conn {
        AnyConnection::Sqlite(_) => format!("x'{digits}'"),
        AnyConnection::Postgres(_) => format!("'\\x{digits}'::bytea"),
    }
}

/// The local number of a pseudonym, if it is linked.
///
/// # Errors
/// If the database or the encryption fails.
pub fn link_find(conn: &mut AnyConnection, keys: &Keys, subject: &SectorSubject) -> Result<Option<String>, LinkError> {
    let rows: Vec<Row> =
        Statement::new("SELECT subject_index, subject, local_key FROM subject_link WHERE subject_index = ")
            .bind(subject_index(keys, subject).as_str())
            .load(conn)?;
    rows.into_iter().next().map(|row| Ok(LOCAL_KEY.open(keys, &row.subject_index, &row.local_key)?)).transpose()
}

/// The local number of a row that was read already.
///
/// # Errors
/// If it was changed or moved.
pub(super) fn local_key_open(keys: &Keys, subject_index: &str, sealed: &[u8]) -> Result<String, ColumnError> {
    LOCAL_KEY.open(keys, subject_index, sealed)
}

/// The local number of a person by the index of her pseudonym, if it is linked.
///
/// # Errors
/// If the database or the encryption fails.
pub fn link_number(conn: &mut AnyConnection, keys: &Keys, index: &str) -> Result<Option<String>, LinkError> {
    let find = Statement::new("SELECT subject_index, subject, local_key FROM subject_link WHERE subject_index = ");
    let rows: Vec<Row> = find.bind(index).load(conn)?;
    rows.into_iter().next().map(|row| Ok(LOCAL_KEY.open(keys, &row.subject_index, &row.local_key)?)).transpose()
}

/// Until the transaction ends, nobody else asks who has this number in order to link it. SQLite has one writer anyway.
///
/// # Errors
/// If the database fails.
pub fn link_lock(conn: &mut AnyConnection, keys: &Keys, local_key: &str) -> QueryResult<()> {
    if let AnyConnection::Postgres(_) = conn {
        sql_query("SELECT pg_advisory_xact_lock_shared(hashtextextended('subject_link', 0))").execute(conn)?;
        sql_query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
            .bind::<Text, _>(LOCAL_KEY.index(keys, local_key))
            .execute(conn)?;
    }
    Ok(())
}

/// The same for every number: a run of links is alone with its page.
fn lock_all(conn: &mut AnyConnection) -> QueryResult<()> {
    if let AnyConnection::Postgres(_) = conn {
        sql_query("SELECT pg_advisory_xact_lock(hashtextextended('subject_link', 0))").execute(conn)?;
    }
    Ok(())
}

/// The pseudonyms linked to a local number: more than one only if two people claim one number.
///
/// # Errors
/// If the database or the encryption fails.
pub fn link_subjects(conn: &mut AnyConnection, keys: &Keys, local_key: &str) -> Result<Vec<SectorSubject>, LinkError> {
    let rows: Vec<Row> = sql_query("SELECT subject_index, subject, local_key FROM subject_link WHERE local_index = $1")
        .bind::<Text, _>(LOCAL_KEY.index(keys, local_key))
        .load(conn)?;
    rows.into_iter().map(|row| Ok(SUBJECT.open(keys, &row.subject_index, &row.subject)?)).collect()
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How many people are linked.
///
/// # Errors
/// If the database fails.
pub fn link_count(conn: &mut AnyConnection) -> QueryResult<i64> {
    let row: Count = sql_query("SELECT COUNT(*) AS count FROM subject_link").get_result(conn)?;
    Ok(row.count)
}
