//! Clauses: what a scheme asks of a person, each with its text in two languages and its legal reference.
//!
//! Guarantees: a clause has exactly one condition; what a condition compares fits the kind of its fact. Deliberately absent: how
//! files are read ([`crate::scheme`]) and what a condition says of somebody ([`crate::evaluate`]).

use std::{ops::Range, sync::Arc};

use schemas::id::ClauseId;
use serde::{Deserialize, Serialize};

pub use crate::fact::Of;
use crate::{
    expression::Compiled,
    fact::{FactPath, Value, names},
};

/// A text in the two languages of the state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bilingual {
    /// English.
    pub en: String,
    /// Hindi.
    pub hi: String,
}

/// Whether a clause must hold or must not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClauseKind {
    /// Must hold.
    Include,
    /// Must not hold.
    Exclude,
}

/// Where the fact of a clause comes from and how old it may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactNeed {
    /// The data set that holds it, such as `food.household`.
    pub dataset: String,
    /// The field of that data set.
    pub field: String,
    /// The registered law under which it may be fetched, such as `law:nsap-2014`; `None`: by consent.
    pub basis: Option<String>,
    /// A fact recorded longer ago than this many days is unknown.
    pub max_age_days: Option<u16>,
}

/// One numbered clause.
#[derive(Clone, Debug)]
pub struct Clause {
    /// Its number.
    pub id: ClauseId,
    /// Whether it must hold.
    pub kind: ClauseKind,
    /// What it asks.
    pub condition: Condition,
    /// What it says to people.
    pub text: Bilingual,
    /// The rule that it follows: law, guideline, paragraph.
    pub reference: String,
    /// An exclusion that an officer must look at: never automatic.
    pub to_officer: bool,
    /// Where its fact comes from.
    pub need: Option<FactNeed>,
    /// Its place in the file, in bytes.
    pub span: Range<usize>,
}

impl Clause {
    /// Every test in it.
    pub fn tests(&self) -> impl Iterator<Item = &Test> {
        match &self.condition {
            Condition::One(test) => std::slice::from_ref(test).iter().chain([].iter()),
            Condition::AnyOf(groups) => [].iter().chain(groups.tests.iter()),
        }
    }

    /// The facts that it looks at.
    pub fn facts(&self) -> Vec<FactPath> {
        let mut all: Vec<FactPath> = self.tests().flat_map(Test::facts).collect();
        all.sort();
        all.dedup();
        all
    }
}

/// What a clause asks.
#[derive(Clone, Debug)]
pub enum Condition {
    /// One test.
    One(Test),
    /// Any of these groups, each of which holds if all its tests hold.
    AnyOf(Groups),
}

/// Groups of tests, flat, with the length of each group.
#[derive(Clone, Debug, Default)]
pub struct Groups {
    tests: Vec<Test>,
    lengths: Vec<usize>,
}

impl Groups {
    /// Adds a group.
    pub fn push(&mut self, group: Vec<Test>) {
        self.lengths.push(group.len());
        self.tests.extend(group);
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }

    /// The groups in the file's order.
    pub fn iter(&self) -> impl Iterator<Item = &[Test]> {
        let mut rest = self.tests.as_slice();
        self.lengths.iter().map(move |length| {
            let (group, others) = rest.split_at((*length).min(rest.len()));
            rest = others;
            group
        })
    }
}

/// One test.
#[derive(Clone, Debug)]
pub enum Test {
    /// Completed years.
    Age(AgeBounds),
    /// Lives in a state, in one of some districts, or is a native of a state.
    Residence(FactPath, Vec<String>),
    /// One of these marital statuses.
    MaritalStatus(Vec<String>),
    /// Draws another benefit.
    Enrolled(Enrolment),
    /// A fact is as said.
    Compare(FactPath, Comparison),
    /// An expression.
    When(Arc<dyn Compiled>),
}

impl Test {
    /// The facts that it looks at.
    pub fn facts(&self) -> Vec<FactPath> {
        let path = |name: &str| name.parse::<FactPath>().ok();
        match self {
            Self::Age(_) => path(names::BIRTH_DATE).into_iter().collect(),
            Self::Residence(fact, _) | Self::Compare(fact, _) => vec![fact.clone()],
            Self::MaritalStatus(_) => path(names::MARITAL_STATUS).into_iter().collect(),
            Self::Enrolled(enrolment) => enrolment.since.iter().cloned().collect(),
            Self::When(program) => program.names().iter().filter_map(|n| path(n)).collect(),
        }
    }
}

/// Bounds of the age in completed years, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgeBounds {
    /// At least this many.
    pub at_least: Option<u8>,
    /// At most this many.
    pub at_most: Option<u8>,
    /// On which day it is counted.
    pub on: AgeDay,
}

/// The day on which an age is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AgeDay {
    /// The day that is asked about.
    #[default]
    Itself,
    /// 1 January of its year.
    January1,
}

/// Another benefit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// Of this class, or of this scheme.
    pub of: Of,
    /// Benefits of the scheme itself do not count.
    pub other_than_self: bool,
    /// Only benefits that began on or after the day that this fact names count, also ended ones: once per delivery.
    pub since: Option<FactPath>,
}

/// How a fact is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Equals.
    Is(Value),
    /// Differs from.
    IsNot(Value),
    /// Equals one of these.
    OneOf(Vec<Value>),
    /// At least; numbers and dates.
    AtLeast(Value),
    /// At most; numbers and dates.
    AtMost(Value),
}

impl Comparison {
    /// What it says of a value of the same kind.
    pub fn holds(&self, value: &Value) -> bool {
        match self {
            Self::Is(wanted) => value == wanted,
            Self::IsNot(unwanted) => value != unwanted,
            Self::OneOf(wanted) => wanted.contains(value),
            Self::AtLeast(bound) => value >= bound,
            Self::AtMost(bound) => value <= bound,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_come_back_as_they_went_in() {
        let test = |word: &str| Test::MaritalStatus(vec![word.to_owned()]);
        let mut groups = Groups::default();
        groups.push(vec![test("a"), test("b")]);
        groups.push(vec![test("c")]);
        let lengths: Vec<usize> = groups.iter().map(<[Test]>::len).collect();
        assert_eq!(lengths, [2, 1]);
    }

    #[test]
    fn a_fact_is_compared_with_what_the_clause_says() {
        for (comparison, value, holds) in [
            (Comparison::Is("female".into()), Value::from("female"), true),
            (Comparison::IsNot("female".into()), Value::from("female"), false),
            (Comparison::OneOf(vec![1.into(), 2.into()]), Value::from(2), true),
            (Comparison::AtLeast(3.into()), Value::from(2), false),
            (Comparison::AtMost(3.into()), Value::from(3), true),
        ] {
            assert_eq!(comparison.holds(&value), holds, "{comparison:?}");
        }
    }
}
