//! Questions with yes or no: asked only as consented, answered instead of values, never beside them.

use std::collections::BTreeMap;

use schemas::{answer::FieldValue, federation::Mask};

use super::*;

fn with_question(case: &mut Case) {
    case.draft.terms.predicates.push(over_200_000());
}

fn row(income: i64) -> BTreeMap<FieldName, FieldValue> {
    BTreeMap::from([
        (name("annual_income_band"), FieldValue::Text("below-1-lakh".to_owned())),
        (name("annual_income"), FieldValue::Integer(income)),
        (name("assessed_on"), FieldValue::Text("2026-06-30".to_owned())),
    ])
}

#[test]
fn a_consented_question_is_answered_and_its_value_stays() {
    let mut case = Case::new();
    with_question(&mut case);
    let grant = case.decide().unwrap();
    assert_eq!(grant.predicates(), [over_200_000()]);
    assert_eq!(grant.fields().iter().map(FieldName::as_str).collect::<Vec<_>>(), ["annual_income_band"]);
    let read: Vec<_> = grant.reads().into_iter().collect();
    assert_eq!(read.iter().map(FieldName::as_str).collect::<Vec<_>>(), ["annual_income", "annual_income_band"]);
    let record = grant.disclose(vec![row(84_000)]).into_record();
    assert_eq!(record.predicates[0].holds, Some(true));
    assert_eq!(record.rows, [BTreeMap::from([(name("annual_income_band"), FieldValue::Text("below-1-lakh".into()))])]);
}

#[test]
fn a_question_alone_tells_nothing_but_its_answer() {
    let mut case = Case::new();
    case.draft.terms.fields.clear();
    with_question(&mut case);
    let grant = case.decide().unwrap();
    let record = grant.disclose(vec![row(84_000), row(250_000)]).into_record();
    assert_eq!(record.rows, Vec::new(), "not even how many rows there are");
    assert_eq!(record.predicates[0].holds, Some(false), "one row is above");
}

#[test]
fn a_question_is_asked_exactly_as_consented() {
    type Bend = fn(&mut Predicate);
    let bends: [(&str, Bend); 3] = [
        ("another bound", |asked| asked.value = "200001".to_owned()),
        ("the other way round", |asked| asked.op = PredicateOp::Gte),
        ("about another item", |asked| asked.field = name("assessed_on")),
    ];
    for (why, bend) in bends {
        assert_refused(Code::ConsentScopeExceeded, why, |case| {
            with_question(case);
            bend(&mut case.query().query.predicates[0]);
        });
    }
    assert_refused(Code::ConsentScopeExceeded, "twice", |case| {
        with_question(case);
        case.query().query.predicates.push(over_200_000());
    });
    assert_refused(Code::ConsentScopeExceeded, "the value of what may only be asked about", |case| {
        with_question(case);
        case.query().query.fields.push(name("annual_income"));
    });
    let mut none = Case::new();
    with_question(&mut none);
    none.query().query.predicates.clear();
    assert!(none.decide().unwrap().predicates().is_empty(), "she need not be asked");
}

#[test]
fn a_consent_to_value_and_question_of_one_item_cannot_be_signed() {
    let world = World::new();
    let asha = world.citizen("RID-0001");
    let mut draft = asha.draft(&world.terms());
    draft.terms.predicates.push(Predicate { field: name("annual_income_band"), ..over_200_000() });
    assert!(crate::credential::vc::issue(draft, &world.authority.entity, &asha.key).is_err());
}

#[test]
fn a_purpose_may_forbid_values() {
    assert_refused(Code::ConsentAboveTemplate, "a value of which only questions are answered", |case| {
        case.purpose.as_mut().unwrap().predicates_only = vec![name("annual_income_band")];
    });
    let mut asked = Case::new();
    with_question(&mut asked);
    asked.purpose.as_mut().unwrap().predicates_only = vec![name("annual_income")];
    assert!(asked.decide().is_ok(), "a question about it is what it is for");
}

#[test]
fn a_question_that_does_not_fit_the_field_or_is_not_mapped_is_not_answered() {
    let only = |case: &mut Case, field: &str, op, value: &str| {
        case.draft.terms.fields.clear();
        case.draft.terms.predicates = vec![Predicate { field: name(field), op, value: value.to_owned() }];
    };
    assert_refused(Code::DatasetUnknown, "an order of texts", |case| {
        only(case, "annual_income_band", PredicateOp::Lte, "below-1-lakh");
    });
    assert_refused(Code::DatasetUnknown, "a number that is none", |case| {
        only(case, "annual_income", PredicateOp::Lte, "2e5");
    });
    assert_refused(Code::DatasetUnknown, "a day that is none", |case| {
        only(case, "assessed_on", PredicateOp::Gte, "2026-02-30");
    });
    assert_refused(Code::DatasetUnknown, "a field that is not mapped", |case| {
        with_question(case);
        case.draft.terms.fields.clear();
        case.dataset.as_mut().unwrap().fields.remove(1);
    });
}

#[test]
fn a_mask_is_the_only_form_in_which_a_value_leaves() {
    let mut case = Case::new();
    case.draft.terms.fields = ["annual_income_band", "assessed_on"].map(name).into();
    case.dataset.as_mut().unwrap().fields[2].mask = Some(Mask::Year);
    let grant = case.decide().unwrap();
    let record = grant.disclose(vec![row(84_000)]).into_record();
    assert_eq!(record.rows[0][&name::<FieldName>("assessed_on")], FieldValue::Text("2026".to_owned()));
    assert_eq!(record.rows[0][&name::<FieldName>("annual_income_band")], FieldValue::Text("below-1-lakh".to_owned()));
}
