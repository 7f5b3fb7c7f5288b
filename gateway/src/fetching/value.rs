//! From an answer to the value of a fact: of the fact's own kind, or nothing.
//!
//! Guarantees: a value that does not fit its fact, or rows that contradict each other, say nothing; nothing is guessed.

use eligibility::{
    fact::{FactPath, Value},
    vocabulary::{Kind, kind},
};
use schemas::{
    answer::{FieldValue, Record},
    id::FieldName,
};

/// Why an answer says nothing of the fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Silent {
    /// No row, or no value in it.
    NotKnownThere,
    /// Several rows with several values.
    AnswersDiffer,
    /// A value of another kind than the fact's.
    Unusable,
}

impl Silent {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::NotKnownThere => "NOT_KNOWN_THERE",
            Self::AnswersDiffer => "ANSWERS_DIFFER",
            Self::Unusable => "ANSWER_UNUSABLE",
        }
    }
}

/// The value that all rows of an answer agree on.
///
/// # Errors
/// [`Silent`].
pub(super) fn of(record: &Record, field: &FieldName, path: &FactPath) -> Result<Value, Silent> {
    let mut values = record.rows.iter().filter_map(|row| row.get(field)).filter(|value| **value != FieldValue::Missing);
    let first = values.next().ok_or(Silent::NotKnownThere)?;
    if values.any(|other| other != first) {
        return Err(Silent::AnswersDiffer);
    }
    let kind = kind(path.as_str()).ok_or(Silent::Unusable)?;
    let value = match (first, kind) {
        (FieldValue::Boolean(truth), _) => Value::Bool(*truth),
        (FieldValue::Integer(number), _) => Value::Integer(*number),
        (FieldValue::Text(text), Kind::Date) => Value::Date(text.parse().map_err(|_| Silent::Unusable)?),
        (FieldValue::Text(text), _) => Value::Text(text.clone()),
        (FieldValue::Missing, _) => return Err(Silent::NotKnownThere),
    };
    if kind.admits(&value) { Ok(value) } else { Err(Silent::Unusable) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(values: &[FieldValue]) -> Record {
        let field: FieldName = "bpl".parse().unwrap();
        let rows = values.iter().map(|value| [(field.clone(), value.clone())].into()).collect();
        Record { dataset: "food.household".parse().unwrap(), rows, predicates: Vec::new() }
    }

    #[test]
    fn an_answer_says_what_fits_the_fact_and_nothing_else() {
        use FieldValue as F;
        let text = |text: &str| F::Text(text.to_owned());
        let day = "2026-11-21".parse().unwrap();
        for (path, values, said) in [
            ("household.bpl", vec![F::Boolean(true)], Ok(Value::Bool(true))),
            ("household.bpl", vec![F::Missing, F::Boolean(false)], Ok(Value::Bool(false))),
            ("household.members", vec![F::Integer(4), F::Integer(4)], Ok(Value::Integer(4))),
            ("person.birth_date", vec![text("2026-11-21")], Ok(Value::Date(day))),
            ("person.sex", vec![text("female")], Ok("female".into())),
            ("household.bpl", vec![], Err(Silent::NotKnownThere)),
            ("household.bpl", vec![F::Missing], Err(Silent::NotKnownThere)),
            ("household.bpl", vec![F::Boolean(true), F::Boolean(false)], Err(Silent::AnswersDiffer)),
            ("household.bpl", vec![text("yes")], Err(Silent::Unusable)),
            ("household.bpl", vec![F::Integer(1)], Err(Silent::Unusable)),
            ("person.sex", vec![text("F")], Err(Silent::Unusable)),
            ("person.birth_date", vec![text("21/11/2026")], Err(Silent::Unusable)),
            ("household.colour", vec![text("red")], Err(Silent::Unusable)),
        ] {
            let found = of(&record(&values), &"bpl".parse().unwrap(), &path.parse().unwrap());
            assert_eq!(found, said, "{path} {values:?}");
        }
    }
}
