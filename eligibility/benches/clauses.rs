//! Nanoseconds a structured clause and a CEL clause; time and memory of a back-test of 1,000,000 people.
//!
//! `cargo bench -p eligibility` prints them; aims: 2 µs, 5 µs, 30 s, 200 MiB. Fails where an aim is missed by more than twice.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods, clippy::panic, missing_docs)]

// The line for the other program is the test's alone.
#[allow(dead_code)]
#[path = "../tests/backtest/people.rs"]
mod people;

use std::{hint::black_box, time::Instant};

use eligibility::{
    backtest::{BackTest, Person},
    evaluate::judge,
    scheme::Scheme,
};
use people::{Generated, day};

const ROUNDS: u32 = 200;
const PEOPLE: u64 = 1_000_000;

/// The pension with these clauses alone.
fn with_clauses(clauses: &str) -> Scheme {
    let sample = include_str!("../samples/cg-ignoaps.toml");
    let (head, rest) = sample.split_once("[[clause]]").unwrap();
    let tail = &rest[rest.find("[benefit]").unwrap()..rest.find("[[test]]").unwrap()];
    Scheme::parse(&format!("{head}{clauses}{tail}")).unwrap()
}

fn clause(n: usize, condition: &str) -> String {
    format!(
        "[[clause]]\nid = \"I{n}\"\nkind = \"include\"\n{condition}\ntext = {{ en = \"x\", hi = \"क\" }}\nref = \"x\"\n"
    )
}

fn nanoseconds_a_clause(conditions: &[&str]) -> f64 {
    let clauses: String = conditions.iter().enumerate().map(|(n, c)| clause(n + 1, c)).collect();
    let scheme = with_clauses(&clauses);
    let people: Vec<_> = (0..1_000).map(|n| Generated::person(n).facts()).collect();
    let begun = Instant::now();
    for _ in 0..ROUNDS {
        for facts in &people {
            black_box(judge(&scheme, black_box(facts), day_of()));
        }
    }
    let evaluations = f64::from(ROUNDS) * 1_000.0 * conditions.len() as f64;
    begun.elapsed().as_nanos() as f64 / evaluations
}

fn day_of() -> schemas::time::CivilDate {
    schemas::time::CivilDate::from_date(jiff::civil::Date::constant(2026, 11, 21))
}

/// Peak resident memory of this process, MiB.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").trim().parse::<f64>().unwrap_or(0.0) / 1024.0
}

fn main() {
    let structured = nanoseconds_a_clause(&[
        "age = { at_least = 60 }",
        "residence = { state = \"22\" }",
        "marital_status = [\"widowed\", \"married\"]",
        "compare = { fact = \"person.sex\", is = \"female\" }",
        "enrolled = { class = \"pension\", other_than_self = true }",
    ]);
    let cel =
        nanoseconds_a_clause(&["when = \"household.bpl\"", "when = \"household.bpl && !household.public_office\""]);
    println!("structured clause   {structured:>8.0} ns   aim 2,000");
    println!("CEL clause          {cel:>8.0} ns   aim 5,000");

    let new = Scheme::parse(include_str!("../samples/cg-ignoaps.toml")).unwrap();
    let live =
        Scheme::parse(&include_str!("../samples/cg-ignoaps.toml").replace("monthly = 500", "monthly = 400")).unwrap();
    let begun = Instant::now();
    let mut test = BackTest::new(&new, Some(&live), day("2026-11-21"), 1);
    for number in 0..PEOPLE {
        let facts = Generated::person(number).facts();
        let handle = number.to_string();
        let enrolled = number % 3 == 0;
        test.push(&Person { handle: &handle, facts: &facts, enrolled, district: Some("Raipur"), category: None });
    }
    let result = test.finish();
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "back-test of {} people with a live version, people made up on the way: {seconds:.1} s   aim 30",
        result.people
    );
    println!("peak memory         {:>8.0} MiB  aim 200", peak());
    assert!(
        structured < 4_000.0 && cel < 10_000.0 && seconds < 60.0 && peak() < 400.0,
        "an aim is missed by more than twice"
    );
}
