//! What is entered of somebody who stays.
//!
//! Guarantees: what her register says is entered once, and takes nothing from anybody. Deliberately absent: who becomes head; the
//! register of households says so. Which rolls name heads is the caller's to know.

use schemas::decision::DecisionAction;

use super::{Cause, Proposal, Reason, Situation, Standing};
use crate::fact::{Value, names};

pub(super) fn proposals(situation: &Situation<'_>) -> Option<Proposal> {
    let head = situation.folded.facts.get(names::HEAD).filter(|fact| fact.value == Value::Bool(true))?;
    let said = head.source.as_ref()?;
    let cause = Cause { reason: Reason::HeadOfHousehold, key: format!("{} {}", said.entity, said.id) };
    let entered = situation.past.iter().any(|past| past.action == DecisionAction::Amend && past.cause == cause);
    let stays = situation.standing == Standing::Active && situation.folded.death.is_none();
    (stays && !entered).then_some(Proposal::Head { cause, since: head.effective })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        effect::{Effect, Include, Mode, Remove},
        fold::{
            Related, fold,
            testing::{day, death, household},
        },
        propose::{Past, Verdict},
    };

    fn head(records: &[crate::fold::EventRecord], standing: Standing, past: &[Past]) -> Option<Proposal> {
        let effect =
            Effect { include: Include { mode: Mode::Offer, remembered_months: 12 }, remove: Remove::default() };
        let folded = fold(records, &Related::default(), day("2026-11-21"));
        let situation = Situation {
            effect: &effect,
            verdict: &Verdict::Unknown,
            standing,
            folded: &folded,
            unit: "",
            rules: None,
            past,
            today: day("2026-11-21"),
        };
        proposals(&situation)
    }

    #[test]
    fn a_new_head_is_entered_once_where_she_stands_on_the_roll_and_lives() {
        let became = household(1, "head_changed", "2026-11-01");
        let once = std::slice::from_ref(&became);
        let Some(Proposal::Head { cause, since }) = head(once, Standing::Active, &[]) else { panic!("nothing") };
        assert_eq!(since, day("2026-11-01"));
        for standing in [Standing::Absent, Standing::Held, Standing::Removed] {
            assert_eq!(head(once, standing, &[]), None);
        }
        assert_eq!(head(&[became.clone(), death(2, "D-1", "2026-11-10")], Standing::Active, &[]), None);
        assert_eq!(head(&[became.clone(), household(3, "member_left", "2026-11-10")], Standing::Active, &[]), None);
        let entered = Past {
            id: crate::fold::testing::message(9),
            action: DecisionAction::Amend,
            cause,
            state: schemas::scheme::DecisionState::Enrolled,
            since,
            dismissed: false,
            rules: None,
            effective: since,
            events: std::collections::BTreeSet::new(),
            case: None,
        };
        assert_eq!(head(&[became], Standing::Active, &[entered]), None, "once");
    }
}
