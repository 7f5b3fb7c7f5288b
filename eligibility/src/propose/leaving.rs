//! The way out: what begins it, and what ends it before its end.

use schemas::{decision::DecisionAction, scheme::DecisionState, time::CivilDate};

use super::{Cause, Notice, Past, Proposal, Reason, Situation, Standing, Verdict};
use crate::{
    effect::NoticeTo,
    fold::{Contradiction, MovedOut},
};

/// Decisions whose reason went away.
pub(super) fn undone(situation: &Situation<'_>) -> Vec<Proposal> {
    let mut proposals: Vec<Proposal> = situation
        .open()
        .filter(|past| is_leaving(past.action) && !reason_stands(situation, past))
        .map(|past| Proposal::Undo { decision: past.id.clone() })
        .collect();
    let removed =
        situation.past.iter().filter(|past| past.state == DecisionState::Removed && is_wrong(situation, past));
    proposals.extend(removed.map(|past| Proposal::Restore { decision: past.id.clone() }));
    proposals
}

const fn is_leaving(action: DecisionAction) -> bool {
    use DecisionAction as A;
    matches!(action, A::Hold | A::Remove | A::Flag | A::Review)
}

fn contradicted(situation: &Situation<'_>, cause: &Cause) -> bool {
    situation.folded.contradictions.iter().any(|contradiction| contradiction_cause(contradiction) == *cause)
}

fn contradiction_cause(contradiction: &Contradiction) -> Cause {
    match contradiction {
        Contradiction::AliveAfterDeath { death, .. } => Cause::of_death(Reason::AliveAfterDeath, death),
        Contradiction::AtHomeAfterMove { moved, .. } => Cause::of(Reason::AtHomeAfterMove, &moved.origin),
    }
}

fn reason_stands(situation: &Situation<'_>, past: &Past) -> bool {
    let folded = situation.folded;
    match past.cause.reason {
        Reason::Death => folded.death.as_ref().is_some_and(|death| Cause::of_death(Reason::Death, death) == past.cause),
        Reason::DeathReported => {
            let same = |origin| Cause::of(Reason::DeathReported, origin) == past.cause;
            folded.reported.as_ref().is_some_and(|reported| same(&reported.origin))
        }
        Reason::MovedOut => {
            let same = |moved: &MovedOut| Cause::of(Reason::MovedOut, &moved.origin) == past.cause;
            !leaves_by_death(situation) && folded.moved_out.as_ref().is_some_and(same)
        }
        Reason::AliveAfterDeath | Reason::AtHomeAfterMove => contradicted(situation, &past.cause),
        // Unknown removes nobody, also if it came to be unknown on the way.
        Reason::ClauseFalse => still_false(situation, past) && clauses_speak(situation),
        Reason::Conflict => matches!(situation.verdict, Verdict::Conflict),
        Reason::Eligible => true,
    }
}

/// Whether every clause of which she was told is still false, by the version of which she was told. Another reason needs another notice.
fn still_false(situation: &Situation<'_>, past: &Past) -> bool {
    let Verdict::NotEligible { decisive } = situation.verdict else { return false };
    let mut told = past.cause.key.split_whitespace().peekable();
    let told_of_some = told.peek().is_some();
    past.rules == situation.rules
        && told_of_some != decisive.is_empty()
        && told.all(|clause| decisive.iter().any(|now| now == clause))
}

/// A removal was wrong if its death is void or contradicted. A person who came back later was rightly removed, and is offered anew.
fn is_wrong(situation: &Situation<'_>, past: &Past) -> bool {
    situation.standing == Standing::Removed && past.cause.reason == Reason::Death && !reason_stands(situation, past)
}

/// What is to begin now.
pub(super) fn begun(situation: &Situation<'_>) -> Vec<Proposal> {
    let mut proposals = Vec::new();
    if situation.is_on_the_roll() {
        proposals.extend(by_death(situation));
        proposals.extend(by_move(situation));
        proposals.extend(by_clause(situation));
        proposals.extend(flags(situation));
    }
    proposals.extend(reviews(situation));
    proposals
}

fn by_death(situation: &Situation<'_>) -> Option<Proposal> {
    let (rule, death) = (situation.effect.remove.death?, situation.folded.death.as_ref()?);
    let cause = Cause::of_death(Reason::Death, death);
    (!situation.settled(&cause, DecisionAction::Remove)).then(|| Proposal::Leave {
        cause,
        effective: death.on,
        hold: rule.hold,
        notice: Some(Notice::of(rule.notice_days, rule.notice_to)),
        officer: false,
    })
}

/// The day on which the notice of a standing move goes out.
pub(super) fn notice_of_move(situation: &Situation<'_>) -> Option<CivilDate> {
    let (rule, moved) = (situation.effect.remove.moved_out_of_state?, situation.folded.moved_out.as_ref()?);
    let days = jiff::Span::new().days(i64::from(rule.remove_after_days));
    Some(CivilDate::from_date(moved.since.date().saturating_add(days)))
}

fn by_move(situation: &Situation<'_>) -> Option<Proposal> {
    if leaves_by_death(situation) {
        return None;
    }
    let (rule, moved) = (situation.effect.remove.moved_out_of_state?, situation.folded.moved_out.as_ref()?);
    let due = notice_of_move(situation)? <= situation.today;
    let notice = due.then_some(Notice::of(rule.notice_days, NoticeTo::Person));
    let cause = Cause::of(Reason::MovedOut, &moved.origin);
    if let Some(open) = situation.open().find(|past| past.cause == cause && past.action == DecisionAction::Remove) {
        let waits = open.state == DecisionState::Held && rule.hold && situation.past_without_notice(open);
        return notice.filter(|_| waits).map(|notice| Proposal::Notify { decision: open.id.clone(), notice });
    }
    let begins = (rule.hold || due) && !situation.settled(&cause, DecisionAction::Remove);
    begins.then(|| leave_by_move(cause, moved, rule.hold, notice))
}

fn leave_by_move(cause: Cause, moved: &MovedOut, hold: bool, notice: Option<Notice>) -> Proposal {
    Proposal::Leave { cause, effective: moved.since, hold, notice, officer: false }
}

impl Situation<'_> {
    /// A hold after a move waits for the day of its notice; the notice goes out on that day and not again.
    fn past_without_notice(&self, past: &Past) -> bool {
        notice_of_move(self).is_some_and(|day| past.since < day)
    }
}

fn by_clause(situation: &Situation<'_>) -> Option<Proposal> {
    let (rule, Verdict::NotEligible { decisive }) = (situation.effect.remove.clause_false?, situation.verdict) else {
        return None;
    };
    if !clauses_speak(situation) {
        return None;
    }
    let cause = Cause { reason: Reason::ClauseFalse, key: decisive.join(" ") };
    // One whose reason is another by now ends, and this one begins beside it, with a notice of its own.
    let runs = |past: &Past| past.cause.reason == Reason::ClauseFalse && reason_stands(situation, past);
    let begins = !situation.open().any(runs) && !situation.was_for_her(&cause, DecisionAction::Remove);
    begins.then(|| Proposal::Leave {
        cause,
        effective: situation.today,
        hold: false,
        notice: Some(Notice::of(rule.notice_days, NoticeTo::Person)),
        officer: rule.officer,
    })
}

/// Of several reasons to leave a death goes first.
const fn leaves_by_death(situation: &Situation<'_>) -> bool {
    situation.folded.death.is_some() && situation.effect.remove.death.is_some()
}

/// A death or a move has its own way out, with its own window; while something contradicts another thing, an officer looks.
fn clauses_speak(situation: &Situation<'_>) -> bool {
    let (folded, remove) = (situation.folded, &situation.effect.remove);
    let moved = folded.moved_out.is_some() && remove.moved_out_of_state.is_some();
    !leaves_by_death(situation) && !moved && folded.contradictions.is_empty()
}

fn flags(situation: &Situation<'_>) -> Option<Proposal> {
    let reported = situation.folded.reported.as_ref()?;
    let cause = Cause::of(Reason::DeathReported, &reported.origin);
    (!situation.settled(&cause, DecisionAction::Flag)).then_some(Proposal::Flag { cause })
}

fn reviews(situation: &Situation<'_>) -> Vec<Proposal> {
    let mut causes: Vec<Cause> = Vec::new();
    if situation.is_on_the_roll() || situation.standing == Standing::Removed {
        causes.extend(situation.folded.contradictions.iter().map(contradiction_cause));
    }
    if situation.standing == Standing::Absent && *situation.verdict == Verdict::Conflict {
        causes.push(Cause { reason: Reason::Conflict, key: situation.unit.to_owned() });
    }
    causes
        .into_iter()
        .filter(|cause| !situation.settled(cause, DecisionAction::Review))
        .map(|cause| Proposal::Review { cause })
        .collect()
}
