//! Notices to citizens: what there is to tell, by which ways, and what each person has chosen.
//!
//! Guarantees: a notice is a row of its cause's transaction, once for each cause; what it says and where it goes is encrypted; a
//! person is named by keyed hashes alone. Deliberately absent: which ways a notice takes (`crate::notices`).

pub mod deliveries;
pub mod preferences;
pub mod reports;
pub mod uses;

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{BigInt, Binary, Nullable, Text},
};
use schemas::{
    id::{Did, MessageId, SectorSubject},
    notice::NoticeKind,
};
use service_kit::db::{AnyConnection, DatabaseError};

use super::{
    encrypted::{ColumnError, Encrypted},
    exchange::{
        issuer_index,
        statement::{Statement, read},
    },
    links::{LinkError, subject_index},
};
use crate::keys::Keys;

const BODY: Encrypted = Encrypted { table: "notice", column: "body" };

/// A person as this database knows her: a keyed hash of her pseudonym here, or of the key that she consented with.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Person(String);

impl Person {
    /// By her pseudonym in this department's sector.
    pub fn of_subject(keys: &Keys, subject: &SectorSubject) -> Self {
        Self(subject_index(keys, subject))
    }

    /// By the key that signed her consent.
    pub fn of_key(keys: &Keys, key: &Did) -> Self {
        Self(issuer_index(keys, key))
    }

    /// As it stands in the tables.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it was read from a table of this database.
    pub(crate) fn from_stored(index: String) -> Self {
        Self(index)
    }
}

/// A notice cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum NoticeStoreError {
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The encryption.
    #[error(transparent)]
    Column(#[from] ColumnError),
}

impl From<LinkError> for NoticeStoreError {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Database(error) => Self::Database(error),
            LinkError::Column(error) => Self::Column(error),
        }
    }
}

impl From<diesel::result::Error> for NoticeStoreError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

/// A notice, to be written.
#[derive(Clone, Debug)]
pub struct NewNotice<'a> {
    /// Its id, if it is the first of its cause.
    pub id: &'a MessageId,
    /// To whom.
    pub to: &'a Person,
    /// What it tells.
    pub kind: &'a NoticeKind,
    /// When, milliseconds since the epoch.
    pub at_ms: i64,
}

/// A notice as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredNotice {
    /// Its id.
    pub id: MessageId,
    /// To whom.
    pub to: Person,
    /// What it tells.
    pub kind: NoticeKind,
    /// When it came to be, milliseconds since the epoch.
    pub at_ms: i64,
    /// Whether a wallet has fetched it.
    pub fetched: bool,
}

/// What became of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeState {
    /// Its ways were chosen.
    Sent,
    /// She has chosen not to hear of such things.
    Withheld,
}

impl NoticeState {
    const fn word(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Withheld => "withheld",
        }
    }
}

/// Writes a notice in the caller's transaction. `false`: this person has one of this kind and cause already.
///
/// # Errors
/// If the database or the encryption fails.
pub fn notice_insert(conn: &mut AnyConnection, keys: &Keys, new: &NewNotice<'_>) -> Result<bool, NoticeStoreError> {
    let body = BODY.seal(keys, new.id.as_str(), new.kind)?;
    let written = Statement::new("INSERT INTO notice (id, person, kind, cause, body, at_ms, state) VALUES ")
        .row([
            new.id.as_str().into(),
            new.to.as_str().into(),
            new.kind.word().into(),
            new.kind.cause().as_str().into(),
            body.as_slice().into(),
            new.at_ms.into(),
            "new".into(),
        ])
        .sql(" ON CONFLICT DO NOTHING")
        .execute(conn)?;
    Ok(written == 1)
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    person: String,
    #[diesel(sql_type = Binary)]
    body: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    at_ms: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    fetched_ms: Option<i64>,
}

impl Row {
    fn open(self, keys: &Keys) -> Result<StoredNotice, NoticeStoreError> {
        let kind = BODY.open(keys, &self.id, &self.body)?;
        let (id, to) = (read(&self.id)?, Person(self.person));
        Ok(StoredNotice { id, to, kind, at_ms: self.at_ms, fetched: self.fetched_ms.is_some() })
    }
}

const COLUMNS: &str = "SELECT id, person, body, at_ms, fetched_ms FROM notice WHERE ";

/// Notices whose ways were not chosen yet, oldest first.
///
/// # Errors
/// If the database or the encryption fails.
pub fn notices_new(conn: &mut AnyConnection, keys: &Keys, limit: i64) -> Result<Vec<StoredNotice>, NoticeStoreError> {
    let rows: Vec<Row> =
        Statement::new(COLUMNS).sql("state = 'new' ORDER BY at_ms, id LIMIT ").bind(limit).load(conn)?;
    rows.into_iter().map(|row| row.open(keys)).collect()
}

/// One notice.
///
/// # Errors
/// If the database or the encryption fails.
pub fn notice_find(
    conn: &mut AnyConnection,
    keys: &Keys,
    id: &MessageId,
) -> Result<Option<StoredNotice>, NoticeStoreError> {
    let rows: Vec<Row> = Statement::new(COLUMNS).sql("id = ").bind(id.as_str()).load(conn)?;
    rows.into_iter().next().map(|row| row.open(keys)).transpose()
}

/// A person's notices, newest first, without those that she does not want to hear.
///
/// # Errors
/// If the database or the encryption fails.
pub fn notices_of(
    conn: &mut AnyConnection,
    keys: &Keys,
    person: &Person,
    limit: i64,
) -> Result<Vec<StoredNotice>, NoticeStoreError> {
    let rows: Vec<Row> = Statement::new(COLUMNS)
        .sql("state <> 'withheld' AND person = ")
        .bind(person.as_str())
        .sql(" ORDER BY at_ms DESC, id DESC LIMIT ")
        .bind(limit)
        .load(conn)?;
    rows.into_iter().map(|row| row.open(keys)).collect()
}

/// Writes down that a wallet has this notice of this person; another person's is left as it is.
pub fn notice_fetched(conn: &mut AnyConnection, person: &Person, id: &MessageId, now_ms: i64) -> QueryResult<usize> {
    Statement::new("UPDATE notice SET fetched_ms = ")
        .bind(now_ms)
        .sql(" WHERE fetched_ms IS NULL AND state <> 'withheld' AND person = ")
        .bind(person.as_str())
        .sql(" AND id = ")
        .bind(id.as_str())
        .execute(conn)
}

/// Closes the choice of ways. `false`: another process was faster.
pub fn notice_settle(conn: &mut AnyConnection, id: &MessageId, state: NoticeState) -> QueryResult<bool> {
    let update = Statement::new("UPDATE notice SET state = ").bind(state.word()).sql(" WHERE state = 'new' AND id = ");
    Ok(update.bind(id.as_str()).execute(conn)? == 1)
}
