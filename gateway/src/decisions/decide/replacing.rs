//! From scheme to scheme: the one that is to end is on hold while the one that follows it pays.
//!
//! Guarantees: a hold of its own decision, with a signed record, lifted like any other; nobody is removed by it, and no window begins
//! or ends. Deliberately absent: when (`transition`).

use eligibility::lifecycle::leaving::AnyLeaving;
use protocol::seal::random;
use schemas::{decision::DecisionAction, scheme::DecisionState};
use service_kit::db::AnyConnection;

use super::Desk;
use crate::{
    decisions::{
        DecisionError,
        look::Said,
        records::Word,
        transition::{Change, changes, paying, pays_still},
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
        Ok(false)
    }

    fn paid_today(&self, mut now: Decided) -> Decided {
        now.matter.next.iter_mut().for_each(|next| next.pays(self.look.today));
        now
    }

    /// Whatever is undone of it today: what the next one pays today is in arrears nowhere else.
    pub(super) fn paid_by_the_next(&self, past: &Decided, said: &Said<'_>) -> Decided {
        let pays = pays_still(self.look, past) || paying(self.look, (said.plan, self.plans)).is_some();
        if pays { self.paid_today(past.clone()) } else { past.clone() }
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
        now.matter.next = Some(Next { scheme: next.key().to_owned(), roll: next.roll.to_string(), paid });
        let mut now = self.paid_today(now);
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
