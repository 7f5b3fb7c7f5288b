//! What officers wrote beside a decision, and the orders that they signed.
//!
//! Guarantees: insert-only; words are encrypted for their row; an order of one key and id is kept once. Deliberately absent: what
//! they lead to; that is the decision's own history.

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Binary, Text},
};
use protocol::seal::random;
use schemas::{
    id::{CompactJws, KeyId, MessageId, SystemName},
    time::Timestamp,
};
use service_kit::db::{AnyConnection, DatabaseError};

use super::{
    decisions::DecisionStoreError,
    encrypted::Encrypted,
    exchange::statement::{Statement, read},
};
use crate::keys::Keys;

const NOTE: Encrypted = Encrypted { table: "decision_note", column: "body" };
const ORDER: Encrypted = Encrypted { table: "review_order", column: "jws" };

/// What a note is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteKind {
    /// Why an officer decided so.
    Reason,
    /// A paper that was shown with an objection.
    Paper,
}

impl NoteKind {
    const fn word(self) -> &'static str {
        match self {
            Self::Reason => "reason",
            Self::Paper => "paper",
        }
    }
}

/// A note.
#[derive(Clone, PartialEq, Eq)]
pub struct Note {
    /// Its id.
    pub id: MessageId,
    /// Beside which decision.
    pub decision: MessageId,
    /// What it is.
    pub kind: NoteKind,
    /// Who wrote it.
    pub account: SystemName,
    /// What was written.
    pub words: String,
    /// When, milliseconds since the epoch.
    pub at_ms: i64,
}

// Words about a citizen must not reach a log by accident.
impl std::fmt::Debug for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Note").field("id", &self.id).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// Writes a note.
///
/// # Errors
/// If the database or the encryption fails.
pub fn note_insert(conn: &mut AnyConnection, keys: &Keys, new: &Note) -> Result<(), DecisionStoreError> {
    let body = NOTE.seal(keys, new.id.as_str(), &new.words)?;
    Statement::new("INSERT INTO decision_note (id, decision, kind, account, body, at_ms) VALUES ")
        .row([
            new.id.as_str().into(),
            new.decision.as_str().into(),
            new.kind.word().into(),
            new.account.as_str().into(),
            body.as_slice().into(),
            new.at_ms.into(),
        ])
        .execute(conn)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    decision: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    account: String,
    #[diesel(sql_type = Binary)]
    body: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    at_ms: i64,
}

/// The notes beside a decision, oldest first.
///
/// # Errors
/// If the database or the encryption fails.
pub fn notes_of(conn: &mut AnyConnection, keys: &Keys, decision: &MessageId) -> Result<Vec<Note>, DecisionStoreError> {
    let select = Statement::new("SELECT id, decision, kind, account, body, at_ms FROM decision_note WHERE decision = ");
    let rows: Vec<Row> = select.bind(decision.as_str()).sql(" ORDER BY at_ms, id LIMIT 500").load(conn)?;
    let note = |row: Row| {
        Ok(Note {
            words: NOTE.open(keys, &row.id, &row.body)?,
            id: read(&row.id)?,
            decision: read(&row.decision)?,
            kind: if row.kind == "paper" { NoteKind::Paper } else { NoteKind::Reason },
            account: read(&row.account)?,
            at_ms: row.at_ms,
        })
    };
    rows.into_iter().map(note).collect()
}

/// What an officer said beside a decision, of which kind each.
pub type Sayings = Vec<(NoteKind, String)>;

/// Keeps what an officer said beside a decision, for the transaction of what she does; a paper that is known already is kept once.
///
/// # Errors
/// If the database or the encryption fails.
pub fn notes_keep(
    conn: &mut AnyConnection,
    keys: &Keys,
    (account, decision): (&SystemName, &MessageId),
    said: Sayings,
    now: Timestamp,
) -> Result<(), DecisionStoreError> {
    let known = if said.is_empty() { Vec::new() } else { notes_of(conn, keys, decision)? };
    let is_known = |kind: NoteKind, words: &String| {
        kind == NoteKind::Paper && known.iter().any(|note| note.kind == kind && note.words == *words)
    };
    let new = said.into_iter().filter(|(kind, words)| !is_known(*kind, words));
    // A millisecond apart, so that they stay in their order.
    new.zip(now.seconds().saturating_mul(1000)..).try_for_each(|((kind, words), at_ms)| {
        let (id, decision, account) = (random::message_id(now), decision.clone(), account.clone());
        note_insert(conn, keys, &Note { id, decision, kind, account, words, at_ms })
    })
}

/// Keeps a signed order. `false`: it was taken before.
///
/// # Errors
/// If the database or the encryption fails.
pub fn review_order_insert(
    conn: &mut AnyConnection,
    keys: &Keys,
    (kid, jti, account): (&KeyId, &MessageId, &SystemName),
    jws: &CompactJws,
    now_ms: i64,
) -> Result<bool, DecisionStoreError> {
    let body = ORDER.seal(keys, &format!("{kid} {jti}"), jws)?;
    let inserted = Statement::new("INSERT INTO review_order (kid, jti, account, jws, at_ms) VALUES ")
        .row([kid.as_str().into(), jti.as_str().into(), account.as_str().into(), body.as_slice().into(), now_ms.into()])
        .sql(" ON CONFLICT DO NOTHING")
        .execute(conn)?;
    Ok(inserted == 1)
}

/// What others did to a roll, newest first: the number of the journal's entry, and when it was found.
///
/// # Errors
/// If the database fails.
pub fn outside_rows(
    conn: &mut AnyConnection,
    roll: &str,
    limit: i64,
) -> Result<Vec<(String, Timestamp)>, DatabaseError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        target: String,
        #[diesel(sql_type = BigInt)]
        at_seconds: i64,
    }
    // The literal is what the partial index is on; `rolls::OUTSIDE` says the same.
    let prefix = format!("{}#%", roll.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
    let select = Statement::new(
        "SELECT target, at_seconds FROM audit_trail WHERE action = 'roll.changed-outside' AND target LIKE ",
    );
    let select = select.bind(prefix.as_str()).sql(" ESCAPE '\\'");
    let rows: Vec<Row> = select.sql(" ORDER BY seq DESC LIMIT ").bind(limit).load(conn)?;
    let entry = |row: Row| {
        let (_, entry) = row.target.split_once('#').unwrap_or_default();
        (entry.to_owned(), Timestamp::from_seconds(row.at_seconds))
    };
    Ok(rows.into_iter().map(entry).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestAnchor, TestDepartment};

    #[tokio::test(flavor = "multi_thread")]
    async fn notes_come_back_in_order_encrypted_for_their_row_and_an_order_is_kept_once() {
        let anchor = TestAnchor::start(&service_kit::clock::Clock::default());
        let (_department, app) = TestDepartment::member(&anchor, "food", &["provider"], None, "").await;
        let id = |n: i64| random::message_id(Timestamp::from_seconds(n));
        let (decision, keys) = (id(1), app.keys().clone());
        let note = |words: &str, kind, at_ms| Note {
            id: id(at_ms),
            decision: decision.clone(),
            kind,
            account: "asha".parse().unwrap(),
            words: words.to_owned(),
            at_ms,
        };
        let written =
            [note("She stood before me.", NoteKind::Reason, 20), note("Life certificate", NoteKind::Paper, 10)];
        let (wanted, of) = (written.clone(), decision.clone());
        let (kid, jws): (KeyId, CompactJws) = ("A".repeat(43).parse().unwrap(), "aa.bb.cc".parse().unwrap());
        let read = app.db().write(move |conn| {
            written.iter().try_for_each(|note| note_insert(conn, &keys, note))?;
            let account = "asha".parse().unwrap();
            let order = |conn: &mut AnyConnection| review_order_insert(conn, &keys, (&kid, &of, &account), &jws, 5);
            let kept = (order(conn)?, order(conn)?);
            Ok::<_, DecisionStoreError>((notes_of(conn, &keys, &of)?, kept))
        });
        let (mut notes, kept) = read.await.unwrap();
        notes.reverse();
        assert_eq!((notes, kept), (wanted.to_vec(), (true, false)));
    }
}
