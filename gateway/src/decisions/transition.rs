//! From one scheme of ours to the next in a life, without an unpaid day and never two at a time.
//!
//! Guarantees: what she draws of a predecessor keeps nobody out of its successor on a day on which the predecessor's own clauses say
//! that it is over: then the one ends as the other begins. While they do not say so, it is another benefit like any other, for an
//! officer to see. Deliberately absent: ending the predecessor, which has its own notice and window.

use std::borrow::Cow;

use eligibility::{
    evaluate::{Outcome, judge},
    fact::PersonFacts,
    scheme::Scheme,
};
use schemas::time::CivilDate;

use super::plan::Plan;

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
}
