//! Hearing an objection by two persons, and confirming what was proposed.
//!
//! Guarantees: two who say the same decide, and nobody who confirmed the removal is one of them; a flag or a contradiction removes
//! nobody whoever says so. Runs in the caller's transaction. Deliberately absent: who may call it, and the audit trail (`officer`).

use eligibility::lifecycle::leaving::{AnyLeaving, TwoPersons};
use protocol::consent::Refusal;
use schemas::{
    decision::DecisionAction, id::SystemName, notice::DecisionStep, problem::Code, scheme::DecisionState,
    time::Timestamp,
};
use service_kit::db::AnyConnection;

use super::{OfficerRefused, ReviewOutcome, conflict};
use crate::{
    app::App,
    decisions::{
        DecisionError,
        decide::{self, Clerk},
        records::Word,
        run::local,
    },
    people::two_persons,
    store::decisions::{
        cases::{Decided, Todo},
        objections::{objection_again, objection_find, objection_first, objection_second},
    },
};

/// An objection is heard: the first proposes, another person must say the same.
pub(super) fn hear(
    conn: &mut AnyConnection,
    app: &App,
    decided: Decided,
    (by, upheld): (&SystemName, bool),
    now: Timestamp,
) -> Result<ReviewOutcome, OfficerRefused> {
    let objection = objection_find(conn, app.keys(), &decided.id)?;
    let objection = objection.ok_or(DecisionError::NotWhole("an objection without words"))?;
    // Who confirmed the removal hears no objection against it: the warrant would refuse such a pair for ever.
    apart_from_confirmers(conn, &decided, by)?;
    let Some((first, first_upheld)) = objection.first else {
        objection_first(conn, &decided.id, (by, upheld))?;
        return Ok(ReviewOutcome::SecondNeeded);
    };
    two_persons(conn, &first, by)?;
    if first_upheld != upheld {
        objection_again(conn, &decided.id)?;
        return Ok(ReviewOutcome::HeardAnew);
    }
    let two = TwoPersons::of(first.as_str(), by.as_str());
    let two = two.ok_or(Refusal::new(Code::FourEyesRequired, "another person must do this"))?;
    if !objection_second(conn, &decided.id, by, app.decided_at_ms())? {
        return Err(conflict("it is decided"));
    }
    let AnyLeaving::Contested(contested) =
        AnyLeaving::stored(decided.id.clone(), decided.state, None).map_err(DecisionError::from)?
    else {
        return Err(conflict("nothing is contested"));
    };
    let number = local(conn, app, &decided)?;
    let clerk = Clerk { app, local: number.as_ref(), now };
    let mut after = decided;
    for officer in two.both() {
        after.matter.confirmed_by.extend(officer.parse().ok());
    }
    if upheld {
        contested.uphold(&two);
        (after.state, after.todo, after.since) = (DecisionState::Upheld, Some(Todo::Remove), now.civil_day());
        clerk.log(conn, &after, Word::own(&after))?;
        decide::tell(conn, app, &after, DecisionStep::Upheld, now)?;
        clerk.update(conn, &after)?;
        return Ok(ReviewOutcome::Decided(DecisionState::Upheld));
    }
    contested.reverse();
    clerk.lift(conn, after, DecisionState::Reversed, ("OBJECTION_UPHELD".to_owned(), None))?;
    Ok(ReviewOutcome::Decided(DecisionState::Reversed))
}

/// Refuses one of those who confirmed it, or another account of the same person.
fn apart_from_confirmers(conn: &mut AnyConnection, decided: &Decided, by: &SystemName) -> Result<(), OfficerRefused> {
    for confirmed in &decided.matter.confirmed_by {
        let confirmed = confirmed.as_str().parse().map_err(|_| DecisionError::NotWhole("an officer without a name"))?;
        two_persons(conn, &confirmed, by)?;
    }
    Ok(())
}

/// An officer looks at a proposal: it goes on to notice and window, or is dropped for this cause.
pub(super) fn confirm(
    conn: &mut AnyConnection,
    app: &App,
    mut decided: Decided,
    (by, upheld): (&SystemName, bool),
    now: Timestamp,
) -> Result<ReviewOutcome, OfficerRefused> {
    let number = local(conn, app, &decided)?;
    let clerk = Clerk { app, local: number.as_ref(), now };
    decided.matter.confirmed_by.extend(by.as_str().parse().ok());
    decided.waits = None;
    if decided.action == DecisionAction::Remove && upheld {
        begin(conn, &clerk, &mut decided)?;
        clerk.update(conn, &decided)?;
        return Ok(ReviewOutcome::Decided(decided.state));
    }
    if upheld {
        return Err(conflict("a flag or a contradiction removes nobody: the register that said it must settle it"));
    }
    (decided.state, decided.matter.dismissed) = (DecisionState::Withdrawn, true);
    decided.since = now.civil_day();
    clerk.log(conn, &decided, Word::own(&decided))?;
    clerk.update(conn, &decided)?;
    Ok(ReviewOutcome::Decided(DecisionState::Withdrawn))
}

/// A removal that waited goes on: hold, records, notice.
pub(in crate::decisions) fn begin(
    conn: &mut AnyConnection,
    clerk: &Clerk<'_>,
    decided: &mut Decided,
) -> Result<(), DecisionError> {
    if decided.matter.hold.is_some() {
        (decided.state, decided.todo) = (DecisionState::Held, Some(Todo::Hold));
    }
    decided.since = clerk.now.civil_day();
    clerk.go_on_leaving(conn, decided)
}
