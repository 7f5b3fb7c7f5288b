//! Outcomes, what decides, what would change, which facts were used; and what forgetting does.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::{
    age::Convention,
    fact::{Attained, Benefit, Benefits, Fact, FactSource, Of, Value, names},
    vocabulary::{self, Kind},
};

const PENSION: &str = include_str!("../../samples/cg-ignoaps.toml");
const WIDOW: &str = include_str!("../../samples/cg-ignwps.toml");
const SUKHAD: &str = include_str!("../../samples/cg-sukhad-sahara.toml");
const MAHTARI: &str = include_str!("../../samples/cg-mahtari-vandan.toml");
const RATION: &str = include_str!("../../samples/cg-ration-card.toml");
const JSY: &str = include_str!("../../samples/cg-jsy.toml");

/// Samples read once: the property tests ask them often.
static SCHEMES: LazyLock<Vec<Scheme>> =
    LazyLock::new(|| [PENSION, WIDOW, SUKHAD, MAHTARI, RATION, JSY].into_iter().map(scheme).collect());

fn day(text: &str) -> CivilDate {
    text.parse().unwrap()
}

fn scheme(text: &str) -> Scheme {
    Scheme::parse(text).unwrap()
}

fn path(name: &str) -> FactPath {
    name.parse().unwrap()
}

fn pensioner(birth: &str) -> PersonFacts {
    let on = day("2026-10-01");
    let mut facts = PersonFacts::new();
    facts.set(path(names::BIRTH_DATE), Fact::own(day(birth), on));
    facts.set(path(names::BPL), Fact::own(true, on));
    facts.set(path(names::STATE_CODE), Fact::own("22", on));
    facts.set_benefits(vec![]);
    facts
}

fn ids(of: &Evaluation) -> Vec<&str> {
    of.decisive.iter().map(ClauseId::as_str).collect()
}

#[test]
fn the_clauses_that_made_the_difference_are_named() {
    let scheme = scheme(PENSION);
    let today = day("2026-11-21");
    let mut facts = pensioner("1960-01-01");
    assert_eq!(ids(&evaluate(&scheme, &facts, today)), ["I1", "I2", "I3"], "eligible: all that include");
    facts.unset(names::BPL);
    let unknown = evaluate(&scheme, &facts, today);
    assert_eq!((unknown.outcome, ids(&unknown)), (Outcome::Unknown, vec!["I2"]));
    facts.set(path(names::STATE_CODE), Fact::own("21", today));
    let no = evaluate(&scheme, &facts, today);
    assert_eq!((no.outcome, ids(&no)), (Outcome::NotEligible, vec!["I3"]), "one no is enough, whatever the list says");
}

#[test]
fn what_would_change_it_is_named_with_its_day() {
    let young = evaluate(&scheme(PENSION), &pensioner("1967-03-02"), day("2026-11-21"));
    assert_eq!(young.outcome, Outcome::NotYet { next: day("2027-03-02") });
    let change = young.changes.unwrap();
    assert_eq!((change.clause.as_str(), change.on), ("I1", day("2027-03-02")), "completes 60 on 2027-03-02");

    let mut widow = pensioner("1946-11-25");
    widow.set(path(names::SEX), Fact::own("female", day("2026-11-21")));
    widow.set(path(names::MARITAL_STATUS), Fact::own("widowed", day("2026-11-21")));
    let ends = evaluate(&scheme(WIDOW), &widow, day("2026-11-21"));
    assert_eq!(ends.outcome, Outcome::Eligible);
    let change = ends.changes.unwrap();
    assert_eq!((change.clause.as_str(), change.on), ("I4", day("2026-11-25")), "80: the next scheme takes over");
}

#[test]
fn looking_ahead_does_not_make_facts_outdated() {
    // Not on the list today, with 179 of 180 days gone: no later day turns that into anything but a no.
    let mut facts = pensioner("1967-03-02");
    facts.set(path(names::BPL), Fact::own(false, day("2026-05-26")));
    assert_eq!(evaluate(&scheme(PENSION), &facts, day("2026-11-21")).outcome, Outcome::NotEligible);
}

#[test]
fn used_facts_carry_source_day_and_receipt_and_gaps_say_why() {
    let scheme = scheme(PENSION);
    let today = day("2026-11-21");
    let mut facts = pensioner("1960-01-01");
    let source = FactSource {
        entity: "https://food.gov.example".parse().unwrap(),
        priority: 1,
        id: "0193f1a0-7c3e-7d2a-8f00-0123456789ab".parse().unwrap(),
    };
    let receipt = Some(Digest::of(b"receipt"));
    let bpl = Fact { source: Some(source.clone()), receipt, ..Fact::own(true, today) };
    facts.set(path(names::BPL), bpl.clone());
    facts.unset(names::STATE_CODE);
    let used = evaluate(&scheme, &facts, today).clauses;
    let origin = Origin { source: Some(source.entity), effective: today, recorded: today.start(), receipt };
    assert_eq!(used[1].facts, [FactUsed { path: path(names::BPL), standing: FactStanding::Known(origin) }]);
    assert_eq!(used[2].facts[0].standing, FactStanding::Missing);

    facts.set(path(names::BPL), Fact { recorded: day("2026-01-01").start(), ..bpl.clone() });
    facts.set(path(names::STATE_CODE), Fact::own("22", day("2026-12-01")));
    let used = evaluate(&scheme, &facts, today).clauses;
    assert!(matches!(used[1].facts[0].standing, FactStanding::Outdated(_)), "recorded more than 180 days ago");
    assert!(matches!(used[2].facts[0].standing, FactStanding::Unusable(_)), "moves here on a later day");
    facts.set(path(names::STATE_CODE), Fact::own(22, today));
    assert!(
        matches!(evaluate(&scheme, &facts, today).clauses[2].facts[0].standing, FactStanding::Unusable(_)),
        "a number is no code"
    );
}

#[test]
fn the_dead_are_not_eligible_and_no_clause_says_so() {
    let scheme = scheme(PENSION);
    let mut facts = pensioner("1960-01-01");
    facts.set(path(names::DEATH_DATE), Fact::own(day("2026-11-18"), day("2026-11-18")));
    assert_eq!(evaluate(&scheme, &facts, day("2026-11-17")).outcome, Outcome::Eligible);
    let after = evaluate(&scheme, &facts, day("2026-11-18"));
    assert_eq!((after.outcome, after.decisive.len(), after.changes), (Outcome::NotEligible, 0, None));
    facts.set(path(names::ALIVE), Fact::own(true, day("2026-11-20")));
    assert_eq!(evaluate(&scheme, &facts, day("2026-11-21")).outcome, Outcome::Eligible, "a sign of life");
}

#[test]
fn an_age_attained_without_a_birth_date_is_enough() {
    let scheme = scheme(PENSION);
    let mut facts = pensioner("1960-01-01");
    facts.unset(names::BIRTH_DATE);
    let attained = Attained { on: day("2026-11-21"), recorded: day("2026-11-21").start(), source: None, receipt: None };
    facts.set_attained(60, Convention::Anniversary, attained);
    assert_eq!(evaluate(&scheme, &facts, day("2026-11-21")).outcome, Outcome::Eligible);
    assert_eq!(evaluate(&scheme, &facts, day("2026-11-20")).outcome, Outcome::NotYet { next: day("2026-11-21") });
    assert_eq!(evaluate(&scheme, &facts, day("2046-11-21")).monthly, Some(650), "80 follows from 60");
}

#[test]
fn a_pension_that_ends_turns_the_clause_the_day_after() {
    let scheme = scheme(
        &PENSION
            .replace("on_conflict = \"officer\"", "on_conflict = \"refuse\"")
            .replace("\"conflict\"", "\"not_eligible\""),
    );
    let mut facts = pensioner("1960-01-01");
    facts.set_benefits(vec![Benefit {
        scheme: "CG-IGNWPS".to_owned(),
        class: "pension".to_owned(),
        since: day("2010-01-01"),
        until: Some(day("2026-11-30")),
        monthly: Some(500),
    }]);
    let found = evaluate(&scheme, &facts, day("2026-11-21"));
    assert_eq!(found.outcome, Outcome::NotYet { next: day("2026-12-01") });
    assert_eq!(found.changes.unwrap().clause.as_str(), "X1");
}

#[test]
fn what_others_pay_is_unknown_until_it_is_stated_and_says_who_stated_it() {
    let (scheme, today) = (scheme(PENSION), day("2026-11-21"));
    let mut facts = pensioner("1960-01-01");
    *facts.benefits_mut() = Benefits::default();
    let silent = evaluate(&scheme, &facts, today);
    assert_eq!((silent.outcome, ids(&silent)), (Outcome::Unknown, vec!["X1"]), "no offer on nobody's word");
    let said = |recorded: &str| Fact {
        recorded: day(recorded).start(),
        source: Some(FactSource {
            entity: "https://finance.gov.example".parse().unwrap(),
            priority: 1,
            id: "0193f1a0-7c3e-7d2a-8f00-0123456789ab".parse().unwrap(),
        }),
        ..Fact::own(true, day(recorded))
    };
    facts.benefits_mut().know_all(Of::Class("pension".to_owned()), said("2026-08-01"));
    assert_eq!(evaluate(&scheme, &facts, today).outcome, Outcome::Unknown, "112 days old, and 90 are allowed");
    facts.benefits_mut().know_all(Of::Class("pension".to_owned()), said("2026-11-01"));
    let known = evaluate(&scheme, &facts, today);
    assert_eq!(known.outcome, Outcome::Eligible);
    let used = &known.clauses.iter().find(|clause| clause.id.as_str() == "X1").unwrap().facts[0];
    assert_eq!(used.path.as_str(), "benefits.pension");
    assert!(matches!(&used.standing, FactStanding::Known(origin) if origin.source.is_some()));
    let own = Benefit {
        scheme: "CG-IGNOAPS".to_owned(),
        class: "pension".to_owned(),
        since: today,
        until: None,
        monthly: None,
    };
    facts.benefits_mut().draws(own.clone(), None);
    assert_eq!(evaluate(&scheme, &facts, today).outcome, Outcome::Eligible, "her own pension is no other one");
    facts.benefits_mut().draws(Benefit { scheme: "CG-IGNWPS".to_owned(), ..own }, None);
    assert_eq!(evaluate(&scheme, &facts, today).outcome, Outcome::Conflict);
}

#[test]
fn a_class_that_named_schemes_alone_pay_is_known_by_their_rolls() {
    let text = PENSION.replacen("[benefit]", "[paid_by]\npension = [\"CG-IGNOAPS\", \"CG-IGNWPS\"]\n\n[benefit]", 1);
    let (scheme, today) = (scheme(&text), day("2026-11-21"));
    let mut facts = pensioner("1960-01-01");
    *facts.benefits_mut() = Benefits::default();
    facts.benefits_mut().know_all(Of::Scheme("CG-IGNOAPS".to_owned()), Fact::own(true, today));
    assert_eq!(evaluate(&scheme, &facts, today).outcome, Outcome::Unknown, "the widows' roll did not answer");
    facts.benefits_mut().know_all(Of::Scheme("CG-IGNWPS".to_owned()), Fact::own(true, today));
    assert_eq!(evaluate(&scheme, &facts, today).outcome, Outcome::Eligible);
    let other = Benefit {
        scheme: "CG-IGNWPS".to_owned(),
        class: "by-another-name".to_owned(),
        since: today,
        until: None,
        monthly: None,
    };
    facts.benefits_mut().draws(other, None);
    assert_eq!(evaluate(&scheme, &facts, today).outcome, Outcome::Conflict, "the file says that it is of the class");
}

#[test]
fn an_amount_that_hangs_on_what_others_pay_is_unknown_until_all_of_it_is_known() {
    let (scheme, today) = (scheme(MAHTARI), day("2026-11-21"));
    let mut facts = PersonFacts::new();
    let widow = Benefit {
        scheme: "CG-IGNWPS".to_owned(),
        class: "pension".to_owned(),
        since: today,
        until: None,
        monthly: Some(500),
    };
    facts.benefits_mut().draws(widow, None);
    assert_eq!(evaluate(&scheme, &facts, today).monthly, None, "one is known, and perhaps there are more");
    facts.benefits_mut().know_all(Of::Class("pension".to_owned()), Fact::own(true, today));
    assert_eq!(evaluate(&scheme, &facts, today).monthly, Some(500));
}

#[test]
fn thresholds_are_the_ages_that_matter_and_no_others() {
    let ages = |text: &str| scheme(text).thresholds().into_iter().map(|t| t.years).collect::<Vec<_>>();
    assert_eq!(ages(PENSION), [60, 80]);
    assert_eq!(ages(WIDOW), [40, 80]);
    assert_eq!(ages(SUKHAD), [18, 40]);
    assert_eq!(
        (ages(MAHTARI), scheme(MAHTARI).counts_on_1_january()),
        (vec![], true),
        "counted on 1 January, for everybody"
    );
    assert_eq!(ages(RATION), Vec::<u8>::new());
}

/// A value for a fact, sometimes of a wrong kind.
fn value(name: &'static str) -> BoxedStrategy<Value> {
    let date = (0_i64..45_000).prop_map(|n| {
        Value::Date(CivilDate::from_date(
            jiff::civil::Date::new(1920, 1, 1).unwrap().checked_add(jiff::Span::new().days(n)).unwrap(),
        ))
    });
    let right = match vocabulary::kind(name).unwrap() {
        Kind::Bool => any::<bool>().prop_map(Value::from).boxed(),
        Kind::Integer => (0_i64..2100).prop_map(Value::from).boxed(),
        Kind::Date => date.clone().boxed(),
        Kind::Text(words) if !words.is_empty() => proptest::sample::select(words).prop_map(Value::from).boxed(),
        Kind::Text(_) => prop_oneof![Just(Value::from("22")), Just(Value::from("21"))].boxed(),
        Kind::Integers => Just(Value::List(vec![])).boxed(),
    };
    let wrong = prop_oneof![
        any::<i64>().prop_map(Value::from),
        Just(Value::from("")),
        Just(Value::List(vec![Value::Bool(true)])),
        date
    ];
    prop_oneof![9 => right, 1 => wrong].boxed()
}

fn fact(name: &'static str) -> impl Strategy<Value = Fact> {
    (value(name), 0_i64..800, 0_i64..800).prop_map(|(value, effective, recorded)| {
        let back = |n| CivilDate::from_date(day("2027-01-15").date().checked_sub(jiff::Span::new().days(n)).unwrap());
        Fact { recorded: back(recorded).start(), ..Fact::own(value, back(effective)) }
    })
}

fn benefit() -> impl Strategy<Value = Benefit> {
    let schemes = prop_oneof![Just("CG-IGNOAPS"), Just("CG-IGNWPS"), Just("CG-JSY"), Just("X")];
    let classes = prop_oneof![Just("pension"), Just("ration"), Just("maternity")];
    (schemes, classes, 0_i64..4000, proptest::option::of(0_i64..4000), proptest::option::of(any::<u32>())).prop_map(
        |(scheme, class, since, length, monthly)| {
            let add = |d: CivilDate, n| CivilDate::from_date(d.date().checked_add(jiff::Span::new().days(n)).unwrap());
            let since = add(day("2016-01-01"), since);
            Benefit {
                scheme: scheme.to_owned(),
                class: class.to_owned(),
                since,
                until: length.map(|n| add(since, n)),
                monthly,
            }
        },
    )
}

fn facts() -> impl Strategy<Value = PersonFacts> {
    let each: Vec<_> = names::ALL
        .iter()
        .map(|name| proptest::option::weighted(0.8, fact(name)).prop_map(move |f| (*name, f)))
        .collect();
    let benefits = proptest::option::weighted(0.8, proptest::collection::vec(benefit(), 0..4));
    (each, benefits).prop_map(|(each, benefits)| {
        let mut facts = PersonFacts::new();
        for (name, fact) in each {
            if let Some(fact) = fact {
                facts.set(path(name), fact);
            }
        }
        if let Some(benefits) = benefits {
            facts.set_benefits(benefits);
        }
        facts
    })
}

fn is_a_reason_to_remove(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::NotEligible | Outcome::NotYet { .. })
}

proptest! {
    #[test]
    fn any_facts_have_an_outcome_and_monthly_amounts_are_never_invented(facts in facts(), on in 0_i64..1000) {
        let on = CivilDate::from_date(day("2025-06-01").date().checked_add(jiff::Span::new().days(on)).unwrap());
        for scheme in SCHEMES.iter() {
            let found = evaluate(scheme, &facts, on);
            let (outcome, truths) = judge(scheme, &facts, on);
            prop_assert_eq!(found.outcome, outcome);
            prop_assert_eq!(found.clauses.iter().map(|c| c.result).collect::<Vec<_>>(), truths);
            if let Some(change) = &found.changes {
                prop_assert!(change.on > on);
            }
            if let Outcome::NotYet { next } = outcome {
                prop_assert!(next > on);
            }
        }
    }

    #[test]
    fn removing_a_fact_never_turns_unknown_into_a_removal(
        facts in facts(), gone in 0_usize..names::ALL.len() + 1, partly in any::<bool>(),
    ) {
        let on = day("2026-11-21");
        let mut less = facts.clone();
        match names::ALL.get(gone) {
            Some(name) => less.unset(name),
            // What is named stays, and it is known of nothing that it is all.
            None if partly => {
                let mut named = Benefits::default();
                facts.benefits().iter().for_each(|benefit| named.draws(benefit.clone(), None));
                *less.benefits_mut() = named;
            }
            None => *less.benefits_mut() = Benefits::default(),
        }
        for scheme in SCHEMES.iter() {
            let (full, fewer) = (evaluate(scheme, &facts, on), evaluate(scheme, &less, on));
            let conditions = (is_a_reason_to_remove(full.outcome), is_a_reason_to_remove(fewer.outcome));
            // A birth date that cannot be used hides a birth year or a completed age behind it; then less is more.
            let hidden = gone < names::ALL.len() && names::ALL[gone] == names::BIRTH_DATE;
            // And a sign of life hides a death.
            let sign_of_life = gone < names::ALL.len() && names::ALL[gone] == names::ALIVE;
            prop_assert!(hidden || sign_of_life || conditions != (false, true), "{:?} became {:?}", full.outcome, fewer.outcome);
            for (a, b) in full.clauses.iter().zip(&fewer.clauses) {
                prop_assert!(hidden || b.result == a.result || b.result == Truth::Unknown, "{} was {:?}, is {:?}", a.id, a.result, b.result);
            }
        }
    }
}
