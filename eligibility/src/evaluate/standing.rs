//! The facts of one person as one scheme sees them on one day, and what each test says of them.
//!
//! Guarantees: no I/O and no panic whatever the facts are; a fact of another kind than its name has, one recorded too long ago, and
//! one that holds only from a later day are unknown. How old a fact is counts on the day of asking, also when looking ahead.

use std::{borrow::Cow, collections::BTreeSet};

use jiff::Span;
use schemas::{
    id::SchemeId,
    time::{CivilDate, Timestamp},
};

use super::births::Births;
use crate::{
    clause::{AgeBounds, Clause, Condition, Enrolment, Of, Test},
    expression::Lookup,
    fact::{Benefit, Fact, PersonFacts, Value, names},
    scheme::Scheme,
    truth::Truth,
    vocabulary,
};

/// Facts that hold since birth, from whichever day they were recorded.
const SINCE_BIRTH: &[&str] = &[names::BIRTH_DATE, names::BIRTH_YEAR, names::SEX, names::NATIVE_STATE, names::CATEGORY];

/// Why a fact cannot be used.
pub(super) enum Gap<'a> {
    Missing,
    Outdated(&'a Fact),
    Unusable(&'a Fact),
}

#[derive(Clone, Copy)]
pub(super) struct Standing<'a> {
    scheme: &'a Scheme,
    facts: &'a PersonFacts,
    births: Option<Births>,
    as_of: CivilDate,
    day: CivilDate,
}

impl<'a> Standing<'a> {
    pub fn new(scheme: &'a Scheme, facts: &'a PersonFacts, as_of: CivilDate) -> Self {
        Self { scheme, facts, births: Births::of(facts), as_of, day: as_of }
    }

    /// The same facts on a later day, nothing but time having changed.
    pub fn on(&self, day: CivilDate) -> Self {
        Self { day, ..*self }
    }

    /// Whether the person is known to have died by the day.
    pub fn is_dead(&self) -> bool {
        let died = self.facts.date(names::DEATH_DATE).is_some_and(|day| day <= self.day);
        self.facts.truth(names::ALIVE) == Some(false) || died && self.facts.truth(names::ALIVE) != Some(true)
    }

    /// Completed years on the day.
    pub fn age(&self) -> Option<u8> {
        self.births?.age(self.day, self.scheme.age_convention)
    }

    /// A fact that may be used.
    pub fn fact(&self, name: &str, max_age_days: Option<u16>) -> Result<&'a Fact, Gap<'a>> {
        let fact = self.facts.get(name).ok_or(Gap::Missing)?;
        let fits = vocabulary::kind(name).is_some_and(|kind| kind.admits(&fact.value));
        if !fits || fact.effective > self.as_of && !SINCE_BIRTH.contains(&name) {
            return Err(Gap::Unusable(fact));
        }
        if self.is_outdated(fact, max_age_days) { Err(Gap::Outdated(fact)) } else { Ok(fact) }
    }

    fn is_outdated(&self, fact: &Fact, max_age_days: Option<u16>) -> bool {
        let Some(days) = max_age_days else { return false };
        let last = fact.recorded.civil_day().date().checked_add(Span::new().days(i64::from(days)));
        last.is_ok_and(|last| last < self.as_of.date())
    }

    /// What a clause says.
    pub fn clause(&self, clause: &Clause) -> Truth {
        let max_age = clause.need.as_ref().and_then(|need| need.max_age_days);
        match &clause.condition {
            Condition::One(test) => self.test(test, max_age),
            Condition::AnyOf(groups) => {
                Truth::any(groups.iter().map(|group| Truth::all(group.iter().map(|test| self.test(test, max_age)))))
            }
        }
    }

    fn test(&self, test: &Test, max_age: Option<u16>) -> Truth {
        let text = |name: &str, wanted: &[String]| match self.fact(name, max_age).map(|f| &f.value) {
            Ok(Value::Text(found)) => wanted.contains(found).into(),
            _ => Truth::Unknown,
        };
        match test {
            Test::Age(bounds) => self.age_within(*bounds, max_age),
            Test::Residence(path, codes) => text(path.as_str(), codes),
            Test::MaritalStatus(words) => text(names::MARITAL_STATUS, words),
            Test::Enrolled(enrolment) => self.enrolled(enrolment, max_age),
            Test::Compare(path, comparison) => {
                self.fact(path.as_str(), max_age).map_or(Truth::Unknown, |fact| comparison.holds(&fact.value).into())
            }
            Test::When(program) => program.truth(&self.lookup(max_age)),
        }
    }

    fn age_within(&self, bounds: AgeBounds, max_age: Option<u16>) -> Truth {
        let outdated = self.facts.get(names::BIRTH_DATE).is_some_and(|fact| self.is_outdated(fact, max_age));
        match self.births {
            Some(births) if !outdated => births.within(bounds, self.day, self.scheme.age_convention),
            _ => Truth::Unknown,
        }
    }

    fn enrolled(&self, enrolment: &Enrolment, max_age: Option<u16>) -> Truth {
        let since = match &enrolment.since {
            None => None,
            Some(path) => match self.fact(path.as_str(), max_age).map(|f| &f.value) {
                Ok(Value::Date(day)) => Some(*day),
                _ => return Truth::Unknown,
            },
        };
        let paid_by = self.paid_by(&enrolment.of, enrolment.other_than_self);
        let meant = |benefit: &Benefit| self.is_meant(benefit, enrolment, since);
        self.facts.benefits().any((&enrolment.of, paid_by.as_deref()), self.oldest(max_age), meant)
    }

    /// Of a test about a class of benefits: the class, and who said all that there is of it. `None`: a test of another kind, or one
    /// that our own rolls answer.
    pub fn said_of_benefits<'t>(&self, test: &'t Test, max_age: Option<u16>) -> Option<(&'t str, Option<&'a Fact>)> {
        let Test::Enrolled(Enrolment { of: of @ Of::Class(class), other_than_self, .. }) = test else { return None };
        let (benefits, oldest) = (self.facts.benefits(), self.oldest(max_age));
        let said = benefits.known_by(of, oldest);
        let answered = || benefits.is_whole(of, self.paid_by(of, *other_than_self).as_deref(), oldest);
        (said.is_some() || !answered()).then_some((class.as_str(), said))
    }

    /// The schemes that pay a class, where the file names them all; without this one, if only others count.
    fn paid_by(&self, of: &Of, others: bool) -> Option<Vec<String>> {
        let Of::Class(class) = of else { return None };
        let schemes = self.scheme.paid_by.get(class)?;
        let counts = |scheme: &&SchemeId| !(others && **scheme == self.scheme.id);
        Some(schemes.iter().filter(counts).map(ToString::to_string).collect())
    }

    /// The moment before which what was said is outdated.
    fn oldest(&self, max_age_days: Option<u16>) -> Option<Timestamp> {
        let day = self.as_of.date().checked_sub(Span::new().days(i64::from(max_age_days?))).ok()?;
        Some(CivilDate::from_date(day).start())
    }

    fn is_meant(&self, benefit: &Benefit, enrolment: &Enrolment, since: Option<CivilDate>) -> bool {
        let of = match &enrolment.of {
            Of::Class(class) => self.is_of_class(benefit, class),
            Of::Scheme(scheme) => benefit.scheme == *scheme,
        };
        let other = !(enrolment.other_than_self && benefit.scheme == self.scheme.id.as_str());
        let when = since.map_or_else(|| benefit.runs_on(self.day), |since| benefit.since >= since);
        of && other && when
    }

    /// By its own word, or because the file names its scheme among those that pay the class.
    fn is_of_class(&self, benefit: &Benefit, class: &str) -> bool {
        let named = || self.scheme.paid_by.get(class).is_some_and(|s| s.iter().any(|s| s.as_str() == benefit.scheme));
        benefit.class == class || named()
    }

    /// The days after this one on which a clause can turn by itself.
    pub fn turning_days(&self, clause: &Clause, days: &mut BTreeSet<CivilDate>) {
        for test in clause.tests() {
            match test {
                Test::Age(bounds) => {
                    let turns =
                        self.births.into_iter().flat_map(|b| b.turning_days(*bounds, self.scheme.age_convention));
                    days.extend(turns.filter(|day| *day > self.day));
                }
                Test::Enrolled(enrolment) if enrolment.since.is_none() => {
                    let meant = self.facts.benefits().iter().filter(|benefit| self.is_meant(benefit, enrolment, None));
                    let ends = meant.filter_map(|b| b.until.and_then(|until| until.date().tomorrow().ok()));
                    days.extend(ends.map(CivilDate::from_date).filter(|day| *day > self.day));
                }
                Test::When(program) if program.names().iter().any(|n| n == vocabulary::AGE) => {
                    days.extend(self.next_birthday());
                }
                _ => {}
            }
        }
    }

    /// An expression over the age can turn on the next birthday; it is asked again then.
    fn next_birthday(&self) -> Option<CivilDate> {
        let births = self.births?;
        let next = self.age()?.checked_add(1)?;
        Some(crate::age::attained(births.latest, next, self.scheme.age_convention)).filter(|day| *day > self.day)
    }

    /// The facts for an expression.
    pub fn lookup(&self, max_age_days: Option<u16>) -> Named<'a> {
        Named { standing: *self, max_age_days }
    }
}

/// Facts by name, with what is derived from them.
pub(super) struct Named<'a> {
    standing: Standing<'a>,
    max_age_days: Option<u16>,
}

impl Lookup for Named<'_> {
    fn value(&self, name: &str) -> Option<Cow<'_, Value>> {
        if name == vocabulary::AGE {
            return Some(Cow::Owned(Value::from(i64::from(self.standing.age()?))));
        }
        if let Some(class) = name.strip_prefix(vocabulary::MONTHLY) {
            return self.monthly(class).map(|list| Cow::Owned(Value::List(list)));
        }
        self.standing.fact(name, self.max_age_days).ok().map(|fact| Cow::Borrowed(&fact.value))
    }
}

impl Named<'_> {
    /// Rupees a month of each benefit of a class that another scheme pays on the day; `None` if one of them, or whether there are
    /// more, is not known.
    fn monthly(&self, class: &str) -> Option<Vec<Value>> {
        let standing = &self.standing;
        let other = |benefit: &&Benefit| {
            standing.is_of_class(benefit, class)
                && benefit.scheme != standing.scheme.id.as_str()
                && benefit.runs_on(standing.day)
        };
        let (of, oldest) = (Of::Class(class.to_owned()), standing.oldest(self.max_age_days));
        let benefits = standing.facts.benefits();
        if !benefits.is_whole(&of, standing.paid_by(&of, true).as_deref(), oldest) {
            return None;
        }
        benefits.fresh(oldest).filter(other).map(|b| b.monthly.map(|m| Value::from(i64::from(m)))).collect()
    }
}
