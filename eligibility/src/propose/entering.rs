//! The way in: offers, entries by law, and offers whose reason went away.

use schemas::{decision::DecisionAction, scheme::DecisionState, time::CivilDate};

use super::{Cause, Past, Proposal, Reason, Situation, Standing, Verdict, leaving::is_wrong};
use crate::effect::Mode;

pub(super) fn proposals(situation: &Situation<'_>) -> Vec<Proposal> {
    let folded = situation.folded;
    let dead = folded.death.is_some();
    let mut proposals = Vec::new();
    let gone = dead || matches!(situation.verdict, Verdict::NotEligible { .. });
    for past in situation.open().filter(|past| is_entering(past.action) && is_of(past, situation)) {
        // Accepted is a promise: the entry follows, and leaving has its own way.
        if gone && matches!(past.state, DecisionState::Offered | DecisionState::Proposed) {
            proposals.push(Proposal::Undo { decision: past.id.clone() });
        }
    }
    // Hearsay and contradictions take no offer from anybody: to accept one is the best sign of life.
    if let Verdict::Eligible { since } = situation.verdict
        && !dead
        && may_enter(situation)
    {
        let cause = Cause { reason: Reason::Eligible, key: situation.unit.to_owned() };
        proposals.push(match situation.effect.include.mode {
            Mode::Offer => Proposal::Offer { cause, since: *since },
            Mode::Enrol { .. } => Proposal::Enrol { cause, since: *since },
        });
    }
    proposals
}

const fn is_entering(action: DecisionAction) -> bool {
    matches!(action, DecisionAction::Offer | DecisionAction::Enrol)
}

fn is_of(past: &Past, situation: &Situation<'_>) -> bool {
    past.cause.key == situation.unit
}

fn may_enter(situation: &Situation<'_>) -> bool {
    if !situation.unit.is_empty() {
        // Once for each delivery, whatever became of it.
        return !situation
            .past
            .iter()
            .any(|past| is_entering(past.action) && is_of(past, situation) && stays(situation, past));
    }
    matches!(situation.standing, Standing::Absent | Standing::Removed)
        && !situation.open().any(|past| is_leaving_or_entering(past.action))
        && !situation.past.iter().any(|past| is_entering(past.action) && remembered(situation, past))
        && !restorable(situation)
}

const fn is_leaving_or_entering(action: DecisionAction) -> bool {
    matches!(action, DecisionAction::Remove | DecisionAction::Hold) || is_entering(action)
}

fn stays(situation: &Situation<'_>, past: &Past) -> bool {
    past.is_open() || past.state == DecisionState::Enrolled || remembered(situation, past)
}

/// What she declined, or let pass, is not offered again for the months that the scheme remembers it.
fn remembered(situation: &Situation<'_>, past: &Past) -> bool {
    let months = jiff::Span::new().months(i64::from(situation.effect.include.remembered_months));
    let until = CivilDate::from_date(past.since.date().saturating_add(months));
    matches!(past.state, DecisionState::Declined | DecisionState::Expired) && situation.today < until
}

/// Who was removed for a death that is void, or for anything else that is, is restored and not offered.
fn restorable(situation: &Situation<'_>) -> bool {
    let by_death = |past: &Past| past.state == DecisionState::Removed && past.cause.reason == Reason::Death;
    let restored = |past: &Past| by_death(past) || is_wrong(situation, past);
    situation.standing == Standing::Removed && situation.past.iter().any(restored)
}
