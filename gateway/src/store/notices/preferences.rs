//! What a citizen has chosen about notices: how much, in which language, and where she can be reached.
//!
//! Guarantees: the latest order by its `iat` counts, whatever order they arrive in; number and address are encrypted.

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{BigInt, Binary, Text},
};
use schemas::{
    digest::Digest,
    notice::{MailAddress, NoticeLevel, Phone},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use service_kit::db::AnyConnection;

use super::{NoticeStoreError, Person};
use crate::{
    keys::Keys,
    store::{encrypted::Encrypted, exchange::statement::Statement},
};

const CONTACT: Encrypted = Encrypted { table: "notice_preference", column: "contact" };

/// Where she can be reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// For short messages.
    pub phone: Option<Phone>,
    /// For mail.
    pub email: Option<MailAddress>,
}

/// What she has chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preference {
    /// How much.
    pub level: NoticeLevel,
    /// `en` or `hi`.
    pub language: String,
    /// Where.
    pub contact: Contact,
    /// `iat` of her order.
    pub ordered: Timestamp,
}

/// The word of a level.
pub const fn level_word(level: NoticeLevel) -> &'static str {
    match level {
        NoticeLevel::EveryUse => "every-use",
        NoticeLevel::Weekly => "weekly",
        NoticeLevel::Exceptions => "exceptions",
    }
}

/// An unknown word is a damaged row: then only what must be told is told.
fn level_of(word: &str) -> NoticeLevel {
    match word {
        "every-use" => NoticeLevel::EveryUse,
        "weekly" => NoticeLevel::Weekly,
        _ => NoticeLevel::Exceptions,
    }
}

/// Keeps an order. `false`: a later one, or another of the same second, is kept already. A repeat of the same order is `true`.
///
/// # Errors
/// If the database or the encryption fails.
pub fn preference_put(
    conn: &mut AnyConnection,
    keys: &Keys,
    (person, order): (&Person, &Digest),
    chosen: &Preference,
    now: Timestamp,
) -> Result<bool, NoticeStoreError> {
    let contact = CONTACT.seal(keys, person.as_str(), &chosen.contact)?;
    let written = Statement::new(
        "INSERT INTO notice_preference (person, level, language, contact, has_phone, has_email, ordered_at, order_digest, \
         told_until) VALUES ",
    )
    .row([
        person.as_str().into(),
        level_word(chosen.level).into(),
        chosen.language.as_str().into(),
        contact.as_slice().into(),
        i64::from(chosen.contact.phone.is_some()).into(),
        i64::from(chosen.contact.email.is_some()).into(),
        chosen.ordered.seconds().into(),
        order.as_bytes().as_slice().into(),
        now.seconds().into(),
    ])
    .sql(
        " ON CONFLICT (person) DO UPDATE SET level = excluded.level, language = excluded.language, contact = excluded.contact, \
         has_phone = excluded.has_phone, has_email = excluded.has_email, ordered_at = excluded.ordered_at, \
         order_digest = excluded.order_digest, told_until = excluded.told_until \
         WHERE notice_preference.ordered_at < excluded.ordered_at OR notice_preference.order_digest = excluded.order_digest",
    )
    .execute(conn)?;
    Ok(written == 1)
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    person: String,
    #[diesel(sql_type = Text)]
    level: String,
    #[diesel(sql_type = Text)]
    language: String,
    #[diesel(sql_type = Binary)]
    contact: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    ordered_at: i64,
}

/// What a person has chosen, if she has.
///
/// # Errors
/// If the database or the encryption fails.
pub fn preference_find(
    conn: &mut AnyConnection,
    keys: &Keys,
    person: &Person,
) -> Result<Option<Preference>, NoticeStoreError> {
    let rows: Vec<Row> =
        Statement::new("SELECT person, level, language, contact, ordered_at FROM notice_preference WHERE person = ")
            .bind(person.as_str())
            .load(conn)?;
    let open = |row: Row| {
        Ok(Preference {
            level: level_of(&row.level),
            language: row.language,
            contact: CONTACT.open(keys, &row.person, &row.contact)?,
            ordered: Timestamp::from_seconds(row.ordered_at),
        })
    };
    rows.into_iter().next().map(open).transpose()
}

/// The same, and nobody else changes it before this transaction ends: a new choice keeps what it does not name.
///
/// # Errors
/// If the database or the encryption fails.
pub fn preference_lock(
    conn: &mut AnyConnection,
    keys: &Keys,
    person: &Person,
) -> Result<Option<Preference>, NoticeStoreError> {
    // Writing what stands there locks the row on both engines.
    Statement::new("UPDATE notice_preference SET level = level WHERE person = ").bind(person.as_str()).execute(conn)?;
    preference_find(conn, keys, person)
}

#[derive(QueryableByName)]
struct ToldRow {
    #[diesel(sql_type = Text)]
    person: String,
    #[diesel(sql_type = Text)]
    level: String,
    #[diesel(sql_type = BigInt)]
    told_until: i64,
}

/// Somebody who wants to hear of uses, and until when she has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Who.
    pub person: Person,
    /// How much.
    pub level: NoticeLevel,
    /// Uses up to then have become notices.
    pub told: Timestamp,
}

/// Those who want to hear of uses and were told up to `before` at most, longest ago first.
pub fn listeners_due(
    conn: &mut AnyConnection,
    level: NoticeLevel,
    before: Timestamp,
    limit: i64,
) -> QueryResult<Vec<Listener>> {
    let rows: Vec<ToldRow> = Statement::new("SELECT person, level, told_until FROM notice_preference WHERE level = ")
        .bind(level_word(level))
        .sql(" AND told_until <= ")
        .bind(before.seconds())
        .sql(" ORDER BY told_until, person LIMIT ")
        .bind(limit)
        .load(conn)?;
    let listener = |row: ToldRow| Listener {
        person: Person::from_stored(row.person),
        level: level_of(&row.level),
        told: Timestamp::from_seconds(row.told_until),
    };
    Ok(rows.into_iter().map(listener).collect())
}

/// Remembers until when she was told. `false`: she has given another order meanwhile, or another process was faster.
pub fn listener_told(conn: &mut AnyConnection, listener: &Listener, until: Timestamp) -> QueryResult<bool> {
    let update =
        Statement::new("UPDATE notice_preference SET told_until = ").bind(until.seconds()).sql(" WHERE person = ");
    let update = update.bind(listener.person.as_str()).sql(" AND told_until = ").bind(listener.told.seconds());
    Ok(update.sql(" AND level = ").bind(level_word(listener.level)).execute(conn)? == 1)
}
