//! Follow lists: what a subscriber told, and what a source keeps of it.

use std::collections::{HashMap, HashSet};

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{BigInt, Binary, Text},
};
use schemas::{
    digest::Digest,
    id::{EntityId, MessageId, SectorSubject},
    time::CivilDate,
};
use service_kit::db::{AnyConnection, DatabaseError};

use super::PersonIndex;
use crate::{
    keys::Keys,
    store::{
        encrypted::{ColumnError, Encrypted},
        exchange::statement::{ROWS, Statement, read},
    },
};

const FOLLOWED: Encrypted = Encrypted { table: "followed", column: "subject" };
const LINK_SUBJECT: Encrypted = Encrypted { table: "subject_link", column: "subject" };
const LINK_LOCAL: Encrypted = Encrypted { table: "subject_link", column: "local_key" };

/// A follow list could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The encryption.
    #[error(transparent)]
    Column(#[from] ColumnError),
}

impl From<diesel::result::Error> for FollowError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

/// A pseudonym with the index by which `subject_link` knows it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkIndex(String);

/// One person on our own follow list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowedRow {
    /// By which we find it.
    pub index: LinkIndex,
    /// The pseudonym.
    pub subject: SectorSubject,
    /// Last day, as the source knows it.
    pub until: CivilDate,
}

/// The index of a local number, as `subject_link` has it.
pub fn local_index(keys: &Keys, local_key: &str) -> String {
    LINK_LOCAL.index(keys, local_key)
}

#[derive(QueryableByName)]
struct Link {
    #[diesel(sql_type = Text)]
    subject_index: String,
    #[diesel(sql_type = Text)]
    local_index: String,
}

/// The linked pseudonyms of these local numbers, by index.
pub fn links_of(conn: &mut AnyConnection, local: &HashSet<String>) -> QueryResult<HashSet<LinkIndex>> {
    let links: Vec<Link> = Statement::new("SELECT subject_index, local_index FROM subject_link").load(conn)?;
    Ok(links
        .into_iter()
        .filter(|link| local.contains(&link.local_index))
        .map(|link| LinkIndex(link.subject_index))
        .collect())
}

#[derive(QueryableByName)]
struct Removed {
    #[diesel(sql_type = Text)]
    subject_index: String,
}

/// Who was removed from a roll by a decision of ours that stands: if its event is annulled, we must hear of it.
pub fn removed_from(conn: &mut AnyConnection, roll: &str) -> QueryResult<HashSet<LinkIndex>> {
    let select = Statement::new("SELECT person AS subject_index FROM decision WHERE state = 'removed' AND roll = ");
    let rows: Vec<Removed> = select.bind(roll).load(conn)?;
    Ok(rows.into_iter().map(|row| LinkIndex(row.subject_index)).collect())
}

#[derive(QueryableByName)]
struct Told {
    #[diesel(sql_type = Text)]
    subject_index: String,
    #[diesel(sql_type = Text)]
    until_day: String,
}

/// Whom we follow under a subscription, as the source was told.
pub fn followed_all(conn: &mut AnyConnection, subscription: &MessageId) -> QueryResult<HashMap<LinkIndex, CivilDate>> {
    let select = Statement::new("SELECT subject_index, until_day FROM followed WHERE subscription = ")
        .bind(subscription.as_str());
    let rows: Vec<Told> = select.load(conn)?;
    rows.into_iter().map(|row| Ok((LinkIndex(row.subject_index), read(&row.until_day)?))).collect()
}

#[derive(QueryableByName)]
struct Sealed {
    #[diesel(sql_type = Text)]
    subject_index: String,
    #[diesel(sql_type = Binary)]
    subject: Vec<u8>,
}

/// The pseudonyms of links.
///
/// # Errors
/// If the database or the decryption fails.
pub fn link_subjects_of(
    conn: &mut AnyConnection,
    keys: &Keys,
    indexes: &[LinkIndex],
) -> Result<Vec<(LinkIndex, SectorSubject)>, FollowError> {
    sealed_subjects(conn, keys, LINK_SUBJECT, "SELECT subject_index, subject FROM subject_link WHERE ", indexes)
}

/// The pseudonyms that a source was told under a subscription.
///
/// # Errors
/// If the database or the decryption fails.
pub fn followed_subjects_of(
    conn: &mut AnyConnection,
    keys: &Keys,
    indexes: &[LinkIndex],
) -> Result<Vec<(LinkIndex, SectorSubject)>, FollowError> {
    sealed_subjects(conn, keys, FOLLOWED, "SELECT DISTINCT subject_index, subject FROM followed WHERE ", indexes)
}

fn sealed_subjects(
    conn: &mut AnyConnection,
    keys: &Keys,
    column: Encrypted,
    select: &'static str,
    indexes: &[LinkIndex],
) -> Result<Vec<(LinkIndex, SectorSubject)>, FollowError> {
    let mut found = HashMap::with_capacity(indexes.len());
    for chunk in indexes.chunks(ROWS) {
        let select = Statement::new(select).sql("subject_index IN (VALUES ");
        let rows: Vec<Sealed> = select.rows(chunk.iter().map(|index| [index.0.as_str().into()])).sql(")").load(conn)?;
        for row in rows {
            let subject = column.open(keys, &row.subject_index, &row.subject)?;
            found.insert(LinkIndex(row.subject_index), subject);
        }
    }
    Ok(found.into_iter().collect())
}

/// The source took these: they are followed until the day given.
///
/// # Errors
/// If the database or the encryption fails.
pub fn followed_put(
    conn: &mut AnyConnection,
    keys: &Keys,
    subscription: &MessageId,
    rows: &[FollowedRow],
) -> Result<(), FollowError> {
    for chunk in rows.chunks(ROWS) {
        let mut values = Vec::with_capacity(chunk.len());
        for row in chunk {
            let sealed = FOLLOWED.seal(keys, &row.index.0, &row.subject)?;
            let until = row.until.to_string();
            values.push([
                subscription.as_str().into(),
                row.index.0.as_str().into(),
                sealed.as_slice().into(),
                until.as_str().into(),
            ]);
        }
        Statement::new("INSERT INTO followed (subscription, subject_index, subject, until_day) VALUES ")
            .rows(values)
            .sql(" ON CONFLICT (subscription, subject_index) DO UPDATE SET until_day = excluded.until_day")
            .execute(conn)?;
    }
    Ok(())
}

/// The source was told that these are followed no longer.
pub fn followed_delete(conn: &mut AnyConnection, subscription: &MessageId, indexes: &[LinkIndex]) -> QueryResult<()> {
    for chunk in indexes.chunks(ROWS) {
        Statement::new("DELETE FROM followed WHERE subscription = ")
            .bind(subscription.as_str())
            .sql(" AND subject_index IN (VALUES ")
            .rows(chunk.iter().map(|index| [index.0.as_str().into()]))
            .sql(")")
            .execute(conn)?;
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Claimed {
    #[diesel(sql_type = Text)]
    digest: String,
}

/// Claims a subscriber's request: `None`, it is new; else the digest of the bytes that came first under its id.
pub fn follow_claim(
    conn: &mut AnyConnection,
    peer: &EntityId,
    request: &MessageId,
    digest: Digest,
    now_ms: i64,
) -> QueryResult<Option<Digest>> {
    let text = digest.to_string();
    let inserted = Statement::new("INSERT INTO follow_claim (peer, request, digest, at_ms) VALUES ")
        .row([peer.as_str().into(), request.as_str().into(), text.as_str().into(), now_ms.into()])
        .sql(" ON CONFLICT DO NOTHING")
        .execute(conn)?;
    if inserted == 1 {
        return Ok(None);
    }
    let select = Statement::new("SELECT digest FROM follow_claim WHERE peer = ").bind(peer.as_str());
    let rows: Vec<Claimed> = select.sql(" AND request = ").bind(request.as_str()).load(conn)?;
    rows.first().map(|row| read(&row.digest)).transpose()
}

/// Forgets claims older than this instant: the requests that they speak of are long stale.
pub fn follow_claims_prune(conn: &mut AnyConnection, before_ms: i64) -> QueryResult<usize> {
    Statement::new("DELETE FROM follow_claim WHERE at_ms < ").bind(before_ms).execute(conn)
}

/// Follows people under a subscription until the days given.
pub fn follow_put(
    conn: &mut AnyConnection,
    subscription: &MessageId,
    people: &[(PersonIndex, CivilDate)],
) -> QueryResult<()> {
    for chunk in people.chunks(ROWS) {
        let rows = chunk.iter().map(|(person, until)| {
            [subscription.as_str().into(), person.as_str().into(), until.to_string().as_str().into()]
        });
        Statement::new("INSERT INTO follow (subscription, person_index, until_day) VALUES ")
            .rows(rows)
            .sql(" ON CONFLICT (subscription, person_index) DO UPDATE SET until_day = excluded.until_day")
            .execute(conn)?;
    }
    Ok(())
}

/// Follows people no longer.
pub fn follow_delete(conn: &mut AnyConnection, subscription: &MessageId, people: &[PersonIndex]) -> QueryResult<()> {
    for chunk in people.chunks(ROWS) {
        Statement::new("DELETE FROM follow WHERE subscription = ")
            .bind(subscription.as_str())
            .sql(" AND person_index IN (VALUES ")
            .rows(chunk.iter().map(|person| [person.as_str().into()]))
            .sql(")")
            .execute(conn)?;
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How many people are followed under a subscription.
pub fn follow_count(conn: &mut AnyConnection, subscription: &MessageId) -> QueryResult<i64> {
    let select =
        Statement::new("SELECT COUNT(*) AS count FROM follow WHERE subscription = ").bind(subscription.as_str());
    Ok(select.load::<Count>(conn)?.first().map_or(0, |row| row.count))
}
