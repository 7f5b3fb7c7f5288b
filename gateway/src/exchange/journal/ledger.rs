//! One transaction for many answers.
//!
//! In this order, each for all rows at once: claim (peer, jti) — take nonces, uses of consents, quotas of laws — sign refusals
//! for those who lost — write receipts, stored answers, outbox — look up what rivals decided. Guarantees: rows of one consent
//! or law are decided one after another in the order they came, under the rows' locks; locks are taken in the order of keys; a
//! query that was not answered counts no use. If the process dies before COMMIT nothing of the batch has happened.

use std::collections::BTreeMap;

use protocol::exchange::{PeerQuery, SealedRecord};
use schemas::{
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

use super::{
    Decision, Rejected, Taking, Trail, key_of, milliseconds, provider,
    quotas::{self, LawTake},
    uses::{self, ConsentUse},
};
use crate::{
    break_glass::{self, Answered, Person, Use},
    keys::Keys,
    laws,
    store::{
        exchange::{
            answers::{HangsOn, NewStoredAnswer, answer_seal, answers_insert},
            claims::{ClaimKey, KnownQuery, NewClaim, claim_find, claims_insert},
            consent_state::{consent_index, issuer_index},
            live_nonces::LiveNonce,
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
    takes: Takes,
    trail: Trail,
    at: Timestamp,
    rows: Rows,
}

/// What an entry takes, by the keys of its rows.
enum Takes {
    Nothing,
    Use(Box<ConsentUse>),
    Quota(Vec<LawTake>),
}

/// What one answer writes.
#[derive(Clone)]
struct Rows {
    answer: CompactJws,
    receipt: NewReceipt,
    stored: NewStoredAnswer,
    emergency: Option<Emergency>,
}

/// An answer in an emergency: who asked under which law, about whom.
#[derive(Clone)]
struct Emergency {
    answered: Box<Answered>,
    person: Option<Person>,
    at: Timestamp,
}

/// What became of an entry.
pub(super) enum Committed {
    /// It was decided now: this is the answer.
    Now(CompactJws),
    /// The query had been decided before.
    Before(Option<KnownQuery>),
}

impl Takes {
    fn of(keys: &Keys, taking: Taking, at: Timestamp) -> Self {
        match taking {
            Taking::Quota(takes) => Self::Quota(takes),
            Taking::Use { claim, live_until } => {
                let index = consent_index(keys, &claim.issuer, &claim.consent);
                let live = claim.live.as_ref().zip(live_until).map(|(nonce, until)| LiveNonce {
                    nonce: nonce.as_str().to_owned(),
                    consent: index.clone(),
                    until,
                });
                Self::Use(Box::new(ConsentUse { index, claim, live, at }))
            }
        }
    }

    const fn consent(&self) -> Option<&ConsentUse> {
        match self {
            Self::Use(wanted) => Some(wanted),
            Self::Nothing | Self::Quota(_) => None,
        }
    }

    const fn quota(&self) -> &[LawTake] {
        match self {
            Self::Quota(takes) => takes.as_slice(),
            Self::Nothing | Self::Use(_) => &[],
        }
    }
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
        let (outcome, takes) = match outcome {
            Ok((record, taking)) => (Ok(record), Takes::of(&self.keys, taking, at)),
            Err(refusal) => (Err(refusal.code()), Takes::Nothing),
        };
        let hangs = HangsOn {
            consent: takes.consent().map(|wanted| wanted.index.clone()),
            consent_until: trail.consent_until.filter(|_| outcome.is_ok()),
            law: trail.law.clone().filter(|_| outcome.is_ok()),
            law_digest: trail.law_digest.filter(|_| outcome.is_ok()),
            statuses: if outcome.is_ok() { trail.statuses.clone() } else { Vec::new() },
        };
        let rows = self.rows(&query, outcome, &trail, hangs, at)?;
        Ok(Entry { query, key, takes, trail, at, rows })
    }

    fn rows(
        &self,
        query: &PeerQuery,
        outcome: Result<SealedRecord, Code>,
        trail: &Trail,
        hangs: HangsOn,
        at: Timestamp,
    ) -> Result<Rows, Rejected> {
        let emergency = trail.emergency.clone().filter(|_| outcome.is_ok()).map(|answered| {
            let person = trail.evidence.subject.as_ref().map(|subject| Person::of_subject(&self.keys, subject));
            Emergency { answered, person, at }
        });
        let signed = provider(&self.entity, &self.keys).answer(query, outcome, &trail.evidence, at)?;
        let answer = signed.answer.jws().clone();
        let subject = trail.evidence.subject.as_ref().map(|subject| subject_index(&self.keys, subject));
        let issuer = trail.issuer.as_ref().map(|issuer| issuer_index(&self.keys, issuer));
        let key = key_of(query);
        let stored = answer_seal(&self.keys, &key, &answer)?;
        let people = trail.people.iter().map(|subject| subject_index(&self.keys, subject)).collect();
        let receipt = NewReceipt::of(&signed.receipt, subject, issuer).told_from(trail.told_from);
        let receipt = NewReceipt { people, assisted: trail.assisted.clone(), ..receipt };
        Ok(Rows { answer, receipt, stored: NewStoredAnswer { key, answer: stored, hangs }, emergency })
    }

    /// The same entry as a refusal: what was read is discarded.
    fn refused(&self, entry: &Entry, code: Code) -> QueryResult<Rows> {
        self.rows(&entry.query, Err(code), &entry.trail, HangsOn::default(), entry.at).map_err(broken)
    }

    /// Counts answers in an emergency and writes to the citizens, in the same commit.
    fn tell_emergencies(&self, conn: &mut AnyConnection, rows: &[Rows]) -> QueryResult<()> {
        for (receipt, emergency) in rows.iter().filter_map(|rows| Some((&rows.receipt, rows.emergency.as_ref()?))) {
            let Emergency { answered, person, at } = emergency;
            let (exchange, law) = (&receipt.key.exchange, &answered.law);
            let used = Use { exchange, law, person: person.as_ref(), at: *at };
            break_glass::answered(conn, &self.keys, &used, &answered.officer).map_err(broken)?;
        }
        Ok(())
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

    /// Takes what each entry needs: an entry has a consent or a law, never both.
    fn take(&self, conn: &mut AnyConnection, mine: &[&Entry]) -> QueryResult<Vec<Result<(), Code>>> {
        let used = uses::take(conn, &mine.iter().map(|entry| entry.takes.consent()).collect::<Vec<_>>())?;
        let counted = quotas::take(conn, &mine.iter().map(|entry| entry.takes.quota()).collect::<Vec<_>>())?;
        Ok(used.into_iter().zip(counted).map(|(used, counted)| used.and(counted)).collect())
    }
}

impl Batch for Ledger {
    type Item = Entry;
    type Outcome = Committed;

    fn commit(&self, conn: &mut AnyConnection, entries: &[Entry]) -> QueryResult<Vec<Committed>> {
        let now_ms = entries.iter().map(|entry| milliseconds(entry.at)).max().unwrap_or_default();
        let first = self.claim(conn, entries, now_ms)?;
        let mine: Vec<&Entry> =
            entries.iter().zip(&first).filter(|(_, first)| **first).map(|(entry, _)| entry).collect();
        let taken = self.take(conn, &mine)?;
        let rows = mine.iter().zip(taken).map(|(entry, taken)| match taken {
            Ok(()) => Ok(entry.rows.clone()),
            Err(code) => {
                if let (Code::LawQuotaExceeded, Some(law)) = (code, &entry.trail.law) {
                    laws::alarm(law, &entry.key.peer);
                }
                self.refused(entry, code)
            }
        });
        let rows = rows.collect::<QueryResult<Vec<_>>>()?;
        write(conn, &rows, now_ms)?;
        self.tell_emergencies(conn, &rows)?;
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
pub(super) fn broken(why: impl std::fmt::Display) -> StatementError {
    tracing::error!(%why, "an exchange cannot be written as decided");
    StatementError::RollbackTransaction
}
