//! From one scheme of ours to the next in a life, without an unpaid day and never two at a time.
//!
//! Guarantees: what she draws of a predecessor keeps nobody out of its successor on a day on which the predecessor's own clauses say
//! that it is over: then the one ends as the other begins. While they do not say so, it is another benefit like any other, for an
//! officer to see. While the successor pays her, the predecessor that is to end is on hold, and never before: no day goes unpaid, and
//! none is paid twice. Deliberately absent: ending the predecessor, which has its own notice and window.

use std::borrow::Cow;

use eligibility::{
    evaluate::{Outcome, judge},
    fact::PersonFacts,
    propose::{Reason, Standing},
    scheme::Scheme,
};
use schemas::{
    decision::DecisionAction,
    scheme::DecisionState::{self, Contested, Held, Noticed, Proposed, Upheld},
    time::CivilDate,
};

use super::{
    look::{Look, standing_of},
    plan::Plan,
};
use crate::store::decisions::cases::Decided;

/// The facts as a scheme sees them to which people come from another one of ours.
pub(super) fn coming_over<'a>(
    scheme: &Scheme,
    plans: &[Plan],
    facts: &'a PersonFacts,
    today: CivilDate,
) -> Cow<'a, PersonFacts> {
    let Some(before) = predecessor(scheme, plans).filter(|before| is_over(before, facts, today)) else {
        return Cow::Borrowed(facts);
    };
    let mut facts = facts.clone();
    facts.benefits_mut().draws_no_more(before.id.as_str());
    Cow::Owned(facts)
}

fn predecessor<'a>(scheme: &Scheme, plans: &'a [Plan]) -> Option<&'a Scheme> {
    let id = scheme.transition.predecessor.as_ref()?;
    plans.iter().filter_map(Plan::scheme).find(|known| known.id == *id)
}

/// Whether its clauses take it from her; a scheme that takes from nobody is never over.
fn is_over(before: &Scheme, facts: &PersonFacts, today: CivilDate) -> bool {
    before.effect.remove.clause_false.is_some()
        && matches!(judge(before, facts, today).0, Outcome::NotEligible | Outcome::NotYet { .. })
}

/// What is to become of a removal by the end of a scheme, by how its successor stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// The successor pays her: this one is held until its window is over.
    Hold,
    /// The successor pays her no more: the hold is lifted, and the removal begins anew, without one.
    Lift,
}

/// Removals from these rules that stand otherwise than their successor asks for.
pub(super) fn changes<'a>(
    look: &'a Look,
    (plan, plans): (&'a Plan, &'a [Plan]),
) -> impl Iterator<Item = (&'a Decided, Change)> {
    let next: Vec<Option<Standing>> =
        plans.iter().filter(|next| follows(next, plan)).map(|next| standing(look, next)).collect();
    let here = standing(look, plan);
    let ending = look.past_of(plan, plans).filter(|past| {
        let by_clause = past.action == DecisionAction::Remove && past.matter.cause.reason == Reason::ClauseFalse;
        by_clause && past.todo.is_none() && past.waits.is_none()
    });
    ending.filter_map(move |past| Some((past, change((past.state, past.matter.hold.is_some()), here, &next)?)))
}

/// A removal by a clause is held for its successor's sake alone: the rule itself holds nothing. While the successor is on hold too, or
/// its row is the department's own word, nothing changes.
fn change((state, held): (DecisionState, bool), here: Option<Standing>, next: &[Option<Standing>]) -> Option<Change> {
    let paid = next.contains(&Some(Standing::Active));
    let over = !next.is_empty() && next.iter().all(|next| matches!(next, Some(Standing::Absent | Standing::Removed)));
    match (held, state) {
        (false, Proposed | Noticed | Contested | Upheld) => {
            (here == Some(Standing::Active) && paid).then_some(Change::Hold)
        }
        // One that is heard goes on being heard; what was held back is hers if she is right.
        (true, Held | Noticed | Upheld) => over.then_some(Change::Lift),
        _ => None,
    }
}

fn standing(look: &Look, plan: &Plan) -> Option<Standing> {
    standing_of(look.standings.get(&plan.roll))
}

/// Whether a scheme says of another that it comes after it; one roll cannot hold what it pays.
fn follows(next: &Plan, before: &Plan) -> bool {
    let (Some(after), Some(ended)) = (next.scheme(), before.scheme()) else { return false };
    let named = ended.transition.successor.as_ref() == Some(&after.id)
        || after.transition.predecessor.as_ref() == Some(&ended.id);
    named && next.roll != before.roll
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use eligibility::fact::{Benefit, Fact, Of, names};

    use super::{
        super::plan::{By, Plan},
        *,
    };

    /// A pension of widows of these ages, and where it leads from.
    fn scheme(id: &str, ages: &str, before: &str) -> Scheme {
        let transition =
            if before.is_empty() { String::new() } else { format!("[transition]\npredecessor = \"{before}\"\n") };
        let text = format!(
            r#"
[scheme]
id = "{id}"
version = 1
title = {{ en = "Pension", hi = "पेंशन" }}
department = "https://social.localhost"
class = "pension"
in_force = {{ from = 2020-01-01 }}
age_convention = "anniversary"
{transition}
[[clause]]
id = "I1"
kind = "include"
age = {{ {ages} }}
text = {{ en = "Of this age", hi = "इस आयु की" }}
ref = "Test rules, para 1"
[[clause]]
id = "X1"
kind = "exclude"
enrolled = {{ class = "pension", other_than_self = true }}
on_conflict = "officer"
text = {{ en = "Draws another pension", hi = "दूसरी पेंशन" }}
ref = "Test rules, para 2"
[paid_by]
pension = ["T-YOUNG", "T-OLD"]
[benefit]
slabs = [{{ age_from = 0, monthly = 500 }}]
[effect.include]
mode = "offer"
[effect.remove]
clause_false = {{ notice_days = 30, officer = false }}
unknown = "no_action"
"#
        );
        Scheme::parse(&text).unwrap_or_else(|findings| panic!("{findings:?}"))
    }

    fn plan(scheme: Scheme) -> Plan {
        let (effect, roll) = (scheme.effect.clone(), "social.pension".parse().unwrap());
        Plan { by: By::Scheme(Arc::new(scheme)), roll, effect }
    }

    fn outcome(born: &str, before: &str) -> Outcome {
        let (day, today): (fn(&str) -> CivilDate, _) = (|text| text.parse().unwrap(), "2026-11-21");
        let plans = [plan(scheme("T-YOUNG", "between = [18, 39]", "")), plan(scheme("T-OLD", "at_least = 30", before))];
        let mut facts = PersonFacts::new();
        facts.set(names::BIRTH_DATE.parse().unwrap(), Fact::own(day(born), day(born)));
        let (scheme, class) = ("T-YOUNG".to_owned(), "pension".to_owned());
        facts
            .benefits_mut()
            .draws(Benefit { scheme, class, since: day("2020-01-01"), until: None, monthly: None }, None);
        for scheme in ["T-YOUNG", "T-OLD"] {
            facts.benefits_mut().know_all(Of::Scheme(scheme.to_owned()), Fact::own(true, day(today)));
        }
        let old = plans[1].scheme().unwrap();
        judge(old, &coming_over(old, &plans, &facts, day(today)), day(today)).0
    }

    #[test]
    fn a_predecessor_that_is_over_keeps_nobody_out_and_one_that_is_not_is_for_an_officer() {
        assert_eq!(outcome("1986-11-21", "T-YOUNG"), Outcome::Eligible, "40 today: the one ends as the other begins");
        assert_eq!(outcome("1986-11-22", "T-YOUNG"), Outcome::Conflict, "39 still: two pensions");
        assert_eq!(outcome("1986-11-21", ""), Outcome::Conflict, "no predecessor");
        assert_eq!(outcome("1986-11-21", "T-ELSEWHERE"), Outcome::Conflict, "another one's predecessor");
    }

    #[test]
    fn a_benefit_that_ends_is_held_while_the_next_one_pays_and_goes_on_when_that_one_is_gone() {
        use DecisionState::{Released, Removed, Restored, Reversed, Withdrawn};
        let (active, held) = (Some(Standing::Active), Some(Standing::Held));
        let (absent, removed) = (Some(Standing::Absent), Some(Standing::Removed));
        for state in [Proposed, Noticed, Contested, Upheld] {
            assert_eq!(change((state, false), active, &[active]), Some(Change::Hold), "{state:?}");
            assert_eq!(change((state, false), active, &[absent, active]), Some(Change::Hold), "one of two");
            for next in [absent, held, removed, None] {
                assert_eq!(
                    change((state, false), active, &[next]),
                    None,
                    "{state:?}: no unpaid day before {next:?} pays"
                );
            }
            assert_eq!(change((state, false), held, &[active]), None, "it is held already, for another reason");
        }
        for state in [Held, Noticed, Upheld] {
            for next in [absent, removed] {
                assert_eq!(change((state, true), held, &[next]), Some(Change::Lift), "{state:?} {next:?}");
            }
            for next in [&[active][..], &[held], &[None], &[removed, active], &[removed, held], &[]] {
                assert_eq!(change((state, true), held, next), None, "{state:?} {next:?}");
            }
        }
        assert_eq!(change((Contested, true), held, &[removed]), None, "it is being heard");
        for state in [Removed, Released, Reversed, Withdrawn, Restored] {
            for held in [false, true] {
                assert_eq!(change((state, held), active, &[active]), None, "{state:?} is over");
            }
        }
    }
}
