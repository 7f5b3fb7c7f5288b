//! Proposals become decisions: rows, signed records and notices, in the transaction that read what they rest on.
//!
//! Guarantees: each step is one of the lifecycle's types; nothing here touches a roll, and nothing here removes anybody.

mod draft;
mod replacing;
mod staying;

use eligibility::{
    evaluate::{Evaluation, Outcome},
    lifecycle::{
        entering::{AnyEntering, Entering},
        leaving::{AnyLeaving, Leaving},
    },
    propose::{Cause, Notice, Proposal, Reason},
};
use protocol::seal::random;
use registry_adapter::{key::LocalKey, mapping::RollId};
use schemas::{
    decision::{ClauseRecord, DecisionAction},
    digest::Digest,
    id::MessageId,
    notice::{DecisionStep, NoticeKind},
    scheme::DecisionState,
    time::{CivilDate, Timestamp},
};
use service_kit::db::AnyConnection;
use std::collections::{BTreeMap, BTreeSet};

use super::{
    DecisionError, breaker,
    look::{Look, Said},
    plan::Plan,
    records::{self, Word},
};
use crate::{
    app::App,
    fetching,
    store::{
        decisions::cases::{Decided, Todo, Undone, Waits, decision_insert, decision_update},
        links::link_subjects,
        notices::{NewNotice, notice_insert},
    },
};

/// Who writes: records, notices and rows of one decision.
pub(super) struct Clerk<'a> {
    pub(super) app: &'a App,
    /// The person's number here, for the mark in the records.
    pub(super) local: Option<&'a LocalKey>,
    pub(super) now: Timestamp,
}

/// A clerk before whom everything lies that is known of a person.
struct Desk<'a> {
    clerk: Clerk<'a>,
    look: &'a Look,
    plans: &'a [Plan],
}

/// Writes what is proposed. Whether anything was.
///
/// # Errors
/// If anything cannot be written; then nothing is.
pub(super) fn decide(
    conn: &mut AnyConnection,
    app: &App,
    look: &Look,
    (said, plans): (&[Said<'_>], &[Plan]),
    sizes: &BTreeMap<RollId, u64>,
    now: Timestamp,
) -> Result<bool, DecisionError> {
    let desk = Desk { clerk: Clerk { app, local: look.local.as_ref(), now }, look, plans };
    let mut changed = false;
    for said in said {
        for proposal in &said.proposals {
            changed |= desk.one(conn, said, proposal, sizes.get(&said.plan.roll).copied())?;
        }
    }
    if changed {
        // What follows is about decisions as they were read: she is looked at once more.
        return Ok(true);
    }
    // Each set of rules once, whatever units it counts.
    let mut seen = BTreeSet::new();
    for said in said.iter().filter(|said| seen.insert((said.plan.key(), &said.plan.roll))) {
        if desk.replace(conn, said)? {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Clerk<'_> {
    /// Records and notice of a removal that may go on; of one that waits, the proposal alone.
    pub(super) fn go_on_leaving(&self, conn: &mut AnyConnection, decided: &mut Decided) -> Result<(), DecisionError> {
        if let (Some(hold), Some(Todo::Hold)) = (decided.matter.hold.clone(), decided.todo) {
            let word = Word { id: &hold, action: DecisionAction::Hold, ..Word::own(decided) };
            self.log(conn, decided, word)?;
        }
        if decided.waits.is_some() {
            let word = Word { action: DecisionAction::Review, ..Word::own(decided) };
            return self.log(conn, decided, word).map(drop);
        }
        if decided.matter.notice.is_some() {
            return self.tell_removal(conn, decided);
        }
        if let (Some(hold), Some(source), DecisionState::Held) =
            (&decided.matter.hold, &decided.matter.source, decided.state)
        {
            // The window comes later, with a notice of its own; that her payment stops she must hear now.
            let kind = NoticeKind::Hold { event: hold.clone(), source: source.clone() };
            let id = random::message_id(self.now);
            let new = NewNotice { id: &id, to: &decided.person, kind: &kind, at_ms: self.app.decided_at_ms() };
            notice_insert(conn, self.app.keys(), &new)?;
        }
        Ok(())
    }

    /// The record of the removal that is to come, and the notice of it.
    pub(super) fn tell_removal(&self, conn: &mut AnyConnection, decided: &mut Decided) -> Result<(), DecisionError> {
        self.log(conn, decided, Word::own(decided))?;
        let step = if decided.matter.hold.is_some() { DecisionStep::Hold } else { DecisionStep::Removal };
        // What she was told before is told once.
        decided.notice = self.tell(conn, decided, step)?.or_else(|| decided.notice.take());
        Ok(())
    }

    /// Ends a decision, lifts its hold, and tells her if she had been told of it; of a lifted hold only once the roll lifted it.
    pub(super) fn lift(
        &self,
        conn: &mut AnyConnection,
        mut now: Decided,
        state: DecisionState,
        because: (String, Option<Digest>),
    ) -> Result<(), DecisionError> {
        let was_held = now.matter.hold.is_some() && now.state != DecisionState::Proposed;
        (now.state, now.waits, now.since) = (state, None, self.now.civil_day());
        now.todo = was_held.then_some(Todo::Release);
        let (reason, event) = because;
        let undone = Undone { decision: random::message_id(self.now), reason, event };
        now.matter.undone = Some(undone.clone());
        let word = Word {
            id: &undone.decision,
            action: if was_held { DecisionAction::Release } else { DecisionAction::Withdraw },
            reason: Some(&undone.reason),
            undoes: now.matter.hold.as_ref().or(Some(&now.id)),
            ..Word::own(&now)
        };
        self.log(conn, &now, word)?;
        if now.notice.is_some() && !was_held {
            self.tell(conn, &now, lifted(state))?;
        }
        self.update(conn, &now)
    }

    /// Puts back whom a removal took off; she is told when the roll has done it.
    pub(super) fn put_back(
        &self,
        conn: &mut AnyConnection,
        mut now: Decided,
        (reason, event): (String, Option<Digest>),
    ) -> Result<(), DecisionError> {
        let AnyLeaving::Removed(removed) = AnyLeaving::stored(now.id.clone(), now.state, None)? else {
            return Err(DecisionError::NotWhole("only a removal is restored"));
        };
        removed.restore();
        (now.state, now.todo, now.since) = (DecisionState::Restored, Some(Todo::Restore), self.now.civil_day());
        let undone = Undone { decision: random::message_id(self.now), reason, event };
        now.matter.undone = Some(undone.clone());
        let word = Word {
            id: &undone.decision,
            action: DecisionAction::Restore,
            reason: Some(&undone.reason),
            undoes: Some(&now.id),
            ..Word::own(&now)
        };
        self.log(conn, &now, word)?;
        self.update(conn, &now)
    }

    pub(super) fn log(
        &self,
        conn: &mut AnyConnection,
        decided: &Decided,
        word: Word<'_>,
    ) -> Result<Digest, DecisionError> {
        records::log(conn, self.app, (decided, self.local), word, self.now)
    }

    /// Writes a decision as it stands now; `turn` of the caller's copy is the one that was read.
    pub(super) fn update(&self, conn: &mut AnyConnection, now: &Decided) -> Result<(), DecisionError> {
        if decision_update(conn, self.app.keys(), now)? { Ok(()) } else { Err(DecisionError::Overtaken) }
    }

    /// Writes a notice of a decision; its id.
    pub(super) fn tell(
        &self,
        conn: &mut AnyConnection,
        decided: &Decided,
        step: DecisionStep,
    ) -> Result<Option<MessageId>, DecisionError> {
        tell(conn, self.app, decided, step, self.now)
    }
}

impl Desk<'_> {
    fn one(
        &self,
        conn: &mut AnyConnection,
        said: &Said<'_>,
        proposal: &Proposal,
        size: Option<u64>,
    ) -> Result<bool, DecisionError> {
        match proposal {
            Proposal::Undo { decision } if self.is_held_on(self.past(decision)?, said) => return Ok(false),
            Proposal::Undo { decision } => self.undo(conn, self.past(decision)?, said)?,
            Proposal::Restore { decision } => self.restore(conn, self.past(decision)?)?,
            Proposal::Amend { decision, cause, effective } => {
                self.amend(conn, self.past(decision)?, (cause, *effective))?;
            }
            Proposal::Leave { cause, .. } if self.is_shared(conn)? => return self.ask_who(conn, said, cause),
            Proposal::Leave { cause, effective, hold, notice, officer } => {
                let waits = match (breaker::stops(conn, (said.plan, size), self.clerk.app.decided_at_ms())?, officer) {
                    (true, _) => Some(Waits::Breaker),
                    (false, true) => Some(Waits::Officer),
                    (false, false) => None,
                };
                let mut new = self.draft(said, (DecisionAction::Remove, cause), *effective)?;
                (new.matter.notice, new.waits) = (*notice, waits);
                new.matter.hold = hold.then(|| random::message_id(self.clerk.now));
                new.matter.next = self.known_next(said);
                self.begin_leaving(conn, new)?;
            }
            Proposal::Notify { decision, notice } => {
                let mut decided = self.past(decision)?.clone();
                if decided.matter.notice.replace(*notice).is_some() {
                    // It was told already; told again, the window of the first notice would be lost.
                    return Ok(false);
                }
                self.clerk.tell_removal(conn, &mut decided)?;
                self.clerk.update(conn, &decided)?;
            }
            Proposal::Flag { cause } => self.show(conn, said, (DecisionAction::Flag, cause))?,
            Proposal::Review { cause } => self.show(conn, said, (DecisionAction::Review, cause))?,
            Proposal::Offer { cause, since } => self.offer(conn, said, cause, *since)?,
            Proposal::Enrol { cause, since } => self.enrol_by_law(conn, said, cause, *since)?,
            Proposal::Head { cause, since } => self.name_head(conn, said, cause, *since)?,
        }
        Ok(true)
    }

    /// Whether her number here is linked to another pseudonym too: then a death may be the other one's.
    fn is_shared(&self, conn: &mut AnyConnection) -> Result<bool, DecisionError> {
        let Some(local) = &self.look.local else { return Ok(false) };
        Ok(link_subjects(conn, self.clerk.app.keys(), local.as_str())?.len() > 1)
    }

    /// Asks an officer, once, who is meant; nothing is held meanwhile.
    fn ask_who(&self, conn: &mut AnyConnection, said: &Said<'_>, cause: &Cause) -> Result<bool, DecisionError> {
        let same = |past: &&Decided| past.action == DecisionAction::Review && past.matter.cause == *cause;
        let asked = self
            .look
            .past
            .iter()
            .filter(|past| past.scheme == said.plan.key())
            .filter(same)
            .any(|past| past.past().is_open() || past.matter.dismissed);
        if !asked {
            self.show(conn, said, (DecisionAction::Review, cause))?;
        }
        Ok(!asked)
    }

    fn past(&self, id: &MessageId) -> Result<&Decided, DecisionError> {
        let found = self.look.past.iter().find(|past| past.id == *id);
        found.ok_or(DecisionError::NotWhole("a proposal about no decision"))
    }

    fn begin_leaving(&self, conn: &mut AnyConnection, mut new: Decided) -> Result<(), DecisionError> {
        let proposed = Leaving::begin(new.id.clone());
        if new.waits.is_none() && new.matter.hold.is_some() {
            let _held = proposed.hold();
            (new.state, new.todo) = (DecisionState::Held, Some(Todo::Hold));
        }
        // The row first: the records and the notice speak of it.
        decision_insert(conn, self.clerk.app.keys(), &new)?;
        self.clerk.go_on_leaving(conn, &mut new)?;
        self.clerk.update(conn, &new)
    }

    fn show(
        &self,
        conn: &mut AnyConnection,
        said: &Said<'_>,
        (action, cause): (DecisionAction, &Cause),
    ) -> Result<(), DecisionError> {
        let mut new = self.draft(said, (action, cause), self.look.today)?;
        new.waits = Some(Waits::Officer);
        decision_insert(conn, self.clerk.app.keys(), &new)?;
        self.clerk.log(conn, &new, Word::own(&new)).map(drop)
    }

    fn offer(
        &self,
        conn: &mut AnyConnection,
        said: &Said<'_>,
        cause: &Cause,
        since: CivilDate,
    ) -> Result<(), DecisionError> {
        let mut new = self.draft(said, (DecisionAction::Offer, cause), since)?;
        let days = i64::from(self.clerk.app.config().decisions.offer_days);
        let until = CivilDate::from_date(self.look.today.date().saturating_add(jiff::Span::new().days(days)));
        let offered = Entering::begin(new.id.clone()).offer(until);
        (new.state, new.until) = (DecisionState::Offered, Some(offered.until()));
        decision_insert(conn, self.clerk.app.keys(), &new)?;
        self.clerk.log(conn, &new, Word::own(&new))?;
        new.notice = self.clerk.tell(conn, &new, DecisionStep::Offer)?;
        self.clerk.update(conn, &new)
    }

    fn enrol_by_law(
        &self,
        conn: &mut AnyConnection,
        said: &Said<'_>,
        cause: &Cause,
        since: CivilDate,
    ) -> Result<(), DecisionError> {
        let mut new = self.draft(said, (DecisionAction::Enrol, cause), since)?;
        (new.todo, new.matter.by_law) = (Some(Todo::Enrol), true);
        decision_insert(conn, self.clerk.app.keys(), &new)?;
        self.clerk.log(conn, &new, Word::own(&new)).map(drop)
    }

    /// Ends a decision whose reason went away.
    fn undo(&self, conn: &mut AnyConnection, past: &Decided, said: &Said<'_>) -> Result<(), DecisionError> {
        match past.action {
            DecisionAction::Offer | DecisionAction::Enrol => self.withdraw(conn, past),
            DecisionAction::Remove | DecisionAction::Hold => {
                self.release(conn, &self.as_unknown(&self.paid_by_the_next(past, said), said), said)
            }
            _ => {
                let mut now = past.clone();
                (now.state, now.waits, now.since) = (DecisionState::Withdrawn, None, self.look.today);
                self.clerk.log(conn, &now, Word::own(&now))?;
                self.clerk.update(conn, &now)
            }
        }
    }

    fn withdraw(&self, conn: &mut AnyConnection, past: &Decided) -> Result<(), DecisionError> {
        let told = match AnyEntering::stored(past.id.clone(), past.state, past.until)? {
            AnyEntering::Offered(offered) => {
                offered.withdraw();
                true
            }
            AnyEntering::Proposed(proposed) => {
                proposed.withdraw();
                false
            }
            _ => return Err(DecisionError::NotWhole("an entry that cannot be withdrawn")),
        };
        let mut now = past.clone();
        (now.state, now.todo, now.since) = (DecisionState::Withdrawn, None, self.look.today);
        self.clerk.log(conn, &now, Word::own(&now))?;
        if told {
            self.clerk.tell(conn, &now, DecisionStep::Withdrawn)?;
        }
        self.clerk.update(conn, &now)
    }

    /// The clauses of an evaluation, each fact that is not known with its reason.
    fn clauses(&self, evaluation: &Evaluation) -> Vec<ClauseRecord> {
        records::clauses(evaluation, self.clerk.app.entity(), &fetching::why(&self.look.asks))
    }

    /// A removal by a clause that nobody can answer for any more: its end is on record with the clauses as they are now, and with
    /// why what decided is not known.
    fn as_unknown(&self, past: &Decided, said: &Said<'_>) -> Decided {
        let mut now = past.clone();
        if let Some(evaluation) = said.evaluation.as_ref().filter(|_| is_unknown(past, said)) {
            (now.matter.clauses, now.matter.decisive) = (self.clauses(evaluation), evaluation.decisive.clone());
        }
        now
    }

    fn release(&self, conn: &mut AnyConnection, past: &Decided, said: &Said<'_>) -> Result<(), DecisionError> {
        let state = match AnyLeaving::stored(past.id.clone(), past.state, past.window())? {
            AnyLeaving::Proposed(proposed) => {
                proposed.withdraw();
                DecisionState::Withdrawn
            }
            AnyLeaving::Held(held) => {
                held.release();
                DecisionState::Released
            }
            AnyLeaving::Noticed(noticed) => {
                noticed.release();
                DecisionState::Released
            }
            AnyLeaving::Upheld(upheld) => {
                upheld.release();
                DecisionState::Released
            }
            AnyLeaving::Contested(contested) => {
                contested.reverse();
                DecisionState::Reversed
            }
            AnyLeaving::Removed(_) | AnyLeaving::Over(_) => {
                return Err(DecisionError::NotWhole("a decision that is over cannot be undone"));
            }
        };
        let (reason, event) = self.because(past);
        let reason = if is_unknown(past, said) { "FACT_UNKNOWN".to_owned() } else { reason };
        self.clerk.lift(conn, past.clone(), state, (reason, event))
    }

    fn restore(&self, conn: &mut AnyConnection, past: &Decided) -> Result<(), DecisionError> {
        self.clerk.put_back(conn, past.clone(), self.because(past))
    }

    /// Why a decision is undone, and the latest event that was heard since.
    fn because(&self, past: &Decided) -> (String, Option<Digest>) {
        let reason = match past.matter.cause.reason {
            // It stands, and the rules do not ask for it any more.
            Reason::Death if self.look.folded.death.is_some() => "REASON_GONE",
            Reason::MovedOut if self.look.folded.moved_out.is_some() => "REASON_GONE",
            Reason::Death if self.look.folded.contradictions.is_empty() => "DEATH_ANNULLED",
            Reason::Death => Reason::AliveAfterDeath.code(),
            Reason::MovedOut if self.look.folded.contradictions.is_empty() => "MOVED_BACK",
            Reason::MovedOut => Reason::AtHomeAfterMove.code(),
            _ => "REASON_GONE",
        };
        let latest = self.look.heard.iter().max_by_key(|heard| (heard.record.recorded, &heard.record.id));
        (reason.to_owned(), latest.map(|heard| heard.record.digest))
    }
}

/// Whether a removal by a clause ends because the clause cannot be answered any more.
fn is_unknown(past: &Decided, said: &Said<'_>) -> bool {
    let unknown = said.evaluation.as_ref().is_some_and(|evaluation| evaluation.outcome == Outcome::Unknown);
    past.matter.cause.reason == Reason::ClauseFalse && unknown
}

/// What a person is told of a decision that ended in this state.
pub(super) const fn lifted(state: DecisionState) -> DecisionStep {
    if matches!(state, DecisionState::Reversed) { DecisionStep::Reversed } else { DecisionStep::Released }
}

/// Whether a notice of this step takes something from her: then it says why.
const fn takes(step: DecisionStep) -> bool {
    matches!(
        step,
        DecisionStep::Hold
            | DecisionStep::Removal
            | DecisionStep::Replaced
            | DecisionStep::Upheld
            | DecisionStep::Removed
    )
}

/// Writes a notice of a decision; its id, if it is the first of its step.
pub(super) fn tell(
    conn: &mut AnyConnection,
    app: &App,
    decided: &Decided,
    step: DecisionStep,
    now: Timestamp,
) -> Result<Option<MessageId>, DecisionError> {
    let kind = NoticeKind::Decision {
        decision: decided.id.clone(),
        case: decided.case.clone(),
        step,
        scheme: decided.matter.title.clone(),
        source: decided.matter.source.clone(),
        until: decided.until,
        days: decided.matter.notice.map_or(0, |Notice { days, .. }| u32::from(days)),
        by: match step {
            DecisionStep::Replaced => decided.matter.hold.clone(),
            DecisionStep::Resumed => decided.matter.undone.as_ref().map(|undone| undone.decision.clone()),
            _ => None,
        },
        why: if takes(step) { app.reason_for_her(decided) } else { BTreeMap::new() },
    };
    let id = random::message_id(now);
    let new = NewNotice { id: &id, to: &decided.person, kind: &kind, at_ms: app.decided_at_ms() };
    Ok(notice_insert(conn, app.keys(), &new)?.then_some(id))
}
