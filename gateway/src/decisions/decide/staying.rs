//! A decision about somebody who stays: what her register says of her is entered on the roll.
//!
//! Guarantees: it takes nothing from anybody and needs no window; it is a signed decision with a journal row all the same.

use eligibility::propose::Cause;
use schemas::{decision::DecisionAction, scheme::DecisionState, time::CivilDate};
use service_kit::db::AnyConnection;

use super::Desk;
use crate::{
    decisions::{DecisionError, look::Said, records::Word},
    store::decisions::cases::{Todo, decision_insert},
};

impl Desk<'_> {
    /// The card goes on in her name.
    pub(super) fn name_head(
        &self,
        conn: &mut AnyConnection,
        said: &Said<'_>,
        cause: &Cause,
        since: CivilDate,
    ) -> Result<(), DecisionError> {
        let mut new = self.draft(said, (DecisionAction::Amend, cause), since)?;
        (new.state, new.todo) = (DecisionState::Enrolled, Some(Todo::NameHead));
        decision_insert(conn, self.clerk.app.keys(), &new)?;
        self.clerk.log(conn, &new, Word::own(&new)).map(drop)
    }
}
