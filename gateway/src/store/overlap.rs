//! Comparisons of rolls: one row each, what both sides signed, and the marks for officers.
//!
//! Guarantees: signed records are never changed or deleted; a comparison ends once; a mark is settled once, with a finding and a reason.
//! Deliberately absent: points and secrets, which are never stored; and any way from a mark to a roll.

use diesel::{
    OptionalExtension as _, QueryResult, QueryableByName, RunQueryDsl as _, sql_query,
    sql_types::{BigInt, Binary, Nullable, Text},
};
use schemas::{
    digest::Digest,
    id::{CompactJws, EntityId, MessageId},
    overlap::OverlapTerms,
    problem::Code,
    time::Timestamp,
};
use service_kit::db::AnyConnection;

use super::exchange::statement::read;

pub mod marks;

/// Which side of a comparison we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// We asked.
    Asker,
    /// We answered.
    Answerer,
}

impl Side {
    const fn word(self) -> &'static str {
        match self {
            Self::Asker => "asker",
            Self::Answerer => "answerer",
        }
    }

    fn of(word: &str) -> Self {
        if word == "asker" { Self::Asker } else { Self::Answerer }
    }
}

/// How far a comparison has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Under way.
    Open,
    /// The answerer did not take part.
    Refused,
    /// It came to its end.
    Compared,
    /// It broke off.
    Broken,
}

impl State {
    const ALL: [(Self, &'static str); 4] =
        [(Self::Open, "open"), (Self::Refused, "refused"), (Self::Compared, "compared"), (Self::Broken, "broken")];

    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(state, _)| *state == self).map_or("open", |(_, word)| word)
    }

    fn of(word: &str) -> Self {
        Self::ALL.iter().find(|(_, known)| *known == word).map_or(Self::Broken, |(state, _)| *state)
    }
}

/// Which comparison.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OverlapKey {
    /// Our side.
    pub side: Side,
    /// The other.
    pub peer: EntityId,
    /// The `jti` of its first message, which the asker chose.
    pub comparison: MessageId,
}

/// A comparison as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverlapRow {
    /// Which.
    pub key: OverlapKey,
    /// Under which law.
    pub law: String,
    /// By which identifier.
    pub identifier: String,
    /// Our roll.
    pub roll: String,
    /// The other's.
    pub peer_roll: String,
    /// The asker's officer.
    pub officer: String,
    /// The asker's case.
    pub case: String,
    /// Digest of its first message.
    pub request: Digest,
    /// How far it has come.
    pub state: State,
    /// Why it was refused.
    pub code: Option<Code>,
    /// Different identifiers on our roll.
    pub people: i64,
    /// On the other's, once that is known.
    pub peer_people: Option<i64>,
    /// How many both have, once that is known.
    pub common: Option<i64>,
    /// Whether the other side signed the same result.
    pub confirmed: bool,
    /// Since when.
    pub began_at: Timestamp,
    /// Until when.
    pub ended_at: Option<Timestamp>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    side: String,
    #[diesel(sql_type = Text)]
    peer: String,
    #[diesel(sql_type = Text)]
    comparison: String,
    #[diesel(sql_type = Text)]
    law: String,
    #[diesel(sql_type = Text)]
    identifier: String,
    #[diesel(sql_type = Text)]
    roll: String,
    #[diesel(sql_type = Text)]
    peer_roll: String,
    #[diesel(sql_type = Text)]
    officer: String,
    #[diesel(sql_type = Text)]
    case_number: String,
    #[diesel(sql_type = Binary)]
    request: Vec<u8>,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Nullable<Text>)]
    code: Option<String>,
    #[diesel(sql_type = BigInt)]
    people: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    peer_people: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    common: Option<i64>,
    #[diesel(sql_type = BigInt)]
    confirmed: i64,
    #[diesel(sql_type = BigInt)]
    began_at: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    ended_at: Option<i64>,
}

const COLUMNS: &str = "side, peer, comparison, law, identifier, roll, peer_roll, officer, case_number, request, state, code, people, \
                       peer_people, common, confirmed, began_at, ended_at";

impl Row {
    fn read(self) -> QueryResult<OverlapRow> {
        let key =
            OverlapKey { side: Side::of(&self.side), peer: read(&self.peer)?, comparison: read(&self.comparison)? };
        // A digest of another length fits no request.
        let request = <[u8; 32]>::try_from(self.request).unwrap_or_default();
        Ok(OverlapRow {
            key,
            law: self.law,
            identifier: self.identifier,
            roll: self.roll,
            peer_roll: self.peer_roll,
            officer: self.officer,
            case: self.case_number,
            request: Digest::from_bytes(request),
            state: State::of(&self.state),
            code: self.code.and_then(|code| code.parse().ok()),
            people: self.people,
            peer_people: self.peer_people,
            common: self.common,
            confirmed: self.confirmed == 1,
            began_at: Timestamp::from_seconds(self.began_at),
            ended_at: self.ended_at.map(Timestamp::from_seconds),
        })
    }
}

/// A comparison that begins, or is refused at once.
#[derive(Clone, Debug)]
pub struct NewOverlap<'a> {
    /// Which.
    pub key: &'a OverlapKey,
    /// What is compared, as the asker says it.
    pub terms: &'a OverlapTerms,
    /// Digest of its first message.
    pub request: Digest,
    /// Different identifiers on our roll, and on the other's where that is known.
    pub people: (u32, Option<u32>),
    /// The refusal.
    pub refused: Option<Code>,
    /// When.
    pub at: Timestamp,
}

/// Writes a comparison down; `false` where its id is taken.
pub fn overlap_insert(conn: &mut AnyConnection, new: &NewOverlap<'_>) -> QueryResult<bool> {
    let terms = new.terms;
    let (ours, theirs) = match new.key.side {
        Side::Asker => (&terms.roll, &terms.of),
        Side::Answerer => (&terms.of, &terms.roll),
    };
    let state = if new.refused.is_some() { State::Refused } else { State::Open };
    let written = sql_query(
        "INSERT INTO overlap (side, peer, comparison, law, identifier, roll, peer_roll, officer, case_number, request, state, code, \
         people, peer_people, began_at, ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) \
         ON CONFLICT DO NOTHING",
    )
    .bind::<Text, _>(new.key.side.word())
    .bind::<Text, _>(new.key.peer.as_str())
    .bind::<Text, _>(new.key.comparison.as_str())
    .bind::<Text, _>(terms.law.as_str())
    .bind::<Text, _>(terms.identifier.as_str())
    .bind::<Text, _>(ours.as_str())
    .bind::<Text, _>(theirs.as_str())
    .bind::<Text, _>(terms.officer.as_str())
    .bind::<Text, _>(terms.case.as_str())
    .bind::<Binary, _>(new.request.as_bytes().to_vec())
    .bind::<Text, _>(state.word())
    .bind::<Nullable<Text>, _>(new.refused.map(Code::as_str))
    .bind::<BigInt, _>(i64::from(new.people.0))
    .bind::<Nullable<BigInt>, _>(new.people.1.map(i64::from))
    .bind::<BigInt, _>(new.at.seconds())
    .bind::<Nullable<BigInt>, _>(new.refused.map(|_| new.at.seconds()))
    .execute(conn)?;
    Ok(written == 1)
}

/// How many the other side has.
pub fn overlap_peer_people(conn: &mut AnyConnection, key: &OverlapKey, people: u32) -> QueryResult<()> {
    sql_query(
        "UPDATE overlap SET peer_people = $1 WHERE comparison = $2 AND peer = $3 AND side = $4 AND state = 'open'",
    )
    .bind::<BigInt, _>(i64::from(people))
    .bind::<Text, _>(key.comparison.as_str())
    .bind::<Text, _>(key.peer.as_str())
    .bind::<Text, _>(key.side.word())
    .execute(conn)
    .map(drop)
}

/// How a comparison ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// The state.
    pub state: State,
    /// The refusal.
    pub code: Option<Code>,
    /// How many both have.
    pub common: Option<u32>,
    /// When.
    pub at: Timestamp,
}

/// Ends a comparison; `false` where it had ended.
pub fn overlap_end(conn: &mut AnyConnection, key: &OverlapKey, end: End) -> QueryResult<bool> {
    let changed = sql_query(
        "UPDATE overlap SET state = $1, code = $2, common = $3, ended_at = $4 \
         WHERE comparison = $5 AND peer = $6 AND side = $7 AND state = 'open'",
    )
    .bind::<Text, _>(end.state.word())
    .bind::<Nullable<Text>, _>(end.code.map(Code::as_str))
    .bind::<Nullable<BigInt>, _>(end.common.map(i64::from))
    .bind::<BigInt, _>(end.at.seconds())
    .bind::<Text, _>(key.comparison.as_str())
    .bind::<Text, _>(key.peer.as_str())
    .bind::<Text, _>(key.side.word())
    .execute(conn)?;
    Ok(changed == 1)
}

/// The other side signed the same result.
pub fn overlap_confirm(conn: &mut AnyConnection, key: &OverlapKey) -> QueryResult<()> {
    sql_query(
        "UPDATE overlap SET confirmed = 1 WHERE comparison = $1 AND peer = $2 AND side = $3 AND state = 'compared'",
    )
    .bind::<Text, _>(key.comparison.as_str())
    .bind::<Text, _>(key.peer.as_str())
    .bind::<Text, _>(key.side.word())
    .execute(conn)
    .map(drop)
}

/// One comparison.
pub fn overlap_find(conn: &mut AnyConnection, key: &OverlapKey) -> QueryResult<Option<OverlapRow>> {
    let select = format!("SELECT {COLUMNS} FROM overlap WHERE comparison = $1 AND peer = $2 AND side = $3");
    let row: Option<Row> = sql_query(select)
        .bind::<Text, _>(key.comparison.as_str())
        .bind::<Text, _>(key.peer.as_str())
        .bind::<Text, _>(key.side.word())
        .get_result(conn)
        .optional()?;
    row.map(Row::read).transpose()
}

/// Comparisons, the newest first.
pub fn overlap_list(conn: &mut AnyConnection, most: i64) -> QueryResult<Vec<OverlapRow>> {
    let select = format!("SELECT {COLUMNS} FROM overlap ORDER BY began_at DESC, comparison LIMIT $1");
    let rows: Vec<Row> = sql_query(select).bind::<BigInt, _>(most).load(conn)?;
    rows.into_iter().map(Row::read).collect()
}

/// Comparisons that are open since before this time.
pub fn overlap_forgotten(conn: &mut AnyConnection, before: Timestamp) -> QueryResult<Vec<OverlapRow>> {
    let select =
        format!("SELECT {COLUMNS} FROM overlap WHERE state = 'open' AND began_at < $1 ORDER BY began_at LIMIT 100");
    let rows: Vec<Row> = sql_query(select).bind::<BigInt, _>(before.seconds()).load(conn)?;
    rows.into_iter().map(Row::read).collect()
}

/// Something signed about a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverlapRecord {
    /// Whether we signed it.
    pub ours: bool,
    /// `begin`, `accepted`, `refused`, `compared` or `broken`.
    pub what: &'static str,
    /// Its id.
    pub jti: MessageId,
    /// The token.
    pub jws: CompactJws,
}

/// Keeps a signed record.
pub fn record_insert(
    conn: &mut AnyConnection,
    key: &OverlapKey,
    record: &OverlapRecord,
    at: Timestamp,
) -> QueryResult<()> {
    sql_query(
        "INSERT INTO overlap_record (digest, comparison, peer, side, signer, what, jti, jws, kept_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
    )
    .bind::<Binary, _>(Digest::of(record.jws.as_str()).as_bytes().to_vec())
    .bind::<Text, _>(key.comparison.as_str())
    .bind::<Text, _>(key.peer.as_str())
    .bind::<Text, _>(key.side.word())
    .bind::<Text, _>(if record.ours { "us" } else { "peer" })
    .bind::<Text, _>(record.what)
    .bind::<Text, _>(record.jti.as_str())
    .bind::<Text, _>(record.jws.as_str())
    .bind::<BigInt, _>(at.seconds())
    .execute(conn)
    .map(drop)
}

#[derive(QueryableByName)]
struct Signed {
    #[diesel(sql_type = Text)]
    signer: String,
    #[diesel(sql_type = Text)]
    what: String,
    #[diesel(sql_type = Text)]
    jti: String,
    #[diesel(sql_type = Text)]
    jws: String,
}

const KINDS: [&str; 5] = ["begin", "accepted", "refused", "compared", "broken"];

/// Everything signed about a comparison, in the order in which it was kept.
pub fn records_of(conn: &mut AnyConnection, key: &OverlapKey) -> QueryResult<Vec<OverlapRecord>> {
    let rows: Vec<Signed> = sql_query(
        "SELECT signer, what, jti, jws FROM overlap_record WHERE comparison = $1 AND peer = $2 AND side = $3 ORDER BY kept_at, jti",
    )
    .bind::<Text, _>(key.comparison.as_str())
    .bind::<Text, _>(key.peer.as_str())
    .bind::<Text, _>(key.side.word())
    .load(conn)?;
    let record = |row: Signed| {
        let what = KINDS.into_iter().find(|kind| *kind == row.what).unwrap_or("broken");
        Ok(OverlapRecord { ours: row.signer == "us", what, jti: read(&row.jti)?, jws: read(&row.jws)? })
    };
    rows.into_iter().map(record).collect()
}
