//! The parts of inquiries: what each is about, and how it ended.

use diesel::{
    QueryResult, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Binary, Nullable, Text},
};
use schemas::{answer::Record, id::MessageId, problem::Code, time::Timestamp};
use serde::{Serialize, de::DeserializeOwned};
use service_kit::db::AnyConnection;

use crate::{
    keys::Keys,
    store::{
        encrypted::{ColumnError, Encrypted},
        exchange::{
            ConsentIndex,
            statement::{Statement, read},
        },
    },
};

const ABOUT: Encrypted = Encrypted { table: "inquiry_part", column: "about" };
const VALUE: Encrypted = Encrypted { table: "inquiry_part", column: "value" };

/// The name of a part's row, to which its columns are bound.
fn row_name(inquiry: &MessageId, place: u32) -> String {
    format!("{inquiry}/{place}")
}

/// Encrypts what a part is about.
///
/// # Errors
/// If OpenSSL fails.
pub fn part_about_seal<T: Serialize>(
    keys: &Keys,
    inquiry: &MessageId,
    place: u32,
    about: &T,
) -> Result<Vec<u8>, ColumnError> {
    ABOUT.seal(keys, &row_name(inquiry, place), about)
}

/// Decrypts it.
///
/// # Errors
/// If it was changed or moved, or its key is gone.
pub fn part_about_open<T: DeserializeOwned>(
    keys: &Keys,
    inquiry: &MessageId,
    place: u32,
    stored: &[u8],
) -> Result<T, ColumnError> {
    ABOUT.open(keys, &row_name(inquiry, place), stored)
}

/// Encrypts the record of a part of a case file.
///
/// # Errors
/// If OpenSSL fails.
pub fn part_value_seal(keys: &Keys, inquiry: &MessageId, place: u32, record: &Record) -> Result<Vec<u8>, ColumnError> {
    VALUE.seal(keys, &row_name(inquiry, place), record)
}

/// Decrypts it.
///
/// # Errors
/// If it was changed or moved, or its key is gone.
pub fn part_value_open(keys: &Keys, inquiry: &MessageId, place: u32, stored: &[u8]) -> Result<Record, ColumnError> {
    VALUE.open(keys, &row_name(inquiry, place), stored)
}

/// What came of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Data.
    Answered,
    /// A refusal, by the other side or by us.
    Refused,
    /// Nothing, or nothing yet.
    Unavailable,
}

impl Outcome {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
        }
    }

    fn of(word: &str) -> Self {
        match word {
            "answered" => Self::Answered,
            "refused" => Self::Refused,
            _ => Self::Unavailable,
        }
    }
}

/// How a part stands after it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartEnd {
    /// Which part, from 0.
    pub place: u32,
    /// What came of it.
    pub outcome: Outcome,
    /// Whether it stays as it is.
    pub ended: bool,
    /// Why there is no answer.
    pub code: Option<Code>,
    /// The query.
    pub exchange: Option<MessageId>,
    /// Our receipt.
    pub receipt: Option<MessageId>,
    /// The other side's.
    pub counterpart: Option<MessageId>,
    /// When.
    pub at: Timestamp,
    /// What a case file keeps.
    pub value: Option<PartValue>,
}

/// A record that a case file keeps for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartValue {
    /// As [`part_value_seal`] made it.
    pub record: Vec<u8>,
    /// How long it may be kept.
    pub until: Timestamp,
    /// The consent that ends it earlier.
    pub consent: ConsentIndex,
}

/// Writes how parts stand. A part that has ended keeps its end.
pub fn parts_write(conn: &mut AnyConnection, inquiry: &MessageId, ends: &[PartEnd]) -> QueryResult<()> {
    for end in ends {
        let id = |id: &Option<MessageId>| id.as_ref().map(|id| id.as_str().to_owned());
        let value = end.value.as_ref();
        sql_query(
            "UPDATE inquiry_part SET outcome = $1, ended = $2, code = $3, exchange = COALESCE($4, exchange), receipt = $5, \
             counterpart = $6, ended_ms = $7, value = $8, value_until_ms = $9, consent_index = $10 \
             WHERE inquiry = $11 AND place = $12 AND ended = 0",
        )
        .bind::<Text, _>(end.outcome.word())
        .bind::<BigInt, _>(i64::from(end.ended))
        .bind::<Nullable<Text>, _>(end.code.map(Code::as_str))
        .bind::<Nullable<Text>, _>(id(&end.exchange))
        .bind::<Nullable<Text>, _>(id(&end.receipt))
        .bind::<Nullable<Text>, _>(id(&end.counterpart))
        .bind::<BigInt, _>(end.at.seconds().saturating_mul(1000))
        .bind::<Nullable<Binary>, _>(value.map(|value| value.record.as_slice()))
        .bind::<Nullable<BigInt>, _>(value.map(|value| value.until.seconds().saturating_mul(1000)))
        .bind::<Nullable<Text>, _>(value.map(|value| value.consent.as_str()))
        .bind::<Text, _>(inquiry.as_str())
        .bind::<BigInt, _>(i64::from(end.place))
        .execute(conn)?;
    }
    Ok(())
}

/// A part as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartRow {
    /// Which part, from 0.
    pub place: u32,
    /// Encrypted; `None` once it is forgotten.
    pub about: Option<Vec<u8>>,
    /// What came of it; `None` before it was asked.
    pub outcome: Option<Outcome>,
    /// Whether it stays as it is.
    pub ended: bool,
    /// Why there is no answer.
    pub code: Option<Code>,
    /// The query.
    pub exchange: Option<MessageId>,
    /// Our receipt.
    pub receipt: Option<MessageId>,
    /// The other side's.
    pub counterpart: Option<MessageId>,
    /// When.
    pub at: Option<Timestamp>,
    /// The encrypted record of a case file, while it may be kept.
    pub value: Option<Vec<u8>>,
    /// The encrypted end of its question, while that is kept.
    pub end: Option<Vec<u8>>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    place: i64,
    #[diesel(sql_type = Nullable<Binary>)]
    about: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Text>)]
    outcome: Option<String>,
    #[diesel(sql_type = BigInt)]
    ended: i64,
    #[diesel(sql_type = Nullable<Text>)]
    code: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    exchange: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    receipt: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    counterpart: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    ended_ms: Option<i64>,
    #[diesel(sql_type = Nullable<Binary>)]
    value: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Binary>)]
    answer: Option<Vec<u8>>,
}

const COLUMNS: &str = "SELECT p.place, p.about, p.outcome, p.ended, p.code, p.exchange, p.receipt, p.counterpart, p.ended_ms, \
     p.value, e.answer FROM inquiry_part p LEFT JOIN ask_answer e ON e.exchange = p.exchange WHERE p.inquiry = ";

/// Parts from a place on, in their order.
pub fn parts_page(conn: &mut AnyConnection, inquiry: &MessageId, from: u32, limit: i64) -> QueryResult<Vec<PartRow>> {
    let page = Statement::new(COLUMNS).bind(inquiry.as_str()).sql(" AND p.place >= ").bind(i64::from(from));
    load(page.sql(" ORDER BY p.place LIMIT ").bind(limit), conn)
}

/// Parts without an end, from a place on, in their order.
pub fn parts_open(conn: &mut AnyConnection, inquiry: &MessageId, from: u32, limit: i64) -> QueryResult<Vec<PartRow>> {
    let page = Statement::new(COLUMNS).bind(inquiry.as_str()).sql(" AND p.ended = 0 AND p.place >= ");
    load(page.bind(i64::from(from)).sql(" ORDER BY p.place LIMIT ").bind(limit), conn)
}

fn load(page: Statement, conn: &mut AnyConnection) -> QueryResult<Vec<PartRow>> {
    page.load::<Row>(conn)?.into_iter().map(part).collect()
}

fn part(row: Row) -> QueryResult<PartRow> {
    let id = |text: Option<String>| text.as_deref().map(read).transpose();
    Ok(PartRow {
        place: u32::try_from(row.place).unwrap_or(u32::MAX),
        about: row.about,
        outcome: row.outcome.as_deref().map(Outcome::of),
        ended: row.ended != 0,
        code: row.code.as_deref().map(read).transpose()?,
        exchange: id(row.exchange)?,
        receipt: id(row.receipt)?,
        counterpart: id(row.counterpart)?,
        at: row.ended_ms.map(|ms| Timestamp::from_seconds(ms.div_euclid(1000))),
        value: row.value,
        end: row.answer,
    })
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How many parts have an end.
pub fn parts_ended(conn: &mut AnyConnection, inquiry: &MessageId) -> QueryResult<u32> {
    let rows: Vec<Count> = Statement::new("SELECT COUNT(*) AS count FROM inquiry_part WHERE ended = 1 AND inquiry = ")
        .bind(inquiry.as_str())
        .load(conn)?;
    Ok(rows.first().map_or(0, |row| u32::try_from(row.count).unwrap_or(u32::MAX)))
}

#[derive(QueryableByName)]
struct UnsettledRow {
    #[diesel(sql_type = Text)]
    inquiry: String,
}

/// Inquiries of which a question has ended since, by recovery, without the part's knowing.
pub fn parts_unsettled(conn: &mut AnyConnection, limit: i64) -> QueryResult<Vec<MessageId>> {
    let rows: Vec<UnsettledRow> = Statement::new(
        "SELECT DISTINCT p.inquiry FROM inquiry_part p JOIN inquiry i ON i.id = p.inquiry \
         JOIN ask a ON a.system = i.system AND a.idempotency_key = i.idempotency_key || '#' || p.place \
         JOIN ask_answer e ON e.exchange = a.exchange WHERE p.ended = 0 AND i.kind <> 'batch' LIMIT ",
    )
    .bind(limit)
    .load(conn)?;
    rows.into_iter().map(|row| read(&row.inquiry)).collect()
}
