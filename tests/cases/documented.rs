//! `docs/cases.md` names a test for each row: it is there, and it is a test.

use std::path::Path;

/// Rows of the table.
const ROWS: usize = 25;

/// The names in backticks of a line that lead to a function: `deaths::registered_death`, `eligibility/src/age.rs::…`.
fn named(line: &str) -> impl Iterator<Item = (String, &str)> {
    line.split('`').skip(1).step_by(2).filter_map(|name| name.rsplit_once("::")).map(|(place, function)| {
        let file = if place.contains('/') { place.to_owned() } else { format!("tests/cases/{place}.rs") };
        (file, function)
    })
}

/// Whether a file has a test of this name.
fn is_a_test(file: &str, function: &str) -> bool {
    let Ok(text) = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)) else { return false };
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let place = lines.iter().position(|line| line.contains(&format!("fn {function}(")));
    place.is_some_and(|place| {
        lines[..place].iter().rev().find(|line| !line.starts_with("//")).is_some_and(|line| line.contains("test"))
    })
}

#[test]
fn each_row_of_the_document_names_tests_that_there_are() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cases.md");
    let text = std::fs::read_to_string(file).unwrap();
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| case ")).collect();
    assert_eq!(rows.len(), ROWS);
    for row in rows {
        assert!(named(row).next().is_some(), "no test is named: {row}");
        for (file, function) in named(row) {
            assert!(is_a_test(&file, function), "{file} has no test {function}: {row}");
        }
    }
}
