//! How a decision stands after the roll did as it was told, what is told to the person, and what its record says.
//!
//! Guarantees: each state follows by a move of `eligibility::lifecycle`. Deliberately absent: writing it down (`perform`).

use eligibility::{
    lifecycle::{
        entering::{AnyEntering, NoApplicationNeeded},
        leaving::AnyLeaving,
    },
    propose::Reason,
};
use schemas::{decision::DecisionAction, id::MessageId, notice::DecisionStep, scheme::DecisionState, time::Timestamp};

use crate::{
    decisions::{DecisionError, decide, records::Word},
    store::decisions::cases::{Decided, Todo},
};

/// The state after the roll did as it was told, and what to tell the person.
pub(super) fn advance(
    after: &mut Decided,
    todo: Option<Todo>,
    now: Timestamp,
) -> Result<Option<DecisionStep>, DecisionError> {
    let step = match todo {
        Some(Todo::Remove) => {
            let may = match AnyLeaving::stored(after.id.clone(), after.state, after.window())? {
                AnyLeaving::Noticed(noticed) => {
                    noticed.window_over(now).map_err(|_| DecisionError::NotWhole("the window is open"))?
                }
                AnyLeaving::Upheld(upheld) => {
                    upheld.removable(now).map_err(|_| DecisionError::NotWhole("the window is open"))?
                }
                _ => return Err(DecisionError::NotWhole("a removal without its road")),
            };
            may.removed();
            after.state = DecisionState::Removed;
            DecisionStep::Removed
        }
        Some(Todo::Enrol) => {
            match AnyEntering::stored(after.id.clone(), after.state, after.until)? {
                AnyEntering::Accepted(accepted) => drop(accepted.enrol()),
                AnyEntering::Proposed(proposed) if after.matter.by_law => {
                    drop(proposed.enrol_by_law(NoApplicationNeeded::by_the_scheme()));
                }
                _ => return Err(DecisionError::NotWhole("an entry that nobody accepted")),
            }
            after.state = DecisionState::Enrolled;
            DecisionStep::Enrolled
        }
        Some(Todo::Release) => {
            if !after.past().is_open() {
                return Ok(Some(decide::lifted(after.state)));
            }
            // Lifted for now: the removal stays as it was proposed, told or contested.
            if after.state == DecisionState::Held
                && let AnyLeaving::Held(held) = AnyLeaving::stored(after.id.clone(), after.state, None)?
            {
                held.resume();
                (after.state, after.since) = (DecisionState::Proposed, now.civil_day());
            }
            return Ok(Some(DecisionStep::Resumed));
        }
        Some(Todo::Restore) => return Ok(Some(DecisionStep::Restored)),
        // A clause holds for the sake of the scheme that follows alone; who is held for another reason was told before.
        Some(Todo::Hold) if after.matter.cause.reason == Reason::ClauseFalse => {
            return Ok(Some(DecisionStep::Replaced));
        }
        Some(Todo::Hold | Todo::Decline | Todo::NameHead) | None => return Ok(None),
    };
    after.since = now.civil_day();
    Ok(Some(step))
}

pub(super) fn word<'a>(after: &'a Decided, todo: Option<Todo>, undone: Option<(&'a MessageId, &'a str)>) -> Word<'a> {
    let own = Word::own(after);
    let by = undone.map(|(id, _)| id);
    match todo {
        Some(Todo::Hold) => {
            Word { id: after.matter.hold.as_ref().or(by).unwrap_or(&after.id), action: DecisionAction::Hold, ..own }
        }
        Some(Todo::Release) => Word {
            id: by.unwrap_or(&after.id),
            action: DecisionAction::Release,
            reason: undone.map(|(_, reason)| reason),
            undoes: after.matter.hold.as_ref(),
            ..own
        },
        Some(Todo::Restore) => Word {
            id: by.unwrap_or(&after.id),
            action: DecisionAction::Restore,
            reason: undone.map(|(_, reason)| reason),
            undoes: Some(&after.id),
            ..own
        },
        Some(Todo::Decline) => Word {
            id: by.unwrap_or(&after.id),
            action: DecisionAction::Hold,
            reason: undone.map(|(_, reason)| reason),
            undoes: Some(&after.id),
            ..own
        },
        Some(Todo::Enrol) => Word { action: DecisionAction::Enrol, ..own },
        Some(Todo::Remove | Todo::NameHead) | None => own,
    }
}
