//! The way out: what begins it, and what ends it before its end.

use schemas::{decision::DecisionAction, scheme::DecisionState, time::CivilDate};

use super::{Cause, Notice, Past, Proposal, Reason, Situation, Standing, Verdict};
use crate::{
    effect::NoticeTo,
    fold::{Contradiction, Death, MovedOut},
};

/// Decisions whose reason went away.
pub(super) fn undone(situation: &Situation<'_>) -> Vec<Proposal> {
    let mut proposals: Vec<Proposal> = situation
        .open()
        .filter(|past| is_leaving(past.action) && !reason_stands(situation, past))
        .map(|past| Proposal::Undo { decision: past.id.clone() })
        .collect();
    let removed = situation.past.iter().filter(|past| is_wrong(situation, past));
    proposals.extend(removed.map(|past| Proposal::Restore { decision: past.id.clone() }));
    proposals
}

const fn is_leaving(action: DecisionAction) -> bool {
    use DecisionAction as A;
    matches!(action, A::Hold | A::Remove | A::Flag | A::Review)
}

fn contradicted(situation: &Situation<'_>, cause: &Cause) -> bool {
    situation.folded.contradictions.iter().any(|contradiction| is_about(contradiction, cause))
}

fn is_about(contradiction: &Contradiction, cause: &Cause) -> bool {
    match contradiction {
        Contradiction::AliveAfterDeath { death, .. } => cause.is_of_death(Reason::AliveAfterDeath, death),
        Contradiction::AtHomeAfterMove { .. } => contradiction_cause(contradiction) == *cause,
    }
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
        Reason::Death => is_dead_by(situation, &past.cause),
        Reason::DeathReported => {
            let same = |origin| Cause::of(Reason::DeathReported, origin) == past.cause;
            folded.reported.as_ref().is_some_and(|reported| same(&reported.origin))
        }
        Reason::MovedOut => !leaves_by_death(situation) && moved_by(situation, past),
        Reason::AliveAfterDeath | Reason::AtHomeAfterMove => contradicted(situation, &past.cause),
        // Unknown removes nobody, also if it came to be unknown on the way.
        Reason::ClauseFalse => still_false(situation, past) && clauses_speak(situation),
        Reason::Conflict => matches!(situation.verdict, Verdict::Conflict),
        Reason::Eligible | Reason::HeadOfHousehold => true,
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

/// Whether the death of a cause stands: under any of its registrations, or, if that one was entered twice, under the other.
fn is_dead_by(situation: &Situation<'_>, cause: &Cause) -> bool {
    let folded = situation.folded;
    let twice = folded.entered_twice.contains(&cause.key) && !folded.deaths.is_empty();
    twice || folded.deaths.iter().any(|death| cause.is_of_death(Reason::Death, death))
}

/// A removal was wrong if what it rested on is void and its reason does not stand without it. A person who came back later was
/// rightly removed, and is offered anew.
pub(super) fn is_wrong(situation: &Situation<'_>, past: &Past) -> bool {
    if situation.standing != Standing::Removed || past.state != DecisionState::Removed {
        return false;
    }
    match past.cause.reason {
        Reason::Death => !reason_stands(situation, past),
        Reason::ClauseFalse => rests_on_nothing(situation, past) && !still_false(situation, past),
        Reason::MovedOut => rests_on_nothing(situation, past) && !moved_by(situation, past),
        _ => false,
    }
}

/// Whether an event that caused it or bore one of its decisive facts is void, or something of its cascade was annulled.
fn rests_on_nothing(situation: &Situation<'_>, past: &Past) -> bool {
    let folded = situation.folded;
    !folded.voided.is_disjoint(&past.events) || past.case.as_ref().is_some_and(|case| folded.void_cases.contains(case))
}

fn moved_by(situation: &Situation<'_>, past: &Past) -> bool {
    let same = |moved: &MovedOut| Cause::of(Reason::MovedOut, &moved.origin) == past.cause;
    situation.folded.moved_out.as_ref().is_some_and(same)
}

/// Decisions whose death is registered otherwise now: another day, another number.
pub(super) fn amended(situation: &Situation<'_>) -> Vec<Proposal> {
    let Some(death) = death_at_work(situation) else { return Vec::new() };
    let cause = Cause::of_death(Reason::Death, death);
    let leaves = |past: &&Past| {
        past.is_open() || past.state == DecisionState::Removed && situation.standing == Standing::Removed
    };
    let hangs = |past: &&Past| matches!(past.action, DecisionAction::Remove | DecisionAction::Review);
    let of_this = situation.past.iter().filter(hangs).filter(leaves);
    of_this
        .filter(|past| past.cause.reason == Reason::Death && is_dead_by(situation, &past.cause))
        .filter(|past| past.cause != cause || past.effective != death.on)
        .map(|past| Proposal::Amend { decision: past.id.clone(), cause: cause.clone(), effective: death.on })
        .collect()
}

/// The death that counts: the first that stands and was not found untrue here, by an objection to it, or to another one when she
/// had outlived this one already.
fn death_at_work<'a>(situation: &Situation<'a>) -> Option<&'a Death> {
    let found_untrue = |death: &Death| {
        let heard = |past: &&Past| past.action == DecisionAction::Remove && past.cause.reason == Reason::Death;
        let for_her = |past: &Past| past.dismissed || past.state == DecisionState::Reversed;
        let outlived = |past: &Past| death.is(&past.cause.key) || death.on <= past.since;
        situation.past.iter().filter(heard).any(|past| for_her(past) && outlived(past))
    };
    situation.folded.deaths.iter().find(|death| !found_untrue(death))
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
    let (rule, death) = (situation.effect.remove.death?, death_at_work(situation)?);
    let runs = |past: &Past| past.action == DecisionAction::Remove && past.cause.reason == Reason::Death;
    let begins = !situation.open().any(|past| runs(past) && is_dead_by(situation, &past.cause));
    begins.then(|| Proposal::Leave {
        cause: Cause::of_death(Reason::Death, death),
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
        let asked = |contradiction: &&Contradiction| {
            let same = |past: &&Past| past.action == DecisionAction::Review && is_about(contradiction, &past.cause);
            let over = |past: &Past| past.dismissed || past.state == DecisionState::Reversed;
            situation.past.iter().filter(same).any(|past| past.is_open() || over(past))
        };
        let contradictions = situation.folded.contradictions.iter().filter(|contradiction| !asked(contradiction));
        causes.extend(contradictions.map(contradiction_cause));
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
