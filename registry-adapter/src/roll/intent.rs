//! Where a change and its journal row cannot be one transaction: intent, apply, confirm by reading back.
//!
//! Guarantees: nothing is changed before the intent is durable; a change counts when the row reads back as intended, never because
//! somebody said so; after a crash anywhere the open intents are settled before anything else is done to that roll. A row that is
//! neither as before nor as intended was changed by others and is left alone.

use protocol::seal::keyed_hash::MacKey;
use schemas::{id::MessageId, time::Timestamp};
use service_kit::db::AnyConnection;

use super::{
    Changes, RollError,
    line::{self, Line, Written},
    order::Enrolment,
    perform,
    plan::{self, Order},
};
use crate::{
    connection::{Connections, engine, transaction},
    journal::{self, Action, Entry, RowOutcome, RowValues},
    key::LocalKey,
    mapping::{Roll, WriteWay},
};

/// One change of one row, for a system of the department that makes it on its own.
#[derive(Clone, Debug)]
pub struct RollChange {
    /// The decision; the same change may come again.
    pub decision: MessageId,
    /// The roll.
    pub roll: crate::mapping::RollId,
    /// The row.
    pub row_key: LocalKey,
    /// What is done.
    pub action: Action,
    /// The row as it must be before; none for a new one.
    pub before: Option<RowValues>,
    /// The row as it must read back.
    pub after: RowValues,
    /// Why, as a code.
    pub reason: String,
}

/// A change could not be handed over; it is tried again.
#[derive(Debug, thiserror::Error)]
#[error("the change could not be handed over to the department's system: {0}")]
pub struct NotSent(pub String);

/// What came of looking at changes that were intended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// How many are still to be done.
    pub open: usize,
    /// Decisions whose change was found done, or overtaken, just now; one a row.
    pub done: Vec<MessageId>,
}

/// Hands changes to a system of the department (a signed webhook). That it took one proves nothing.
pub trait ChangeSender: Send + Sync + std::fmt::Debug {
    /// Sends it. Blocks.
    ///
    /// # Errors
    /// If nobody took it.
    fn send(&self, change: &RollChange) -> Result<(), NotSent>;
}

/// The journal's database, the roll's, and what carries changes.
pub(super) struct Apart<'a> {
    pub books: &'a Connections,
    pub rolls: &'a Connections,
    pub sender: Option<&'a dyn ChangeSender>,
    pub roll: &'a Roll,
    pub key: &'a MacKey,
}

impl Apart<'_> {
    /// What the decision did before, or else: settle what is open, plan, intend, apply, confirm.
    pub(super) fn once(
        &self,
        decision: &MessageId,
        asked: &Changes<'_>,
        at: Timestamp,
    ) -> Result<Vec<Entry>, RollError> {
        self.settle(Some(decision), at)?;
        let known = self.told(decision)?;
        if !known.is_empty() && !self.is_overtaken(&known)? {
            return Ok(known);
        }
        let mut lines = match asked {
            Changes::Rows(order) => self.look(|conn| line::of_subject(conn, self.roll, self.key, order.subject()))?,
            Changes::Enrol(_) => Vec::new(),
        };
        let done =
            |line: &Line| known.iter().any(|entry| entry.row_key == line.key && entry.outcome != RowOutcome::Intended);
        lines.retain(|line| !done(line));
        match asked {
            Changes::Rows(order) => self.intend(order, &lines, at)?,
            Changes::Enrol(order) => self.intend_row(order, at)?,
        }
        self.settle(Some(decision), at)?;
        self.told(decision)
    }

    /// Whether a removal was taken back and its row changed since: ordered again, it is planned again.
    fn is_overtaken(&self, known: &[Entry]) -> Result<bool, RollError> {
        for intent in
            known.iter().filter(|entry| entry.action == Action::Remove && entry.outcome == RowOutcome::Intended)
        {
            let line = self.look(|conn| line::of_key(conn, self.roll, self.key, &intent.row_key))?;
            if !is_as(line.as_ref(), intent.before_row.as_ref()) && !is_as(line.as_ref(), intent.after_row.as_ref()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Settles every open intent of this roll as far as it can be. A removal is carried out by its own order alone, each time it is
    /// asked for: one that was taken back since is only read back, in case the department's system did it.
    pub(super) fn settle(&self, asked: Option<&MessageId>, at: Timestamp) -> Result<Settled, RollError> {
        let (mut settled, mut failed) = (Settled::default(), None);
        for intent in self.book(|conn| Ok(journal::open_intents(conn, &self.roll.id)?))? {
            let carried = intent.action != Action::Remove || intent.intent.as_ref() == asked;
            match self.settle_one(&intent, carried, at) {
                Ok(true) => settled.done.extend(intent.intent),
                Ok(false) => settled.open += 1,
                Err(error) => {
                    settled.open += 1;
                    failed = failed.or(Some(error));
                }
            }
        }
        match failed {
            // What was found done is said once; what failed is tried again.
            Some(error) if settled.done.is_empty() => Err(error),
            _ => Ok(settled),
        }
    }

    /// Whether a change is intended and not yet read back.
    pub(super) fn is_open(&self, decision: &MessageId) -> Result<bool, RollError> {
        let open = self.book(|conn| Ok(journal::open_intents(conn, &self.roll.id)?))?;
        Ok(open.iter().any(|entry| entry.intent.as_ref() == Some(decision)))
    }

    /// What is done, and what is still only intended: the last of each row.
    fn told(&self, decision: &MessageId) -> Result<Vec<Entry>, RollError> {
        let entries = self.book(|conn| {
            let mut entries = journal::of_decision(conn, &self.roll.id, decision)?;
            let open = journal::open_intents(conn, &self.roll.id)?;
            entries.extend(open.into_iter().filter(|entry| entry.intent.as_ref() == Some(decision)));
            Ok(entries)
        })?;
        let last =
            |entry: &&Entry| !entries.iter().any(|later| later.row_key == entry.row_key && later.seq > entry.seq);
        Ok(entries.iter().filter(last).cloned().collect())
    }

    fn intend(&self, order: &Order<'_>, lines: &[Line], at: Timestamp) -> Result<(), RollError> {
        self.book(|conn| {
            for line in lines {
                let mut history = journal::of_row(conn, &self.roll.id, &line.key)?;
                // What is only intended did not change the row.
                history.retain(|entry| entry.outcome != RowOutcome::Intended);
                history.extend(super::outside::note(conn, self.roll, line, &history, at)?);
                let (entry, written) = order.plan(engine(conn), self.roll, line, &history, at);
                let entry = match written {
                    Some(written) => self.intent(entry, Some(line), &written),
                    None => entry,
                };
                journal::append(conn, entry)?;
            }
            Ok(())
        })
    }

    fn intend_row(&self, order: &Enrolment, at: Timestamp) -> Result<(), RollError> {
        let (standing, row) = self.look(|conn| {
            let lines = match &order.subject {
                Some(subject) => line::of_subject(conn, self.roll, self.key, subject)?,
                None => Vec::new(),
            };
            Ok((lines, perform::new_row(conn, self.roll, order, at)?))
        })?;
        self.book(|conn| {
            let already = perform::already_of(self.roll, order, &standing, at);
            if !already.is_empty() {
                return already
                    .into_iter()
                    .try_for_each(|entry| journal::append(conn, entry).map(|_| ()).map_err(RollError::from));
            }
            let (number, written) = row;
            let values = expected(&RowValues::default(), &written, self.roll);
            let line = Line {
                key: number,
                status: self.roll.active.clone(),
                digest: line::digest(self.roll, self.key, &values),
                values,
            };
            let entry = perform::enrolled(self.roll, self.key, order, &line, at);
            let intent = entry.decision.clone();
            journal::append(conn, Entry { decision: None, intent, outcome: RowOutcome::Intended, ..entry })?;
            Ok(())
        })
    }

    fn intent(&self, entry: Entry, before: Option<&Line>, written: &Written) -> Entry {
        let none = RowValues::default();
        let before = before.map_or(&none, |line| &line.values);
        let after = expected(before, written, self.roll);
        Entry {
            intent: entry.decision.clone(),
            decision: None,
            outcome: RowOutcome::Intended,
            after: line::digest(self.roll, self.key, &after),
            after_state: after.value(self.roll.status.name.as_str()).unwrap_or_default().to_owned(),
            before_row: Some(before.clone()),
            after_row: Some(after),
            ..entry
        }
    }

    /// Whether it is settled now.
    fn settle_one(&self, intent: &Entry, carried: bool, at: Timestamp) -> Result<bool, RollError> {
        let Some(after) = &intent.after_row else { return Ok(true) };
        let mut line = self.look(|conn| line::of_key(conn, self.roll, self.key, &intent.row_key))?;
        let as_before = |line: &Option<Line>| is_as(line.as_ref(), intent.before_row.as_ref());
        if carried && as_before(&line) && !line.as_ref().is_some_and(|line| after.agrees(&line.values)) {
            self.carry(intent, after, line.as_ref())?;
            line = self.look(|conn| line::of_key(conn, self.roll, self.key, &intent.row_key))?;
        }
        let outcome = match &line {
            Some(line) if after.agrees(&line.values) => plan::done(intent.action),
            // Nobody has done it yet.
            _ if as_before(&line) && (!carried || self.roll.write == WriteWay::Webhook) => return Ok(false),
            // Ordered again it is planned again, by what the row is then.
            _ if intent.action == Action::Remove => return Ok(false),
            _ => RowOutcome::NotApplied,
        };
        self.confirm(intent, line.as_ref(), outcome, at)?;
        Ok(true)
    }

    fn carry(&self, intent: &Entry, after: &RowValues, line: Option<&Line>) -> Result<(), RollError> {
        if self.roll.write == WriteWay::Webhook {
            return self.hand_over(intent, after);
        }
        let written: Written = match line {
            Some(line) => changed_columns(self.roll, &line.values, after),
            None => new_columns(self.roll, after),
        };
        let done = self.change(|conn| match line {
            Some(line) => line::update(conn, self.roll, self.key, line, &written).map(|_| ()),
            None => line::insert(conn, self.roll, self.key, &intent.row_key, &written).map(|_| ()),
        });
        // What became of it is read back, whatever the database said of the commit.
        match done {
            Err(RollError::Raced) | Ok(()) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn hand_over(&self, intent: &Entry, after: &RowValues) -> Result<(), RollError> {
        let (Some(sender), Some(decision)) = (self.sender, &intent.intent) else {
            return Err(perform::not_mapped(&self.roll.id, "a system that takes changes"));
        };
        let change = RollChange {
            decision: decision.clone(),
            roll: self.roll.id.clone(),
            row_key: intent.row_key.clone(),
            action: intent.action,
            before: intent.before_row.clone(),
            after: after.clone(),
            reason: intent.reason.clone(),
        };
        if let Err(error) = sender.send(&change) {
            tracing::warn!(roll = %self.roll.id, %error, "a change of a roll waits");
        }
        Ok(())
    }

    fn confirm(
        &self,
        intent: &Entry,
        line: Option<&Line>,
        outcome: RowOutcome,
        at: Timestamp,
    ) -> Result<(), RollError> {
        self.book(|conn| {
            let Some(decision) = &intent.intent else { return Ok(()) };
            // Another process may have been quicker.
            let known = journal::of_decision(conn, &self.roll.id, decision)?;
            if known.iter().any(|entry| entry.row_key == intent.row_key) {
                return Ok(());
            }
            let entry = Entry { at, decision: Some(decision.clone()), intent: None, outcome, ..intent.clone() };
            let entry = match line {
                Some(line) => Entry {
                    after: line.digest,
                    after_state: line.status.clone(),
                    after_row: Some(line.values.clone()),
                    ..entry
                },
                None => Entry {
                    after: line::absent(self.roll, self.key),
                    after_state: String::new(),
                    after_row: None,
                    ..entry
                },
            };
            journal::append(conn, entry)?;
            Ok(())
        })
    }

    fn book<T>(&self, work: impl FnOnce(&mut AnyConnection) -> Result<T, RollError>) -> Result<T, RollError> {
        let mut conn = self.books.lend().map_err(RollError::Database)?;
        transaction(&mut conn, |conn| {
            journal::lock(conn, &self.roll.id)?;
            work(conn)
        })
    }

    fn look<T>(&self, work: impl FnOnce(&mut AnyConnection) -> Result<T, RollError>) -> Result<T, RollError> {
        self.change(work)
    }

    fn change<T>(&self, work: impl FnOnce(&mut AnyConnection) -> Result<T, RollError>) -> Result<T, RollError> {
        let mut conn = self.rolls.lend().map_err(RollError::Database)?;
        transaction(&mut conn, work)
    }
}

/// Whether a row is so; none, where there is to be none.
fn is_as(line: Option<&Line>, row: Option<&RowValues>) -> bool {
    match (row, line) {
        (None, None) => true,
        (Some(row), Some(line)) => row.agrees(&line.values),
        _ => false,
    }
}

/// The row as it must read back: the columns that are written, and the others as they were.
fn expected(before: &RowValues, written: &Written, roll: &Roll) -> RowValues {
    let mut values: std::collections::BTreeMap<String, Option<String>> =
        roll.columns().iter().map(|column| (column.name.to_string(), None)).collect();
    values.extend(before.columns().map(|(name, value)| (name.to_owned(), value.map(str::to_owned))));
    values.extend(written.iter().map(|(column, value)| (column.name.to_string(), value.clone())));
    RowValues::new(values)
}

fn changed_columns(roll: &Roll, before: &RowValues, after: &RowValues) -> Written {
    let differs = |name: &str| before.value(name) != after.value(name);
    let columns = roll.updated().into_iter().filter(|column| differs(column.name.as_str()));
    columns.map(|column| (column.clone(), after.value(column.name.as_str()).map(str::to_owned))).collect()
}

fn new_columns(roll: &Roll, after: &RowValues) -> Written {
    let mut written = Written::new();
    for column in roll.columns() {
        if let (Some(value), false) =
            (after.value(column.name.as_str()), written.iter().any(|(other, _)| other == column))
        {
            written.push((column.clone(), Some(value.to_owned())));
        }
    }
    written
}
