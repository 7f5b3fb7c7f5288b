//! From scheme to scheme: the one that is to end is on hold while the one that follows it pays.
//!
//! Guarantees: a hold of its own decision, with a signed record, lifted like any other; nobody is removed by it, and no window begins
//! or ends. Deliberately absent: when (`transition`).

use eligibility::{
    evaluate::Outcome,
    lifecycle::leaving::AnyLeaving,
    propose::{Proposal, Reason},
};
use protocol::seal::random;
use registry_adapter::{mapping::RollStatus, roll::RowStanding};
use schemas::{decision::DecisionAction, id::MessageId, scheme::DecisionState};
use service_kit::db::AnyConnection;

use super::Desk;
use crate::{
    decisions::{
        DecisionError,
        look::Said,
        outcome,
        records::Word,
        transition::{Change, changes, draws_both, is_by_clause, paying, pays_still},
    },
    store::decisions::cases::{Decided, Next, Todo, Undone},
};

/// Why such a hold is lifted.
const UNPAID: &str = "NEXT_ENDED";

impl Desk<'_> {
    /// Brings the removals from these rules into line with what follows on them. Whether one was not: then everything is read anew,
    /// for two schemes may each follow on the other.
    pub(super) fn replace(&self, conn: &mut AnyConnection, said: &Said<'_>) -> Result<bool, DecisionError> {
        for (past, change) in changes(self.look, (said.plan, self.plans)) {
            match change {
                // Whose row is followed on is not sure, where two people have one number.
                Change::Hold if self.is_shared(conn)? => continue,
                Change::Hold => self.hold_for_the_next(conn, past.clone(), said)?,
                Change::Paid => self.clerk.update(conn, &self.paid_today(past.clone()))?,
                Change::Lift => self.lift_for_now(conn, past.clone())?,
            }
            return Ok(true);
        }
        Ok(self.stopped(conn, said)? || self.ask_about_both(conn, said)?)
    }

    /// Writes down that the next one pays no more, where another removal than one by a clause has taken the place of the one that was
    /// held for its sake: nothing is lifted then, and what it pays later is not taken for one time without a break.
    fn stopped(&self, conn: &mut AnyConnection, said: &Said<'_>) -> Result<bool, DecisionError> {
        let other = |past: &&Decided| past.past().is_open() && past.matter.cause.reason != Reason::ClauseFalse;
        for past in self.look.past_of(said.plan, self.plans).filter(other) {
            let mut now = past.clone();
            let Some(next) = now.matter.next.as_mut().filter(|next| !next.stopped) else { continue };
            if !self.pays_or_owes(past, said) {
                next.stopped = true;
                self.clerk.update(conn, &now)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Asks an officer, once, about one who draws both benefits; only the officers of the department can say which of them is to end.
    fn ask_about_both(&self, conn: &mut AnyConnection, said: &Said<'_>) -> Result<bool, DecisionError> {
        let entitled = said.evaluation.as_ref().is_none_or(|evaluation| evaluation.outcome == Outcome::Eligible);
        let cause = outcome::about_both(said.plan.key());
        let asks = |past: &&Decided| past.scheme == said.plan.key() && past.matter.cause == cause;
        let asked = self.look.past.iter().filter(asks).any(|past| past.past().is_open() || past.matter.dismissed);
        if entitled || asked || !draws_both(self.look, (said.plan, self.plans)) || self.is_shared(conn)? {
            return Ok(false);
        }
        self.show(conn, said, (DecisionAction::Review, &cause))?;
        Ok(true)
    }

    /// Whether a removal that would end goes on, with its hold: the next one pays her, and the clauses say still that this one is over,
    /// whatever else was heard of her. It is carried out only once it is right again; else an officer looks when its window is over.
    pub(super) fn is_held_on(&self, past: &Decided, said: &Said<'_>) -> bool {
        let over = said
            .evaluation
            .as_ref()
            .is_some_and(|evaluation| matches!(evaluation.outcome, Outcome::NotEligible | Outcome::NotYet { .. }));
        let anew = said.proposals.iter().any(|proposal| match proposal {
            Proposal::Leave { cause, .. } => matches!(cause.reason, Reason::ClauseFalse | Reason::Death),
            _ => false,
        });
        let ruled = said.plan.has_rule_for(Reason::ClauseFalse);
        is_by_clause(past) && ruled && past.matter.hold.is_some() && over && !anew && pays_still(self.look, past)
    }

    fn paid_today(&self, mut now: Decided) -> Decided {
        now.matter.next.iter_mut().for_each(|next| next.goes_on(self.look.today));
        now
    }

    /// Whatever is undone of it today: what the next one pays today, or owes, is in arrears nowhere else.
    pub(super) fn paid_by_the_next(&self, past: &Decided, said: &Said<'_>) -> Decided {
        if self.pays_or_owes(past, said) { self.paid_today(past.clone()) } else { past.clone() }
    }

    fn pays_or_owes(&self, past: &Decided, said: &Said<'_>) -> bool {
        let pays = pays_still(self.look, past) || paying(self.look, (said.plan, self.plans)).is_some();
        pays || self.owes_still(past)
    }

    /// Whether a decision of ours holds the payment of the next one: its months are in arrears there.
    fn owes_still(&self, past: &Decided) -> bool {
        let next = past.matter.next.as_ref().and_then(|next| self.look.standings.get(&next.roll.parse().ok()?));
        let open = self.look.past.iter().filter(|other| other.past().is_open());
        let holds: Vec<&MessageId> = open.filter_map(|other| other.matter.hold.as_ref()).collect();
        let owed = |row: &RowStanding| {
            row.status == RollStatus::Held && row.held_by.as_ref().is_some_and(|hold| holds.contains(&hold))
        };
        next.is_some_and(|standing| standing.rows.iter().any(owed))
    }

    /// What another removal from the same roll, held for its sake, knows of the next one: one that begins now takes its place.
    pub(super) fn known_next(&self, said: &Said<'_>) -> Option<Next> {
        let held = |past: &&Decided| past.past().is_open() && past.roll == said.plan.roll.as_str();
        let mut held = self.look.past.iter().rev().filter(held).filter(|past| past.matter.hold.is_some());
        held.find_map(|past| self.paid_by_the_next(past, said).matter.next)
    }

    fn hold_for_the_next(
        &self,
        conn: &mut AnyConnection,
        mut now: Decided,
        said: &Said<'_>,
    ) -> Result<(), DecisionError> {
        let next = paying(self.look, (said.plan, self.plans));
        let next = next.ok_or(DecisionError::NotWhole("a hold for the sake of nothing"))?;
        let paid = now.matter.next.take().map(|known| known.paid).unwrap_or_default();
        let mut next = Next { scheme: next.key().to_owned(), roll: next.roll.to_string(), paid, stopped: false };
        next.begins(self.look.today);
        now.matter.next = Some(next);
        if let AnyLeaving::Proposed(proposed) = AnyLeaving::stored(now.id.clone(), now.state, now.window())? {
            proposed.hold();
            (now.state, now.since) = (DecisionState::Held, self.look.today);
        }
        let hold = random::message_id(self.clerk.now);
        (now.matter.hold, now.todo) = (Some(hold.clone()), Some(Todo::Hold));
        self.clerk.log(conn, &now, Word { id: &hold, action: DecisionAction::Hold, ..Word::own(&now) })?;
        self.clerk.update(conn, &now)
    }

    /// The payment goes on; the removal stays as it is, with its window and whatever it waits for.
    fn lift_for_now(&self, conn: &mut AnyConnection, mut now: Decided) -> Result<(), DecisionError> {
        let undone = Undone { decision: random::message_id(self.clerk.now), reason: UNPAID.to_owned(), event: None };
        let word = Word {
            id: &undone.decision,
            action: DecisionAction::Release,
            reason: Some(&undone.reason),
            undoes: now.matter.hold.as_ref(),
            ..Word::own(&now)
        };
        self.clerk.log(conn, &now, word)?;
        (now.todo, now.matter.undone) = (Some(Todo::Release), Some(undone));
        self.clerk.update(conn, &now)
    }
}
