//! A link is made by one rule; doubt is left to an officer.

use super::*;
use crate::testing::{Department, departments};

fn person(given: &str, family: &str, born: &str, district: &str) -> Person {
    Person {
        given_name: given.to_owned(),
        family_name: (!family.is_empty()).then(|| family.to_owned()),
        birth_date: born.parse().map_or(BirthDate::Unknown, BirthDate::Day),
        district: (!district.is_empty()).then(|| district.to_owned()),
    }
}

fn linked(key: &str) -> Match {
    Match::Linked { key: key.parse().unwrap(), method: "name-birthdate-district", score: 100 }
}

#[test]
fn equal_name_full_birth_date_and_district_link() {
    let sushila = person("  sushila ", "SAHU", "1964-02-29", "387");
    for department in departments() {
        let matchers = department.open().matchers();
        let table = [
            (sushila.clone(), linked("KH-1")),
            (person("Budhram", "", "1950-01-01", "387"), linked("KH-2")),
            (person("Sushila", "Sahu", "1964-03-01", "387"), Match::None),
            (person("Sushila", "Sahu", "1964-02-29", "388"), Match::None),
            (person("Sushila", "Sahu", "1964-02-29", ""), Match::None),
            (person("Sushila", "Sahu", "unknown", "387"), Match::None),
            (person("Sahu", "Sushila", "1964-02-29", "387"), Match::None),
            (person("Sushila", "Sahu' OR '1'='1", "1964-02-29", "387"), Match::None),
        ];
        for (person, expected) in table {
            assert_eq!(matchers[0].match_one(&person).unwrap(), expected, "{}", person.given_name);
        }
        // Two pensions of one person are two rows: which of them is meant, an officer says.
        assert_eq!(matchers[1].match_one(&sushila).unwrap(), Match::Ambiguous);
    }
}

#[test]
fn a_year_alone_never_links() {
    let matcher = Department::sqlite().open().matchers().remove(0);
    let born = Person { birth_date: BirthDate::Year(1950), ..person("Budhram", "", "", "387") };
    assert_eq!(matcher.match_one(&born).unwrap(), Match::None);
}

#[test]
fn two_people_with_one_row_are_both_ambiguous() {
    for department in departments() {
        let matcher = department.open().matchers().remove(0);
        let people = [
            ("R-1", person("Sushila", "Sahu", "1964-02-29", "387")),
            ("R-2", person("Budhram", "", "1950-01-01", "387")),
            ("R-3", person("SUSHILA", "sahu", "1964-02-29", "387")),
        ];
        let found = matcher.match_all(people).unwrap();
        assert_eq!(found, [("R-1", Match::Ambiguous), ("R-2", linked("KH-2")), ("R-3", Match::Ambiguous)]);
    }
}

#[test]
fn a_row_that_cannot_be_read_is_nobodys() {
    let department = Department::sqlite();
    department.execute(
        "INSERT INTO khatedar VALUES ('KH-3', 'SAHU, Sushila', '31/02/1964', 1, 'x', '2025-04-01', '0', 0, '387')",
    );
    department.execute("UPDATE khatedar SET dob = NULL WHERE khata_no = 'KH-2'");
    let matcher = department.open().matchers().remove(0);
    assert_eq!(matcher.match_one(&person("Budhram", "", "1950-01-01", "387")).unwrap(), Match::None);
    assert_eq!(matcher.match_one(&person("Sushila", "Sahu", "1964-02-29", "387")).unwrap(), linked("KH-1"));
}

#[test]
fn twenty_thousand_people_are_matched_by_date_and_not_one_by_one() {
    let department = Department::sqlite();
    let day =
        |n: usize| CivilDate::from_date(jiff::civil::date(1950, 1, 1) + jiff::Span::new().days(n as i64 % 25_000));
    let rows: Vec<String> = (0..20_000)
        .map(|n| {
            let born = written(day(n * 7), BirthDateForm::DayMonthYear);
            format!("('K-{n}', 'FAMILY{}, Given{n}', '{born}', 1, 'x', '2025-04-01', '0', 0, '387')", n % 90)
        })
        .collect();
    rows.chunks(500).for_each(|chunk| department.execute(&format!("INSERT INTO khatedar VALUES {}", chunk.join(","))));
    department.execute("CREATE INDEX khatedar_dob ON khatedar (dob)");
    let (heard, log) = crate::testing::Heard::log();
    let options = crate::source::SourceOptions { statement_log: Some(log), ..department.options() };
    let matcher = crate::source::Source::open(options).unwrap().matchers().remove(0);
    heard.take();
    let people = (0..20_000).map(|n| {
        let (given, family) = (format!("Given{n}"), format!("Family{}", n % 90));
        (n, Person { birth_date: BirthDate::Day(day(n * 7)), ..person(&given, &family, "", "387") })
    });
    let found = matcher.match_all(people).unwrap();
    assert!(found.iter().all(|(n, found)| *found == linked(&format!("K-{n}"))));
    assert!(heard.take().len() <= 51, "20,000 people in pages of 400 birth dates");
}

#[test]
fn a_number_is_confirmed_by_name_and_full_birth_date_wherever_the_person_lives() {
    for department in departments() {
        let matchers = department.open().matchers();
        let key = |text: &str| text.parse::<LocalKey>().unwrap();
        let sushila = person("Sushila", "Sahu", "1964-02-29", "");
        assert!(matchers[0].confirm(&sushila, &key("KH-1")).unwrap());
        for (person, number) in [
            (sushila.clone(), "KH-2"),
            (sushila, "KH-404"),
            (person("Sushila", "Sahu", "1964-03-01", "387"), "KH-1"),
            (person("Sushila", "Verma", "1964-02-29", "387"), "KH-1"),
            (person("Sushila", "Sahu", "unknown", "387"), "KH-1"),
        ] {
            assert!(!matchers[0].confirm(&person, &key(number)).unwrap(), "{number}");
        }
    }
}
