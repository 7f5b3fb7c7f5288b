//! Spans of birth are cut exactly, on both engines, page after page.

use super::*;
use crate::testing::{Department, departments};

fn civil(text: &str) -> CivilDate {
    text.parse().unwrap()
}

/// Everybody born within the span, page after page.
fn born_in(department: &Department, after: &str, until: &str) -> Vec<String> {
    let source = department.open();
    let residents = source.residents().unwrap();
    let (mut people, mut from) = (Vec::new(), None);
    loop {
        let page = residents.born_between((civil(after), civil(until)), from.as_ref()).unwrap();
        people.extend(page.people.iter().map(|born| born.number.as_str().to_owned()));
        let Some(next) = page.next else { return people };
        from = Some(next);
    }
}

#[test]
fn the_first_day_is_left_out_and_the_last_one_is_in() {
    for department in departments() {
        assert_eq!(born_in(&department, "1964-02-28", "1964-02-29"), ["R-1"]);
        assert!(born_in(&department, "1964-02-29", "1964-03-31").is_empty());
        assert!(born_in(&department, "1964-01-01", "1964-02-28").is_empty());
    }
}

#[test]
fn who_is_dead_or_known_by_the_year_alone_is_nobody_here() {
    for department in departments() {
        assert!(born_in(&department, "1949-12-31", "1950-01-01").is_empty(), "known by the year");
        assert!(born_in(&department, "2001-12-30", "2001-12-31").is_empty(), "dead");
    }
}

#[test]
fn a_span_with_more_people_than_a_page_holds_each_of_them_once() {
    for department in departments() {
        let values: Vec<String> = (0..PAGE * 2 + 17)
            .map(|n| format!("('N-{n}', 'A', NULL, '1980-01-{:02}', 'day', 387, 1)", 1 + n % 3))
            .collect();
        department.execute(&format!("INSERT INTO residents VALUES {}", values.join(", ")));
        let mut people = born_in(&department, "1979-12-31", "1980-01-03");
        let count = people.len();
        people.sort_unstable();
        people.dedup();
        assert_eq!((count, people.len()), (values.len(), values.len()));
    }
}

#[test]
fn nobody_prints_a_birth_date() {
    let born = Born { number: "R-1".parse().unwrap(), on: civil("1964-02-29") };
    assert_eq!(format!("{born:?}"), "Born(…)");
}
