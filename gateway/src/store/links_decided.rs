//! Why an officer linked somebody, or did not: kept beside the link, encrypted, insert-only.

use diesel::{
    QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Binary, Text},
};
use protocol::seal::random;
use schemas::{
    id::{SectorSubject, SystemName},
    time::Timestamp,
};
use service_kit::db::AnyConnection;

use super::{
    encrypted::Encrypted,
    links::{LinkError, subject_index},
};
use crate::keys::Keys;

const REASON: Encrypted = Encrypted { table: "link_decision", column: "reason" };

/// An officer's decision about somebody whom the matcher left open.
#[derive(Clone, Debug)]
pub struct Decision<'a> {
    /// About whom.
    pub subject: &'a SectorSubject,
    /// Whose, by pseudonym.
    pub officer: &'a SystemName,
    /// Whether she was linked, or is none of the rows.
    pub linked: bool,
    /// Why, in words.
    pub reason: &'a str,
    /// When.
    pub at: Timestamp,
}

/// Writes a decision down.
///
/// # Errors
/// If the database or the encryption fails.
pub fn decision_insert(conn: &mut AnyConnection, keys: &Keys, new: &Decision<'_>) -> Result<(), LinkError> {
    let id = random::message_id(new.at);
    let reason = REASON.seal(keys, id.as_str(), &new.reason)?;
    sql_query(
        "INSERT INTO link_decision (id, subject_index, officer, linked, reason, decided_at) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind::<Text, _>(id.as_str())
    .bind::<Text, _>(subject_index(keys, new.subject))
    .bind::<Text, _>(new.officer.as_str())
    .bind::<BigInt, _>(i64::from(new.linked))
    .bind::<Binary, _>(reason)
    .bind::<BigInt, _>(new.at.seconds())
    .execute(conn)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    linked: i64,
    #[diesel(sql_type = Binary)]
    reason: Vec<u8>,
}

/// Whether she was linked, and why, oldest first.
///
/// # Errors
/// If the database or the encryption fails.
pub fn decisions_of(
    conn: &mut AnyConnection,
    keys: &Keys,
    subject: &SectorSubject,
) -> Result<Vec<(bool, String)>, LinkError> {
    let rows: Vec<Row> =
        sql_query("SELECT id, linked, reason FROM link_decision WHERE subject_index = $1 ORDER BY decided_at, id")
            .bind::<Text, _>(subject_index(keys, subject))
            .load(conn)?;
    rows.into_iter().map(|row| Ok((row.linked == 1, REASON.open(keys, &row.id, &row.reason)?))).collect()
}
