//! Hearing an objection by two persons, confirming what was proposed, and freeing what a roll did not do.
//!
//! Guarantees: two who say the same decide; nobody who confirmed the removal is one of them, nor, where they find against her, who
//! entered the objection for her; what they uphold is carried out when the window is over, and not before; a flag or a contradiction
//! removes nobody whoever says so. Runs in the caller's transaction. Deliberately absent: who may call it, and the audit trail
//! (`officer`).

use eligibility::{
    lifecycle::leaving::{AnyLeaving, TwoPersons},
    propose::Reason,
};
use protocol::{consent::Refusal, seal::random};
use schemas::{
    decision::DecisionAction,
    digest::Digest,
    id::{MessageId, SystemName},
    notice::DecisionStep,
    problem::Code,
    scheme::DecisionState,
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
    keys::Keys,
    people::{apart_from_named, two_persons},
    store::decisions::{
        cases::{Decided, Todo, Waits, decision_told_by},
        objections::{objection_again, objection_find, objection_first, objection_second},
        queue::who_named,
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
    let objection = objection.filter(|objection| objection.second.is_none());
    let objection = objection.ok_or_else(|| conflict("nothing is contested"))?;
    // Who confirmed the removal hears no objection against it: the warrant would refuse such a pair for ever.
    apart_from_confirmers(conn, &decided, by)?;
    // Whoever writes down what she is said to have said does not also find that she is wrong.
    if let Some(entered) = objection.entered_by.as_ref().filter(|_| upheld) {
        two_persons(conn, entered, by)?;
    }
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
    if !objection_second(conn, &decided.id, ((&first, first_upheld), by), app.decided_at_ms())? {
        return Err(conflict("it is decided, or the first word is another by now"));
    }
    let number = local(conn, app, &decided)?;
    let clerk = Clerk { app, local: number.as_ref(), now };
    let mut after = decided;
    for officer in two.both() {
        after.matter.confirmed_by.extend(officer.parse().ok());
    }
    judged(conn, &clerk, after, (&two, upheld))
}

/// What two persons found.
fn judged(
    conn: &mut AnyConnection,
    clerk: &Clerk<'_>,
    mut after: Decided,
    (two, upheld): (&TwoPersons, bool),
) -> Result<ReviewOutcome, OfficerRefused> {
    let right = || ("OBJECTION_UPHELD".to_owned(), None);
    let window = after.window();
    let stored = AnyLeaving::stored(after.id.clone(), after.state, window).map_err(DecisionError::from)?;
    let state = match (stored, upheld) {
        (AnyLeaving::Contested(contested), true) => {
            // It is carried out when the window is over, as every other.
            contested.uphold(two, window);
            // What the roll is still to be told about the payment meanwhile, it is told.
            after.todo = after.todo.filter(|todo| matches!(todo, Todo::Hold | Todo::Release));
            (after.state, after.since) = (DecisionState::Upheld, clerk.now.civil_day());
            clerk.log(conn, &after, Word::own(&after))?;
            decide::tell(conn, clerk.app, &after, DecisionStep::Upheld, clerk.now)?;
            clerk.update(conn, &after)?;
            DecisionState::Upheld
        }
        (AnyLeaving::Contested(contested), false) => {
            contested.reverse();
            clerk.lift(conn, after, DecisionState::Reversed, right())?;
            DecisionState::Reversed
        }
        (AnyLeaving::Removed(_), true) => {
            clerk.log(conn, &after, Word { action: DecisionAction::Review, ..Word::own(&after) })?;
            decide::tell(conn, clerk.app, &after, DecisionStep::Upheld, clerk.now)?;
            clerk.update(conn, &after)?;
            DecisionState::Removed
        }
        (AnyLeaving::Removed(_), false) => {
            // The same cause does not take her off once more.
            after.matter.dismissed = true;
            clerk.put_back(conn, after, right())?;
            DecisionState::Restored
        }
        _ => return Err(conflict("nothing is contested")),
    };
    Ok(ReviewOutcome::Decided(state))
}

/// Refuses one of those who confirmed it, or another account of the same person.
fn apart_from_confirmers(conn: &mut AnyConnection, decided: &Decided, by: &SystemName) -> Result<(), OfficerRefused> {
    for confirmed in &decided.matter.confirmed_by {
        let confirmed = confirmed.as_str().parse().map_err(|_| DecisionError::NotWhole("an officer without a name"))?;
        two_persons(conn, &confirmed, by)?;
    }
    Ok(())
}

/// Refuses to enter that her notice arrived for one of those who confirmed the removal, or who said that it is she who is meant: nobody
/// is taken off by one person's word.
pub(super) fn apart_to_deliver(
    conn: &mut AnyConnection,
    decided: &Decided,
    by: &SystemName,
) -> Result<(), OfficerRefused> {
    apart_from_confirmers(conn, decided, by)?;
    for named in who_named(conn, &decided.person)? {
        apart_from_named(conn, &named, by)?;
    }
    Ok(())
}

/// Refuses one of those who confirmed the removal of which a notice tells: nobody is taken off by one person's word.
///
/// # Errors
/// `four-eyes-required`; or the database.
pub(crate) fn apart_from_who_confirmed(
    conn: &mut AnyConnection,
    keys: &Keys,
    (notice, by): (&MessageId, &SystemName),
) -> Result<(), OfficerRefused> {
    let decided = decision_told_by(conn, keys, notice)?;
    decided.map_or(Ok(()), |decided| apart_to_deliver(conn, &decided, by))
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
    (decided.waits, decided.matter.undone) = (None, None);
    if decided.action == DecisionAction::Remove && upheld {
        begin(conn, &clerk, &mut decided)?;
        clerk.update(conn, &decided)?;
        return Ok(ReviewOutcome::Decided(decided.state));
    }
    if upheld {
        return Err(conflict("a flag or a contradiction removes nobody: the register that said it must settle it"));
    }
    decided.matter.dismissed = true;
    if decided.state == DecisionState::Held {
        // For the sake of the scheme that follows; that it is held she was told.
        clerk.lift(conn, decided, DecisionState::Released, officer_released())?;
        return Ok(ReviewOutcome::Decided(DecisionState::Released));
    }
    if decided.notice.is_some() {
        // She was told of it, though the roll could not hold her: she is told that it is over.
        clerk.lift(conn, decided, DecisionState::Withdrawn, officer_released())?;
        return Ok(ReviewOutcome::Decided(DecisionState::Withdrawn));
    }
    (decided.state, decided.since) = (DecisionState::Withdrawn, now.civil_day());
    clerk.log(conn, &decided, Word::own(&decided))?;
    clerk.update(conn, &decided)?;
    Ok(ReviewOutcome::Decided(DecisionState::Withdrawn))
}

fn officer_released() -> (String, Option<Digest>) {
    ("OFFICER_RELEASED".to_owned(), None)
}

/// A removal that waited goes on: hold, records, notice.
pub(in crate::decisions) fn begin(
    conn: &mut AnyConnection,
    clerk: &Clerk<'_>,
    decided: &mut Decided,
) -> Result<(), DecisionError> {
    if decided.matter.hold.is_some() && decided.state != DecisionState::Held {
        (decided.state, decided.todo) = (DecisionState::Held, Some(Todo::Hold));
    }
    decided.since = clerk.now.civil_day();
    clerk.go_on_leaving(conn, decided)
}

/// Whether a removal that is held meanwhile for the sake of what follows is still to be confirmed; not one whose hold the roll would not
/// let be lifted, which an officer has to free first.
pub(super) fn is_unconfirmed(decided: &Decided) -> bool {
    let by_clause = decided.matter.cause.reason == Reason::ClauseFalse && decided.notice.is_none();
    by_clause && decided.matter.undone.is_none()
}

/// What a roll did not do waits for an officer: it is tried once more, or the person is free of it. A proposal that nobody confirmed yet
/// waits on.
pub(super) fn free(
    conn: &mut AnyConnection,
    app: &App,
    mut decided: Decided,
    (by, upheld): (&SystemName, bool),
    now: Timestamp,
) -> Result<ReviewOutcome, OfficerRefused> {
    let number = local(conn, app, &decided)?;
    let clerk = Clerk { app, local: number.as_ref(), now };
    let by_clause = decided.matter.cause.reason == Reason::ClauseFalse;
    decided.waits = (by_clause && decided.notice.is_none()).then_some(Waits::Officer);
    if !upheld {
        let officer = by.as_str().parse().ok().filter(|by| !decided.matter.confirmed_by.contains(by));
        decided.matter.confirmed_by.extend(officer);
        decided.matter.dismissed = true;
        clerk.lift(conn, decided, DecisionState::Released, officer_released())?;
        return Ok(ReviewOutcome::Decided(DecisionState::Released));
    }
    // An order of its own: the one before was answered already, and is not done twice.
    let again = random::message_id(now);
    match &mut decided.matter.undone {
        // It was to be lifted, and could not be.
        Some(undone) if decided.matter.hold.is_some() => {
            (undone.decision, decided.todo) = (again.clone(), Some(Todo::Release))
        }
        // It could not be held; somebody has looked now.
        undone if decided.matter.hold.is_none() => *undone = None,
        _ => {}
    }
    if decided.state == DecisionState::Held && decided.todo.is_none() {
        (decided.matter.hold, decided.todo) = (Some(again), Some(Todo::Hold));
    }
    decided.since = now.civil_day();
    clerk.log(conn, &decided, Word { action: DecisionAction::Review, ..Word::own(&decided) })?;
    clerk.update(conn, &decided)?;
    Ok(ReviewOutcome::Decided(decided.state))
}
