//! What the examples must show: each clause true, false and unknown; each bound of an age on the day before, the day, the day after.

use schemas::time::CivilDate;

use super::LintDiagnostic;
use crate::{
    age::attained,
    benefit::BenefitRule,
    clause::{AgeBounds, AgeDay, Clause},
    examples::Example,
    fact::names,
    scheme::Scheme,
    truth::Truth,
};

pub(super) fn check(scheme: &Scheme) -> Vec<LintDiagnostic> {
    let mut found: Vec<LintDiagnostic> = scheme.clauses.iter().flat_map(|clause| truths(scheme, clause)).collect();
    for (clause, bounds) in scheme.ages() {
        let whose = format!("clause {}", clause.id);
        let years = [bounds.at_least, bounds.at_most.map(|n| n.saturating_add(1))];
        for years in years.into_iter().flatten() {
            found.extend(days(scheme, &whose, clause.span.clone(), bounds, years, |e| states(e, clause)));
        }
    }
    if let BenefitRule::Slabs(slabs) = &scheme.benefit {
        for slab in slabs.iter().skip(1) {
            let bounds = AgeBounds { at_least: Some(slab.age_from), at_most: None, on: AgeDay::Itself };
            let stated = |e: &Example| e.expected.monthly.is_some();
            found.extend(days(scheme, "the slab", slab.span.clone(), bounds, slab.age_from, stated));
        }
    }
    found
}

fn states(example: &Example, clause: &Clause) -> bool {
    example.expected.clauses.iter().any(|(id, ..)| *id == clause.id)
}

fn truths(scheme: &Scheme, clause: &Clause) -> Vec<LintDiagnostic> {
    let shown = |truth: Truth| {
        scheme
            .examples
            .iter()
            .flat_map(|e| &e.expected.clauses)
            .any(|(id, stated, _)| *id == clause.id && *stated == truth)
    };
    let cases = [
        (Truth::True, "no-true-example", "true"),
        (Truth::False, "no-false-example", "false"),
        (Truth::Unknown, "no-unknown-example", "\"unknown\""),
    ];
    let missing = cases.into_iter().filter(|(truth, ..)| !shown(*truth));
    missing
        .map(|(_, code, word)| {
            let what = format!("no example shows clause {} as {word}", clause.id);
            let help = format!("add a [[test]] whose `expect` states `{} = {word}`", clause.id);
            LintDiagnostic::error(code, clause.span.clone(), what, help)
        })
        .collect()
}

fn days(
    scheme: &Scheme,
    whose: &str,
    at: std::ops::Range<usize>,
    bounds: AgeBounds,
    years: u8,
    stated: impl Fn(&Example) -> bool,
) -> Vec<LintDiagnostic> {
    let distances: Vec<i32> =
        scheme.examples.iter().filter(|e| stated(e)).filter_map(|e| distance(scheme, e, bounds, years)).collect();
    let cases = [
        (-1, "no-day-before-example", "the day before"),
        (0, "no-day-example", "the day"),
        (1, "no-day-after-example", "the day after"),
    ];
    let missing = cases.into_iter().filter(|(days, ..)| !distances.contains(days));
    missing
        .map(|(_, code, when)| {
            let what = format!("no example of {whose} lies on {when} somebody completes {years} years");
            let help = "give a [[test]] with that birth date and `as_of`, and state the clause or the amount";
            LintDiagnostic::error(code, at.clone(), what, help)
        })
        .collect()
}

/// Days from completing the years to the day on which the age counts; negative before.
fn distance(scheme: &Scheme, example: &Example, bounds: AgeBounds, years: u8) -> Option<i32> {
    let birth = example.facts.date(names::BIRTH_DATE)?;
    let day = match bounds.on {
        AgeDay::Itself => example.as_of,
        AgeDay::January1 => CivilDate::from_date(jiff::civil::Date::new(example.as_of.date().year(), 1, 1).ok()?),
    };
    let completes = attained(birth, years, scheme.age_convention);
    completes.date().until(day.date()).ok().map(|span| span.get_days())
}
