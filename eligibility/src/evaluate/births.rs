//! When somebody may have been born, from a birth date, a birth year, or the ages that a register says were completed.
//!
//! Guarantees: the true day of birth lies between the two days; with a birth date both are that day. A completed age names its
//! birth to the day, but for 29 February and 1 March, which may share an anniversary.

use jiff::civil::Date;
use schemas::time::CivilDate;

use crate::{
    age::{Convention, attained},
    clause::{AgeBounds, AgeDay},
    fact::{PersonFacts, names},
    truth::Truth,
};

/// The earliest and the latest day of birth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Births {
    pub earliest: CivilDate,
    pub latest: CivilDate,
}

impl Births {
    /// What the facts say; `None`: nothing.
    pub fn of(facts: &PersonFacts) -> Option<Self> {
        if let Some(day) = facts.date(names::BIRTH_DATE) {
            return Some(Self { earliest: day, latest: day });
        }
        from_attained(facts).or_else(|| from_year(facts))
    }

    /// What bounds of an age say on a day.
    pub fn within(self, bounds: AgeBounds, day: CivilDate, convention: Convention) -> Truth {
        let day = match bounds.on {
            AgeDay::Itself => day,
            AgeDay::January1 => Date::new(day.date().year(), 1, 1).map_or(day, CivilDate::from_date),
        };
        let reached = |years: u8| {
            Truth::agreed(
                attained(self.earliest, years, convention) <= day,
                attained(self.latest, years, convention) <= day,
            )
        };
        let from = reached(bounds.at_least.unwrap_or(0));
        let to = bounds.at_most.map_or(Truth::True, |n| !reached(n.saturating_add(1)));
        from.and(to)
    }

    /// Completed years on a day, if the births agree on it.
    pub fn age(self, day: CivilDate, convention: Convention) -> Option<u8> {
        let completed = |birth: CivilDate| {
            let years = day.date().year().saturating_sub(birth.date().year());
            let years = u8::try_from(years.clamp(0, 150)).unwrap_or(0);
            // The year's difference is one too many before the anniversary, and one too few on its eve under the day before.
            [years.saturating_add(1), years]
                .into_iter()
                .find(|n| attained(birth, *n, convention) <= day)
                .unwrap_or(years.saturating_sub(1))
        };
        let (older, younger) = (completed(self.earliest), completed(self.latest));
        (older == younger && self.latest <= day).then_some(older)
    }

    /// The days on which bounds can turn, once each birth has reached them.
    pub fn turning_days(self, bounds: AgeBounds, convention: Convention) -> impl Iterator<Item = CivilDate> {
        let years = [bounds.at_least, bounds.at_most.map(|n| n.saturating_add(1))];
        years.into_iter().flatten().map(move |n| {
            let day = attained(self.latest, n, convention);
            match bounds.on {
                AgeDay::Itself => day,
                AgeDay::January1 => first_1_january(day),
            }
        })
    }
}

/// The first 1 January on or after a day.
fn first_1_january(day: CivilDate) -> CivilDate {
    let date = day.date();
    let year = if (date.month(), date.day()) == (1, 1) { date.year() } else { date.year().saturating_add(1) };
    Date::new(year, 1, 1).map_or(day, CivilDate::from_date)
}

/// The day on which an age is completed: as a register said it, or by the birth that is known, to the day, from a date or from
/// another completed age. `None` where nothing or a year alone is known.
pub fn completes(facts: &PersonFacts, years: u8, convention: Convention) -> Option<CivilDate> {
    let told = facts.attained(years, convention).map(|attained| attained.on);
    let birth = || facts.date(names::BIRTH_DATE).or_else(|| from_attained(facts).map(|births| births.latest));
    told.or_else(|| birth().map(|birth| attained(birth, years, convention)))
}

fn from_attained(facts: &PersonFacts) -> Option<Births> {
    let conventions = [Convention::Anniversary, Convention::DayBefore];
    let latest = |c| facts.attained_by(CivilDate::from_date(Date::MAX), c).map(|(years, at)| (years, c, at.on));
    let (years, convention, on) = conventions.into_iter().filter_map(latest).max_by_key(|(years, ..)| *years)?;
    let anniversary = match convention {
        Convention::Anniversary => on.date(),
        Convention::DayBefore => on.date().tomorrow().ok()?,
    };
    let year = anniversary.year().checked_sub(i16::from(years))?;
    let mut births = vec![Date::new(year, anniversary.month(), anniversary.day()).ok()];
    births.push(Date::new(year, 2, 29).ok());
    let possible =
        births.into_iter().flatten().map(CivilDate::from_date).filter(|b| attained(*b, years, convention) == on);
    let possible: Vec<CivilDate> = possible.collect();
    Some(Births { earliest: possible.iter().min().copied()?, latest: possible.iter().max().copied()? })
}

fn from_year(facts: &PersonFacts) -> Option<Births> {
    let year = i16::try_from(facts.integer(names::BIRTH_YEAR)?).ok()?;
    let earliest = CivilDate::from_date(Date::new(year, 1, 1).ok()?);
    let latest = CivilDate::from_date(Date::new(year, 12, 31).ok()?);
    Some(Births { earliest, latest })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use schemas::time::Timestamp;

    use super::*;
    use crate::fact::{Attained, Fact};

    fn day(text: &str) -> CivilDate {
        text.parse().unwrap()
    }

    fn attained_at(years: u8, convention: Convention, on: CivilDate) -> PersonFacts {
        let mut facts = PersonFacts::new();
        facts.set_attained(
            years,
            convention,
            Attained { on, recorded: Timestamp::from_seconds(0), source: None, receipt: None },
        );
        facts
    }

    #[test]
    fn a_birth_year_decides_all_but_the_year_in_between() {
        let mut facts = PersonFacts::new();
        facts.set(names::BIRTH_YEAR.parse().unwrap(), Fact::own(1966, day("2026-01-01")));
        let births = Births::of(&facts).unwrap();
        let bounds = AgeBounds { at_least: Some(60), at_most: None, on: AgeDay::Itself };
        for (on, truth) in [("2025-12-31", Truth::False), ("2026-06-01", Truth::Unknown), ("2026-12-31", Truth::True)] {
            assert_eq!(births.within(bounds, day(on), Convention::Anniversary), truth, "{on}");
        }
        assert_eq!(births.age(day("2026-06-01"), Convention::Anniversary), None);
    }

    #[test]
    fn an_age_is_completed_on_a_day_that_follows_from_any_other_age() {
        let young = attained_at(18, Convention::Anniversary, day("1984-11-21"));
        assert_eq!(completes(&young, 60, Convention::Anniversary), Some(day("2026-11-21")));
        assert_eq!(completes(&young, 60, Convention::DayBefore), Some(day("2026-11-20")));
        let mut year_only = PersonFacts::new();
        year_only.set(names::BIRTH_YEAR.parse().unwrap(), Fact::own(1966, day("2026-01-01")));
        assert_eq!(completes(&year_only, 60, Convention::Anniversary), None);
    }

    #[test]
    fn only_the_leapling_and_the_first_of_march_may_be_confused() {
        let births = Births::of(&attained_at(18, Convention::Anniversary, day("2026-03-01"))).unwrap();
        assert_eq!((births.earliest, births.latest), (day("2008-02-29"), day("2008-03-01")));
        let bounds = AgeBounds { at_least: Some(20), at_most: None, on: AgeDay::Itself };
        assert_eq!(births.within(bounds, day("2028-02-29"), Convention::Anniversary), Truth::Unknown);
        assert_eq!(births.within(bounds, day("2028-03-01"), Convention::Anniversary), Truth::True);
    }

    #[test]
    fn an_age_on_1_january_turns_on_1_january() {
        let births = Births { earliest: day("2005-01-02"), latest: day("2005-01-02") };
        let bounds = AgeBounds { at_least: Some(21), at_most: None, on: AgeDay::January1 };
        let turns: Vec<CivilDate> = births.turning_days(bounds, Convention::Anniversary).collect();
        assert_eq!(turns, [day("2027-01-01")], "21 on 2 January 2026, a day late");
        assert_eq!(births.within(bounds, day("2026-12-31"), Convention::Anniversary), Truth::False);
        assert_eq!(births.within(bounds, day("2027-01-01"), Convention::Anniversary), Truth::True);
    }

    fn convention() -> impl Strategy<Value = Convention> {
        prop_oneof![Just(Convention::Anniversary), Just(Convention::DayBefore)]
    }

    proptest! {
        #[test]
        fn a_completed_age_leads_back_to_the_birth(days in 0_i64..40_000, years in 1_u8..100, convention in convention()) {
            let birth = Date::new(1910, 1, 1).unwrap().checked_add(jiff::Span::new().days(days)).unwrap();
            let birth = CivilDate::from_date(birth);
            let births = Births::of(&attained_at(years, convention, attained(birth, years, convention))).unwrap();
            prop_assert!(births.earliest <= birth && birth <= births.latest);
            prop_assert!(births.earliest == births.latest || births.earliest.date().day() == 29 && births.latest.date().day() == 1);
        }

        #[test]
        fn completed_years_agree_with_their_definition(days in 0_i64..40_000, later in 0_i64..40_000, convention in convention()) {
            let add = |d: CivilDate, n: i64| CivilDate::from_date(d.date().checked_add(jiff::Span::new().days(n)).unwrap());
            let birth = add(day("1910-01-01"), days);
            let on = add(birth, later);
            let births = Births { earliest: birth, latest: birth };
            prop_assert_eq!(births.age(on, convention), Some(crate::age::completed(birth, on, convention)));
        }
    }
}
