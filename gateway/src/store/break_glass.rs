//! Uses under a law for emergencies, and their reviews.
//!
//! Guarantees: what an officer wrote is encrypted; a review is decided once, by another person and another key (the table refuses the
//! rest as well). Deliberately absent: who may decide (`crate::break_glass`).

use diesel::{
    QueryResult, QueryableByName, RunQueryDsl as _, sql_query,
    sql_types::{BigInt, Binary, Nullable, Text},
};
use schemas::{
    id::{EntityId, KeyId, LawId, MessageId, SystemName},
    receipt::ReceiptRole,
    time::Timestamp,
};
use service_kit::db::{AnyConnection, DatabaseError};

use super::{
    encrypted::{ColumnError, Encrypted},
    exchange::statement::{Statement, read},
    notices::Person,
    people::PeopleStoreError,
};
use crate::keys::Keys;

const REASON: Encrypted = Encrypted { table: "break_glass", column: "reason" };
const REVIEW: Encrypted = Encrypted { table: "break_glass", column: "review" };

/// A row cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum BreakGlassStoreError {
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The encryption.
    #[error(transparent)]
    Column(#[from] ColumnError),
    /// An account.
    #[error(transparent)]
    People(#[from] PeopleStoreError),
}

impl From<diesel::result::Error> for BreakGlassStoreError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

#[derive(QueryableByName)]
struct PersonCount {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Whether an officer has an account here that is not shut: so that whoever reviews can be told from who asked.
pub fn officer_is_known(conn: &mut AnyConnection, officer: &SystemName) -> Result<bool, DatabaseError> {
    let query = "SELECT COUNT(*) AS count FROM account WHERE person = $1 AND disabled_ms IS NULL";
    let found: PersonCount = sql_query(query).bind::<Text, _>(officer.as_str()).get_result(conn)?;
    Ok(found.count > 0)
}

/// How a use stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UseState {
    /// It waits for a second officer.
    Open,
    /// It was right.
    Upheld,
    /// It was wrong.
    Rejected,
    /// At the answering side: counted; the asking side reviews it.
    Counted,
}

impl UseState {
    /// As it stands in the table.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Upheld => "upheld",
            Self::Rejected => "rejected",
            Self::Counted => "counted",
        }
    }

    /// An unknown word is a damaged row: it stays open, so that somebody looks.
    fn of(word: &str) -> Self {
        match word {
            "upheld" => Self::Upheld,
            "rejected" => Self::Rejected,
            "counted" => Self::Counted,
            _ => Self::Open,
        }
    }
}

const fn role_word(role: ReceiptRole) -> &'static str {
    match role {
        ReceiptRole::Consumer => "consumer",
        ReceiptRole::Provider => "provider",
    }
}

/// A use, to be written.
#[derive(Clone, Debug)]
pub struct NewUse<'a> {
    /// `jti` of the query.
    pub exchange: &'a MessageId,
    /// Which side we were.
    pub role: ReceiptRole,
    /// Under which law.
    pub law: &'a LawId,
    /// The other side.
    pub peer: &'a EntityId,
    /// Who asked.
    pub officer: &'a SystemName,
    /// The key that the officer used, if one.
    pub officer_key: Option<&'a KeyId>,
    /// Why; the asking side has it.
    pub reason: Option<&'a str>,
    /// Who was told.
    pub person: Option<&'a Person>,
    /// When.
    pub opened: Timestamp,
    /// By when it is reviewed.
    pub due: Timestamp,
}

/// Writes a use. One that is known stays: `false`.
///
/// # Errors
/// If the database or the encryption fails.
pub fn use_insert(conn: &mut AnyConnection, keys: &Keys, new: &NewUse<'_>) -> Result<bool, BreakGlassStoreError> {
    let reason = new.reason.map(|reason| REASON.seal(keys, new.exchange.as_str(), &reason)).transpose()?;
    let state = match new.role {
        ReceiptRole::Consumer => UseState::Open,
        ReceiptRole::Provider => UseState::Counted,
    };
    let inserted = Statement::new(
        "INSERT INTO break_glass (exchange, role, law, peer, officer, officer_key, person, opened_at, due_at, state) VALUES ",
    )
    .row([
        new.exchange.as_str().into(),
        role_word(new.role).into(),
        new.law.as_str().into(),
        new.peer.as_str().into(),
        new.officer.as_str().into(),
        new.officer_key.map(KeyId::as_str).into(),
        new.person.map(Person::as_str).into(),
        new.opened.seconds().into(),
        new.due.seconds().into(),
        state.word().into(),
    ])
    .sql(" ON CONFLICT DO NOTHING")
    .execute(conn)?;
    if let (1, Some(reason)) = (inserted, reason) {
        let update = Statement::new("UPDATE break_glass SET reason = ").bind(reason.as_slice());
        update.sql(" WHERE role = 'consumer' AND exchange = ").bind(new.exchange.as_str()).execute(conn)?;
    }
    Ok(inserted == 1)
}

/// A use as it stands at the asking side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredUse {
    /// `jti` of the query.
    pub exchange: MessageId,
    /// Under which law.
    pub law: LawId,
    /// Who answered.
    pub provider: EntityId,
    /// Who asked.
    pub officer: SystemName,
    /// The key that the officer used, if one.
    pub officer_key: Option<KeyId>,
    /// Why.
    pub reason: String,
    /// Who was told.
    pub person: Option<Person>,
    /// When.
    pub opened: Timestamp,
    /// By when it is reviewed.
    pub due: Timestamp,
    /// How it stands.
    pub state: UseState,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    exchange: String,
    #[diesel(sql_type = Text)]
    law: String,
    #[diesel(sql_type = Text)]
    peer: String,
    #[diesel(sql_type = Text)]
    officer: String,
    #[diesel(sql_type = Nullable<Text>)]
    officer_key: Option<String>,
    #[diesel(sql_type = Nullable<Binary>)]
    reason: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Text>)]
    person: Option<String>,
    #[diesel(sql_type = BigInt)]
    opened_at: i64,
    #[diesel(sql_type = BigInt)]
    due_at: i64,
    #[diesel(sql_type = Text)]
    state: String,
}

impl Row {
    fn open(self, keys: &Keys) -> Result<StoredUse, BreakGlassStoreError> {
        let reason = self.reason.as_deref().map(|sealed| REASON.open(keys, &self.exchange, sealed)).transpose()?;
        Ok(StoredUse {
            exchange: read(&self.exchange)?,
            law: read(&self.law)?,
            provider: read(&self.peer)?,
            officer: read(&self.officer)?,
            officer_key: self.officer_key.as_deref().map(read).transpose()?,
            reason: reason.unwrap_or_default(),
            person: self.person.map(Person::from_stored),
            opened: Timestamp::from_seconds(self.opened_at),
            due: Timestamp::from_seconds(self.due_at),
            state: UseState::of(&self.state),
        })
    }
}

const COLUMNS: &str = "SELECT exchange, law, peer, officer, officer_key, reason, person, opened_at, due_at, state \
                       FROM break_glass WHERE role = 'consumer' AND ";

/// Uses that wait for a second officer, most urgent first.
///
/// # Errors
/// If the database or the encryption fails.
pub fn uses_open(conn: &mut AnyConnection, keys: &Keys, limit: i64) -> Result<Vec<StoredUse>, BreakGlassStoreError> {
    let rows: Vec<Row> =
        Statement::new(COLUMNS).sql("state = 'open' ORDER BY due_at, exchange LIMIT ").bind(limit).load(conn)?;
    rows.into_iter().map(|row| row.open(keys)).collect()
}

/// One use.
///
/// # Errors
/// If the database or the encryption fails.
pub fn use_find(
    conn: &mut AnyConnection,
    keys: &Keys,
    exchange: &MessageId,
) -> Result<Option<StoredUse>, BreakGlassStoreError> {
    let rows: Vec<Row> = Statement::new(COLUMNS).sql("exchange = ").bind(exchange.as_str()).load(conn)?;
    rows.into_iter().next().map(|row| row.open(keys)).transpose()
}

/// A decision, to be written.
#[derive(Clone, Debug)]
pub struct NewReview<'a> {
    /// Of which use.
    pub exchange: &'a MessageId,
    /// Who decides.
    pub reviewer: &'a SystemName,
    /// The key that the reviewer used, if one.
    pub reviewer_key: Option<&'a KeyId>,
    /// Right or wrong.
    pub upheld: bool,
    /// Why.
    pub reason: &'a str,
    /// When.
    pub at: Timestamp,
}

/// Decides a use. `false`: it is decided, or there is none.
///
/// # Errors
/// If the database or the encryption fails; the table refuses the same person and the same key.
pub fn use_decide(conn: &mut AnyConnection, keys: &Keys, new: &NewReview<'_>) -> Result<bool, BreakGlassStoreError> {
    let review = REVIEW.seal(keys, new.exchange.as_str(), &new.reason)?;
    let state = if new.upheld { UseState::Upheld } else { UseState::Rejected };
    let update = Statement::new("UPDATE break_glass SET state = ").bind(state.word());
    let update = update.sql(", reviewer = ").bind(new.reviewer.as_str());
    let update = update.sql(", reviewer_key = ").bind(new.reviewer_key.map(KeyId::as_str));
    let update = update.sql(", review = ").bind(review.as_slice()).sql(", decided_at = ").bind(new.at.seconds());
    let update = update.sql(" WHERE role = 'consumer' AND state = 'open' AND exchange = ").bind(new.exchange.as_str());
    Ok(update.execute(conn)? == 1)
}

/// How often a law was used, and how the reviews stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UseCount {
    /// Which law.
    pub law: LawId,
    /// Which side we were.
    pub role: ReceiptRole,
    /// How they stand.
    pub state: UseState,
    /// How many.
    pub uses: u64,
    /// How many of them should have been reviewed by now.
    pub overdue: u64,
}

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = Text)]
    law: String,
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = BigInt)]
    uses: i64,
    #[diesel(sql_type = BigInt)]
    overdue: i64,
}

/// Counts the uses opened from `since` on, by law, side and state.
pub fn uses_count(conn: &mut AnyConnection, since: Timestamp, now: Timestamp) -> QueryResult<Vec<UseCount>> {
    let rows: Vec<CountRow> = Statement::new(
        "SELECT law, role, state, COUNT(*) AS uses, \
         CAST(SUM(CASE WHEN state = 'open' AND due_at <= ",
    )
    .bind(now.seconds())
    .sql(" THEN 1 ELSE 0 END) AS BIGINT) AS overdue FROM break_glass WHERE opened_at >= ")
    .bind(since.seconds())
    .sql(" GROUP BY law, role, state ORDER BY law, role, state")
    .load(conn)?;
    let count = |row: CountRow| {
        Ok(UseCount {
            law: read(&row.law)?,
            role: if row.role == "provider" { ReceiptRole::Provider } else { ReceiptRole::Consumer },
            state: UseState::of(&row.state),
            uses: u64::try_from(row.uses).unwrap_or(0),
            overdue: u64::try_from(row.overdue).unwrap_or(0),
        })
    };
    rows.into_iter().map(count).collect()
}
