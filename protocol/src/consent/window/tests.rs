//! Windows over months of different lengths, leap days and both ends of a window.

use super::*;
use crate::testing::name;
use proptest::prelude::*;
use schemas::consent::FrequencyMode;

fn monthly(period: &str) -> Frequency {
    Frequency { mode: FrequencyMode::Recurring, max_uses: 9, period: Some(name(period)), uses_per_period: Some(2) }
}

fn instant(text: &str) -> Timestamp {
    name(text)
}

#[test]
fn a_window_begins_and_ends_at_midnight_in_kolkata() {
    let from = instant("2026-11-21T08:00:00Z");
    let at = |now: &str| at(&monthly("P1M"), from, instant(now)).unwrap();
    let first = at("2026-11-21T08:00:00Z");
    assert_eq!((first.index, first.uses), (0, 2));
    assert_eq!(first.start, instant("2026-11-20T18:30:00Z"));
    assert_eq!(first.end, instant("2026-12-20T18:30:00Z"));
    assert_eq!(at("2026-12-20T18:29:59Z").index, 0);
    assert_eq!(at("2026-12-20T18:30:00Z").index, 1);
    assert_eq!(at("2026-12-20T18:30:00Z").start, first.end);
}

#[test]
fn a_month_from_the_31st_ends_on_the_last_day_of_a_shorter_month() {
    let from = instant("2027-01-31T06:00:00Z");
    let starts: Vec<String> = ["2027-01-31T06:00:00Z", "2027-03-01T06:00:00Z", "2027-03-31T06:00:00Z"]
        .map(|now| at(&monthly("P1M"), from, instant(now)).unwrap().start.civil_day().to_string())
        .into();
    assert_eq!(starts, ["2027-01-31", "2027-02-28", "2027-03-31"]);
}

#[test]
fn without_a_period_there_is_no_window() {
    let frequency = Frequency { period: None, uses_per_period: None, ..monthly("P1M") };
    assert_eq!(at(&frequency, instant("2026-11-21T08:00:00Z"), instant("2026-11-22T08:00:00Z")), None);
}

#[test]
fn the_end_of_the_calendar_ends_the_walk() {
    let window = at(&monthly("P9999Y"), instant("2026-11-21T08:00:00Z"), Timestamp::from_seconds(i64::MAX)).unwrap();
    assert!(window.index <= 1);
    let days = at(&monthly("P1D"), Timestamp::from_seconds(0), Timestamp::from_seconds(i64::MAX));
    assert!(days.is_some());
}

proptest! {
    /// Each instant lies in exactly one window, and windows follow one another without gap or overlap.
    #[test]
    fn windows_cover_time_without_gap_or_overlap(
        from in 0_i64..4_000_000_000,
        later in 0_i64..400_000_000,
        count in 1_u16..40,
        unit in prop::sample::select(vec!["D", "W", "M", "Y"]),
    ) {
        let frequency = monthly(&format!("P{count}{unit}"));
        let (from, now) = (Timestamp::from_seconds(from), Timestamp::from_seconds(from + later));
        let window = at(&frequency, from, now).unwrap();
        prop_assert!(window.start <= now && now < window.end);
        let next = at(&frequency, from, window.end).unwrap();
        prop_assert_eq!((next.index, next.start), (window.index + 1, window.end));
    }
}
