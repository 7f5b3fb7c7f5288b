//! Completed years: on which day a person attains an age, and which births attain it up to a day.
//!
//! Source: triggers, "Ageing"; Majority Act 1875 s. 3; Prabhu Dayal Sesma v. Rajasthan (1986). Guarantees that
//! `attained(b, N)` lies in `(W, T]` exactly when `b` lies in `(cut(W, N), cut(T, N)]`. Absent: today; the caller knows it.

use std::{fmt, str::FromStr};

use schemas::{event::AgeConvention, time::CivilDate};
use serde::{Deserialize, Serialize};

/// When an age counts as completed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Convention {
    /// On the anniversary of the birth; who was born on 29 February completes it on 1 March of a common year (Majority Act).
    #[default]
    Anniversary,
    /// On the day before the anniversary (Prabhu Dayal Sesma v. Rajasthan).
    DayBefore,
}

impl Convention {
    /// As scheme files write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anniversary => "anniversary",
            Self::DayBefore => "day_before",
        }
    }
}

impl fmt::Display for Convention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<AgeConvention> for Convention {
    fn from(convention: AgeConvention) -> Self {
        match convention {
            AgeConvention::Anniversary => Self::Anniversary,
            AgeConvention::DayBefore => Self::DayBefore,
        }
    }
}

/// The text names no convention.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("an age convention is `anniversary` or `day_before`")]
pub struct InvalidConvention;

impl FromStr for Convention {
    type Err = InvalidConvention;

    fn from_str(text: &str) -> Result<Self, InvalidConvention> {
        [Self::Anniversary, Self::DayBefore].into_iter().find(|c| c.as_str() == text).ok_or(InvalidConvention)
    }
}

/// The day on which somebody born on `birth` completes `years`. Stops at the end of the calendar.
pub fn attained(birth: CivilDate, years: u8, convention: Convention) -> CivilDate {
    let born = birth.date();
    let year = born.year().saturating_add(i16::from(years));
    let anniversary = jiff::civil::Date::new(year, born.month(), born.day())
        // Only 29 February has no day of its own in another year: its anniversary is 1 March.
        .or_else(|_| jiff::civil::Date::new(year, 3, 1))
        .unwrap_or(jiff::civil::Date::MAX);
    match convention {
        Convention::Anniversary => CivilDate::from_date(anniversary),
        Convention::DayBefore => CivilDate::from_date(anniversary.yesterday().unwrap_or(anniversary)),
    }
}

/// The last birth that has completed `years` by `day` under the anniversary: `day` minus the years, 29 February becoming the 28th.
///
/// With [`Convention::DayBefore`] ask for the day after: who completes an age today has its anniversary tomorrow.
pub fn cut(day: CivilDate, years: u8) -> CivilDate {
    let date = day.date();
    let year = date.year().saturating_sub(i16::from(years));
    let cut = jiff::civil::Date::new(year, date.month(), date.day())
        .or_else(|_| jiff::civil::Date::new(year, 2, 28))
        .unwrap_or(jiff::civil::Date::MIN);
    CivilDate::from_date(cut)
}

/// The last birth that has completed `years` by `day` under either convention.
pub fn cut_under(day: CivilDate, years: u8, convention: Convention) -> CivilDate {
    match convention {
        Convention::Anniversary => cut(day, years),
        Convention::DayBefore => cut(CivilDate::from_date(day.date().tomorrow().unwrap_or(day.date())), years),
    }
}

/// Completed years on a day; 0 before the birth.
pub fn completed(birth: CivilDate, day: CivilDate, convention: Convention) -> u8 {
    (1..=150u8).take_while(|years| attained(birth, *years, convention) <= day).last().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> CivilDate {
        text.parse().unwrap()
    }

    #[test]
    fn born_1966_11_21_run_at_2026_11_20_18_40_utc_attains_60_it_is_the_21st_in_india() {
        let run: schemas::time::Timestamp = "2026-11-20T18:40:00Z".parse().unwrap();
        let today = run.civil_day();
        assert_eq!(attained(day("1966-11-21"), 60, Convention::Anniversary), today);
        assert!(attained(day("1966-11-22"), 60, Convention::Anniversary) > today);
        let before: schemas::time::Timestamp = "2026-11-20T18:29:59Z".parse().unwrap();
        assert!(attained(day("1966-11-21"), 60, Convention::Anniversary) > before.civil_day());
    }

    #[test]
    fn leapling_2008_02_29_attains_18_on_1_march_by_anniversary_and_on_28_february_by_the_day_before() {
        let born = day("2008-02-29");
        assert_eq!(attained(born, 18, Convention::Anniversary), day("2026-03-01"));
        assert_eq!(attained(born, 18, Convention::DayBefore), day("2026-02-28"));
        assert_eq!(attained(born, 20, Convention::Anniversary), day("2028-02-29"));
        assert_eq!(attained(born, 20, Convention::DayBefore), day("2028-02-28"));
    }

    #[test]
    fn a_cut_on_29_february_is_28_february_of_a_common_year() {
        assert_eq!(cut(day("2028-02-29"), 18), day("2010-02-28"));
        assert_eq!(cut(day("2028-02-29"), 20), day("2008-02-29"));
        assert_eq!(cut(day("2026-03-01"), 18), day("2008-03-01"));
    }

    #[test]
    fn completed_years_grow_on_the_day_itself() {
        for (on, years) in [("2026-11-20", 59), ("2026-11-21", 60), ("1966-11-21", 0), ("1960-01-01", 0)] {
            assert_eq!(completed(day("1966-11-21"), day(on), Convention::Anniversary), years, "{on}");
        }
    }

    fn days() -> impl Strategy<Value = CivilDate> {
        (1900i16..2100, 1i8..=12, 1i8..=31)
            .prop_filter_map("a day", |(y, m, d)| jiff::civil::Date::new(y, m, d).ok().map(CivilDate::from_date))
    }

    proptest! {
        #[test]
        fn attained_lies_in_the_window_exactly_if_the_birth_lies_between_its_cuts(
            birth in days(), watermark in days(), ahead in 0i64..400, years in 0u8..110, before in any::<bool>(),
        ) {
            let convention = if before { Convention::DayBefore } else { Convention::Anniversary };
            let today = CivilDate::from_date(watermark.date().saturating_add(jiff::Span::new().days(ahead)));
            let on = attained(birth, years, convention);
            let inside = watermark < on && on <= today;
            let between = cut_under(watermark, years, convention) < birth && birth <= cut_under(today, years, convention);
            prop_assert_eq!(inside, between);
        }

        #[test]
        fn completed_agrees_with_attained(birth in days(), on in days(), before in any::<bool>()) {
            let convention = if before { Convention::DayBefore } else { Convention::Anniversary };
            let years = completed(birth, on, convention);
            prop_assert!(years == 0 || attained(birth, years, convention) <= on);
            prop_assert!(attained(birth, years + 1, convention) > on || years == 150);
        }
    }
}
