//! Birth dates as registers really hold them: most by day, some by year only, too many on 1 January, leap days, twins
//! minutes apart.
//!
//! Guaranteed: no birth lies after [`AS_OF`]. The day on which the synthetic state stands is fixed, so that a seed
//! gives the same people on every day; the clock is not read.

use jiff::civil::{Date, DateTime, date};

use super::random::Random;

/// The day to which the synthetic state is up to date. Demonstrations run later; people have aged since.
pub const AS_OF: Date = date(2026, 11, 1);

/// How exactly a birth date is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Precision {
    /// To the day.
    Day,
    /// The year only; the date then stands on 1 January.
    Year,
}

/// A birth as registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Birth {
    /// The day, or 1 January where only the year is known.
    pub date: Date,
    /// What of it is known.
    pub precision: Precision,
    /// Minute of the day (0..1440), known for births in an institution since 1990.
    pub minute: Option<u16>,
}

const MINUTES_A_DAY: u32 = 1_440;

impl Birth {
    /// A birth in one of the years `from..=to`.
    pub fn draw(random: &mut Random, from: i16, to: i16) -> Self {
        let year = random.between(from.into(), i32::from(to).min(AS_OF.year().into())) as i16;
        let age = AS_OF.year() - year;
        if random.chance(year_only_share(age)) {
            return Self { date: date(year, 1, 1), precision: Precision::Year, minute: None };
        }
        let day = if age >= 35 && random.chance(1_200) { date(year, 1, 1) } else { day_of(random, year) };
        let minute = (year >= 1990 && random.chance(8_000)).then(|| random.below(MINUTES_A_DAY) as u16);
        Self { date: day.min(AS_OF), precision: Precision::Day, minute }
    }

    /// The next twin: 2 to 40 minutes later, past midnight on the next day; nothing where the first has no minute.
    pub fn twin(self, random: &mut Random) -> Option<Self> {
        let first = self.at()?;
        let second = first.checked_add(jiff::Span::new().minutes(random.between(2, 40))).ok()?;
        let minute = second.hour() as u16 * 60 + second.minute() as u16;
        (second.date() <= AS_OF).then_some(Self { date: second.date(), minute: Some(minute), ..self })
    }

    /// Day and minute, where the minute is known.
    pub fn at(&self) -> Option<DateTime> {
        let minute = self.minute?;
        Some(self.date.at((minute / 60) as i8, (minute % 60) as i8, 0, 0))
    }

    /// Completed years on `day`, a leapling's on 1 March; by the year's first day where only the year is known.
    pub fn age_on(&self, day: Date) -> i16 {
        let before = (day.month(), day.day()) < (self.date.month(), self.date.day());
        day.year() - self.date.year() - i16::from(before)
    }

    /// Whether the day is known and stands on 29 February.
    pub fn is_leapling(&self) -> bool {
        self.precision == Precision::Day && self.date.month() == 2 && self.date.day() == 29
    }
}

/// Basis points of births known by year only: registration came late to the old.
fn year_only_share(age: i16) -> u32 {
    match age {
        60.. => 1_800,
        40..60 => 800,
        18..40 => 200,
        _ => 20,
    }
}

/// A day of `year`; 29 February a little oftener than nature has it, so that small populations have leaplings too.
fn day_of(random: &mut Random, year: i16) -> Date {
    let first = date(year, 1, 1);
    if first.in_leap_year() && random.chance(80) {
        return date(year, 2, 29);
    }
    let days = random.between(0, i32::from(first.days_in_year()) - 1);
    first.saturating_add(jiff::Span::new().days(days))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn born(day: Date, minute: u16) -> Birth {
        Birth { date: day, precision: Precision::Day, minute: Some(minute) }
    }

    #[test]
    fn years_are_completed_on_the_birthday_and_by_a_leapling_on_the_first_of_march() {
        let cases = [
            (date(1966, 11, 21), date(2026, 11, 20), 59),
            (date(1966, 11, 21), date(2026, 11, 21), 60),
            (date(2008, 2, 29), date(2026, 2, 28), 17),
            (date(2008, 2, 29), date(2026, 3, 1), 18),
            (date(2026, 11, 1), AS_OF, 0),
        ];
        for (birth, day, years) in cases {
            assert_eq!(born(birth, 0).age_on(day), years, "{birth} on {day}");
        }
    }

    #[test]
    fn a_twin_comes_minutes_later_and_perhaps_after_midnight() {
        let mut random = Random::lane(1, 1);
        let first = born(date(2020, 2, 28), 1_439);
        let second = first.twin(&mut random).unwrap();
        assert_eq!(second.date, date(2020, 2, 29));
        let apart = second.at().unwrap().duration_since(first.at().unwrap()).as_mins();
        assert!((2..=40).contains(&apart), "{apart}");
        assert_eq!(Birth { minute: None, ..first }.twin(&mut random), None);
    }

    #[test]
    fn nobody_is_born_after_the_reference_day() {
        let mut random = Random::lane(1, 2);
        assert!((0..5_000).all(|_| Birth::draw(&mut random, 2026, 2030).date <= AS_OF));
        assert_eq!(born(AS_OF, 1_439).twin(&mut random), None);
    }

    #[test]
    fn the_old_are_often_known_by_year_and_heap_on_the_first_of_january() {
        let mut random = Random::lane(1, 3);
        let old: Vec<Birth> = (0..10_000).map(|_| Birth::draw(&mut random, 1940, 1960)).collect();
        let share = |test: fn(&Birth) -> bool| old.iter().filter(|b| test(b)).count();
        assert!((1_600..2_000).contains(&share(|b| b.precision == Precision::Year)));
        let heap = share(|b| b.precision == Precision::Day && b.date.month() == 1 && b.date.day() == 1);
        assert!((800..1_300).contains(&heap), "{heap}");
        assert!(share(Birth::is_leapling) > 5);
    }
}
