//! What leaves of what was read: the last gate before sealing (security, requirement 13).
//!
//! Guarantees: only granted fields, in their masked form where they have one; of a field that was only asked about, yes,
//! no or unknown and nothing else, not even how many rows there are. Deliberately absent: reading.

use std::collections::BTreeMap;

use schemas::{
    answer::{FieldValue, PredicateResult, Record},
    federation::Mask,
    id::FieldName,
    time::CivilDate,
};

use super::{Grant, predicate};

/// One row of a dataset.
type Row = BTreeMap<FieldName, FieldValue>;

/// What leaves under a grant. Made by [`Grant::disclose`] alone, so that nothing else is ever sealed to an asker.
#[derive(Clone, PartialEq, Eq)]
pub struct Disclosed(Record);

impl Disclosed {
    /// What leaves.
    pub const fn record(&self) -> &Record {
        &self.0
    }

    /// The same, taken out.
    pub fn into_record(self) -> Record {
        self.0
    }
}

/// Never the values.
impl std::fmt::Debug for Disclosed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Disclosed({}, {} rows)", self.0.dataset, self.0.rows.len())
    }
}

impl Grant {
    /// What leaves, whatever the data source returned for [`Grant::reads`].
    pub fn disclose(&self, rows: Vec<Row>) -> Disclosed {
        let answer = |asked: &schemas::consent::Predicate| PredicateResult {
            field: asked.field.clone(),
            op: asked.op,
            value: asked.value.clone(),
            holds: predicate::holds(asked, &rows),
        };
        let predicates = self.items.predicates.iter().map(answer).collect();
        let rows = if self.items.fields.is_empty() { Vec::new() } else { rows };
        let rows = rows.into_iter().map(|row| self.shown(row)).collect();
        Disclosed(Record { dataset: self.dataset.clone(), rows, predicates })
    }

    fn shown(&self, row: Row) -> Row {
        let granted = row.into_iter().filter(|(field, _)| self.items.fields.contains(field));
        let masked = granted.map(|(field, value)| match self.items.masks.get(&field) {
            Some(mask) => (field, masked(*mask, &value)),
            None => (field, value),
        });
        masked.collect()
    }
}

/// The value in the only form in which it leaves; missing where the mask is not for such a value.
fn masked(mask: Mask, value: &FieldValue) -> FieldValue {
    let text = match value {
        FieldValue::Text(text) => text.clone(),
        FieldValue::Integer(number) if mask == Mask::Last4 => number.unsigned_abs().to_string(),
        _ => String::new(),
    };
    let shown = match mask {
        Mask::Present => return FieldValue::Boolean(*value != FieldValue::Missing),
        Mask::Last4 => last(&text, 4),
        Mask::Initial => text.chars().next().filter(|first| first.is_alphabetic()).map(String::from),
        Mask::Year => day(&text, 4),
        Mask::Month => day(&text, 7),
    };
    shown.map_or(FieldValue::Missing, FieldValue::Text)
}

/// The last characters; nothing if that would be the whole.
fn last(text: &str, count: usize) -> Option<String> {
    let from = text.chars().count().checked_sub(count).filter(|left| *left > 0)?;
    Some(text.chars().skip(from).collect())
}

/// The first characters of a date `YYYY-MM-DD`.
fn day(text: &str, count: usize) -> Option<String> {
    text.parse::<CivilDate>().ok()?;
    text.get(..count).map(str::to_owned)
}

#[cfg(test)]
mod tests;
