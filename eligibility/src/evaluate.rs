//! What a scheme says of somebody on a day: the outcome, each clause, what decided, and what would change it.
//!
//! Guarantees: a pure function of scheme, facts and day. All including clauses must hold and no excluding one may; the rest is
//! Kleene's logic, so that a missing or outdated fact makes the outcome *unknown* unless the other facts decide without it, and
//! forgetting a fact never turns *unknown* or *eligible* into a reason to remove somebody. Who is known to be dead is not eligible.
//! Deliberately absent: what is done about it ([`crate::propose`]).

mod births;
mod standing;

use std::collections::BTreeSet;

use schemas::{
    digest::Digest,
    id::{ClauseId, EntityId},
    time::{CivilDate, Timestamp},
};

use crate::{
    benefit::BenefitRule,
    clause::{Clause, ClauseKind},
    fact::{FactPath, PersonFacts},
    scheme::Scheme,
    truth::Truth,
};
pub use births::completes;
use standing::{Gap, Standing};

/// Under it stands, in [`FactUsed`], who said all that there is of a class of benefits; the class follows.
pub const BENEFITS: &str = "benefits.";

/// What comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All including clauses hold, no excluding one does.
    Eligible,
    /// Not today, but nothing stands against it on this day, if nothing else changes.
    NotYet {
        /// That day.
        next: CivilDate,
    },
    /// A clause says no.
    NotEligible,
    /// A fact is missing or outdated, and the others do not decide.
    Unknown,
    /// A clause that only an officer may judge.
    Conflict,
}

/// One clause's result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClauseResult {
    /// Its number.
    pub id: ClauseId,
    /// What it says; for an excluding clause, true means that it applies.
    pub result: Truth,
    /// The facts that it looked at.
    pub facts: Vec<FactUsed>,
}

/// A fact that a clause looked at, without its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactUsed {
    /// Its path.
    pub path: FactPath,
    /// How it stood.
    pub standing: FactStanding,
}

/// How a fact stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FactStanding {
    /// Known and fresh.
    Known(Origin),
    /// Known, but recorded too long ago for this clause.
    Outdated(Origin),
    /// Known for a later day only, or of a kind that cannot be compared.
    Unusable(Origin),
    /// Nobody said.
    Missing,
}

/// Who said it and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The department; `None`: one's own row.
    pub source: Option<EntityId>,
    /// From which day it holds.
    pub effective: CivilDate,
    /// When it was recorded.
    pub recorded: Timestamp,
    /// The record of the exchange or event that brought it.
    pub receipt: Option<Digest>,
}

/// What would change the outcome by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextChange {
    /// The clause that turns.
    pub clause: ClauseId,
    /// On this day.
    pub on: CivilDate,
}

/// A whole evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// What comes out.
    pub outcome: Outcome,
    /// Each clause, in the file's order.
    pub clauses: Vec<ClauseResult>,
    /// The clauses that made the outcome; empty only if the person is known to be dead.
    pub decisive: Vec<ClauseId>,
    /// What would change it by itself, if anything.
    pub changes: Option<NextChange>,
    /// Rupees a month on the day, where the scheme pays monthly and the amount is known.
    pub monthly: Option<u32>,
}

/// Evaluates a scheme for somebody on a day.
pub fn evaluate(scheme: &Scheme, facts: &PersonFacts, as_of: CivilDate) -> Evaluation {
    let standing = Standing::new(scheme, facts, as_of);
    let truths = truths(scheme, &standing);
    let outcome = outcome(scheme, &standing, &truths);
    let changes = change(scheme, &standing, &truths);
    let results = scheme.clauses.iter().zip(&truths);
    Evaluation {
        outcome,
        clauses: results
            .map(|(clause, truth)| ClauseResult {
                id: clause.id.clone(),
                result: *truth,
                facts: facts_used(clause, &standing),
            })
            .collect(),
        decisive: if standing.is_dead() { Vec::new() } else { decisive(scheme, outcome, &truths).cloned().collect() },
        changes,
        monthly: monthly(scheme, &standing),
    }
}

/// The outcome and each clause's truth alone: what a back-test asks a million times.
pub fn judge(scheme: &Scheme, facts: &PersonFacts, as_of: CivilDate) -> (Outcome, Vec<Truth>) {
    let standing = Standing::new(scheme, facts, as_of);
    let truths = truths(scheme, &standing);
    (outcome(scheme, &standing, &truths), truths)
}

/// Each clause's truth on a day, in the file's order.
fn truths(scheme: &Scheme, standing: &Standing<'_>) -> Vec<Truth> {
    scheme.clauses.iter().map(|clause| standing.clause(clause)).collect()
}

/// Whether a clause, at this truth, stands against the person for certain.
fn stands_against(clause: &Clause, truth: Truth) -> bool {
    match clause.kind {
        ClauseKind::Include => truth == Truth::False,
        ClauseKind::Exclude => truth == Truth::True && !clause.to_officer,
    }
}

fn outcome(scheme: &Scheme, standing: &Standing<'_>, truths: &[Truth]) -> Outcome {
    let clauses = || scheme.clauses.iter().zip(truths);
    if standing.is_dead() {
        return Outcome::NotEligible;
    }
    if clauses().any(|(clause, truth)| stands_against(clause, *truth)) {
        return first_day_without_objection(scheme, standing, truths)
            .map_or(Outcome::NotEligible, |next| Outcome::NotYet { next });
    }
    if clauses().any(|(clause, truth)| clause.kind == ClauseKind::Exclude && *truth == Truth::True) {
        return Outcome::Conflict;
    }
    if truths.contains(&Truth::Unknown) { Outcome::Unknown } else { Outcome::Eligible }
}

/// The days after this one on which a clause can turn by itself, in order.
fn turning_days(scheme: &Scheme, standing: &Standing<'_>) -> BTreeSet<CivilDate> {
    let mut days = BTreeSet::new();
    for clause in &scheme.clauses {
        standing.turning_days(clause, &mut days);
    }
    days
}

/// The first later day on which nothing stands against the person, if nothing but time changes.
fn first_day_without_objection(scheme: &Scheme, standing: &Standing<'_>, truths: &[Truth]) -> Option<CivilDate> {
    // What stands against her must itself turn with time, or no day will help.
    let hopeless = scheme.clauses.iter().zip(truths).filter(|(clause, truth)| stands_against(clause, **truth)).any(
        |(clause, _)| {
            let mut days = BTreeSet::new();
            standing.turning_days(clause, &mut days);
            days.is_empty()
        },
    );
    if hopeless {
        return None;
    }
    turning_days(scheme, standing).into_iter().find(|day| {
        let then = standing.on(*day);
        scheme.clauses.iter().zip(truths).all(|(clause, truth)| {
            let later = then.clause(clause);
            // What stood against her must certainly be for her then; the rest must not come to stand against her.
            if stands_against(clause, *truth) { is_fulfilled(clause, later) } else { !stands_against(clause, later) }
        })
    })
}

/// Whether a clause, at this truth, is for the person for certain.
fn is_fulfilled(clause: &Clause, truth: Truth) -> bool {
    match clause.kind {
        ClauseKind::Include => truth == Truth::True,
        ClauseKind::Exclude => truth == Truth::False,
    }
}

/// The first clause that turns the outcome by itself, and when.
fn change(scheme: &Scheme, standing: &Standing<'_>, truths: &[Truth]) -> Option<NextChange> {
    if standing.is_dead() {
        return None;
    }
    let against = |truths: &[Truth]| -> Vec<bool> {
        scheme.clauses.iter().zip(truths).map(|(clause, truth)| stands_against(clause, *truth)).collect()
    };
    let now = against(truths);
    for day in turning_days(scheme, standing) {
        let then = against(&self::truths(scheme, &standing.on(day)));
        // The outcome turns when the last objection goes, or the first one comes.
        if now.contains(&true) == then.contains(&true) {
            continue;
        }
        let turned = now.iter().zip(&then).position(|(a, b)| a != b)?;
        return scheme.clauses.get(turned).map(|clause| NextChange { clause: clause.id.clone(), on: day });
    }
    None
}

fn decisive<'a>(scheme: &'a Scheme, outcome: Outcome, truths: &'a [Truth]) -> impl Iterator<Item = &'a ClauseId> {
    let decides = move |clause: &Clause, truth: Truth| match outcome {
        Outcome::Eligible => clause.kind == ClauseKind::Include,
        Outcome::NotYet { .. } | Outcome::NotEligible => stands_against(clause, truth),
        Outcome::Unknown => truth == Truth::Unknown,
        Outcome::Conflict => clause.to_officer && truth == Truth::True,
    };
    scheme
        .clauses
        .iter()
        .zip(truths)
        .filter(move |(clause, truth)| decides(clause, **truth))
        .map(|(clause, _)| &clause.id)
}

/// The clauses that made an outcome, from [`judge`]'s answer.
pub fn decisive_of<'a>(
    scheme: &'a Scheme,
    outcome: Outcome,
    truths: &'a [Truth],
) -> impl Iterator<Item = &'a ClauseId> {
    decisive(scheme, outcome, truths)
}

fn monthly(scheme: &Scheme, standing: &Standing<'_>) -> Option<u32> {
    match &scheme.benefit {
        BenefitRule::Slabs(slabs) => BenefitRule::slab(slabs, standing.age()?),
        BenefitRule::Formula(formula) => {
            let max_age = scheme.benefit_need.as_ref().and_then(|need| need.max_age_days);
            u32::try_from(formula.amount(&standing.lookup(max_age))?.max(0)).ok()
        }
        BenefitRule::Once(_) | BenefitRule::InKind => None,
    }
}

fn facts_used(clause: &Clause, standing: &Standing<'_>) -> Vec<FactUsed> {
    let max_age = clause.need.as_ref().and_then(|need| need.max_age_days);
    let origin = |fact: &crate::fact::Fact| Origin {
        source: fact.source.as_ref().map(|s| s.entity.clone()),
        effective: fact.effective,
        recorded: fact.recorded,
        receipt: fact.receipt,
    };
    let used = |path: FactPath| {
        let standing = match standing.fact(path.as_str(), max_age) {
            Ok(fact) => FactStanding::Known(origin(fact)),
            Err(Gap::Outdated(fact)) => FactStanding::Outdated(origin(fact)),
            Err(Gap::Unusable(fact)) => FactStanding::Unusable(origin(fact)),
            Err(Gap::Missing) => FactStanding::Missing,
        };
        FactUsed { path, standing }
    };
    let benefits =
        clause.tests().filter_map(|test| standing.said_of_benefits(test, max_age)).filter_map(|(of, fact)| {
            let standing = fact.map_or(FactStanding::Missing, |fact| FactStanding::Known(origin(fact)));
            Some(FactUsed { path: format!("{BENEFITS}{of}").parse().ok()?, standing })
        });
    clause.facts().into_iter().map(used).chain(benefits).collect()
}

#[cfg(test)]
mod tests;
