//! The journal beside the rolls: one hash-chained, insert-only row for each thing done, or found done by others.
//!
//! Guarantees: rows of one roll are numbered from 1 without gaps; each hash covers the row and the hash before it, so
//! that an edited, removed or re-ordered row is found; a shortened journal disagrees with its anchored head. Digests of
//! roll rows are keyed, so that nobody without the key writes one that fits; the mapped columns stand beside them as they were, so
//! that the roll of any day can be made again. It lies in the department's own database, as open and as closed as the roll itself.
//! Deliberately absent: changing or removing a journal row.

use std::{collections::BTreeMap, fmt, str::FromStr};

use protocol::seal::keyed_hash::KeyedHash;
use schemas::{
    digest::Digest,
    id::MessageId,
    time::{CivilDate, Timestamp},
};
use serde::{Deserialize, Serialize};
use service_kit::db::AnyConnection;

use crate::{
    catalogue::Engine,
    connection::engine,
    key::LocalKey,
    mapping::RollId,
    statement::{Bind, Row, Statement},
};

pub mod replay;
mod verify;
mod words;

pub use verify::{Finding, JournalHead};
pub(crate) use verify::{head, verify};
pub use words::{Action, RowOutcome};

/// The columns but `roll` and `seq`, in the order in which they are written and read.
const COLUMNS: [&str; 24] = [
    "at",
    "row_key",
    "decision",
    "action",
    "outcome",
    "reason",
    "actor",
    "event",
    "effective",
    "hold",
    "before_digest",
    "after_digest",
    "before_state",
    "after_state",
    "before_reason",
    "before_since",
    "prev_hash",
    "hash",
    "before_row",
    "after_row",
    "record",
    "notice",
    "intent",
    "arrears",
];
/// Columns that journals of the first days do not have: they are left out of the hash where they hold nothing.
pub(crate) const LATER: [&str; 6] = ["before_row", "after_row", "record", "notice", "intent", "arrears"];
const SELECT: &str = "SELECT roll, CAST(seq AS TEXT), at, row_key, decision, action, outcome, reason, actor, event, \
    effective, hold, before_digest, after_digest, before_state, after_state, before_reason, before_since, prev_hash, \
    hash, before_row, after_row, record, notice, intent, arrears FROM ";
const INSERT: &str = " (roll, seq, at, row_key, decision, action, outcome, reason, actor, event, effective, hold, \
    before_digest, after_digest, before_state, after_state, before_reason, before_since, prev_hash, hash, \
    before_row, after_row, record, notice, intent, arrears) VALUES (";

/// A keyed digest of a roll's row: HMAC-SHA-256 over its mapped columns as canonical JSON.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RowDigest([u8; 32]);

/// The text is no row digest.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a row digest is written `hmac-sha256:` and 64 hex digits")]
pub struct InvalidRowDigest;

impl From<KeyedHash> for RowDigest {
    fn from(hash: KeyedHash) -> Self {
        Self(*hash.as_bytes())
    }
}

impl fmt::Display for RowDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "hmac-sha256:{}", hex::encode(self.0))
    }
}

impl fmt::Debug for RowDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for RowDigest {
    type Err = InvalidRowDigest;

    fn from_str(text: &str) -> Result<Self, InvalidRowDigest> {
        let mut bytes = [0; 32];
        let digits = text.strip_prefix("hmac-sha256:").ok_or(InvalidRowDigest)?;
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| InvalidRowDigest)?;
        Ok(Self(bytes))
    }
}

/// One row of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The roll.
    pub roll: RollId,
    /// From 1, without gaps.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Which row of the roll.
    pub row_key: LocalKey,
    /// By which decision; none for what was found.
    pub decision: Option<MessageId>,
    /// What was attempted.
    pub action: Action,
    /// What became of it.
    pub outcome: RowOutcome,
    /// Reason code.
    pub reason: String,
    /// Who decided.
    pub actor: String,
    /// Digest of the event that woke it.
    pub event: Option<Digest>,
    /// From which day it holds.
    pub effective: Option<CivilDate>,
    /// For a release: the decision whose hold it lifts.
    pub hold: Option<MessageId>,
    /// The roll's row before.
    pub before: RowDigest,
    /// The roll's row after.
    pub after: RowDigest,
    /// Its status before.
    pub before_state: String,
    /// Its status after.
    pub after_state: String,
    /// What stood in its reason column before a hold, so that a release can put it back.
    pub before_reason: Option<String>,
    /// What stood in its since column before a hold.
    pub before_since: Option<String>,
    /// Hash of the entry before.
    pub prev_hash: Digest,
    /// Hash of this entry.
    pub hash: Digest,
    /// The mapped columns before; none where there was no row, or in entries of the first days.
    pub before_row: Option<RowValues>,
    /// The mapped columns after; none where there is no row any more, or in entries of the first days.
    pub after_row: Option<RowValues>,
    /// Digest of the decision's signed record, for a removal.
    pub record: Option<Digest>,
    /// Digest of the delivered notice's record, for a removal.
    pub notice: Option<Digest>,
    /// The decision that is about to be carried out, where the change is not in one transaction with the journal.
    pub intent: Option<MessageId>,
    /// Months that were not paid meanwhile, for a release or a restoration.
    pub arrears: Option<Arrears>,
}

/// The mapped columns of one row, by name, as the database prints them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RowValues(BTreeMap<String, Option<String>>);

impl RowValues {
    pub(crate) fn new(values: BTreeMap<String, Option<String>>) -> Self {
        Self(values)
    }

    /// The value of a column; none for NULL and for a column that was not mapped.
    pub fn value(&self, column: &str) -> Option<&str> {
        self.0.get(column)?.as_deref()
    }

    /// Every column with its value, by name.
    pub fn columns(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_deref()))
    }

    /// Whether the two agree in every column that both have: a mapping may have got more columns since.
    pub(crate) fn agrees(&self, other: &Self) -> bool {
        self.0.iter().all(|(name, value)| other.0.get(name).is_none_or(|theirs| theirs == value))
    }

    /// As canonical JSON: sorted members, every value text or null.
    pub fn to_json(&self) -> String {
        // A map of texts always has a JSON form.
        serde_json::to_string(&self.0).unwrap_or_default()
    }
}

impl FromStr for RowValues {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text).map(Self)
    }
}

// Values are personal data: they never print themselves into a log.
impl fmt::Debug for RowValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RowValues({} columns)", self.0.len())
    }
}

/// Months that were not paid while a row was held or removed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrears(pub Vec<UnpaidMonth>);

/// One month that was not paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnpaidMonth {
    /// `YYYY-MM`.
    pub month: String,
    /// Whole rupees, where the roll holds an amount.
    pub amount: Option<i64>,
}

impl FromStr for Arrears {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

/// A journal row cannot be understood: somebody wrote into the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a row of the journal cannot be read; mend: run the verification and restore the journal from a backup")]
pub struct Damaged;

impl Entry {
    /// Every member as text, in the order of [`COLUMNS`].
    fn texts(&self) -> [Option<String>; COLUMNS.len()] {
        let text = |value: &dyn fmt::Display| Some(value.to_string());
        [
            text(&self.at),
            text(&self.row_key.as_str()),
            self.decision.as_ref().map(MessageId::to_string),
            text(&self.action.as_str()),
            text(&self.outcome.as_str()),
            text(&self.reason),
            text(&self.actor),
            self.event.as_ref().map(Digest::to_string),
            self.effective.as_ref().map(CivilDate::to_string),
            self.hold.as_ref().map(MessageId::to_string),
            text(&self.before),
            text(&self.after),
            text(&self.before_state),
            text(&self.after_state),
            self.before_reason.clone(),
            self.before_since.clone(),
            text(&self.prev_hash),
            text(&self.hash),
            self.before_row.as_ref().map(RowValues::to_json),
            self.after_row.as_ref().map(RowValues::to_json),
            self.record.as_ref().map(Digest::to_string),
            self.notice.as_ref().map(Digest::to_string),
            self.intent.as_ref().map(MessageId::to_string),
            self.arrears.as_ref().and_then(|arrears| serde_json::to_string(arrears).ok()),
        ]
    }

    /// SHA-256 over the entry as JSON with sorted members, `hash` left out; every value is text or null.
    fn computed_hash(&self) -> Digest {
        let mut members: BTreeMap<&str, Option<String>> = COLUMNS.into_iter().zip(self.texts()).collect();
        members.remove("hash");
        members.retain(|name, value| value.is_some() || !LATER.contains(name));
        members.insert("roll", Some(self.roll.to_string()));
        members.insert("seq", Some(self.seq.to_string()));
        // A map of texts always has a JSON form; an empty hash would never verify.
        Digest::of(serde_json::to_vec(&members).unwrap_or_default())
    }

    fn read(row: &Row) -> Result<Self, Damaged> {
        let text = |place: usize| row.text(place).ok_or(Damaged);
        Ok(Self {
            roll: parsed(row, 0)?,
            seq: parsed(row, 1)?,
            at: parsed(row, 2)?,
            row_key: parsed(row, 3)?,
            decision: optional(row, 4)?,
            action: Action::read(text(5)?).ok_or(Damaged)?,
            outcome: RowOutcome::read(text(6)?).ok_or(Damaged)?,
            reason: text(7)?.to_owned(),
            actor: text(8)?.to_owned(),
            event: optional(row, 9)?,
            effective: optional(row, 10)?,
            hold: optional(row, 11)?,
            before: parsed(row, 12)?,
            after: parsed(row, 13)?,
            before_state: text(14)?.to_owned(),
            after_state: text(15)?.to_owned(),
            before_reason: row.text(16).map(str::to_owned),
            before_since: row.text(17).map(str::to_owned),
            prev_hash: parsed(row, 18)?,
            hash: parsed(row, 19)?,
            before_row: optional(row, 20)?,
            after_row: optional(row, 21)?,
            record: optional(row, 22)?,
            notice: optional(row, 23)?,
            intent: optional(row, 24)?,
            arrears: optional(row, 25)?,
        })
    }
}

fn parsed<T: FromStr>(row: &Row, place: usize) -> Result<T, Damaged> {
    row.text(place).and_then(|text| text.parse().ok()).ok_or(Damaged)
}

fn optional<T: FromStr>(row: &Row, place: usize) -> Result<Option<T>, Damaged> {
    row.text(place).map(|text| text.parse().map_err(|_| Damaged)).transpose()
}

/// Why the journal could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Somebody wrote into it.
    #[error(transparent)]
    Damaged(#[from] Damaged),
    /// The database could not be asked.
    #[error("the journal could not be read or written")]
    Database(#[source] service_kit::db::DatabaseError),
}

impl From<diesel::result::Error> for JournalError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

/// The journal's table on this engine.
pub(crate) const fn table(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "vinimay_journal",
        Engine::Postgres => "vinimay_journal.entry",
    }
}

/// What comes before the first entry of a roll.
pub(crate) fn beginning(roll: &RollId) -> Digest {
    Digest::of(format!("vinimay-journal\0{roll}"))
}

/// Keeps other writers of this roll's chain away until the transaction ends. SQLite's transaction does so already.
pub(crate) fn lock(conn: &mut AnyConnection, roll: &RollId) -> diesel::QueryResult<()> {
    if engine(conn) == Engine::Postgres {
        let lock = Statement::new("SELECT CAST(pg_advisory_xact_lock(hashtextextended(")
            .bind(format!("vinimay-journal:{roll}"))
            .sql(", 0)) AS TEXT)");
        lock.rows(conn)?;
    }
    Ok(())
}

/// Adds an entry at the end of its roll's chain: `seq`, `prev_hash` and `hash` are set here. Inside the transaction of
/// the change that it tells of, after [`lock`].
pub(crate) fn append(conn: &mut AnyConnection, entry: Entry) -> Result<Entry, JournalError> {
    let mut last = head(conn, &entry.roll)?;
    append_after(conn, entry, &mut last)
}

/// The same where the end of the chain is known; moves it on.
pub(crate) fn append_after(
    conn: &mut AnyConnection,
    mut entry: Entry,
    last: &mut Option<JournalHead>,
) -> Result<Entry, JournalError> {
    (entry.seq, entry.prev_hash) = last.map_or((1, beginning(&entry.roll)), |last| (last.seq + 1, last.hash));
    entry.hash = entry.computed_hash();
    let seq = i64::try_from(entry.seq).map_err(|_| Damaged)?;
    let mut insert = Statement::new("INSERT INTO ").sql(table(engine(conn))).sql(INSERT);
    insert = insert.bind(entry.roll.as_str()).sql(", ").bind(seq);
    for text in entry.texts() {
        insert = insert.sql(", ").bind(Bind::Text(text));
    }
    insert.sql(")").execute(conn)?;
    *last = Some(JournalHead { seq: entry.seq, hash: entry.hash });
    Ok(entry)
}

/// What a decision did, in the order of the rows.
pub(crate) fn of_decision(
    conn: &mut AnyConnection,
    roll: &RollId,
    decision: &MessageId,
) -> Result<Vec<Entry>, JournalError> {
    entries(conn, |select| {
        select.sql(" WHERE roll = ").bind(roll.as_str()).sql(" AND decision = ").bind(decision.as_str())
    })
}

/// Intents of this roll that were neither confirmed nor given up nor intended anew, oldest first.
pub(crate) fn open_intents(conn: &mut AnyConnection, roll: &RollId) -> Result<Vec<Entry>, JournalError> {
    let engine = engine(conn);
    entries(conn, |select| {
        let select =
            select.sql(" WHERE e.roll = ").bind(roll.as_str()).sql(" AND e.intent IS NOT NULL AND NOT EXISTS (");
        select
            .sql("SELECT 1 FROM ")
            .sql(table(engine))
            .sql(" AS d WHERE d.roll = e.roll AND d.row_key = e.row_key AND (d.decision = e.intent OR ")
            .sql("d.intent = e.intent AND d.seq > e.seq))")
    })
}

/// Everything about one row of the roll, oldest first.
pub(crate) fn of_row(conn: &mut AnyConnection, roll: &RollId, row: &LocalKey) -> Result<Vec<Entry>, JournalError> {
    entries(conn, |select| select.sql(" WHERE roll = ").bind(roll.as_str()).sql(" AND row_key = ").bind(row.as_str()))
}

/// What others did between these numbers, the first excluded; not what was found at the first look.
pub(crate) fn outside_between(
    conn: &mut AnyConnection,
    roll: &RollId,
    (after, upto): (u64, u64),
) -> Result<Vec<Entry>, JournalError> {
    let (after, upto) = (i64::try_from(after).map_err(|_| Damaged)?, i64::try_from(upto).map_err(|_| Damaged)?);
    entries(conn, |select| {
        let select = select.sql(" WHERE roll = ").bind(roll.as_str()).sql(" AND e.seq > ").bind(after);
        let select = select.sql(" AND e.seq <= ").bind(upto).sql(" AND action = ").bind(Action::Outside.as_str());
        select.sql(" AND outcome <> ").bind(RowOutcome::Found.as_str())
    })
}

/// A page of the chain after this number.
pub(crate) fn after(conn: &mut AnyConnection, roll: &RollId, seq: u64, limit: i64) -> Result<Vec<Row>, JournalError> {
    let seq = i64::try_from(seq).map_err(|_| Damaged)?;
    let select = Statement::new(SELECT).sql(table(engine(conn))).sql(" AS e WHERE roll = ").bind(roll.as_str());
    Ok(select.sql(" AND e.seq > ").bind(seq).sql(" ORDER BY e.seq LIMIT ").bind(limit).rows(conn)?)
}

fn entries(conn: &mut AnyConnection, narrow: impl FnOnce(Statement) -> Statement) -> Result<Vec<Entry>, JournalError> {
    let select = Statement::new(SELECT).sql(table(engine(conn))).sql(" AS e");
    let rows = narrow(select).sql(" ORDER BY e.seq").rows(conn)?;
    Ok(rows.iter().map(Entry::read).collect::<Result<_, Damaged>>()?)
}

#[cfg(test)]
mod tests;
