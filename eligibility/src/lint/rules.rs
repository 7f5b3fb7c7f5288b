//! Rules that a readable file can still break: texts, references, bounds, breakers.

use std::ops::Range;

use super::LintDiagnostic;
use crate::{
    benefit::BenefitRule,
    clause::{AgeBounds, Bilingual, Clause, ClauseKind, Enrolment, Of, Test},
    scheme::Scheme,
    vocabulary,
};

pub(super) fn check(scheme: &Scheme) -> Vec<LintDiagnostic> {
    let mut found = Vec::new();
    found.extend(texts(&scheme.title, "the title", &scheme.places.title));
    for clause in &scheme.clauses {
        found.extend(texts(&clause.text, &format!("clause {}", clause.id), &clause.span));
        found.extend(reference(clause));
        found.extend(need(clause));
    }
    if !scheme.clauses.iter().any(|c| c.kind == ClauseKind::Include) {
        let what = "no clause includes anybody, so that everybody would be eligible";
        found.push(LintDiagnostic::error(
            "no-include",
            scheme.places.scheme.clone(),
            what,
            "add a clause with kind = \"include\"",
        ));
    }
    found.extend(classes(scheme));
    found.extend(ages(scheme));
    found.extend(removal(scheme));
    found.extend(in_force(scheme));
    found
}

fn texts(text: &Bilingual, whose: &str, at: &Range<usize>) -> Vec<LintDiagnostic> {
    let mut found = Vec::new();
    for (language, words) in [("English (`en`)", &text.en), ("Hindi (`hi`)", &text.hi)] {
        if words.trim().is_empty() {
            let what = format!("{whose} has no text in {language}");
            found.push(LintDiagnostic::error(
                "no-text",
                at.clone(),
                what,
                "text = { en = \"…\", hi = \"…\" }: citizens read both",
            ));
        }
    }
    let devanagari = |c: char| ('\u{0900}'..='\u{097F}').contains(&c);
    if !text.hi.trim().is_empty() && !text.hi.chars().any(devanagari) {
        let what = format!("the Hindi text of {whose} has not one letter of Devanagari");
        found.push(LintDiagnostic::error("no-text", at.clone(), what, "write it in Hindi"));
    }
    found
}

fn reference(clause: &Clause) -> Option<LintDiagnostic> {
    let what = format!("clause {} names no rule that it follows", clause.id);
    let help = "ref = \"NSAP Guidelines, October 2014, para 2.3\": law, guideline or order, and paragraph";
    clause.reference.trim().is_empty().then(|| LintDiagnostic::error("no-reference", clause.span.clone(), what, help))
}

/// A fact about the household comes from elsewhere and ages: the clause should say from where and how old it may be. So does what
/// other departments pay, where a clause says that it is fetched.
fn need(clause: &Clause) -> Option<LintDiagnostic> {
    let household = clause.facts().iter().any(|f| f.as_str().starts_with("household."));
    let fetched = clause.need.is_some() && clause.tests().any(|test| matches!(test, Test::Enrolled(_)));
    let silent = clause.need.as_ref().is_none_or(|need| need.max_age_days.is_none());
    ((household || fetched) && silent).then(|| {
        let what = format!("clause {} does not say how old its fact may be", clause.id);
        let help = "fact = { dataset = \"food.household\", field = \"bpl\", basis = \"law:…\", max_age_days = 180 }";
        LintDiagnostic::warning("no-max-age", clause.span.clone(), what, help)
    })
}

/// Whoever draws nothing of a class is known only if somebody says so: of classes that others pay too, whose word is it?
fn classes(scheme: &Scheme) -> Vec<LintDiagnostic> {
    let mut found = Vec::new();
    let mut asked = |classes: Vec<String>, whose: String, at: &Range<usize>| {
        for class in classes.into_iter().filter(|class| !scheme.paid_by.contains_key(class)) {
            let what =
                format!("nobody may ever know that {whose} holds of somebody without a benefit of the class `{class}`");
            let help = format!(
                "name the schemes that pay the class, all of them: `[paid_by]` `{class} = [\"…\"]`; or where it is asked: \
                 fact = {{ dataset = \"finance.pensions\", field = \"…\", basis = \"law:…\", max_age_days = 90 }}"
            );
            found.push(LintDiagnostic::warning("class-unknown", at.clone(), what, help));
        }
    };
    for clause in scheme.clauses.iter().filter(|clause| clause.need.is_none()) {
        asked(clause.tests().flat_map(classes_of).collect(), format!("clause {}", clause.id), &clause.span);
    }
    if let (BenefitRule::Formula(formula), None) = (&scheme.benefit, &scheme.benefit_need) {
        asked(classes_in(formula.names()), "the amount".to_owned(), &scheme.places.benefit);
    }
    found
}

fn classes_of(test: &Test) -> Vec<String> {
    match test {
        Test::Enrolled(Enrolment { of: Of::Class(class), .. }) => vec![class.clone()],
        Test::When(program) => classes_in(program.names()),
        _ => Vec::new(),
    }
}

fn classes_in(names: &[String]) -> Vec<String> {
    names.iter().filter_map(|name| name.strip_prefix(vocabulary::MONTHLY)).map(str::to_owned).collect()
}

fn ages(scheme: &Scheme) -> Vec<LintDiagnostic> {
    let mut found = Vec::new();
    for (clause, bounds) in scheme.ages() {
        if matches!((bounds.at_least, bounds.at_most), (Some(from), Some(to)) if from > to) {
            let what = format!("clause {} asks for an age that nobody has", clause.id);
            found.push(LintDiagnostic::error(
                "ages-overlap",
                clause.span.clone(),
                what,
                "the lower bound lies above the upper one",
            ));
        }
    }
    found.extend(contradictions(scheme));
    for clause in &scheme.clauses {
        if clause.tests().any(|t| matches!(t, Test::When(p) if p.names().iter().any(|n| n == vocabulary::AGE))) {
            let what = format!("clause {} counts an age in an expression", clause.id);
            let help = "use `age = { … }`: only its bounds wake people on their birthday";
            found.push(LintDiagnostic::warning("age-in-expression", clause.span.clone(), what, help));
        }
    }
    found
}

/// Clauses that are all required and leave no age, or exclude ages that another clause includes.
fn contradictions(scheme: &Scheme) -> Vec<LintDiagnostic> {
    let plain = |kind: ClauseKind| {
        scheme.clauses.iter().filter(move |c| c.kind == kind).filter_map(|clause| match &clause.condition {
            crate::clause::Condition::One(Test::Age(bounds)) => Some((clause, *bounds)),
            _ => None,
        })
    };
    let range = |b: AgeBounds| (b.at_least.unwrap_or(0), b.at_most.unwrap_or(u8::MAX));
    let mut found = Vec::new();
    for (n, (first, a)) in plain(ClauseKind::Include).enumerate() {
        for (second, b) in plain(ClauseKind::Include).skip(n + 1) {
            let ((a1, a2), (b1, b2)) = (range(a), range(b));
            if a1.max(b1) > a2.min(b2) && a.on == b.on {
                let what = format!("no age fulfils both clause {} and clause {}", first.id, second.id);
                found.push(LintDiagnostic::error(
                    "ages-overlap",
                    second.span.clone(),
                    what,
                    "use `any_of` where either is enough",
                ));
            }
        }
        for (second, b) in plain(ClauseKind::Exclude) {
            let ((a1, a2), (b1, b2)) = (range(a), range(b));
            if a1.max(b1) <= a2.min(b2) && a.on == b.on {
                let what = format!("clause {} excludes ages that clause {} includes", second.id, first.id);
                found.push(LintDiagnostic::error(
                    "ages-overlap",
                    second.span.clone(),
                    what,
                    "let the ranges of ages not overlap",
                ));
            }
        }
    }
    found
}

fn removal(scheme: &Scheme) -> Option<LintDiagnostic> {
    let remove = &scheme.effect.remove;
    let removes = remove.death.is_some() || remove.moved_out_of_state.is_some() || remove.clause_false.is_some();
    (removes && remove.breaker.is_none()).then(|| {
        let help = "breaker = { percent_of_roll = 0.5, times_median_90d = 3.0 } in [effect.remove]";
        LintDiagnostic::error(
            "no-breaker",
            scheme.places.effect.clone(),
            "people can be removed and nothing stops a mass removal",
            help,
        )
    })
}

fn in_force(scheme: &Scheme) -> Option<LintDiagnostic> {
    let ends = scheme.in_force.until?;
    let what = "the scheme ends before it begins";
    (ends < scheme.in_force.from).then(|| {
        LintDiagnostic::error("bad-value", scheme.places.in_force.clone(), what, "`until` is the last day in force")
    })
}
