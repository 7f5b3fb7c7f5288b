//! What a decision does to one row: pure, from the row, its history in the journal and the order.
//!
//! Guarantees: a row that ended, that others changed since we did, or that another decision holds is left alone, with an outcome
//! that says so. Only a [`Removal`] beside its warrant takes a row off the roll.

use protocol::due_process::RemovalWarrant;
use schemas::{digest::Digest, id::MessageId, time::Timestamp};

use super::{
    arrears,
    line::{Line, Written, written_value},
    order::{Amendment, HoldDecision, ReleaseDecision, Removal, Restoration},
};
use crate::{
    catalogue::Engine,
    journal::{Action, Entry, RowOutcome, RowValues},
    key::LocalKey,
    mapping::{Roll, RollStatus},
};

/// What is asked of the rows of one person.
pub(super) enum Order<'o> {
    Hold(&'o HoldDecision),
    Release(&'o ReleaseDecision),
    Remove(&'o RemovalWarrant, &'o Removal),
    Restore(&'o Restoration),
    Amend(&'o Amendment),
}

/// An entry, and what is written to the row before it is true.
pub(super) type Planned = (Entry, Option<Written>);

impl Order<'_> {
    pub(super) fn decision(&self) -> &MessageId {
        match self {
            Self::Hold(order) => &order.decision,
            Self::Release(order) => &order.decision,
            Self::Remove(warrant, _) => warrant.decision(),
            Self::Restore(order) => &order.decision,
            Self::Amend(order) => &order.decision,
        }
    }

    pub(super) fn subject(&self) -> &LocalKey {
        match self {
            Self::Hold(order) => &order.subject,
            Self::Release(order) => &order.subject,
            Self::Remove(_, order) => &order.subject,
            Self::Restore(order) => &order.subject,
            Self::Amend(order) => &order.subject,
        }
    }

    /// What becomes of this row.
    pub(super) fn plan(&self, engine: Engine, roll: &Roll, line: &Line, history: &[Entry], at: Timestamp) -> Planned {
        let mut entry = Entry { decision: Some(self.decision().clone()), ..unchanged(roll, line, at) };
        if history.is_empty() {
            // The first that is known of this row: what it holds, though nothing is changed.
            entry.after_row = Some(line.values.clone());
        }
        match self {
            Self::Hold(order) => hold(roll, line, entry, order, at),
            Self::Release(order) => release(roll, line, history, entry, order, at),
            Self::Remove(warrant, order) => remove(roll, line, history, entry, (warrant, order)),
            Self::Restore(order) => restore(roll, line, history, entry, order, at),
            Self::Amend(order) => amend(engine, roll, line, entry, order),
        }
    }
}

/// The outcome that tells that what was planned was done.
pub(super) const fn done(action: Action) -> RowOutcome {
    match action {
        Action::Hold => RowOutcome::Held,
        Action::Release => RowOutcome::Released,
        Action::Enrol => RowOutcome::Enrolled,
        Action::Remove => RowOutcome::Removed,
        Action::Restore => RowOutcome::Restored,
        Action::Amend => RowOutcome::Amended,
        Action::Outside => RowOutcome::ChangedOutside,
    }
}

fn hold(roll: &Roll, line: &Line, entry: Entry, order: &HoldDecision, at: Timestamp) -> Planned {
    let entry = Entry {
        action: Action::Hold,
        reason: order.reason.clone(),
        actor: order.actor.clone(),
        event: Some(order.event),
        effective: Some(order.effective),
        ..entry
    };
    match line.meaning(roll) {
        RollStatus::Active => {
            let written = state(roll, &roll.held, Some(order.reason.clone()), Some(at.civil_day().to_string()));
            (Entry { outcome: RowOutcome::Held, ..entry }, Some(written))
        }
        RollStatus::Held => (Entry { outcome: RowOutcome::AlreadyHeld, ..entry }, None),
        RollStatus::Removed | RollStatus::Other => (entry, None),
    }
}

/// The row gets back what it had, unless another decision still holds it or others changed it.
fn release(
    roll: &Roll,
    line: &Line,
    history: &[Entry],
    entry: Entry,
    order: &ReleaseDecision,
    at: Timestamp,
) -> Planned {
    let outcome = judge_release(roll, line, history, &order.hold);
    let entry = Entry {
        action: Action::Release,
        reason: order.reason.clone(),
        actor: order.actor.clone(),
        event: order.event,
        hold: Some(order.hold.clone()),
        outcome,
        ..entry
    };
    match (outcome, our_hold(history)) {
        (RowOutcome::Released, Some(held)) => {
            let written = state(roll, &held.before_state, held.before_reason.clone(), held.before_since.clone());
            (Entry { arrears: Some(arrears::since_payment(roll, history, (&order.paid, at))), ..entry }, Some(written))
        }
        _ => (entry, None),
    }
}

fn judge_release(roll: &Roll, line: &Line, history: &[Entry], hold: &MessageId) -> RowOutcome {
    let mut claims = claims(history);
    let claimed = claims.contains(&hold);
    claims.retain(|claim| *claim != hold);
    let Some(held) = our_hold(history) else { return RowOutcome::NotHeld };
    if !claimed || line.meaning(roll) != RollStatus::Held {
        RowOutcome::NotHeld
    } else if touched_since(history, held) || last_differs(line, history) {
        // What others wrote since our hold is theirs: putting the old values back would overwrite it.
        RowOutcome::ChangedOutside
    } else if claims.is_empty() {
        RowOutcome::Released
    } else {
        RowOutcome::StillHeld
    }
}

fn remove(
    roll: &Roll,
    line: &Line,
    history: &[Entry],
    entry: Entry,
    (warrant, order): (&RemovalWarrant, &Removal),
) -> Planned {
    let entry = Entry {
        action: Action::Remove,
        reason: order.reason.clone(),
        actor: order.actor.clone(),
        event: order.event,
        effective: Some(order.effective),
        record: Some(warrant.record()),
        notice: Some(warrant.notice()),
        ..entry
    };
    let Some(word) = &roll.removed else { return (entry, None) };
    let touched = our_hold(history).is_some_and(|held| touched_since(history, held));
    match line.meaning(roll) {
        RollStatus::Removed => (Entry { outcome: RowOutcome::AlreadyRemoved, ..entry }, None),
        RollStatus::Other => (entry, None),
        // Others gave this row another meaning while the window ran: an officer must look.
        RollStatus::Active | RollStatus::Held if touched || last_differs(line, history) => {
            (Entry { outcome: RowOutcome::ChangedOutside, ..entry }, None)
        }
        RollStatus::Active | RollStatus::Held => {
            let last_day = order.effective.to_string();
            let mut written = state(roll, word, Some(order.reason.clone()), Some(entry.at.civil_day().to_string()));
            written.extend(roll.until.iter().map(|column| (column.clone(), Some(last_day.clone()))));
            (Entry { outcome: RowOutcome::Removed, ..entry }, Some(written))
        }
    }
}

fn restore(roll: &Roll, line: &Line, history: &[Entry], entry: Entry, order: &Restoration, at: Timestamp) -> Planned {
    let entry = Entry {
        action: Action::Restore,
        reason: order.reason.clone(),
        actor: order.actor.clone(),
        event: order.event,
        hold: Some(order.removal.clone()),
        outcome: RowOutcome::NotRemoved,
        ..entry
    };
    let ours = |e: &&Entry| e.outcome == RowOutcome::Removed && e.decision.as_ref() == Some(&order.removal);
    let Some(removed) = history.iter().rfind(ours) else { return (entry, None) };
    if line.meaning(roll) != RollStatus::Removed || history.iter().any(|e| is_undone_by(e, removed)) {
        return (entry, None);
    }
    if touched_since(history, removed) || last_differs(line, history) {
        return (Entry { outcome: RowOutcome::ChangedOutside, ..entry }, None);
    }
    // Where the payment was held before the removal, the row goes back to what stood before the hold.
    let held = history.iter().filter(|e| e.seq < removed.seq).rfind(|e| e.outcome == RowOutcome::Held);
    let from = held.filter(|_| removed.before_state == roll.held).unwrap_or(removed);
    let word = roll.restored.as_ref().unwrap_or(&from.before_state);
    let mut written = state(roll, word, from.before_reason.clone(), from.before_since.clone());
    let before = |column: &crate::catalogue::Column| {
        removed.before_row.as_ref().and_then(|row| row.value(column.name.as_str())).map(str::to_owned)
    };
    written.extend(roll.until.iter().map(|column| (column.clone(), before(column))));
    let arrears = Some(arrears::since_payment(roll, history, (&order.paid, at)));
    (Entry { outcome: RowOutcome::Restored, arrears, ..entry }, Some(written))
}

fn is_undone_by(entry: &Entry, removed: &Entry) -> bool {
    entry.seq > removed.seq && entry.outcome == RowOutcome::Restored
}

fn amend(engine: Engine, roll: &Roll, line: &Line, entry: Entry, order: &Amendment) -> Planned {
    let entry = Entry {
        action: Action::Amend,
        reason: order.reason.clone(),
        actor: order.actor.clone(),
        event: order.event,
        effective: Some(order.effective),
        ..entry
    };
    if !matches!(line.meaning(roll), RollStatus::Active | RollStatus::Held) {
        return (entry, None);
    }
    let mut written = Written::new();
    written.extend(roll.amount.clone().zip(order.amount.map(|amount| Some(amount.to_string()))));
    written.extend(roll.until.clone().zip(order.until.map(|until| Some(until.to_string()))));
    let amends = roll.enrol.as_ref().is_some_and(|enrol| enrol.amend);
    for (fact, value) in order.facts.iter().filter(|_| amends) {
        let column = roll.facts.get(fact).filter(|column| roll.updated().contains(column));
        written.extend(column.map(|column| (column.clone(), written_value(engine, column, value))));
    }
    written.retain(|(column, value)| line.text(Some(column)) != *value);
    if written.is_empty() {
        return (Entry { outcome: RowOutcome::Unchanged, ..entry }, None);
    }
    (Entry { outcome: RowOutcome::Amended, ..entry }, Some(written))
}

/// Status, reason and since; the latter two where they are mapped.
fn state(roll: &Roll, status: &str, reason: Option<String>, since: Option<String>) -> Written {
    let mut written = vec![(roll.status.clone(), Some(status.to_owned()))];
    written.extend(roll.reason.iter().map(|column| (column.clone(), reason.clone())));
    written.extend(roll.since.iter().map(|column| (column.clone(), since.clone())));
    written
}

/// The entry that took the row from active to held, if nothing put it back or took it off since.
pub(super) fn our_hold(history: &[Entry]) -> Option<&Entry> {
    let held = history.iter().rposition(|entry| entry.outcome == RowOutcome::Held)?;
    let ended = |e: &Entry| matches!(e.outcome, RowOutcome::Released | RowOutcome::Restored | RowOutcome::Removed);
    (!history[held..].iter().any(ended)).then(|| &history[held])
}

/// The removal that stands.
pub(super) fn our_removal(history: &[Entry]) -> Option<&Entry> {
    let removed = history.iter().rposition(|entry| entry.outcome == RowOutcome::Removed)?;
    let back = |e: &Entry| e.outcome == RowOutcome::Restored;
    (!history[removed..].iter().any(back)).then(|| &history[removed])
}

/// Decisions that hold the row and were not lifted.
fn claims(history: &[Entry]) -> Vec<&MessageId> {
    let mut claims = Vec::new();
    for entry in history {
        match (entry.action, &entry.decision, &entry.hold) {
            (Action::Hold, Some(decision), _) if entry.outcome != RowOutcome::NotActive => claims.push(decision),
            // A release that was refused lifted nothing.
            (Action::Release, _, Some(hold)) if lifted(entry.outcome) => claims.retain(|claim| *claim != hold),
            (Action::Restore, ..) if entry.outcome == RowOutcome::Restored => claims.clear(),
            _ => {}
        }
    }
    claims
}

const fn lifted(outcome: RowOutcome) -> bool {
    matches!(outcome, RowOutcome::Released | RowOutcome::StillHeld)
}

/// Whether others changed the row after this entry.
fn touched_since(history: &[Entry], entry: &Entry) -> bool {
    history.iter().any(|later| later.seq > entry.seq && later.action == Action::Outside)
}

/// Whether the row is not as the last entry left it. Columns that were not mapped then are not compared.
pub(super) fn last_differs(line: &Line, history: &[Entry]) -> bool {
    let Some(last) = history.last().filter(|last| last.after != line.digest) else { return false };
    let told =
        history.iter().rev().filter(|entry| entry.after == last.after).find_map(|entry| entry.after_row.as_ref());
    told.is_none_or(|row| !row.agrees(&line.values))
}

/// An entry that tells of no change yet; outcome `NotActive` until something better is known.
pub(super) fn unchanged(roll: &Roll, line: &Line, at: Timestamp) -> Entry {
    Entry {
        roll: roll.id.clone(),
        seq: 0,
        at,
        row_key: line.key.clone(),
        decision: None,
        action: Action::Outside,
        outcome: RowOutcome::NotActive,
        reason: String::new(),
        actor: String::new(),
        event: None,
        effective: None,
        hold: None,
        before: line.digest,
        after: line.digest,
        before_state: line.status.clone(),
        after_state: line.status.clone(),
        before_reason: line.text(roll.reason.as_ref()),
        before_since: line.text(roll.since.as_ref()),
        prev_hash: Digest::from_bytes([0; 32]),
        hash: Digest::from_bytes([0; 32]),
        before_row: None,
        after_row: None,
        record: None,
        notice: None,
        intent: None,
        arrears: None,
    }
}

/// The same entry once the row is as `after` tells.
pub(super) fn changed(entry: Entry, before: &RowValues, after: &Line) -> Entry {
    Entry {
        after: after.digest,
        after_state: after.status.clone(),
        before_row: Some(before.clone()),
        after_row: Some(after.values.clone()),
        ..entry
    }
}
