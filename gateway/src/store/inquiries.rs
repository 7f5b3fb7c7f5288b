//! What our systems asked at once: parts of one case, case files, batches of people.
//!
//! Guarantees: a system's idempotency key names one inquiry or one question for ever, decided by the unique index of `ask`; one
//! process at a time works on a batch (a lease with a fencing number); what speaks of people is encrypted. Deliberately
//! absent: the questions themselves (`exchange/asks.rs`), and what may be asked.

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{BigInt, Binary, Nullable, Text},
};
use schemas::{
    digest::Digest,
    id::{EntityId, MessageId, SystemName},
    problem::Code,
};
use serde::{Serialize, de::DeserializeOwned};
use service_kit::db::AnyConnection;

use super::{
    encrypted::{ColumnError, Encrypted},
    exchange::{
        asks::AskKey,
        statement::{ROWS, Statement, read},
    },
};
use crate::keys::Keys;

mod batches;
mod forgetting;
mod parts;
#[cfg(test)]
mod tests;

pub use batches::{Claimed, batch_claim, batch_renew, batch_resume, batch_stop, batches_hurry};
pub use forgetting::{inquiries_forget, values_forget};
pub use parts::{
    Outcome, PartEnd, PartRow, PartValue, part_about_open, part_about_seal, part_value_open, part_value_seal,
    parts_ended, parts_open, parts_page, parts_unsettled, parts_write,
};

const ABOUT: Encrypted = Encrypted { table: "inquiry", column: "about" };

/// What an inquiry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Parts of one case, answered once.
    Parts,
    /// A case file, looked at again.
    Case,
    /// One question about many people.
    Batch,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Parts => "parts",
            Self::Case => "case",
            Self::Batch => "batch",
        }
    }
}

/// How a batch stands. Other inquiries have ended when they are written: nobody works on them by himself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A process works on it, or is to.
    Running,
    /// It waits for its system to ask again.
    Stopped,
    /// Everybody has an end.
    Ended,
}

impl State {
    pub(in crate::store) const fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Ended => "ended",
        }
    }
}

/// An inquiry, to be written with its parts.
#[derive(Clone, Debug)]
pub struct NewInquiry {
    /// Its id.
    pub id: MessageId,
    /// Who asked, under which key.
    pub key: AskKey,
    /// What it is.
    pub kind: Kind,
    /// The department itself.
    pub department: EntityId,
    /// Digest of the request, so that a key is not used for another one.
    pub request: Digest,
    /// The officer who may look at it again.
    pub officer: Option<SystemName>,
    /// As [`inquiry_about_seal`] made it.
    pub about: Vec<u8>,
    /// One a part, as [`part_about_seal`] made it.
    pub parts: Vec<Vec<u8>>,
    /// When, milliseconds since the epoch.
    pub made_ms: i64,
}

/// An inquiry as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inquiry {
    /// Its id.
    pub id: MessageId,
    /// Who asked, under which key.
    pub key: AskKey,
    /// What it is.
    pub kind: Kind,
    /// The officer who may look at it again.
    pub officer: Option<SystemName>,
    /// Encrypted; `None` once it is forgotten.
    pub about: Option<Vec<u8>>,
    /// How many parts.
    pub parts: u32,
    /// When it was made, milliseconds since the epoch.
    pub made_ms: i64,
    /// How it stands.
    pub state: State,
    /// Why it stopped.
    pub code: Option<Code>,
}

/// What writing an inquiry led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// It is new, or the same request made it before.
    There(Inquiry),
    /// Its key names another request.
    Conflict,
}

/// Encrypts what all parts have in common.
///
/// # Errors
/// If OpenSSL fails.
pub fn inquiry_about_seal<T: Serialize>(keys: &Keys, id: &MessageId, about: &T) -> Result<Vec<u8>, ColumnError> {
    ABOUT.seal(keys, id.as_str(), about)
}

/// Decrypts it.
///
/// # Errors
/// If it was changed or moved, or its key is gone.
pub fn inquiry_about_open<T: DeserializeOwned>(keys: &Keys, id: &MessageId, stored: &[u8]) -> Result<T, ColumnError> {
    ABOUT.open(keys, id.as_str(), stored)
}

#[derive(QueryableByName)]
struct KeyRow {
    #[diesel(sql_type = Text)]
    exchange: String,
    #[diesel(sql_type = Binary)]
    request_digest: Vec<u8>,
}

/// Writes an inquiry with its parts, or finds the one that its key names.
pub fn inquiry_insert(conn: &mut AnyConnection, new: &NewInquiry) -> QueryResult<Written> {
    let values = [
        new.id.as_str().into(),
        new.key.system.as_str().into(),
        new.key.column().as_str().into(),
        new.request.as_bytes().as_slice().into(),
        new.department.as_str().into(),
        new.made_ms.into(),
    ];
    let claimed = Statement::new(
        "INSERT INTO ask (exchange, system, idempotency_key, request_digest, provider, asked_ms) VALUES ",
    )
    .row(values)
    .sql(" ON CONFLICT DO NOTHING")
    .execute(conn)?;
    if claimed == 1 {
        insert(conn, new)?;
    }
    let named =
        Statement::new("SELECT exchange, request_digest FROM ask WHERE system = ").bind(new.key.system.as_str());
    let named: Vec<KeyRow> = named.sql(" AND idempotency_key = ").bind(new.key.column().as_str()).load(conn)?;
    let same = named.into_iter().find(|row| row.request_digest == new.request.as_bytes());
    let found = same.map(|row| inquiry_find(conn, &read(&row.exchange)?)).transpose()?.flatten();
    Ok(found.map_or(Written::Conflict, Written::There))
}

fn insert(conn: &mut AnyConnection, new: &NewInquiry) -> QueryResult<()> {
    let state = if new.kind == Kind::Batch { State::Running } else { State::Ended };
    let values = [
        new.id.as_str().into(),
        new.key.system.as_str().into(),
        new.key.idempotency.as_str().into(),
        new.kind.word().into(),
        new.officer.as_ref().map(SystemName::as_str).into(),
        new.about.as_slice().into(),
        i64::try_from(new.parts.len()).unwrap_or(i64::MAX).into(),
        new.made_ms.into(),
        state.word().into(),
        0.into(),
        0.into(),
    ];
    Statement::new(
        "INSERT INTO inquiry (id, system, idempotency_key, kind, officer, about, parts, made_ms, state, lease_ms, fence) VALUES ",
    )
    .row(values)
    .execute(conn)?;
    let places: Vec<_> = (0_i64..).zip(&new.parts).collect();
    for chunk in places.chunks(ROWS) {
        let rows = chunk
            .iter()
            .map(|(place, about)| [new.id.as_str().into(), (*place).into(), about.as_slice().into(), 0.into()]);
        Statement::new("INSERT INTO inquiry_part (inquiry, place, about, ended) VALUES ").rows(rows).execute(conn)?;
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    system: String,
    #[diesel(sql_type = Text)]
    idempotency_key: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Nullable<Text>)]
    officer: Option<String>,
    #[diesel(sql_type = Nullable<Binary>)]
    about: Option<Vec<u8>>,
    #[diesel(sql_type = BigInt)]
    parts: i64,
    #[diesel(sql_type = BigInt)]
    made_ms: i64,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Nullable<Text>)]
    code: Option<String>,
}

const COLUMNS: &str =
    "SELECT id, system, idempotency_key, kind, officer, about, parts, made_ms, state, code FROM inquiry WHERE ";

/// An inquiry by its id.
pub fn inquiry_find(conn: &mut AnyConnection, id: &MessageId) -> QueryResult<Option<Inquiry>> {
    let rows: Vec<Row> = Statement::new(COLUMNS).sql("id = ").bind(id.as_str()).load(conn)?;
    rows.into_iter().next().map(inquiry).transpose()
}

fn inquiry(row: Row) -> QueryResult<Inquiry> {
    let kind = match row.kind.as_str() {
        "parts" => Kind::Parts,
        "case" => Kind::Case,
        _ => Kind::Batch,
    };
    // A word that is none of ours: nobody works on it any more.
    let state = match row.state.as_str() {
        "running" => State::Running,
        "stopped" => State::Stopped,
        _ => State::Ended,
    };
    Ok(Inquiry {
        id: read(&row.id)?,
        key: AskKey::new(read(&row.system)?, read(&row.idempotency_key)?),
        kind,
        officer: row.officer.as_deref().map(read).transpose()?,
        about: row.about,
        parts: u32::try_from(row.parts).unwrap_or(u32::MAX),
        made_ms: row.made_ms,
        state,
        code: row.code.as_deref().map(read).transpose()?,
    })
}
