//! Carrying out a plan beside the journal: reading, changing and journaling in one transaction.

use std::collections::BTreeSet;

use protocol::seal::keyed_hash::MacKey;
use schemas::{id::DatasetId, time::Timestamp};
use service_kit::db::AnyConnection;

use super::{
    RollError,
    line::{self, Line, Written, written_value},
    order::Enrolment,
    outside,
    plan::{Order, changed, unchanged},
};
use crate::{
    catalogue::Engine,
    connection::engine,
    journal::{self, Action, Entry, RowOutcome, RowValues},
    key::LocalKey,
    mapping::{EnrolMapping, Roll, RollStatus},
};

/// Plans for every row of the person and does it.
pub(super) fn apply(
    conn: &mut AnyConnection,
    roll: &Roll,
    key: &MacKey,
    order: &Order<'_>,
    at: Timestamp,
) -> Result<Vec<Entry>, RollError> {
    let mut entries = Vec::new();
    for line in line::of_subject(conn, roll, key, order.subject())? {
        let mut history = journal::of_row(conn, &roll.id, &line.key)?;
        history.extend(outside::note(conn, roll, &line, &history, at)?);
        let (entry, written) = order.plan(engine(conn), roll, &line, &history, at);
        let entry = match written {
            Some(written) => changed(entry, &line.values, &line::update(conn, roll, key, &line, &written)?),
            None => entry,
        };
        entries.push(journal::append(conn, entry)?);
    }
    Ok(entries)
}

/// Enters a person, unless she has an active or held row.
pub(super) fn enrol(
    conn: &mut AnyConnection,
    roll: &Roll,
    key: &MacKey,
    order: &Enrolment,
    at: Timestamp,
) -> Result<Vec<Entry>, RollError> {
    let standing = match &order.subject {
        Some(subject) => already(conn, roll, key, order, subject, at)?,
        None => Vec::new(),
    };
    if !standing.is_empty() {
        return standing.into_iter().map(|entry| Ok(journal::append(conn, entry)?)).collect();
    }
    let (row, written) = new_row(conn, roll, (order, &BTreeSet::new()), at)?;
    let after = line::insert(conn, roll, key, &row, &written)?;
    let entry = enrolled(roll, key, order, &after, at);
    Ok(vec![journal::append(conn, entry)?])
}

/// An entry for each row by which the person is on the roll already.
fn already(
    conn: &mut AnyConnection,
    roll: &Roll,
    key: &MacKey,
    order: &Enrolment,
    subject: &LocalKey,
    at: Timestamp,
) -> Result<Vec<Entry>, RollError> {
    let lines = line::of_subject(conn, roll, key, subject)?;
    for line in &lines {
        let history = journal::of_row(conn, &roll.id, &line.key)?;
        outside::note(conn, roll, line, &history, at)?;
    }
    Ok(already_of(roll, order, &lines, at))
}

/// The same from rows that were read.
pub(super) fn already_of(roll: &Roll, order: &Enrolment, lines: &[Line], at: Timestamp) -> Vec<Entry> {
    let enrolled = lines.iter().filter(|line| matches!(line.meaning(roll), RollStatus::Active | RollStatus::Held));
    let entry = |line: &Line| Entry {
        outcome: RowOutcome::AlreadyEnrolled,
        after_row: Some(line.values.clone()),
        ..about(order, unchanged(roll, line, at))
    };
    enrolled.map(entry).collect()
}

/// The entry of a new row.
pub(super) fn enrolled(roll: &Roll, key: &MacKey, order: &Enrolment, after: &Line, at: Timestamp) -> Entry {
    let entry = about(order, unchanged(roll, after, at));
    let entry = Entry { outcome: RowOutcome::Enrolled, before: line::absent(roll, key), ..entry };
    let entry = Entry { before_state: String::new(), before_reason: None, before_since: None, ..entry };
    Entry { before_row: None, ..changed(entry, &RowValues::default(), after) }
}

fn about(order: &Enrolment, entry: Entry) -> Entry {
    Entry {
        decision: Some(order.decision.clone()),
        action: Action::Enrol,
        reason: order.reason.clone(),
        actor: order.actor.clone(),
        event: order.event,
        effective: Some(order.effective),
        ..entry
    }
}

/// The number of the new row, none of those that are promised, and what stands in it: each column once, what the decision says before
/// what is the same for all.
pub(super) fn new_row(
    conn: &mut AnyConnection,
    roll: &Roll,
    (order, promised): (&Enrolment, &BTreeSet<LocalKey>),
    at: Timestamp,
) -> Result<(LocalKey, Written), RollError> {
    let enrol = roll.enrol.as_ref().ok_or_else(|| not_mapped(&roll.id, "[roll.enrol]"))?;
    let number = line::new_number(conn, roll, enrol, (order.subject.as_ref(), promised), at)?;
    let mut written = identifying(roll, order, &number)?;
    written.push((roll.status.clone(), Some(roll.active.clone())));
    written.extend(roll.reason.iter().map(|column| (column.clone(), Some(order.reason.clone()))));
    written.extend(roll.since.iter().map(|column| (column.clone(), Some(order.effective.to_string()))));
    written.extend(roll.until.clone().zip(order.until.map(|until| Some(until.to_string()))));
    written.extend(roll.amount.clone().zip(order.amount.map(|amount| Some(amount.to_string()))));
    written.extend(of_facts(engine(conn), roll, enrol, order, &written)?);
    for (column, word) in roll.only.iter().chain(&enrol.defaults) {
        if !written.iter().any(|(other, _)| other == column) {
            written.push((column.clone(), Some(word.clone())));
        }
    }
    Ok((number, written))
}

fn identifying(roll: &Roll, order: &Enrolment, number: &LocalKey) -> Result<Written, RollError> {
    let mut written = vec![(roll.key.clone(), Some(number.as_str().to_owned()))];
    if roll.subject != roll.key {
        let subject = order.subject.as_ref().ok_or(RollError::NobodyNamed)?;
        written.push((roll.subject.clone(), Some(subject.as_str().to_owned())));
    }
    Ok(written)
}

/// Columns of facts that nothing else fills; a default stands in for a fact that is not known.
fn of_facts(
    engine: Engine,
    roll: &Roll,
    enrol: &EnrolMapping,
    order: &Enrolment,
    written: &Written,
) -> Result<Written, RollError> {
    let mut more = Written::new();
    for (fact, column) in &roll.facts {
        let filled = written.iter().chain(&more).any(|(other, _)| other == column);
        match order.facts.get(fact) {
            _ if filled => {}
            Some(value) => more.push((column.clone(), written_value(engine, column, value))),
            None if enrol.defaults.iter().chain(&roll.only).any(|(other, _)| other == column) => {}
            None => return Err(RollError::FactMissing { roll: roll.id.clone(), fact: fact.clone() }),
        }
    }
    Ok(more)
}

pub(super) fn not_mapped(roll: &crate::mapping::RollId, what: &'static str) -> RollError {
    RollError::NotMapped { roll: roll.clone(), what }
}

/// The person of a roll in one decision, as only this adapter can say it: base64url of an HMAC over roll, person and decision.
pub(super) fn person_mark(
    key: &MacKey,
    roll: &DatasetId,
    subject: &LocalKey,
    decision: &schemas::id::MessageId,
) -> Option<schemas::id::PersonMark> {
    let parts = [roll.as_str(), subject.as_str(), decision.as_str()];
    let lengths = parts.map(|part| (part.len() as u64).to_be_bytes());
    let mut joined: Vec<&[u8]> = vec![b"vinimay-person-mark\0"];
    for (part, length) in parts.iter().zip(&lengths) {
        joined.extend([length.as_slice(), part.as_bytes()]);
    }
    key.hash(&joined).to_string().parse().ok()
}
