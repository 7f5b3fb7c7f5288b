//! Questions with yes or no: which ones a field can be asked, and what the answer is over all rows.
//!
//! Guarantees: whole numbers compare as numbers, dates as days, texts and truth values for equality alone, so that a
//! comparison never means something else than it says. The answer has three values: one row that fails makes it no,
//! otherwise a missing value makes it unknown, and so does the absence of rows. Deliberately absent: floats, patterns, sets.

use schemas::{
    answer::FieldValue,
    consent::{Predicate, PredicateOp},
    federation::FieldDescription,
    id::FieldName,
    time::CivilDate,
};
use std::{cmp::Ordering, collections::BTreeMap};

/// Whether a field of this type can be asked that.
pub(super) fn is_applicable(predicate: &Predicate, field: &FieldDescription) -> bool {
    let (value, equality) = (predicate.value.as_str(), predicate.op == PredicateOp::Eq);
    let fits = match field.r#type.as_str() {
        "integer" => decimal(value).is_some(),
        "date" => value.parse::<CivilDate>().is_ok(),
        "text" => equality,
        "boolean" => equality && value.parse::<bool>().is_ok(),
        _ => false,
    };
    predicate.field == field.name && fits
}

/// One spelling of each number: no sign but a minus, no leading zero.
fn decimal(text: &str) -> Option<i64> {
    text.parse::<i64>().ok().filter(|number| number.to_string() == text)
}

/// Whether it holds in every row of what was read.
pub(super) fn holds(predicate: &Predicate, rows: &[BTreeMap<FieldName, FieldValue>]) -> Option<bool> {
    let mut all = (!rows.is_empty()).then_some(true);
    for row in rows {
        match row.get(&predicate.field).and_then(|value| compare(predicate, value)) {
            Some(false) => return Some(false),
            Some(true) => {}
            None => all = None,
        }
    }
    all
}

/// `None`: the value is missing, or of another kind than the question.
fn compare(predicate: &Predicate, value: &FieldValue) -> Option<bool> {
    let asked = predicate.value.as_str();
    let order = match value {
        FieldValue::Integer(number) => number.cmp(&decimal(asked)?),
        FieldValue::Boolean(truth) => return equal(predicate.op, *truth == asked.parse::<bool>().ok()?),
        FieldValue::Text(text) => match (text.parse::<CivilDate>(), asked.parse::<CivilDate>()) {
            (Ok(day), Ok(asked)) => day.cmp(&asked),
            _ => return equal(predicate.op, text == asked),
        },
        FieldValue::Missing => return None,
    };
    Some(match predicate.op {
        PredicateOp::Eq => order == Ordering::Equal,
        PredicateOp::Lte => order != Ordering::Greater,
        PredicateOp::Gte => order != Ordering::Less,
    })
}

fn equal(op: PredicateOp, same: bool) -> Option<bool> {
    (op == PredicateOp::Eq).then_some(same)
}

#[cfg(test)]
mod tests;
