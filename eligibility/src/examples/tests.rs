//! An example states what must come out, and what differs is told at its place.

use crate::{lint::lint, scheme::Scheme};

const SAMPLE: &str = include_str!("../../samples/cg-ignoaps.toml");

fn differences(text: &str) -> Vec<String> {
    let scheme = Scheme::parse(text).unwrap();
    super::run(&scheme)
        .into_iter()
        .flat_map(|r| r.differences)
        .map(|(at, what)| format!("{what} | {}", &text[at]))
        .collect()
}

#[test]
fn all_examples_of_a_good_file_pass() {
    assert_eq!(differences(SAMPLE), Vec::<String>::new());
}

#[test]
fn what_comes_out_otherwise_is_told() {
    for (from, to, what) in [
        ("I1 = false, next = 2026-11-21", "I1 = true, next = 2026-11-21", "clause I1 is false, not true | I1"),
        ("next = 2026-11-21 }", "next = 2026-11-22 }", "the next day is 2026-11-21, not 2026-11-22"),
        ("X1 = false, monthly = 500", "X1 = false, monthly = 510", "the amount is 500, not 510"),
        (
            "{ outcome = \"conflict\", X1 = true }",
            "{ outcome = \"eligible\", X1 = true }",
            "the outcome is `conflict`, not `eligible`",
        ),
        (
            "{ outcome = \"not_eligible\", I2 = false }",
            "{ outcome = \"not_eligible\", I9 = false }",
            "there is no clause I9 | I9",
        ),
        (
            "{ outcome = \"not_eligible\", I3 = false }",
            "{ outcome = \"not_eligible\", next = 2026-11-21 }",
            "there is no next day",
        ),
    ] {
        assert!(SAMPLE.contains(from), "{from}");
        let found = differences(&SAMPLE.replacen(from, to, 1));
        assert!(found.iter().any(|d| d.starts_with(what)), "{what}: {found:?}");
    }
}

#[test]
fn a_failing_example_forbids_activation() {
    let text = SAMPLE.replacen("age = { at_least = 60 }", "age = { at_least = 61 }", 1);
    let found = lint(&text);
    assert!(!found.is_clean());
    assert!(found.findings.iter().any(|f| f.code == "example-fails"));
}
