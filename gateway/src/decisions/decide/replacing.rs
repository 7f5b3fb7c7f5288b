//! From scheme to scheme: the one that is to end is on hold while the one that follows it pays.
//!
//! Guarantees: a hold of its own decision, with a signed record, lifted like any other; nobody is removed by it, and no window begins
//! or ends. Deliberately absent: when (`transition`).

use eligibility::lifecycle::leaving::AnyLeaving;
use protocol::seal::random;
use schemas::{decision::DecisionAction, notice::DecisionStep, scheme::DecisionState};
use service_kit::db::AnyConnection;

use super::Desk;
use crate::{
    decisions::{
        DecisionError,
        look::Said,
        plan::Plan,
        records::Word,
        transition::{Change, changes},
    },
    store::decisions::cases::{Decided, Todo},
};

impl Desk<'_> {
    /// Brings the removals from these rules into line with what follows on them. Whether any was not.
    pub(super) fn replace(
        &self,
        conn: &mut AnyConnection,
        said: &Said<'_>,
        plans: &[Plan],
    ) -> Result<bool, DecisionError> {
        let mut changed = false;
        for (past, change) in changes(self.look, (said.plan, plans)) {
            match change {
                Change::Hold => self.hold_for_the_next(conn, past.clone())?,
                Change::Lift => self.release(conn, past, said)?,
            }
            changed = true;
        }
        Ok(changed)
    }

    fn hold_for_the_next(&self, conn: &mut AnyConnection, mut now: Decided) -> Result<(), DecisionError> {
        if let AnyLeaving::Proposed(proposed) = AnyLeaving::stored(now.id.clone(), now.state, super::window(&now))? {
            proposed.hold();
            (now.state, now.since) = (DecisionState::Held, self.look.today);
        }
        let hold = random::message_id(self.clerk.now);
        (now.matter.hold, now.todo) = (Some(hold.clone()), Some(Todo::Hold));
        self.clerk.log(conn, &now, Word { id: &hold, action: DecisionAction::Hold, ..Word::own(&now) })?;
        self.clerk.tell(conn, &now, DecisionStep::Replaced)?;
        self.clerk.update(conn, &now)
    }
}
