//! Who enters, who leaves, who is counted as unknown; groups, the sample of leavers, the difference to the live version.

use super::*;
use crate::fact::Fact;

const SAMPLE_FILE: &str = include_str!("../../samples/cg-ignoaps.toml");

fn day(text: &str) -> CivilDate {
    text.parse().unwrap()
}

fn scheme() -> Scheme {
    Scheme::parse(SAMPLE_FILE).unwrap()
}

fn from_65() -> Scheme {
    Scheme::parse(&SAMPLE_FILE.replace("age = { at_least = 60 }", "age = { at_least = 65 }")).unwrap()
}

fn facts(birth: &str, bpl: Option<bool>) -> PersonFacts {
    let mut facts = PersonFacts::new();
    let on = day("2026-11-21");
    facts.set(names::BIRTH_DATE.parse().unwrap(), Fact::own(day(birth), on));
    facts.set(names::STATE_CODE.parse().unwrap(), Fact::own("22", on));
    facts.set(names::SEX.parse().unwrap(), Fact::own("female", on));
    if let Some(bpl) = bpl {
        facts.set(names::BPL.parse().unwrap(), Fact::own(bpl, on));
    }
    facts.set_benefits(vec![]);
    facts
}

fn person<'a>(handle: &'a str, facts: &'a PersonFacts, enrolled: bool) -> Person<'a> {
    Person { handle, facts, enrolled, district: Some("Raipur"), category: None }
}

#[test]
fn unknown_is_counted_apart_and_is_never_a_leaver() {
    let scheme = scheme();
    let mut test = BackTest::new(&scheme, None, day("2026-11-21"), 7);
    for (handle, facts, enrolled, movement) in [
        ("1", facts("1960-01-01", Some(true)), true, Movement::Stay),
        ("2", facts("1960-01-01", Some(true)), false, Movement::Enter),
        ("3", facts("1960-01-01", Some(false)), true, Movement::Leave),
        ("4", facts("1970-01-01", Some(true)), true, Movement::Leave),
        ("5", facts("1970-01-01", Some(true)), false, Movement::Out),
        ("6", facts("1960-01-01", None), true, Movement::Unknown),
        ("7", facts("1960-01-01", None), false, Movement::Unknown),
    ] {
        assert_eq!(test.push(&person(handle, &facts, enrolled)).1, movement, "{handle}");
    }
    let result = test.finish();
    assert_eq!((result.people, result.on_roll, result.counts.total()), (7, 4, 7));
    assert_eq!(result.counts, Counts { enter: 1, leave: 2, stay: 1, out: 1, unknown: 2, officer: 0 });
    let why: Vec<(&str, u64)> = result.why_leave.iter().map(|(id, n)| (id.as_str(), *n)).collect();
    assert_eq!(why, [("I1", 1), ("I2", 1)]);
    assert_eq!(result.why_unknown.values().copied().collect::<Vec<_>>(), [2]);
    assert_eq!(result.leavers.iter().map(|l| l.handle.as_str()).collect::<Vec<_>>(), ["3", "4"]);
    assert_eq!(
        (result.by_district["Raipur"].leave, result.by_sex["female"].leave, result.by_category["unknown"].leave),
        (2, 2, 2)
    );
    assert!(result.breaker_trips, "half of the roll is more than 0.5 %");
}

#[test]
fn the_difference_to_the_live_version_is_counted_person_by_person() {
    let (new, live) = (from_65(), scheme());
    let mut test = BackTest::new(&new, Some(&live), day("2026-11-21"), 7);
    for (birth, bpl) in
        [("1950-01-01", Some(true)), ("1964-01-01", Some(true)), ("1980-01-01", Some(true)), ("1964-01-01", None)]
    {
        test.push(&person("x", &facts(birth, bpl), true));
    }
    let difference = test.finish().difference;
    assert_eq!((difference.same, difference.loses, difference.gains), (2, 1, 0));
    assert_eq!(
        (difference.more_certain, difference.less_certain),
        (1, 0),
        "too young under the new one, whatever the list says"
    );
    assert_eq!(difference.live, Some(live.hash));
}

#[test]
fn the_sample_of_leavers_is_bounded_repeatable_and_fair() {
    let scheme = scheme();
    let facts = facts("1990-01-01", Some(true));
    let run = |seed: u64| {
        let mut test = BackTest::new(&scheme, None, day("2026-11-21"), seed);
        for n in 0..5_000 {
            test.push(&person(&n.to_string(), &facts, true));
        }
        test.finish().leavers
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
    let late = (0..40).flat_map(run).filter(|l| l.handle.parse::<u32>().unwrap() >= 2_500).count();
    assert!((800..1200).contains(&late), "{late} of 2,000 come from the second half");
}

#[test]
fn groups_are_bounded() {
    let scheme = scheme();
    let facts = facts("1990-01-01", Some(true));
    let mut test = BackTest::new(&scheme, None, day("2026-11-21"), 1);
    for n in 0..MAX_GROUPS + 50 {
        let district = n.to_string();
        test.push(&Person { district: Some(&district), ..person("x", &facts, false) });
    }
    let groups = test.finish().by_district;
    assert_eq!((groups.len(), groups["other"].out), (MAX_GROUPS + 1, 50));
}

#[test]
fn a_result_travels_as_json_without_loss() {
    let scheme = scheme();
    let mut test = BackTest::new(&scheme, Some(&scheme), day("2026-11-21"), 1);
    test.push(&person("9", &facts("1990-01-01", Some(true)), true));
    let result = test.finish();
    let text = serde_json::to_string(&result).unwrap();
    assert_eq!(serde_json::from_str::<BackTestResult>(&text).unwrap(), result);
}
