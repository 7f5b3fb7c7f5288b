//! What the rolls answered to an order, row by row, and what follows when it was not what was decided.
//!
//! Guarantees: nobody is told of a step that the roll did not take. What is only intended stays to be done; what others changed, what
//! another decision holds, or what is not there goes to an officer, once for each decision. Deliberately absent: trying again.

use eligibility::propose::{Cause, Reason};
use protocol::seal::random;
use registry_adapter::{
    journal::RowOutcome,
    key::LocalKey,
    roll::{Applied, RollWriter},
};
use schemas::{decision::DecisionAction, scheme::DecisionState, time::Timestamp};
use service_kit::db::AnyConnection;

use super::{
    DecisionError,
    records::{self, Word},
};
use crate::{
    app::App,
    store::decisions::cases::{Decided, Matter, Todo, Undone, Waits, decision_insert, decisions_of},
};

/// With this the key of a cause begins that hangs on a roll which did not do what was decided.
const ROLL: &str = "roll ";

/// What the answer of a roll means for the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is as decided.
    Done,
    /// The department's own system has still to do it.
    Intended,
    /// It is not as decided, and asking again changes nothing: an officer must look.
    Otherwise,
}

/// Reads the outcomes of all rows. `active`: whether she is in payment now.
pub(super) fn answer(todo: Todo, applied: &Applied, active: bool) -> Answer {
    use RowOutcome as R;
    let any = |wanted: &[RowOutcome]| applied.rows.iter().any(|row| wanted.contains(&row.outcome));
    let none_held = applied.rows.iter().all(|row| matches!(row.outcome, R::NotHeld));
    if any(&[R::Intended]) {
        return Answer::Intended;
    }
    let done = match todo {
        Todo::Hold | Todo::Decline => any(&[R::Held, R::AlreadyHeld]),
        // A hold that never reached the roll needs no lifting, if she is in payment.
        Todo::Release => any(&[R::Released]) || (none_held && active),
        Todo::Restore => any(&[R::Restored]),
        Todo::Remove => any(&[R::Removed, R::AlreadyRemoved]),
        Todo::Enrol => any(&[R::Enrolled, R::AlreadyEnrolled]),
        Todo::NameHead => any(&[R::Amended, R::Unchanged]),
    };
    let foreign = any(&[R::ChangedOutside, R::StillHeld]);
    if done && !foreign && !applied.rows.is_empty() { Answer::Done } else { Answer::Otherwise }
}

/// Whether she is in payment, where the answer depends on it. Blocks.
pub(super) fn is_active(
    writer: &impl RollWriter,
    decided: &Decided,
    local: Option<&LocalKey>,
) -> Result<bool, DecisionError> {
    let roll = decided.roll.parse().map_err(|_| DecisionError::NotWhole("its roll is no roll"))?;
    Ok(match local {
        Some(local) => writer.standing(&roll, local)?.is_active(),
        None => false,
    })
}

/// The decision stops where the roll did not follow it: it does not say what is not so, and does not go on by itself.
pub(super) fn stop(after: &mut Decided, now: Timestamp) {
    match after.todo.take() {
        // Lifted for now, and it could not be: an officer looks, and what was objected is heard all the same.
        Some(Todo::Release) if after.past().is_open() => {
            if after.state != DecisionState::Contested {
                after.waits = Some(Waits::Officer);
            }
        }
        Some(Todo::Release) => {
            // Whom an objection freed stays free of the same cause.
            after.matter.dismissed |= after.state == DecisionState::Reversed;
            (after.state, after.waits) = (DecisionState::Withdrawn, None);
        }
        Some(Todo::Restore) => after.state = DecisionState::Removed,
        Some(Todo::Enrol) => after.state = DecisionState::Withdrawn,
        // Not held for the sake of what follows, then: what was proposed stays, and is not held again before an officer has looked.
        Some(Todo::Hold) if after.matter.cause.reason == Reason::ClauseFalse => {
            let refused = |hold| Undone { decision: hold, reason: "NOT_HELD".to_owned(), event: None };
            after.matter.undone = after.matter.hold.take().map(refused);
            if after.state == DecisionState::Held {
                after.state = DecisionState::Proposed;
            }
            after.waits = Some(Waits::Officer);
        }
        Some(Todo::Hold | Todo::Remove) => after.waits = Some(Waits::Officer),
        Some(Todo::Decline | Todo::NameHead) | None => {}
    }
    after.since = now.civil_day();
}

/// Whether a decision asks an officer to look at a roll.
pub(super) fn is_about_the_roll(decided: &Decided) -> bool {
    decided.matter.cause.key.starts_with(ROLL)
}

/// The cause of a review of two benefits that one person draws: of this one, and of one that follows on it.
pub(super) fn about_both(scheme: &str) -> Cause {
    Cause { reason: Reason::Conflict, key: format!("{ROLL}{scheme} and what follows") }
}

/// The cause of a review of what a roll did not do.
fn refused(decided: &Decided) -> Cause {
    Cause { reason: Reason::Conflict, key: format!("{ROLL}{}", decided.id) }
}

/// Asks an officer to look at what a roll did not do; once while nobody has looked.
pub(super) fn review(
    conn: &mut AnyConnection,
    app: &App,
    (decided, local): (&Decided, Option<&LocalKey>),
    now: Timestamp,
) -> Result<(), DecisionError> {
    let cause = refused(decided);
    let past = decisions_of(conn, app.keys(), &decided.person)?;
    if past.iter().any(|past| past.matter.cause == cause && past.state == DecisionState::Proposed) {
        return Ok(());
    }
    let matter = Matter { cause, notice: None, hold: None, undone: None, delivered: None, ..decided.matter.clone() };
    let matter = Matter { confirmed_by: Vec::new(), by_law: false, dismissed: false, ..matter };
    let review = Decided {
        id: random::message_id(now),
        action: DecisionAction::Review,
        state: DecisionState::Proposed,
        matter,
        since: now.civil_day(),
        until: None,
        todo: None,
        waits: Some(Waits::Officer),
        notice: None,
        turn: 0,
        at_ms: app.decided_at_ms(),
        ..decided.clone()
    };
    decision_insert(conn, app.keys(), &review)?;
    records::log(conn, app, (&review, local), Word::own(&review), now)?;
    tracing::warn!(decision = %decided.id, review = %review.id, "the roll did not do what was decided; an officer must look");
    metrics::counter!("decisions_not_followed_by_the_roll_total").increment(1);
    Ok(())
}

#[cfg(test)]
mod tests {
    use registry_adapter::{journal::JournalHead, roll::AppliedRow};

    use super::{Answer::*, *};

    /// What each row became; the rest does not matter here.
    fn applied(rows: &[RowOutcome]) -> Applied {
        let digest = format!("hmac-sha256:{}", "0".repeat(64)).parse().unwrap();
        let rows = rows.iter().enumerate().map(|(n, outcome)| AppliedRow {
            row_key: format!("10{n}").parse().unwrap(),
            outcome: *outcome,
            journal: JournalHead { seq: 1, hash: schemas::digest::Digest::of("head") },
            digests: (digest, digest),
            states: ("A".to_owned(), "B".to_owned()),
            arrears: None,
        });
        Applied { decision: random::message_id(Timestamp::from_seconds(0)), rows: rows.collect() }
    }

    #[test]
    fn what_the_roll_did_counts_and_nothing_else() {
        use RowOutcome as R;
        for (todo, rows, active, expected) in [
            (Todo::Hold, &[R::Held][..], false, Done),
            (Todo::Hold, &[R::AlreadyHeld], false, Done),
            (Todo::Hold, &[R::NotActive], false, Otherwise),
            (Todo::Hold, &[], false, Otherwise),
            (Todo::Hold, &[R::Held, R::ChangedOutside], false, Otherwise),
            (Todo::Release, &[R::Released], true, Done),
            (Todo::Release, &[R::NotHeld], true, Done),
            (Todo::Release, &[R::NotHeld], false, Otherwise),
            (Todo::Release, &[R::StillHeld], false, Otherwise),
            (Todo::Release, &[R::Released, R::StillHeld], true, Otherwise),
            (Todo::Release, &[R::ChangedOutside], true, Otherwise),
            (Todo::Release, &[], false, Otherwise),
            (Todo::Restore, &[R::Restored], false, Done),
            (Todo::Restore, &[R::NotRemoved], true, Otherwise),
            (Todo::Restore, &[], false, Otherwise),
            (Todo::Remove, &[R::Removed], false, Done),
            (Todo::Remove, &[R::AlreadyRemoved], false, Done),
            (Todo::Remove, &[R::StillHeld], false, Otherwise),
            (Todo::Remove, &[], false, Otherwise),
            (Todo::Enrol, &[R::AlreadyEnrolled], true, Done),
            (Todo::Enrol, &[R::NotApplied], false, Otherwise),
            (Todo::Decline, &[R::Held], false, Done),
            (Todo::NameHead, &[R::Amended], true, Done),
            (Todo::NameHead, &[R::Unchanged], true, Done),
            (Todo::NameHead, &[R::NotActive], false, Otherwise),
        ] {
            assert_eq!(answer(todo, &applied(rows), active), expected, "{todo:?} {rows:?} {active}");
        }
        for todo in [Todo::Hold, Todo::Release, Todo::Restore, Todo::Remove, Todo::Enrol, Todo::Decline] {
            assert_eq!(answer(todo, &applied(&[R::Intended]), true), Intended, "{todo:?}");
            assert_eq!(answer(todo, &applied(&[R::Held, R::Intended]), true), Intended, "{todo:?}, in part");
        }
    }
}
