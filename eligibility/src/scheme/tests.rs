//! What a file may hold, and what it is refused for and where.

use super::*;
use crate::effect::Mode;

const SAMPLE: &str = include_str!("../../samples/cg-ignoaps.toml");

/// The first finding of the sample after a change: its code, what it points at, and its help.
fn refused(from: &str, to: &str) -> (String, String, String) {
    assert!(SAMPLE.contains(from), "{from}");
    let text = SAMPLE.replacen(from, to, 1);
    let found = Scheme::parse(&text).unwrap_err().remove(0);
    (found.code.to_owned(), text[found.at.clone()].to_owned(), found.help)
}

#[test]
fn a_file_is_read_as_it_is_meant() {
    let scheme = Scheme::parse(SAMPLE).unwrap();
    assert_eq!(scheme.to_string(), "CG-IGNOAPS@3");
    assert_eq!(scheme.hash, Digest::of(SAMPLE));
    assert_eq!(
        (scheme.class.as_str(), scheme.unit, scheme.age_convention),
        ("pension", Unit::Person, Convention::Anniversary)
    );
    assert_eq!(scheme.effect.include.mode, Mode::Offer);
    assert_eq!(scheme.effect.include.remembered_months, 12);
    let breaker = scheme.effect.remove.breaker.unwrap();
    assert_eq!((breaker.basis_points_of_roll, breaker.percent_of_median_90d), (50, 300));
    assert_eq!(scheme.transition.predecessor.as_ref().unwrap().as_str(), "CG-IGNWPS");
    assert!(scheme.clause("X1").unwrap().to_officer && scheme.clause("X9").is_none());
    let day = |text: &str| text.parse().unwrap();
    assert!(!scheme.is_in_force(day("2026-03-31")) && scheme.is_in_force(day("2026-04-01")));
}

#[test]
fn one_changed_byte_is_another_scheme() {
    let other = format!("{SAMPLE}\n");
    assert_ne!(Scheme::parse(&other).unwrap().hash, Scheme::parse(SAMPLE).unwrap().hash);
}

#[test]
fn what_is_wrong_is_pointed_at() {
    for (from, to, code, at) in [
        ("class = \"pension\"\nin_force", "clas = \"pension\"\nin_force", "missing-key", "[scheme]"),
        ("unknown = \"no_action\"", "unknown = \"remove\"", "bad-value", "\"remove\""),
        ("version = 3", "version = 0", "bad-value", "0"),
        ("version = 3", "version = \"three\"", "wrong-type", "\"three\""),
        ("kind = \"exclude\"", "kind = \"exlude\"", "bad-value", "\"exlude\""),
        ("age = { at_least = 60 }", "age = { at_lest = 60 }", "bad-value", "{ at_lest = 60 }"),
        ("age = { at_least = 60 }", "age = { at_least = 60, between = [1, 2] }", "bad-value", "[1, 2]"),
        ("when = \"household.bpl\"", "when = \"houshold.bpl\"", "unknown-fact", "houshold.bpl"),
        ("when = \"household.bpl\"", "when = \"household.bpl &&\"", "expression", ""),
        ("residence = { state = \"22\" }", "residence = { state = 22 }", "wrong-type", "22"),
        ("id = \"I2\"", "id = \"I1\"", "repeated-id", "[[clause]]"),
        ("person.state_code = \"22\"", "person.state = \"22\"", "unknown-fact", "state"),
        ("hold_at = \"registered\"", "hold_at = \"reported\"", "reported-death", "\"reported\""),
        ("notice_days = 30, notice_to", "notice_days = 3, notice_to", "bad-value", "3"),
        ("mode = \"offer\"", "mode = \"enrol\"", "no-legal-basis", "\"enrol\""),
        ("mode = \"offer\"", "mode = \"enrol\"\nbasis = \"law:\"", "no-legal-basis", "\"enrol\""),
        ("percent_of_roll = 0.5", "percent_of_roll = 0.555", "bad-value", "0.555"),
        ("in_force = { from = 2026-04-01 }", "in_force = { from = \"2026-04-01\" }", "wrong-type", "\"2026-04-01\""),
        ("age_from = 80", "age_from = 60", "ages-overlap", "{ age_from = 60, monthly = 650 }"),
        ("outcome = \"conflict\"", "outcome = \"confict\"", "bad-value", "\"confict\""),
        ("I1 = false, next", "I1 = 1, next", "unknown-key", "I1"),
    ] {
        let (found, place, _) = refused(from, to);
        assert_eq!(found, code, "{to}");
        assert!(place.starts_with(at), "{to}: points at {place:?}");
    }
}

#[test]
fn a_misspelt_key_finds_the_one_that_was_meant() {
    let (code, at, help) = refused("on_conflict", "on_conflit");
    assert_eq!(
        (code.as_str(), at.as_str(), help.as_str()),
        ("unknown-key", "on_conflit", "did you mean `on_conflict`?")
    );
    let (_, _, help) = refused("when = \"household.bpl\"", "when = \"household.blp\"");
    assert_eq!(help, "did you mean `household.bpl`?");
}

#[test]
fn a_clause_asks_one_thing() {
    let two = refused("age = { at_least = 60 }", "age = { at_least = 60 }\nmarital_status = [\"married\"]");
    assert_eq!(two.0, "one-condition");
    assert_eq!(refused("when = \"household.bpl\"", "").0, "one-condition");
}

#[test]
fn broken_toml_and_oversized_files_are_refused() {
    assert_eq!(Scheme::parse("[scheme").unwrap_err()[0].code, "toml");
    assert_eq!(Scheme::parse(&"#".repeat(MAX_BYTES + 1)).unwrap_err()[0].code, "too-long");
    assert!(!Scheme::parse("").unwrap_err().is_empty());
}

proptest::proptest! {
    #[test]
    fn no_text_takes_the_reader_down(cut in 0_usize..SAMPLE.len(), insert in "[ -~\\n]{0,12}", drop in 0_usize..60) {
        let start = (0..=cut).rev().find(|i| SAMPLE.is_char_boundary(*i)).unwrap();
        let end = (start + drop..=SAMPLE.len()).find(|i| SAMPLE.is_char_boundary(*i)).unwrap_or(SAMPLE.len());
        let text = format!("{}{insert}{}", &SAMPLE[..start], &SAMPLE[end..]);
        let lint = crate::lint::lint(&text);
        for finding in &lint.findings {
            proptest::prop_assert!(text.get(finding.at.clone()).is_some(), "{} points outside the file", finding.code);
        }
        proptest::prop_assert!(lint.scheme.is_some() || !lint.findings.is_empty());
    }
}
