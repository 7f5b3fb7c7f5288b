//! The examples inside a scheme file: run like tests, and what they show of each clause and age.
//!
//! Guarantees: an example passes only if everything that it states comes out; what it does not state is not looked at, and does not
//! count as shown.

use std::{fmt, ops::Range};

use schemas::{id::ClauseId, time::CivilDate};

use crate::{
    evaluate::{Evaluation, Outcome, evaluate},
    fact::PersonFacts,
    lint::LintDiagnostic,
    scheme::Scheme,
    truth::Truth,
};

/// An outcome without its day, as files write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OutcomeName {
    /// `eligible`
    Eligible,
    /// `not_yet`
    NotYet,
    /// `not_eligible`
    NotEligible,
    /// `unknown`
    Unknown,
    /// `conflict`
    Conflict,
}

impl OutcomeName {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Eligible, Self::NotYet, Self::NotEligible, Self::Unknown, Self::Conflict];

    /// As files and records write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Eligible => "eligible",
            Self::NotYet => "not_yet",
            Self::NotEligible => "not_eligible",
            Self::Unknown => "unknown",
            Self::Conflict => "conflict",
        }
    }
}

impl fmt::Display for OutcomeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Outcome> for OutcomeName {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Eligible => Self::Eligible,
            Outcome::NotYet { .. } => Self::NotYet,
            Outcome::NotEligible => Self::NotEligible,
            Outcome::Unknown => Self::Unknown,
            Outcome::Conflict => Self::Conflict,
        }
    }
}

/// One example.
#[derive(Clone, Debug)]
pub struct Example {
    /// What it shows.
    pub name: String,
    /// The day that is asked about.
    pub as_of: CivilDate,
    /// What is known.
    pub facts: PersonFacts,
    /// What must come out.
    pub expected: Expected,
    /// Its place in the file.
    pub span: Range<usize>,
}

/// What must come out.
#[derive(Clone, Debug)]
pub struct Expected {
    /// The outcome.
    pub outcome: OutcomeName,
    /// The day of a `not_yet`.
    pub next: Option<CivilDate>,
    /// Rupees a month.
    pub monthly: Option<u32>,
    /// Clauses, with their places in the file.
    pub clauses: Vec<(ClauseId, Truth, Range<usize>)>,
}

/// One example's result.
#[derive(Clone, Debug)]
pub struct ExampleResult<'a> {
    /// The example.
    pub example: &'a Example,
    /// What came out.
    pub evaluation: Evaluation,
    /// What came out otherwise than stated; empty: it passed.
    pub differences: Vec<(Range<usize>, String)>,
}

/// Runs every example of a scheme.
pub fn run(scheme: &Scheme) -> Vec<ExampleResult<'_>> {
    scheme.examples.iter().map(|example| one(scheme, example)).collect()
}

fn one<'a>(scheme: &Scheme, example: &'a Example) -> ExampleResult<'a> {
    let evaluation = evaluate(scheme, &example.facts, example.as_of);
    let mut differences = Vec::new();
    let mut differs = |at: &Range<usize>, what: String| differences.push((at.clone(), what));
    let expected = &example.expected;
    let outcome = OutcomeName::from(evaluation.outcome);
    if outcome != expected.outcome {
        differs(&example.span, format!("the outcome is `{outcome}`, not `{}`", expected.outcome));
    }
    if let Some(day) = expected.next {
        match evaluation.outcome {
            Outcome::NotYet { next } if next == day => {}
            Outcome::NotYet { next } => differs(&example.span, format!("the next day is {next}, not {day}")),
            _ => differs(&example.span, format!("there is no next day, and {day} was expected")),
        }
    }
    if let Some(monthly) = expected.monthly
        && evaluation.monthly != Some(monthly)
    {
        let found = evaluation.monthly.map_or("unknown".to_owned(), |m| m.to_string());
        differs(&example.span, format!("the amount is {found}, not {monthly}"));
    }
    for (id, truth, at) in &expected.clauses {
        match evaluation.clauses.iter().find(|c| c.id == *id) {
            Some(clause) if clause.result == *truth => {}
            Some(clause) => differs(at, format!("clause {id} is {}, not {}", clause.result.as_str(), truth.as_str())),
            None => differs(at, format!("there is no clause {id}")),
        }
    }
    ExampleResult { example, evaluation, differences }
}

/// The examples that fail, as findings.
pub(crate) fn failures(scheme: &Scheme) -> Vec<LintDiagnostic> {
    let finding = |name: &str, at: Range<usize>, what: &str| {
        LintDiagnostic::error(
            "example-fails",
            at,
            format!("example \"{name}\": {what}"),
            "mend the example, or the clause that it shows to be wrong",
        )
    };
    run(scheme)
        .into_iter()
        .flat_map(|result| {
            let name = &result.example.name;
            result.differences.iter().map(|(at, what)| finding(name, at.clone(), what)).collect::<Vec<_>>()
        })
        .collect()
}

#[cfg(test)]
mod tests;
