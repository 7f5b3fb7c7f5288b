//! Marks: who of our roll is on the other's too. Encrypted, for officers, forgotten in time.

use diesel::{
    QueryableByName, RunQueryDsl as _, sql_query,
    sql_types::{BigInt, Binary, Nullable, Text},
};
use protocol::seal::random;
use registry_adapter::key::LocalKey;
use schemas::{
    id::{MessageId, SystemName},
    time::Timestamp,
};
use service_kit::db::{AnyConnection, DatabaseError};

use super::{OverlapKey, Side, read};
use crate::{
    keys::Keys,
    store::{
        encrypted::{ColumnError, Encrypted},
        exchange::statement::{Bind, ROWS, Statement},
    },
};

const PERSON: Encrypted = Encrypted { table: "overlap_mark", column: "person" };
const REASON: Encrypted = Encrypted { table: "overlap_mark", column: "reason" };

/// Marks could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum MarkError {
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The encryption.
    #[error(transparent)]
    Column(#[from] ColumnError),
}

impl From<diesel::result::Error> for MarkError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

/// What an officer found when she looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Finding {
    /// Both is right, or it is not the same person.
    Nothing,
    /// The department goes after it by its own procedure, with notice and hearing.
    Pursued,
}

impl Finding {
    /// As it is written.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Pursued => "pursued",
        }
    }
}

/// The text is neither `nothing` nor `pursued`.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a finding is `nothing` or `pursued`")]
pub struct UnknownFinding;

impl std::str::FromStr for Finding {
    type Err = UnknownFinding;

    fn from_str(text: &str) -> Result<Self, UnknownFinding> {
        match text {
            "nothing" => Ok(Self::Nothing),
            "pursued" => Ok(Self::Pursued),
            _ => Err(UnknownFinding),
        }
    }
}

/// One person of our roll whom the other has too. It names nobody by itself to anybody but the department's own officers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Its id.
    pub id: MessageId,
    /// Our own number of the person.
    pub person: LocalKey,
    /// When she was found.
    pub found_at: Timestamp,
    /// What an officer found, and who she is.
    pub settled: Option<(Finding, String)>,
}

/// Writes marks down.
///
/// # Errors
/// If the database or the encryption fails.
pub fn marks_insert(
    conn: &mut AnyConnection,
    keys: &Keys,
    key: &OverlapKey,
    people: &[LocalKey],
    at: Timestamp,
) -> Result<(), MarkError> {
    for chunk in people.chunks(ROWS) {
        let mut rows: Vec<[Bind; 6]> = Vec::with_capacity(chunk.len());
        for person in chunk {
            let id = random::message_id(at);
            let sealed = PERSON.seal(keys, id.as_str(), &person.as_str())?;
            rows.push([
                id.as_str().into(),
                key.comparison.as_str().into(),
                key.peer.as_str().into(),
                key.side.word().into(),
                sealed.as_slice().into(),
                at.seconds().into(),
            ]);
        }
        Statement::new("INSERT INTO overlap_mark (id, comparison, peer, side, person, found_at) VALUES ")
            .rows(rows)
            .execute(conn)?;
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Binary)]
    person: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    found_at: i64,
    #[diesel(sql_type = Nullable<Text>)]
    finding: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    officer: Option<String>,
}

/// Marks of a comparison, those that wait first, at most `most`.
///
/// # Errors
/// If the database or the decryption fails.
pub fn marks_of(conn: &mut AnyConnection, keys: &Keys, key: &OverlapKey, most: i64) -> Result<Vec<Mark>, MarkError> {
    let rows: Vec<Row> = sql_query(
        "SELECT id, person, found_at, finding, officer FROM overlap_mark WHERE comparison = $1 AND peer = $2 AND side = $3 \
         ORDER BY CASE WHEN finding IS NULL THEN 0 ELSE 1 END, id LIMIT $4",
    )
    .bind::<Text, _>(key.comparison.as_str())
    .bind::<Text, _>(key.peer.as_str())
    .bind::<Text, _>(key.side.word())
    .bind::<BigInt, _>(most)
    .load(conn)?;
    let mark = |row: Row| {
        let text: String = PERSON.open(keys, &row.id, &row.person)?;
        let settled = row.finding.and_then(|finding| Some((finding.parse().ok()?, row.officer?)));
        Ok(Mark {
            id: read(&row.id)?,
            person: text.parse().map_err(|_| ColumnError::Content)?,
            found_at: Timestamp::from_seconds(row.found_at),
            settled,
        })
    };
    rows.into_iter().map(mark).collect()
}

#[derive(QueryableByName)]
struct Of {
    #[diesel(sql_type = Text)]
    comparison: String,
    #[diesel(sql_type = Text)]
    peer: String,
    #[diesel(sql_type = Text)]
    side: String,
}

/// How an officer settles a mark.
#[derive(Clone, Copy, Debug)]
pub struct Settling<'a> {
    /// Which mark.
    pub id: &'a MessageId,
    /// Who.
    pub officer: &'a SystemName,
    /// What she found.
    pub finding: Finding,
    /// Why, in words.
    pub reason: &'a str,
    /// When.
    pub at: Timestamp,
}

/// Settles a mark once; the comparison it belongs to, or `None` where nothing of this id waits.
///
/// # Errors
/// If the database or the encryption fails.
pub fn mark_settle(
    conn: &mut AnyConnection,
    keys: &Keys,
    settling: &Settling<'_>,
) -> Result<Option<OverlapKey>, MarkError> {
    let reason = REASON.seal(keys, settling.id.as_str(), &settling.reason)?;
    let rows: Vec<Of> = sql_query(
        "UPDATE overlap_mark SET finding = $1, officer = $2, reason = $3, settled_at = $4 WHERE id = $5 AND finding IS NULL \
         RETURNING comparison, peer, side",
    )
    .bind::<Text, _>(settling.finding.word())
    .bind::<Text, _>(settling.officer.as_str())
    .bind::<Binary, _>(reason)
    .bind::<BigInt, _>(settling.at.seconds())
    .bind::<Text, _>(settling.id.as_str())
    .load(conn)?;
    let key = |of: Of| -> Result<OverlapKey, MarkError> {
        Ok(OverlapKey { side: Side::of(&of.side), peer: read(&of.peer)?, comparison: read(&of.comparison)? })
    };
    rows.into_iter().next().map(key).transpose()
}

/// Forgets marks of before this time, settled or not, at most `limit`.
///
/// # Errors
/// If the database fails.
pub fn marks_prune(conn: &mut AnyConnection, before: Timestamp, limit: i64) -> Result<usize, MarkError> {
    let pruned =
        sql_query("DELETE FROM overlap_mark WHERE id IN (SELECT id FROM overlap_mark WHERE found_at < $1 LIMIT $2)")
            .bind::<BigInt, _>(before.seconds())
            .bind::<BigInt, _>(limit)
            .execute(conn)?;
    Ok(pruned)
}
