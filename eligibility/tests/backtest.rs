//! The evaluation of generated people equals, person by person, an independent one in Python that knows nothing of ours.
//!
//! `VINIMAY_DEPTH=soak` takes 1,000,000 people; `make test` takes fewer.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "backtest/people.rs"]
mod people;

use std::{
    io::{BufRead as _, BufReader, BufWriter, Write as _},
    process::{Command, Stdio},
};

use eligibility::{
    evaluate::{Outcome, evaluate},
    examples::OutcomeName,
    scheme::Scheme,
};
use people::{Generated, day};

const AS_OF: &str = "2026-11-21";
const CHUNK: u64 = 20_000;

fn depth(test: u64, soak: u64) -> u64 {
    if std::env::var("VINIMAY_DEPTH").is_ok_and(|depth| depth == "soak") { soak } else { test }
}

fn schemes() -> [Scheme; 3] {
    [
        include_str!("../samples/cg-ignoaps.toml"),
        include_str!("../samples/cg-mahtari-vandan.toml"),
        include_str!("../samples/cg-sukhad-sahara.toml"),
    ]
    .map(|text| Scheme::parse(text).unwrap())
}

fn ours(schemes: &[Scheme; 3], person: &Generated) -> String {
    let facts = person.facts();
    let one = |n: usize| {
        let found = evaluate(&schemes[n], &facts, day(AS_OF));
        let name = OutcomeName::from(found.outcome).as_str();
        let outcome = match found.outcome {
            Outcome::NotYet { next } => format!("{name} {next}"),
            _ => name.to_owned(),
        };
        // The third pays one rate to everybody; the other program does not compute it.
        let pays = if n == 2 { None } else { found.monthly };
        format!("{outcome}|{}", pays.map_or(String::new(), |m| m.to_string()))
    };
    [one(0), one(1), one(2)].join("\t")
}

/// What the Python program says of these people, in their order.
fn theirs(people: &[Generated]) -> Vec<String> {
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/backtest/independent.py");
    let mut child = Command::new("python3")
        .args([program, AS_OF])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is needed to run this test");
    let mut input = BufWriter::new(child.stdin.take().unwrap());
    let output = BufReader::new(child.stdout.take().unwrap());
    let lines = std::thread::scope(|scope| {
        scope.spawn(move || {
            for person in people {
                writeln!(input, "{}", person.line()).unwrap();
            }
        });
        output.lines().collect::<Result<Vec<_>, _>>().unwrap()
    });
    assert!(child.wait().unwrap().success());
    lines
}

#[test]
fn everybody_comes_out_as_an_independent_program_says() {
    let schemes = schemes();
    let mut seen = std::collections::BTreeMap::<String, u64>::new();
    let (mut first, all) = (0, depth(20_000, 1_000_000));
    while first < all {
        let people: Vec<Generated> = (first..(first + CHUNK).min(all)).map(Generated::person).collect();
        let theirs = theirs(&people);
        assert_eq!(theirs.len(), people.len());
        for (person, theirs) in people.iter().zip(theirs) {
            let ours = ours(&schemes, person);
            assert_eq!(ours, theirs, "{}", person.line());
            for (n, one) in ours.split('\t').enumerate() {
                let name = one.split(['|', ' ']).next().unwrap();
                *seen.entry(format!("{n} {name}")).or_default() += 1;
            }
        }
        first += CHUNK;
    }
    // Equal and empty would be no proof: every outcome that a scheme can have came up many times.
    for (scheme, names) in [
        (0, &["eligible", "not_yet", "not_eligible", "unknown", "conflict"][..]),
        (1, &["eligible", "not_yet", "not_eligible", "unknown"]),
        (2, &["eligible", "not_yet", "not_eligible", "unknown", "conflict"]),
    ] {
        for name in names {
            let count = seen.get(&format!("{scheme} {name}")).copied().unwrap_or(0);
            assert!(count >= 20, "scheme {scheme} came out {name} {count} times only");
        }
    }
}
