//! One transaction for many answers.
//!
//! In this order, each for all rows at once: claim (peer, jti) — claim the uses of consents — sign refusals for those who lost —
//! write receipts, stored answers, outbox — look up what rivals decided. Guarantees: rows of one consent are decided one after
//! another in the order they came, under the row's lock; locks are taken in the order of keys; a query that was not answered
//! counts no use. If the process dies before COMMIT nothing of the batch has happened.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{
    consent::{ConsentState, UseClaim, WindowUse},
    exchange::{PeerQuery, SealedRecord},
};
use schemas::{
    consent::ConsentStatus,
    digest::Digest,
    id::{CompactJws, EntityId},
    problem::Code,
    time::Timestamp,
};
use service_kit::{
    db::{AnyConnection, QueryResult, StatementError},
    group_commit::Batch,
};
use tlog::entry::EntryType;

use super::{Decision, Rejected, Trail, key_of, milliseconds, provider};
use crate::{
    keys::Keys,
    store::{
        exchange::{
            answers::{NewStoredAnswer, answer_seal, answers_insert},
            claims::{ClaimKey, KnownQuery, NewClaim, claim_find, claims_insert},
            consent_state::{ConsentIndex, UsesTaken, consent_index, consents_lock, issuer_index, uses_take},
            receipts::{NewReceipt, receipts_insert},
        },
        links::subject_index,
        outbox::outbox_insert,
    },
};

/// Writes batches.
#[derive(Clone)]
pub(super) struct Ledger {
    entity: EntityId,
    keys: Keys,
}

/// One query with its decision, signed and ready to be written.
pub(super) struct Entry {
    query: PeerQuery,
    key: ClaimKey,
    claim: Option<(ConsentIndex, UseClaim)>,
    trail: Trail,
    at: Timestamp,
    rows: Rows,
}

/// What one answer writes.
#[derive(Clone)]
struct Rows {
    answer: CompactJws,
    receipt: NewReceipt,
    stored: NewStoredAnswer,
}

/// What became of an entry.
pub(super) enum Committed {
    /// It was decided now: this is the answer.
    Now(CompactJws),
    /// The query had been decided before.
    Before(Option<KnownQuery>),
}

impl Ledger {
    pub(super) const fn new(entity: EntityId, keys: Keys) -> Self {
        Self { entity, keys }
    }

    pub(super) const fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Signs and encrypts what the decision will write if it stands.
    pub(super) fn entry(&self, query: PeerQuery, decision: Decision) -> Result<Entry, Rejected> {
        let Decision { outcome, trail, at } = decision;
        let key = key_of(&query);
        let (outcome, claim) = match outcome {
            Ok((record, claim)) => {
                (Ok(record), Some((consent_index(&self.keys, &claim.issuer, &claim.consent), claim)))
            }
            Err(refusal) => (Err(refusal.code()), None),
        };
        let consent = claim.as_ref().map(|(index, _)| index.clone());
        let rows = self.rows(&query, outcome, &trail, consent, at)?;
        Ok(Entry { query, key, claim, trail, at, rows })
    }

    fn rows(
        &self,
        query: &PeerQuery,
        outcome: Result<SealedRecord, Code>,
        trail: &Trail,
        consent: Option<ConsentIndex>,
        at: Timestamp,
    ) -> Result<Rows, Rejected> {
        let signed = provider(&self.entity, &self.keys).answer(query, outcome, &trail.evidence, at)?;
        let answer = signed.answer.jws().clone();
        let subject = trail.evidence.subject.as_ref().map(|subject| subject_index(&self.keys, subject));
        let issuer = trail.issuer.as_ref().map(|issuer| issuer_index(&self.keys, issuer));
        let key = key_of(query);
        let stored = answer_seal(&self.keys, &key, &answer)?;
        let receipt = NewReceipt::of(&signed.receipt, subject, issuer);
        Ok(Rows { answer, receipt, stored: NewStoredAnswer { key, answer: stored, consent } })
    }

    /// The same entry as a refusal: what was read is discarded.
    fn refused(&self, entry: &Entry, code: Code) -> QueryResult<Rows> {
        self.rows(&entry.query, Err(code), &entry.trail, None, entry.at).map_err(broken)
    }

    /// Which entries are the first to decide their query, in the batch and in the database.
    fn claim(&self, conn: &mut AnyConnection, entries: &[Entry], now_ms: i64) -> QueryResult<Vec<bool>> {
        let mut firsts: BTreeMap<&ClaimKey, usize> = BTreeMap::new();
        for (place, entry) in entries.iter().enumerate() {
            firsts.entry(&entry.key).or_insert(place);
        }
        let query = |place: usize| entries.get(place).map(|entry| entry.query.digest());
        let claims: Vec<_> = firsts
            .iter()
            .filter_map(|(key, place)| Some(NewClaim { key: (*key).clone(), query: query(*place)? }))
            .collect();
        let won = claims_insert(conn, &claims, now_ms)?;
        let is_first =
            |(place, entry): (usize, &Entry)| won.contains(&entry.key) && firsts.get(&entry.key) == Some(&place);
        Ok(entries.iter().enumerate().map(is_first).collect())
    }

    /// Takes the uses, one entry after another, and writes what they come to.
    fn take_uses(&self, conn: &mut AnyConnection, mine: &[&Entry]) -> QueryResult<Vec<Result<(), Code>>> {
        let indexes: BTreeSet<_> = mine.iter().filter_map(|entry| Some(entry.claim.as_ref()?.0.clone())).collect();
        if indexes.is_empty() {
            return Ok(vec![Ok(()); mine.len()]);
        }
        let before = consents_lock(conn, &Vec::from_iter(indexes))?;
        let mut after = before.clone();
        let taken = mine.iter().map(|entry| take(&mut after, entry)).collect();
        let changed: Vec<_> = before
            .into_iter()
            .filter_map(|(index, before)| {
                let after = *after.get(&index)?;
                (after != before).then_some(UsesTaken { index, before: before.uses, after })
            })
            .collect();
        if uses_take(conn, &changed)? == changed.len() { Ok(taken) } else { Err(broken("a locked row changed")) }
    }
}

fn take(states: &mut BTreeMap<ConsentIndex, ConsentState>, entry: &Entry) -> Result<(), Code> {
    let Some((index, claim)) = &entry.claim else { return Ok(()) };
    let state = states.get_mut(index).ok_or(Code::ConsentUsedUp)?;
    *state = used_once_more(*state, claim, entry.at)?;
    Ok(())
}

/// The state after one more use, or why there is none: what [`Grant::authorize`](protocol::consent::Grant::authorize) saw may
/// have changed since.
pub(super) fn used_once_more(state: ConsentState, claim: &UseClaim, now: Timestamp) -> Result<ConsentState, Code> {
    match state.status {
        ConsentStatus::Active => {}
        ConsentStatus::Paused => return Err(Code::ConsentPaused),
        ConsentStatus::Revoked => return Err(Code::ConsentRevoked),
    }
    if state.until.is_some_and(|until| until <= now) {
        return Err(Code::ConsentExpired);
    }
    if state.uses >= claim.max_uses {
        return Err(Code::ConsentUsedUp);
    }
    let window = match (claim.window, state.window) {
        (None, known) => known,
        (Some(window), Some(known)) if known.index == window.index && known.uses < window.uses => {
            Some(WindowUse { index: known.index, uses: known.uses.saturating_add(1) })
        }
        (Some(window), known) if known.is_none_or(|known| known.index < window.index) && window.uses > 0 => {
            Some(WindowUse { index: window.index, uses: 1 })
        }
        (Some(_), _) => return Err(Code::ConsentUsedUp),
    };
    Ok(ConsentState { uses: state.uses.saturating_add(1), window, ..state })
}

impl Batch for Ledger {
    type Item = Entry;
    type Outcome = Committed;

    fn commit(&self, conn: &mut AnyConnection, entries: &[Entry]) -> QueryResult<Vec<Committed>> {
        let now_ms = entries.iter().map(|entry| milliseconds(entry.at)).max().unwrap_or_default();
        let first = self.claim(conn, entries, now_ms)?;
        let mine: Vec<&Entry> =
            entries.iter().zip(&first).filter(|(_, first)| **first).map(|(entry, _)| entry).collect();
        let taken = self.take_uses(conn, &mine)?;
        let rows = mine.iter().zip(taken).map(|(entry, taken)| match taken {
            Ok(()) => Ok(entry.rows.clone()),
            Err(code) => self.refused(entry, code),
        });
        let rows = rows.collect::<QueryResult<Vec<_>>>()?;
        write(conn, &rows, now_ms)?;
        let mut decided = rows.into_iter();
        let mut outcomes = Vec::with_capacity(entries.len());
        for (entry, first) in entries.iter().zip(first) {
            outcomes.push(match if first { decided.next() } else { None } {
                Some(rows) => Committed::Now(rows.answer),
                None => Committed::Before(claim_find(conn, &entry.key, now_ms)?),
            });
        }
        Ok(outcomes)
    }
}

fn write(conn: &mut AnyConnection, rows: &[Rows], now_ms: i64) -> QueryResult<()> {
    let mut receipts: Vec<_> = rows.iter().map(|rows| rows.receipt.clone()).collect();
    receipts.sort_by(|a, b| a.key.cmp(&b.key));
    if receipts_insert(conn, &receipts)?.len() != rows.len() {
        return Err(broken("an exchange has a receipt and no claim"));
    }
    let stored: Vec<_> = rows.iter().map(|rows| rows.stored.clone()).collect();
    answers_insert(conn, &stored, now_ms)?;
    let logged: Vec<(EntryType, Digest)> =
        receipts.iter().map(|receipt| (EntryType::ExchangeReceipt, receipt.digest)).collect();
    outbox_insert(conn, &logged, now_ms)
}

/// The batch is rolled back and its rows are tried one by one.
fn broken(why: impl std::fmt::Display) -> StatementError {
    tracing::error!(%why, "an exchange cannot be written as decided");
    StatementError::RollbackTransaction
}
