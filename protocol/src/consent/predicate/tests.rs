//! What each kind of value answers.

use super::*;
use crate::testing::name;

fn asked(op: PredicateOp, value: &str) -> Predicate {
    Predicate { field: name("item"), op, value: value.to_owned() }
}

fn rows(values: &[FieldValue]) -> Vec<BTreeMap<FieldName, FieldValue>> {
    values.iter().map(|value| BTreeMap::from([(name("item"), value.clone())])).collect()
}

fn text(value: &str) -> FieldValue {
    FieldValue::Text(value.to_owned())
}

#[test]
fn whole_numbers_compare_as_numbers() {
    use PredicateOp::{Eq, Gte, Lte};
    for (op, value, number, yes) in [
        (Lte, "200000", 200_000, true),
        (Lte, "200000", 200_001, false),
        (Lte, "9", 10, false),
        (Gte, "60", 60, true),
        (Gte, "60", 59, false),
        (Gte, "-5", -4, true),
        (Eq, "7", 7, true),
        (Eq, "7", 70, false),
    ] {
        assert_eq!(
            holds(&asked(op, value), &rows(&[FieldValue::Integer(number)])),
            Some(yes),
            "{number} {op:?} {value}"
        );
    }
}

#[test]
fn days_compare_as_days_and_texts_and_truths_for_equality_alone() {
    use PredicateOp::{Eq, Gte, Lte};
    for (op, asked_for, value, answer) in [
        (Lte, "1966-11-21", text("1966-11-21"), Some(true)),
        (Lte, "1966-11-21", text("1966-11-22"), Some(false)),
        (Gte, "2026-01-01", text("2025-12-31"), Some(false)),
        (Eq, "bpl", text("bpl"), Some(true)),
        (Eq, "bpl", text("BPL"), Some(false)),
        (Lte, "bpl", text("apl"), None),
        (Eq, "true", FieldValue::Boolean(true), Some(true)),
        (Eq, "false", FieldValue::Boolean(true), Some(false)),
        (Gte, "true", FieldValue::Boolean(true), None),
        (Eq, "yes", FieldValue::Boolean(true), None),
        (Eq, "7", FieldValue::Missing, None),
        (Eq, "x", FieldValue::Integer(7), None),
    ] {
        assert_eq!(
            holds(&asked(op, asked_for), &rows(std::slice::from_ref(&value))),
            answer,
            "{value:?} {op:?} {asked_for}"
        );
    }
}

#[test]
fn one_row_that_fails_decides_and_a_missing_one_leaves_it_open() {
    let asked = asked(PredicateOp::Gte, "60");
    let of = |values: &[FieldValue]| holds(&asked, &rows(values));
    let (yes, no, gone) = (FieldValue::Integer(61), FieldValue::Integer(59), FieldValue::Missing);
    assert_eq!(of(&[yes.clone(), yes.clone()]), Some(true));
    assert_eq!(of(&[yes.clone(), no.clone()]), Some(false));
    assert_eq!(of(&[yes.clone(), gone.clone()]), None);
    assert_eq!(of(&[gone, no]), Some(false));
    assert_eq!(of(&[]), None, "nothing is known of nobody");
    assert_eq!(holds(&asked, &[BTreeMap::new()]), None, "a row without the field");
}

#[test]
fn a_field_can_be_asked_what_its_type_allows() {
    let field = |kind: &str| FieldDescription {
        name: name("item"),
        title: BTreeMap::new(),
        r#type: kind.to_owned(),
        sensitivity: schemas::federation::Sensitivity::Personal,
        mask: None,
    };
    use PredicateOp::{Eq, Gte};
    for (kind, op, value, applies) in [
        ("integer", Gte, "60", true),
        ("integer", Gte, "060", false),
        ("integer", Gte, "+60", false),
        ("integer", Gte, "6.0", false),
        ("integer", Gte, "99999999999999999999", false),
        ("date", Gte, "1966-11-21", true),
        ("date", Gte, "1966-13-21", false),
        ("text", Eq, "bpl", true),
        ("text", Gte, "bpl", false),
        ("boolean", Eq, "true", true),
        ("boolean", Eq, "1", false),
        ("boolean", Gte, "true", false),
        ("geometry", Eq, "x", false),
    ] {
        assert_eq!(is_applicable(&asked(op, value), &field(kind)), applies, "{kind} {op:?} {value}");
    }
    let other = Predicate { field: name("other"), ..asked(Eq, "bpl") };
    assert!(!is_applicable(&other, &field("text")), "another field");
}
