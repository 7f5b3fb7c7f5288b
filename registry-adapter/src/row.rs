//! Reading a department's texts as values: whole numbers, days, truth values as registers write them.
//!
//! Guarantees: a value that is not of the mapped type is an error, never a guess; errors do not hold the value.

use schemas::{answer::FieldValue, time::CivilDate};

use crate::{
    catalogue::{Column, ColumnKind},
    key::LocalKey,
    mapping::FieldKind,
    statement::{Bind, Statement},
};

/// A value is not of the type that the mapping gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the value is no {expected}")]
pub(crate) struct Unreadable {
    pub(crate) expected: &'static str,
}

/// Reads a value as the mapping says.
pub(crate) fn field_value(kind: FieldKind, text: Option<&str>) -> Result<FieldValue, Unreadable> {
    let Some(text) = text else { return Ok(FieldValue::Missing) };
    let unreadable = Unreadable { expected: kind.as_str() };
    match kind {
        FieldKind::Text => Ok(FieldValue::Text(text.to_owned())),
        FieldKind::Integer => text.trim().parse().map(FieldValue::Integer).map_err(|_| unreadable),
        FieldKind::Date => day(text).map(|day| FieldValue::Text(day.to_string())).ok_or(unreadable),
        FieldKind::Boolean => boolean(text).map(FieldValue::Boolean).ok_or(unreadable),
    }
}

/// `YYYY-MM-DD`.
pub(crate) fn day(text: &str) -> Option<CivilDate> {
    text.trim().parse().ok()
}

/// Truth as registers write it.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "t" | "true" | "y" | "yes" => Some(true),
        "0" | "f" | "false" | "n" | "no" => Some(false),
        _ => None,
    }
}

/// A key as its column compares it; `None` where no row can have this key (one number has one spelling).
pub(crate) fn key_bind(column: &Column, key: &LocalKey) -> Option<Bind> {
    match column.kind {
        ColumnKind::Integer => {
            let number: i64 = key.as_str().parse().ok()?;
            (number.to_string() == key.as_str()).then_some(Bind::Integer(number))
        }
        _ => Some(Bind::from(key.as_str())),
    }
}

/// ` "column" = $n`.
pub(crate) fn where_key(statement: Statement, column: &Column, key: Bind) -> Statement {
    statement.name(&column.name).sql(" = ").bind(key)
}

/// ` "column" IN ($n, …)`; at least one key.
pub(crate) fn where_key_in(statement: Statement, column: &Column, keys: impl IntoIterator<Item = Bind>) -> Statement {
    let mut statement = statement.name(&column.name).sql(" IN (");
    for (place, key) in keys.into_iter().enumerate() {
        statement = if place == 0 { statement } else { statement.sql(", ") }.bind(key);
    }
    statement.sql(")")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_mapped_and_never_guessed() {
        let table = [
            (FieldKind::Text, "क ख", Ok(FieldValue::Text("क ख".into()))),
            (FieldKind::Integer, "42", Ok(FieldValue::Integer(42))),
            (FieldKind::Integer, "42.5", Err("integer")),
            (FieldKind::Integer, "99999999999999999999", Err("integer")),
            (FieldKind::Date, "2024-02-29", Ok(FieldValue::Text("2024-02-29".into()))),
            (FieldKind::Date, "29/02/2024", Err("date")),
            (FieldKind::Date, "2023-02-29", Err("date")),
            (FieldKind::Boolean, "Y", Ok(FieldValue::Boolean(true))),
            (FieldKind::Boolean, "0", Ok(FieldValue::Boolean(false))),
            (FieldKind::Boolean, "perhaps", Err("boolean")),
        ];
        for (kind, text, expected) in table {
            let read = field_value(kind, Some(text)).map_err(|unreadable| unreadable.expected);
            assert_eq!(read, expected, "{kind:?} {text}");
            assert_eq!(field_value(kind, None), Ok(FieldValue::Missing));
        }
    }
}
