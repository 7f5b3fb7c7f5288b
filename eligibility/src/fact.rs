//! Facts of one person as they stand on a day: a path, a value, since when, and from whom.
//!
//! Guarantees: a path has one spelling; a fact that is not here is *unknown*, which is different from false; what she draws is a
//! matter of its own ([`benefits`]). Deliberately absent: how facts come about ([`crate::fold`]) and what follows from them
//! ([`crate::propose`]).

mod benefits;

use std::{borrow::Borrow, collections::BTreeMap, fmt, str::FromStr};

use schemas::{
    digest::Digest,
    id::{EntityId, MessageId},
    time::{CivilDate, Timestamp},
};
use serde::{Deserialize, Serialize};

use crate::age::Convention;
pub use benefits::{Benefit, Benefits, Of};

/// The names that schemes may use; anything else is a slip of the pen and refused by the lint.
pub mod names {
    /// The day of birth, known to the day.
    pub const BIRTH_DATE: &str = "person.birth_date";
    /// The year of birth, where the day is not known.
    pub const BIRTH_YEAR: &str = "person.birth_year";
    /// `female`, `male`, `other`.
    pub const SEX: &str = "person.sex";
    /// Whether the person lives.
    pub const ALIVE: &str = "person.alive";
    /// The day of death.
    pub const DEATH_DATE: &str = "person.death_date";
    /// `never_married`, `married`, `widowed`, `divorced`, `deserted`.
    pub const MARITAL_STATUS: &str = "person.marital_status";
    /// Whether an officer verified that she was deserted.
    pub const DESERTION_VERIFIED: &str = "person.desertion_verified";
    /// LGD code of the state of residence, such as `22`; `abroad` outside India.
    pub const STATE_CODE: &str = "person.state_code";
    /// LGD code of the district of residence.
    pub const DISTRICT: &str = "person.district";
    /// LGD code of the state of which she is a native.
    pub const NATIVE_STATE: &str = "person.native_state";
    /// `general`, `obc`, `sc`, `st`.
    pub const CATEGORY: &str = "person.category";
    /// Whether she is enrolled in a school.
    pub const ENROLLED_SCHOOL: &str = "person.enrolled_school";
    /// Whether the household is on the Below Poverty Line list.
    pub const BPL: &str = "household.bpl";
    /// Whether the household holds a ration card in force.
    pub const RATION_CARD: &str = "household.ration_card";
    /// Whether she is the head of her household, in whose name its card stands.
    pub const HEAD: &str = "household.head";
    /// How many members the household has.
    pub const MEMBERS: &str = "household.members";
    /// Whether somebody in the household pays income tax.
    pub const INCOME_TAX_PAYER: &str = "household.income_tax_payer";
    /// Whether somebody in the household is employed by a government.
    pub const GOVERNMENT_EMPLOYEE: &str = "household.government_employee";
    /// Whether somebody in the household holds a public office.
    pub const PUBLIC_OFFICE: &str = "household.public_office";
    /// The day of the last delivery of a child.
    pub const DELIVERY_DATE: &str = "delivery.date";
    /// How many children that delivery had.
    pub const DELIVERY_PLURALITY: &str = "delivery.plurality";
    /// Whether that delivery was in an institution.
    pub const DELIVERY_INSTITUTIONAL: &str = "delivery.institutional";

    /// Every name above.
    pub const ALL: &[&str] = &[
        BIRTH_DATE,
        BIRTH_YEAR,
        SEX,
        ALIVE,
        DEATH_DATE,
        MARITAL_STATUS,
        DESERTION_VERIFIED,
        STATE_CODE,
        DISTRICT,
        NATIVE_STATE,
        CATEGORY,
        ENROLLED_SCHOOL,
        BPL,
        RATION_CARD,
        HEAD,
        MEMBERS,
        INCOME_TAX_PAYER,
        GOVERNMENT_EMPLOYEE,
        PUBLIC_OFFICE,
        DELIVERY_DATE,
        DELIVERY_PLURALITY,
        DELIVERY_INSTITUTIONAL,
    ];
}

/// Where a fact stands: `person.birth_date`, `household.bpl`. Lower case, two to four parts joined by dots.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FactPath(Box<str>);

/// The text is no path of a fact.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a fact is named in lower case, two to four parts joined by dots, such as `person.birth_date`")]
pub struct InvalidFactPath;

impl FactPath {
    /// The text as schemes write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_part(part: &str) -> bool {
    part.len() <= 64
        && part.starts_with(|c: char| c.is_ascii_lowercase())
        && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

impl FromStr for FactPath {
    type Err = InvalidFactPath;

    fn from_str(text: &str) -> Result<Self, InvalidFactPath> {
        let parts = text.split('.').count();
        if (2..=4).contains(&parts) && text.split('.').all(is_part) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidFactPath)
        }
    }
}

impl TryFrom<String> for FactPath {
    type Error = InvalidFactPath;

    fn try_from(text: String) -> Result<Self, InvalidFactPath> {
        text.parse()
    }
}

impl From<FactPath> for String {
    fn from(path: FactPath) -> Self {
        path.0.into()
    }
}

impl AsRef<str> for FactPath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for FactPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FactPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for FactPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a fact says. No floats: money is whole rupees.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Value {
    /// Yes or no.
    Bool(bool),
    /// A count, a year, rupees.
    Integer(i64),
    /// One of a closed set of words, a code.
    Text(String),
    /// A civil day.
    #[serde(with = "as_text")]
    Date(CivilDate),
    /// Several of one kind.
    List(Vec<Value>),
}

/// A civil date by its text; the wire type is strict about it already.
mod as_text {
    use schemas::time::CivilDate;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(date: &CivilDate, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(date)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<CivilDate, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<CivilDate> for Value {
    fn from(value: CivilDate) -> Self {
        Self::Date(value)
    }
}

/// Who said it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FactSource {
    /// The department.
    pub entity: EntityId,
    /// Whom to believe if two say different things of one day: the higher one.
    pub priority: u8,
    /// The event or exchange.
    pub id: MessageId,
}

/// A fact with its origin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// What it says.
    pub value: Value,
    /// From which day it holds.
    pub effective: CivilDate,
    /// When its source recorded it.
    pub recorded: Timestamp,
    /// Who said it; `None`: the department's own row, or an example inside a scheme file.
    pub source: Option<FactSource>,
    /// The record of the exchange or event that brought it.
    pub receipt: Option<Digest>,
}

impl Fact {
    /// A fact of the department's own, known on this day.
    pub fn own(value: impl Into<Value>, effective: CivilDate) -> Self {
        Self { value: value.into(), effective, recorded: effective.start(), source: None, receipt: None }
    }
}

/// An age that a register says was completed, without the birth date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attained {
    /// On this day.
    pub on: CivilDate,
    /// When its source recorded it.
    pub recorded: Timestamp,
    /// Who said it.
    pub source: Option<FactSource>,
    /// The record that brought it.
    pub receipt: Option<Digest>,
}

/// What is known of one person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonFacts {
    facts: BTreeMap<FactPath, Fact>,
    attained: BTreeMap<(u8, Convention), Attained>,
    benefits: Benefits,
}

impl PersonFacts {
    /// Nothing is known.
    pub fn new() -> Self {
        Self::default()
    }

    /// The fact at a path; `None`: unknown.
    pub fn get<P: AsRef<str> + ?Sized>(&self, path: &P) -> Option<&Fact> {
        self.facts.get(path.as_ref())
    }

    /// Yes or no at a path; `None`: unknown, or something else than yes or no.
    pub fn truth<P: AsRef<str> + ?Sized>(&self, path: &P) -> Option<bool> {
        match self.get(path)?.value {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The day at a path.
    pub fn date<P: AsRef<str> + ?Sized>(&self, path: &P) -> Option<CivilDate> {
        match self.get(path)?.value {
            Value::Date(value) => Some(value),
            _ => None,
        }
    }

    /// The word at a path.
    pub fn text<P: AsRef<str> + ?Sized>(&self, path: &P) -> Option<&str> {
        match &self.get(path)?.value {
            Value::Text(value) => Some(value),
            _ => None,
        }
    }

    /// The number at a path.
    pub fn integer<P: AsRef<str> + ?Sized>(&self, path: &P) -> Option<i64> {
        match self.get(path)?.value {
            Value::Integer(value) => Some(value),
            _ => None,
        }
    }

    /// Sets a fact, in place of what stood there.
    pub fn set(&mut self, path: FactPath, fact: Fact) {
        self.facts.insert(path, fact);
    }

    /// Forgets a fact: it is unknown again.
    pub fn unset<P: AsRef<str> + ?Sized>(&mut self, path: &P) {
        self.facts.remove(path.as_ref());
    }

    /// All facts, by path.
    pub fn iter(&self) -> impl Iterator<Item = (&FactPath, &Fact)> {
        self.facts.iter()
    }

    /// An age that a register says was completed, with its day.
    pub fn attained(&self, years: u8, convention: Convention) -> Option<&Attained> {
        self.attained.get(&(years, convention))
    }

    /// The highest age that a register says was completed by a day; a lower bound of the age.
    pub fn attained_by(&self, day: CivilDate, convention: Convention) -> Option<(u8, &Attained)> {
        let of = |((years, c), at): (&(u8, Convention), _)| (*c == convention).then_some((*years, at));
        self.attained
            .iter()
            .filter_map(of)
            .filter(|(_, at): &(u8, &Attained)| at.on <= day)
            .max_by_key(|(years, _)| *years)
    }

    /// Enters an age that a register says was completed.
    pub fn set_attained(&mut self, years: u8, convention: Convention, attained: Attained) {
        self.attained.insert((years, convention), attained);
    }

    /// Every age that a register says was completed.
    pub fn all_attained(&self) -> impl Iterator<Item = &Attained> {
        self.attained.values()
    }

    /// What is known of what she draws.
    pub fn benefits(&self) -> &Benefits {
        &self.benefits
    }

    /// The same, to be added to.
    pub fn benefits_mut(&mut self) -> &mut Benefits {
        &mut self.benefits
    }

    /// Says all that she draws and drew; an empty list says that there is nothing anywhere.
    pub fn set_benefits(&mut self, benefits: Vec<Benefit>) {
        self.benefits = Benefits::all(benefits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_spelling() {
        for good in names::ALL {
            assert_eq!(good.parse::<FactPath>().unwrap().as_str(), *good);
        }
        for bad in [
            "",
            "person",
            "Person.sex",
            "person.",
            ".sex",
            "person..sex",
            "person.1st",
            "a.b.c.d.e",
            "person.birth-date",
        ] {
            assert_eq!(bad.parse::<FactPath>(), Err(InvalidFactPath), "{bad}");
        }
    }

    #[test]
    fn a_fact_that_is_not_there_is_unknown_and_so_is_one_of_another_kind() {
        let day: CivilDate = "2026-11-21".parse().unwrap();
        let mut facts = PersonFacts::new();
        assert_eq!((facts.truth(names::ALIVE), facts.benefits()), (None, &Benefits::default()));
        facts.set(names::ALIVE.parse().unwrap(), Fact::own(true, day));
        facts.set(names::SEX.parse().unwrap(), Fact::own("female", day));
        assert_eq!((facts.truth(names::ALIVE), facts.truth(names::SEX)), (Some(true), None));
        assert_eq!((facts.text(names::SEX), facts.date(names::SEX)), (Some("female"), None));
        facts.unset(names::ALIVE);
        assert_eq!(facts.get(names::ALIVE), None);
    }

    #[test]
    fn the_highest_age_attained_by_a_day_counts_under_its_convention_alone() {
        let on = |text: &str| Attained {
            on: text.parse().unwrap(),
            recorded: Timestamp::from_seconds(0),
            source: None,
            receipt: None,
        };
        let mut facts = PersonFacts::new();
        facts.set_attained(40, Convention::Anniversary, on("2006-11-21"));
        facts.set_attained(60, Convention::Anniversary, on("2026-11-21"));
        let by = |day: &str, convention| facts.attained_by(day.parse().unwrap(), convention).map(|(years, _)| years);
        assert_eq!(by("2026-11-20", Convention::Anniversary), Some(40));
        assert_eq!(by("2026-11-21", Convention::Anniversary), Some(60));
        assert_eq!((by("2026-11-21", Convention::DayBefore), by("2000-01-01", Convention::Anniversary)), (None, None));
    }
}
