//! Whom a roll has by an identifier, for a comparison with another department's.

use super::*;

fn mapping(column: &str) -> String {
    whole_mapping()
        .replace("[roll.enrol]\n", &format!("[roll.overlap]\npension_order = \"{column}\"\n\n[roll.enrol]\n"))
}

#[test]
fn rows_in_payment_or_held_are_read_with_their_identifier_through_the_reader() {
    for department in departments() {
        department.write_mapping(&mapping("ppo_no"));
        department.install();
        let roster = department.open().roster(&"social.pension".parse().unwrap()).unwrap();
        let found = roster.identified(&"pension_order".parse().unwrap()).unwrap().unwrap();
        let seen: Vec<_> = found.people.iter().map(|(person, number)| (person.as_str(), number.as_str())).collect();
        // 102 has ended.
        assert_eq!((seen, found.without), (vec![("P-1", "101"), ("P-1", "103")], 0));
        assert_eq!(format!("{found:?}"), "Identified(2 rows, 0 without)", "it does not print itself");
        assert_eq!(roster.identified(&"voter_id".parse().unwrap()).unwrap(), None, "not mapped");
    }
}

#[test]
fn a_row_whose_column_is_empty_is_without() {
    for department in departments() {
        department.write_mapping(&mapping("status_reason"));
        department.install();
        let roster = department.open().roster(&"social.pension".parse().unwrap()).unwrap();
        let found = roster.identified(&"pension_order".parse().unwrap()).unwrap().unwrap();
        let seen: Vec<&str> = found.people.iter().map(|(_, reason)| reason.as_str()).collect();
        assert_eq!((seen, found.without), (vec!["RENEWED"], 1));
    }
}
