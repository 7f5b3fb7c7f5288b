//! Back-tests on the department's own roll, signed: what the scheme would mean for everybody on it, person by person.
//!
//! Guarantees: the roll is streamed through the reader's role, so that memory does not grow with it (but for the benefits that the
//! department's other rolls pay, one entry each); the signed record holds counts and the digest of the whole result, which names
//! people and stays here encrypted, as does the list of those who would enter or leave. Deliberately absent: facts that other
//! departments hold; they are unknown here.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use eligibility::{
    backtest::{BackTest, BackTestResult, Counts, Leaver, Movement, Person},
    evaluate::{decisive_of, judge},
    fact::{Benefit, Benefits, Fact, FactPath, Of, PersonFacts, Value, names},
    scheme::Scheme,
    vocabulary::{self, Kind},
};
use protocol::seal::{self, SealFailed, Typ, random};
use registry_adapter::{
    key::LocalKey,
    mapping::{RollId, RollStatus},
    roll::roster::{Roster, RosterRow},
    source::Source,
};
use schemas::{
    answer::FieldValue,
    decision::SchemeVersion,
    digest::Digest,
    id::{FactName, SchemeId},
    problem::Code,
    scheme::{BackTestRecord, MovementCounts},
    time::{CivilDate, Timestamp},
    version::V1,
};
use tlog::entry::EntryType;

use super::{SchemeError, Schemes, action, clean, version_of};
use crate::{
    audit,
    store::{
        outbox::outbox_insert,
        schemes::{SchemeStoreError, StoredBackTest, StoredVersion, backtest_insert, runs::people_insert},
    },
};

/// Told now and then how many rows of how many were read.
pub type Progress = Box<dyn FnMut(u64, u64) + Send>;

/// Rows between two words about the progress.
const EVERY: u64 = 10_000;

/// People of a page, and how many of each movement are named at all.
const PAGE: usize = 100;
const NAMED: usize = 100_000;

/// Who moves, page by page, in the roll's order.
#[derive(Debug, Default)]
struct Movers {
    enter: Vec<Vec<Leaver>>,
    leave: Vec<Vec<Leaver>>,
}

impl Movers {
    fn add(&mut self, movement: Movement, person: impl FnOnce() -> Leaver) {
        let pages = match movement {
            Movement::Enter => &mut self.enter,
            Movement::Leave => &mut self.leave,
            _ => return,
        };
        let is_room = pages.len() < NAMED / PAGE;
        match pages.last_mut() {
            Some(page) if page.len() < PAGE => page.push(person()),
            _ if is_room => pages.push(vec![person()]),
            _ => {}
        }
    }
}

/// A signed back-test.
#[derive(Clone, Debug, serde::Serialize)]
pub struct BackTested {
    /// The tested version.
    pub scheme: SchemeVersion,
    /// Digest of the signed record, as orders name it.
    pub record: Digest,
    /// The whole result.
    pub result: BackTestResult,
}

/// What is tested on what.
struct Test {
    new: Scheme,
    live: Option<Arc<Scheme>>,
    roster: Roster,
    others: Others,
    as_of: CivilDate,
}

impl Schemes {
    /// Tests a version on a roll, as of a day; `rolls` says which scheme pays by which roll.
    ///
    /// # Errors
    /// `not-found` for an unknown roll; [`SchemeError::NotLinted`]; what the roll or the database says.
    pub async fn backtest(
        &self,
        by: &str,
        source: &Source,
        version: StoredVersion,
        (roll, rolls): (RollId, BTreeMap<SchemeId, RollId>),
        as_of: Option<CivilDate>,
        progress: Progress,
    ) -> Result<BackTested, SchemeError> {
        let as_of = as_of.unwrap_or_else(|| self.now().civil_day());
        let active = self.active(as_of).await?;
        let new = clean(&version.body).map_err(SchemeError::NotLinted)?;
        let unknown =
            || SchemeError::refused(Code::NotFound, "the mapping has no such roll; see `vinimay gateway config check`");
        let roster = source.roster(&roll).ok_or_else(unknown)?;
        let live = active.iter().find(|scheme| scheme.id == new.id).cloned();
        let (source, scheme) = (source.clone(), version_of(&new));
        let seed = u64::from_be_bytes(new.hash.as_bytes()[..8].try_into().unwrap_or_default());
        let work = move || {
            let others = others(&source, &active, (&new.id, &rolls), as_of)?;
            let test = Test { live: live.clone(), roster, others, as_of, new };
            Ok::<_, SchemeError>((run(&test, seed, progress)?, live.as_deref().map(version_of)))
        };
        let stopped = |_| SchemeError::refused(Code::Internal, "the process is stopping");
        let ((result, movers), live) = tokio::task::spawn_blocking(work).await.map_err(stopped)??;
        self.keep(by, (scheme, live), roll, (result, movers)).await
    }

    async fn keep(
        &self,
        by: &str,
        (scheme, live): (SchemeVersion, Option<SchemeVersion>),
        roll: RollId,
        (result, movers): (BackTestResult, Movers),
    ) -> Result<BackTested, SchemeError> {
        let now = self.now();
        let record = self.record((&scheme, live), &roll, &result, now)?;
        let jws = seal::sign(Typ::Backtest, &self.keys.signing, &record)?;
        let (digest, keys, at_ms) = (Digest::of(jws.as_str()), self.keys.clone(), self.now_ms());
        let row = audit::done(by, action::BACKTEST, &format!("{}@{}", scheme.id, scheme.version), now);
        let stored = StoredBackTest { digest, hash: scheme.hash, jws, result: result.clone(), at_ms };
        let pages = [("enter", movers.enter), ("leave", movers.leave)];
        self.db
            .write(move |conn| {
                backtest_insert(conn, &keys, &stored)?;
                people_insert(conn, &keys, (&stored.hash, &digest), &pages)?;
                outbox_insert(conn, &[(EntryType::Build, digest)], at_ms).map_err(SchemeStoreError::from)?;
                audit::append(conn, &row)?;
                Ok::<_, SchemeError>(())
            })
            .await?;
        Ok(BackTested { scheme, record: digest, result })
    }

    fn record(
        &self,
        (scheme, live): (&SchemeVersion, Option<SchemeVersion>),
        roll: &RollId,
        result: &BackTestResult,
        now: Timestamp,
    ) -> Result<BackTestRecord, SchemeError> {
        let failed = SealFailed { operation: "write a back-test" };
        let whole = serde_json::to_vec(result).map_err(|_| failed)?;
        let wrong = |_| SchemeError::refused(Code::Internal, "the roll's name does not travel");
        Ok(BackTestRecord {
            v: V1,
            iss: self.entity.clone(),
            iat: now.numeric(),
            jti: random::message_id(now),
            salt: random::salt(),
            scheme: scheme.clone(),
            live,
            roll: roll.as_str().parse().map_err(wrong)?,
            as_of: result.as_of.0,
            people: result.people,
            on_roll: result.on_roll,
            counts: counted(&result.counts),
            result: Digest::of(whole),
        })
    }
}

const fn counted(counts: &Counts) -> MovementCounts {
    MovementCounts {
        enter: counts.enter,
        leave: counts.leave,
        stay: counts.stay,
        out: counts.out,
        unknown: counts.unknown,
        officer: counts.officer,
    }
}

fn run(test: &Test, seed: u64, mut progress: Progress) -> Result<(BackTestResult, Movers), SchemeError> {
    let (total, mut movers) = (test.roster.len()?, Movers::default());
    let mut running = BackTest::new(&test.new, test.live.as_deref(), test.as_of, seed);
    test.roster.each(|row| {
        let facts = facts(test, &row);
        let text = |name: &str| facts.text(name);
        let person = Person {
            handle: row.subject.as_ref().unwrap_or(&row.row_key).as_str(),
            enrolled: is_enrolled(&row),
            district: text(names::DISTRICT),
            category: text(names::CATEGORY),
            facts: &facts,
        };
        let (_, movement) = running.push(&person);
        movers.add(movement, || named(test, &person));
        if running.people().is_multiple_of(EVERY) {
            progress(running.people(), total);
        }
        Ok::<_, SchemeError>(())
    })?;
    progress(running.people(), running.people());
    Ok((running.finish(), movers))
}

/// A person by the department's own number, and the clauses that made it so.
fn named(test: &Test, person: &Person<'_>) -> Leaver {
    let (outcome, truths) = judge(&test.new, person.facts, test.as_of);
    let decisive = decisive_of(&test.new, outcome, &truths).cloned().collect();
    Leaver { handle: person.handle.to_owned(), decisive }
}

fn is_enrolled(row: &RosterRow) -> bool {
    matches!(row.status, RollStatus::Active | RollStatus::Held)
}

fn benefit((scheme, class): (&SchemeId, &str), row: &RosterRow, as_of: CivilDate) -> Benefit {
    Benefit {
        scheme: scheme.to_string(),
        class: class.to_owned(),
        since: row.since.unwrap_or(as_of),
        until: row.until,
        monthly: row.amount.and_then(|amount| u32::try_from(amount).ok()),
    }
}

/// What the department's other rolls say of its people.
#[derive(Debug, Default)]
struct Others {
    /// The schemes whose rolls were read.
    read: Vec<SchemeId>,
    paid: HashMap<LocalKey, Vec<Benefit>>,
    /// Rows whose status is the department's own word: whether they pay is not known.
    unclear: HashSet<(LocalKey, SchemeId)>,
}

/// What the department's other rolls pay to whom; also those whose scheme is not in force.
fn others(
    source: &Source,
    active: &[Arc<Scheme>],
    (own, rolls): (&SchemeId, &BTreeMap<SchemeId, RollId>),
    as_of: CivilDate,
) -> Result<Others, SchemeError> {
    let mut found = Others::default();
    for (scheme, roll) in rolls.iter().filter(|(scheme, _)| *scheme != own) {
        let Some(roster) = source.roster(roll) else { continue };
        let class = active.iter().find(|active| active.id == *scheme).map_or("", |active| active.class.as_str());
        found.read.push(scheme.clone());
        roster.each(|row| {
            let Some(subject) = row.subject.clone() else { return Ok(()) };
            if is_enrolled(&row) {
                found.paid.entry(subject).or_default().push(benefit((scheme, class), &row, as_of));
            } else if row.status == RollStatus::Other {
                found.unclear.insert((subject, scheme.clone()));
            }
            Ok::<_, SchemeError>(())
        })?;
    }
    Ok(found)
}

fn facts(test: &Test, row: &RosterRow) -> PersonFacts {
    let mut facts = PersonFacts::new();
    for (name, value) in &row.facts {
        if let Some((path, value)) = known(name, value) {
            facts.set(path, Fact::own(value, test.as_of));
        }
    }
    benefits(facts.benefits_mut(), test, row);
    facts
}

/// What our rolls say of one person; what others pay is unknown here.
fn benefits(benefits: &mut Benefits, test: &Test, row: &RosterRow) {
    if is_enrolled(row) {
        benefits.draws(benefit((&test.new.id, &test.new.class), row, test.as_of), None);
    }
    let know = |scheme: &SchemeId| (Of::Scheme(scheme.to_string()), Fact::own(true, test.as_of));
    let mut whole: Vec<(Of, Fact)> = Vec::new();
    if row.status != RollStatus::Other {
        whole.push(know(&test.new.id));
    }
    if let Some(subject) = &row.subject {
        let paid = test.others.paid.get(subject).into_iter().flatten();
        paid.for_each(|benefit| benefits.draws(benefit.clone(), None));
        let clear = |scheme: &&SchemeId| !test.others.unclear.contains(&(subject.clone(), (*scheme).clone()));
        whole.extend(test.others.read.iter().filter(clear).map(know));
    }
    whole.into_iter().for_each(|(of, fact)| benefits.know_all(of, fact));
}

/// A column's value as the fact that it is; nothing where it does not fit, so that it stays unknown.
fn known(name: &FactName, value: &FieldValue) -> Option<(FactPath, Value)> {
    let value = match (vocabulary::kind(name.as_str())?, value) {
        (Kind::Bool, FieldValue::Boolean(truth)) => Value::from(*truth),
        // Databases without a type for it write 0 and 1.
        (Kind::Bool, FieldValue::Integer(number @ (0 | 1))) => Value::from(*number == 1),
        (Kind::Integer, FieldValue::Integer(number)) => Value::from(*number),
        (Kind::Date, FieldValue::Text(text)) => Value::from(text.parse::<CivilDate>().ok()?),
        (Kind::Text(_), FieldValue::Text(text)) => Value::from(text.as_str()),
        (Kind::Text(_), FieldValue::Integer(number)) => Value::from(number.to_string()),
        _ => return None,
    };
    Some((name.as_str().parse().ok()?, value))
}
