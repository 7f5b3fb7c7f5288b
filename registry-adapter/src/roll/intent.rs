//! Where a change and its journal row cannot be one transaction: intent, apply, confirm by reading back.
//!
//! Guarantees: nothing is changed before the intent is durable; a change counts when the row reads back as intended, never because
//! somebody said so; after a crash anywhere the open intents are settled before anything else is done to that roll. A row that is
//! neither as before nor as intended was changed by others and is left alone.

use std::collections::BTreeSet;

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

/// How often an order is planned anew because something was written meanwhile; then it is tried again later.
const RACES: usize = 16;

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
    /// How many of them could not be made now: the first of them is logged.
    pub failed: usize,
    /// What was found done, or overtaken, just now; one a row.
    pub done: Vec<Carried>,
}

/// An order of which something was found on the roll, and the person whose row it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The order: of a removal or an enrolment the decision itself.
    pub order: MessageId,
    /// Her number, where the roll has one.
    pub subject: Option<LocalKey>,
}

impl Carried {
    fn of(intent: &Entry, roll: &Roll) -> Option<Self> {
        let row = intent.after_row.as_ref().or(intent.before_row.as_ref());
        let subject = row.and_then(|row| row.value(roll.subject.name.as_str())).and_then(|text| text.parse().ok());
        intent.intent.clone().map(|order| Self { order, subject })
    }
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
    /// What the decision did before, or else: settle what it left open, plan, intend, apply, confirm. What other decisions left open is
    /// settled by who watches the roll, who tells of it.
    pub(super) fn once(
        &self,
        decision: &MessageId,
        asked: &Changes<'_>,
        at: Timestamp,
    ) -> Result<Vec<Entry>, RollError> {
        for _ in 0..RACES {
            self.settle_own(decision, at)?;
            // Before anything is read, so that what is written of it meanwhile is noticed.
            let began = self.book(|conn| Ok(journal::head(conn, &self.roll.id)?.map_or(0, |head| head.seq)))?;
            let known = self.told(decision)?;
            if !known.is_empty() && !self.is_overtaken(&known)? {
                return Ok(known);
            }
            let lines = self.lines(asked)?;
            // By what she will be once a change is made that others were told to make, this one is another.
            let before_us = self.told_to_others(decision, asked, &lines)?;
            if !before_us.is_empty() {
                return Ok(known.into_iter().chain(before_us).collect());
            }
            let done = |line: &Line| {
                known.iter().any(|entry| entry.row_key == line.key && entry.outcome != RowOutcome::Intended)
            };
            let left: Vec<&Line> = lines.iter().filter(|line| !done(line)).collect();
            let intended = match asked {
                Changes::Rows(order) => self.intend(order, (&left, began), at),
                Changes::Enrol(order) => self.intend_row(order, (&lines, began), at),
            };
            match intended {
                Err(RollError::Raced) => continue,
                intended => intended?,
            }
            self.settle_own(decision, at)?;
            return self.told(decision);
        }
        Err(RollError::Raced)
    }

    /// Her rows: those that the order is about, or by which she is on the roll already.
    fn lines(&self, asked: &Changes<'_>) -> Result<Vec<Line>, RollError> {
        match asked.subject() {
            Some(subject) => self.look(|conn| line::of_subject(conn, self.roll, self.key, subject)),
            None => Ok(Vec::new()),
        }
    }

    /// Changes of her rows, or a new row for her, that other decisions intended and nobody has made yet. A removal is none: it is made
    /// by its own order alone.
    fn told_to_others(
        &self,
        decision: &MessageId,
        asked: &Changes<'_>,
        lines: &[Line],
    ) -> Result<Vec<Entry>, RollError> {
        let mut open = self.open()?;
        open.retain(|intent| intent.action != Action::Remove && intent.intent.as_ref() != Some(decision));
        let hers = |intent: &Entry| {
            let named = intent.after_row.as_ref().and_then(|row| row.value(self.roll.subject.name.as_str()));
            lines.iter().any(|line| line.key == intent.row_key)
                || named.is_some() && named == asked.subject().map(LocalKey::as_str)
        };
        open.retain(hers);
        Ok(open)
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

    /// What was intended, reads back as made and is not written down yet: who is to hear of it hears of it before
    /// [`settle`](Self::settle) closes it, so that nobody who stops in between is the only one who knew. A row that cannot be read now
    /// is closed by nobody.
    pub(super) fn found(&self) -> Result<Vec<Carried>, RollError> {
        let mut found = Vec::new();
        for intent in self.open()? {
            let reads_back = |after: &RowValues| match self
                .look(|conn| line::of_key(conn, self.roll, self.key, &intent.row_key))
            {
                Ok(line) => line.is_some_and(|line| after.agrees(&line.values)),
                Err(error) => {
                    tracing::warn!(roll = %self.roll.id, %error, "a row whose change was intended could not be read");
                    false
                }
            };
            if intent.after_row.as_ref().is_some_and(reads_back) {
                found.extend(Carried::of(&intent, self.roll));
            }
        }
        Ok(found)
    }

    /// Settles every open intent of this roll as far as it can be; one that fails keeps no other from it. A removal is carried out by
    /// its own order alone, each time it is asked for: here it is only read back, in case the department's system did it.
    pub(super) fn settle(&self, at: Timestamp) -> Result<Settled, RollError> {
        let mut settled = Settled::default();
        for intent in self.open()? {
            match self.settle_one(&intent, intent.action != Action::Remove, at) {
                Ok(true) => settled.done.extend(Carried::of(&intent, self.roll)),
                Ok(false) => settled.open += 1,
                Err(error) => {
                    if settled.failed == 0 {
                        tracing::warn!(roll = %self.roll.id, %error, "an intended change could not be made; it is tried again");
                    }
                    (settled.open, settled.failed) = (settled.open + 1, settled.failed + 1);
                }
            }
        }
        Ok(settled)
    }

    /// Settles what this decision intended. What is done of it stands in the journal, also beside a failure.
    fn settle_own(&self, decision: &MessageId, at: Timestamp) -> Result<(), RollError> {
        let mut failed = None;
        for intent in self.open()?.iter().filter(|intent| intent.intent.as_ref() == Some(decision)) {
            failed = failed.or(self.settle_one(intent, true, at).err());
        }
        failed.map_or(Ok(()), Err)
    }

    fn open(&self) -> Result<Vec<Entry>, RollError> {
        self.book(|conn| Ok(journal::open_intents(conn, &self.roll.id)?))
    }

    /// Whether a change is intended and not yet read back.
    pub(super) fn is_open(&self, decision: &MessageId) -> Result<bool, RollError> {
        Ok(self.open()?.iter().any(|entry| entry.intent.as_ref() == Some(decision)))
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

    /// Plans for these rows as they were read when the journal ended at `began`.
    ///
    /// # Errors
    /// [`RollError::Raced`] if something was written of one of them since.
    fn intend(&self, order: &Order<'_>, (lines, began): (&[&Line], u64), at: Timestamp) -> Result<(), RollError> {
        self.book(|conn| {
            for line in lines {
                let mut history = journal::of_row(conn, &self.roll.id, &line.key)?;
                if history.last().is_some_and(|last| last.seq > began) {
                    return Err(RollError::Raced);
                }
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

    /// Plans a new row beside those that were read when the journal ended at `began`.
    ///
    /// # Errors
    /// [`RollError::Raced`] if anything was written since: it may be a row of hers.
    fn intend_row(&self, order: &Enrolment, (standing, began): (&[Line], u64), at: Timestamp) -> Result<(), RollError> {
        // A number that another new row was promised is given to nobody else.
        let promised: BTreeSet<LocalKey> = self.open()?.into_iter().map(|intent| intent.row_key).collect();
        let (number, written) = self.look(|conn| perform::new_row(conn, self.roll, (order, &promised), at))?;
        self.book(|conn| {
            if journal::head(conn, &self.roll.id)?.is_some_and(|head| head.seq > began) {
                return Err(RollError::Raced);
            }
            let already = perform::already_of(self.roll, order, standing, at);
            if !already.is_empty() {
                return already
                    .into_iter()
                    .try_for_each(|entry| journal::append(conn, entry).map(|_| ()).map_err(RollError::from));
            }
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
            // Another decision took it off.
            Some(line) if self.is_anothers(intent, after.agrees(&line.values))? => RowOutcome::AlreadyRemoved,
            Some(line) if after.agrees(&line.values) => plan::done(intent.action),
            // Nobody has done it yet.
            _ if as_before(&line) && (!carried || self.roll.write == WriteWay::Webhook) => return Ok(false),
            // Ordered again it is planned again, by what the row is then.
            Some(_) if intent.action == Action::Remove => return Ok(false),
            _ => RowOutcome::NotApplied,
        };
        self.confirm(intent, line.as_ref(), outcome, at)?;
        Ok(true)
    }

    /// Whether another decision removed the row of an intended removal since; or, where the row is as it was to be, was to remove it
    /// after this one: the later order is the one that stands.
    fn is_anothers(&self, intent: &Entry, done: bool) -> Result<bool, RollError> {
        if intent.action != Action::Remove {
            return Ok(false);
        }
        let history = self.book(|conn| Ok(journal::of_row(conn, &self.roll.id, &intent.row_key)?))?;
        let removed = plan::our_removal(&history)
            .is_some_and(|removed| removed.seq > intent.seq && removed.decision != intent.intent);
        let later = |e: &Entry| e.action == Action::Remove && e.intent.is_some() && e.intent != intent.intent;
        Ok(removed || done && history.iter().any(|entry| entry.seq > intent.seq && later(entry)))
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
