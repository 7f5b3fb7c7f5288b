//! From one scheme of ours to the next in a life, without an unpaid day and never two at a time.
//!
//! Guarantees: what she draws of a predecessor keeps nobody out of its successor on a day on which the predecessor's own clauses say
//! that it is over: then the one ends as the other begins. While they do not say so, it is another benefit like any other, for an
//! officer to see. While the successor pays her, the predecessor that is to end is on hold, and never before: no day goes unpaid, and
//! none is paid twice. Deliberately absent: ending the predecessor, which has its own notice and window.

use std::borrow::Cow;

use eligibility::{
    benefit::BenefitRule,
    evaluate::{Outcome, judge},
    fact::PersonFacts,
    propose::{Reason, Standing},
    scheme::Scheme,
};
use schemas::{
    decision::DecisionAction,
    scheme::DecisionState::{self, Contested, Noticed, Proposed, Upheld},
    time::CivilDate,
};

use super::{
    look::{Look, standing_of},
    plan::Plan,
};
use crate::store::decisions::cases::{Decided, Todo, Waits};

/// The facts as a scheme sees them to which people come from another one of ours.
pub(super) fn coming_over<'a>(
    scheme: &Scheme,
    plans: &[Plan],
    (facts, past): (&'a PersonFacts, &[Decided]),
    today: CivilDate,
) -> Cow<'a, PersonFacts> {
    let before = predecessor(scheme, plans).filter(|before| is_over(before, facts, today));
    let Some(before) = before.filter(|before| !is_kept(before, past)) else {
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

/// Whether officers found that she stays on it, whatever its clauses say: then it does not end as another one begins.
fn is_kept(before: &Scheme, past: &[Decided]) -> bool {
    let ends = |past: &&Decided| past.scheme == before.id.as_str() && is_by_clause(past);
    let for_her = |past: &Decided| past.matter.dismissed || past.state == DecisionState::Reversed;
    past.iter().filter(ends).any(for_her) && !past.iter().filter(ends).any(|past| past.past().is_open())
}

/// Whether it takes her off because a clause became false.
pub(super) fn is_by_clause(past: &Decided) -> bool {
    past.action == DecisionAction::Remove && past.matter.cause.reason == Reason::ClauseFalse
}

/// Whether its clauses take it from her; a scheme that takes from nobody is never over.
fn is_over(before: &Scheme, facts: &PersonFacts, today: CivilDate) -> bool {
    before.effect.remove.clause_false.is_some()
        && matches!(judge(before, facts, today).0, Outcome::NotEligible | Outcome::NotYet { .. })
}

/// What is to become of a removal from a scheme that another one follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// The next one pays her: this one is held until its window is over.
    Hold,
    /// The next one pays her today too: what it pays is in arrears nowhere else.
    Paid,
    /// The next one pays her no more: the payment goes on, and so do the removal and its window.
    Lift,
}

/// Removals from these rules that stand otherwise than what follows on them asks for.
pub(super) fn changes<'a>(look: &'a Look, (plan, plans): (&'a Plan, &'a [Plan])) -> Vec<(&'a Decided, Change)> {
    let (here, by_plans) = (standing(look, plan), paying(look, (plan, plans)).is_some());
    let ending = look.past_of(plan, plans).filter(|past| is_by_clause(past) && past.past().is_open());
    ending
        .filter_map(|past| {
            let pays = by_plans || pays_still(look, past);
            Some((past, change(&Ending::of(past, look.today), here, pays)?))
        })
        .collect()
}

/// What of a removal by a clause the change depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ending {
    state: DecisionState,
    /// Held for the next one's sake: the rule itself holds nothing.
    held: bool,
    /// Whether it is written down that the next one paid today.
    seen: bool,
    /// Whether the roll would not hold, or would not lift the hold: then an officer looks at it.
    refused: bool,
    todo: Option<Todo>,
    waits: Option<Waits>,
}

impl Ending {
    fn of(past: &Decided, today: CivilDate) -> Self {
        let matter = &past.matter;
        let last = matter.next.as_ref().and_then(|next| next.paid.last());
        Self {
            state: past.state,
            held: matter.hold.is_some(),
            seen: last.is_some_and(|(_, until)| *until == today),
            refused: matter.undone.is_some(),
            todo: past.todo,
            waits: past.waits,
        }
    }
}

/// Whether she draws both the benefit of these rules, which do not entitle her to it, and one that follows, and no removal is about to
/// change that: officers kept her, or the department put its row back in payment by hand.
pub(super) fn draws_both(look: &Look, (plan, plans): (&Plan, &[Plan])) -> bool {
    let idle = |past: &Decided| past.matter.hold.is_some() && past.todo.is_none();
    let mut ending =
        look.past_of(plan, plans).filter(|past| past.action == DecisionAction::Remove && past.past().is_open());
    standing(look, plan) == Some(Standing::Active) && ending.all(idle) && paying(look, (plan, plans)).is_some()
}

fn change(ending: &Ending, here: Option<Standing>, next: bool) -> Option<Change> {
    // An officer may take her time to confirm it; whatever else waits, somebody looks first.
    let waits = ending.waits.is_some_and(|waits| (ending.state, waits) != (Proposed, Waits::Officer));
    let may_hold = matches!(ending.state, Proposed | Noticed | Contested | Upheld) && here == Some(Standing::Active);
    let told = matches!(ending.todo, Some(Todo::Hold | Todo::Release));
    match (ending.held, next) {
        (false, true) => (may_hold && ending.todo.is_none() && !waits && !ending.refused).then_some(Change::Hold),
        (true, true) => (!ending.seen && ending.todo.is_none()).then_some(Change::Paid),
        // Whatever it waits for, and although it is heard: nobody draws nothing for the sake of what pays nothing.
        (true, false) => (!told && !ending.refused).then_some(Change::Lift),
        (false, false) => None,
    }
}

/// The scheme that follows on these rules, into which a decision entered her, and which pays her every month, now.
pub(super) fn paying<'a>(look: &Look, (plan, plans): (&Plan, &'a [Plan])) -> Option<&'a Plan> {
    let entered = |next: &Plan| {
        let by = |past: &Decided| {
            let enters = matches!(past.action, DecisionAction::Offer | DecisionAction::Enrol);
            enters && past.state == DecisionState::Enrolled && past.scheme == next.key()
        };
        look.past.iter().any(by)
    };
    let monthly = |next: &Plan| {
        next.scheme().is_some_and(|s| matches!(s.benefit, BenefitRule::Slabs(_) | BenefitRule::Formula(_)))
    };
    let mut next = following(plan, plans).into_iter();
    next.find(|next| monthly(next) && entered(next) && standing(look, next) == Some(Standing::Active))
}

/// Whether the one for whose sake it is held pays her still, whatever rules are in force: a roll may pay without any.
pub(super) fn pays_still(look: &Look, past: &Decided) -> bool {
    let held = past.matter.next.as_ref().filter(|_| past.matter.hold.is_some());
    let roll = held.and_then(|next| next.roll.parse().ok());
    roll.is_some_and(|roll| standing_of(look.standings.get(&roll)) == Some(Standing::Active))
}

fn standing(look: &Look, plan: &Plan) -> Option<Standing> {
    standing_of(look.standings.get(&plan.roll))
}

/// The schemes that follow on one in a life, one after the other; those that pay by the same roll are not told from it.
pub(super) fn following<'a>(plan: &Plan, plans: &'a [Plan]) -> Vec<&'a Plan> {
    let mut found: Vec<&Plan> = Vec::new();
    let mut last: Vec<&Plan> = plans.iter().filter(|next| follows(next, plan)).collect();
    while let Some(next) = last.pop() {
        if next.roll != plan.roll && !found.iter().any(|known| known.key() == next.key()) {
            found.push(next);
            last.extend(plans.iter().filter(|further| follows(further, next)));
        }
    }
    found
}

/// Whether a scheme says of another that it comes after it, or that one of it.
fn follows(next: &Plan, before: &Plan) -> bool {
    let (Some(after), Some(ended)) = (next.scheme(), before.scheme()) else { return false };
    ended.transition.successor.as_ref() == Some(&after.id) || after.transition.predecessor.as_ref() == Some(&ended.id)
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
        judge(old, &coming_over(old, &plans, (&facts, &[]), day(today)), day(today)).0
    }

    #[test]
    fn a_predecessor_that_is_over_keeps_nobody_out_and_one_that_is_not_is_for_an_officer() {
        assert_eq!(outcome("1986-11-21", "T-YOUNG"), Outcome::Eligible, "40 today: the one ends as the other begins");
        assert_eq!(outcome("1986-11-22", "T-YOUNG"), Outcome::Conflict, "39 still: two pensions");
        assert_eq!(outcome("1986-11-21", ""), Outcome::Conflict, "no predecessor");
        assert_eq!(outcome("1986-11-21", "T-ELSEWHERE"), Outcome::Conflict, "another one's predecessor");
    }

    #[test]
    fn a_benefit_that_ends_is_held_while_the_next_one_pays_and_goes_on_when_that_one_pays_no_more() {
        use DecisionState::Held;
        let (active, held) = (Some(Standing::Active), Some(Standing::Held));
        let ending = |state, held| Ending { state, held, seen: true, refused: false, todo: None, waits: None };
        for state in [Proposed, Noticed, Contested, Upheld] {
            let free = ending(state, false);
            assert_eq!(change(&free, active, true), Some(Change::Hold), "{state:?}");
            assert_eq!(change(&free, active, false), None, "{state:?}: no unpaid day before the next one pays");
            assert_eq!(change(&free, held, true), None, "{state:?}: held for another reason");
            assert_eq!(change(&free, None, true), None, "{state:?}: a row of the department's own word");
            let by_officer = change(&Ending { waits: Some(Waits::Officer), ..free }, active, true);
            let expected = (state == Proposed).then_some(Change::Hold);
            assert_eq!(by_officer, expected, "{state:?}: nothing is paid twice while a proposal is to be confirmed");
            let stopped = change(&Ending { waits: Some(Waits::Breaker), ..free }, active, true);
            assert_eq!(stopped, None, "{state:?}: somebody looks first");
            assert_eq!(change(&Ending { todo: Some(Todo::Remove), ..free }, active, true), None, "{state:?}");
        }
        assert_eq!(change(&ending(Held, false), active, true), None, "a hold that is not ours");
        for state in [Held, Noticed, Contested, Upheld] {
            let kept = ending(state, true);
            assert_eq!(change(&kept, held, true), None, "{state:?}");
            assert_eq!(change(&Ending { seen: false, ..kept }, held, true), Some(Change::Paid), "{state:?}");
            for other in
                [kept, Ending { waits: Some(Waits::Officer), ..kept }, Ending { todo: Some(Todo::Remove), ..kept }]
            {
                assert_eq!(change(&other, held, false), Some(Change::Lift), "{other:?}");
            }
            assert_eq!(change(&Ending { refused: true, ..kept }, held, false), None, "{state:?}: an officer looks");
            for todo in [Todo::Hold, Todo::Release] {
                let ordered = Ending { todo: Some(todo), seen: false, ..kept };
                assert_eq!(change(&ordered, held, false), None, "{state:?}: the roll is told first");
                assert_eq!(change(&ordered, held, true), None, "{state:?}: the roll is told first");
            }
        }
    }

    #[test]
    fn what_follows_is_followed_on_and_a_circle_ends() {
        let keys = |plans: &[Plan], key: &str| {
            let plan = plans.iter().find(|plan| plan.key() == key).unwrap();
            let mut keys: Vec<_> = following(plan, plans).into_iter().map(|next| next.key().to_owned()).collect();
            keys.sort();
            keys
        };
        let each = |id: &str, before: &str| {
            let roll = format!("social.{}", id.to_lowercase()).parse().unwrap();
            Plan { roll, ..plan(scheme(id, "at_least = 18", before)) }
        };
        let plans = [each("T-A", ""), each("T-B", "T-A"), each("T-C", "T-B"), each("T-D", "T-A")];
        assert_eq!(keys(&plans, "T-A"), ["T-B", "T-C", "T-D"]);
        assert_eq!(keys(&plans, "T-B"), ["T-C"]);
        assert!(keys(&plans, "T-C").is_empty());
        let circle = [each("T-A", "T-C"), each("T-B", "T-A"), each("T-C", "T-B")];
        assert_eq!(keys(&circle, "T-A"), ["T-B", "T-C"]);
        let same_roll = [plan(scheme("T-A", "at_least = 18", "")), plan(scheme("T-B", "at_least = 18", "T-A"))];
        assert!(keys(&same_roll, "T-A").is_empty(), "one roll cannot hold what it pays");
        assert!(keys(&[each("T-A", "T-A")], "T-A").is_empty());
    }
}
