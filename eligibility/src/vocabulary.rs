//! What kind of value each fact has: the words that scheme files may use, and no others.
//!
//! Guarantees: every name of [`crate::fact::names`] has a kind; a value of another kind, or a word outside the closed set,
//! counts as unknown and is never compared. Deliberately absent: where facts come from.

use crate::fact::{Value, names};

/// The kind of a fact's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Yes or no.
    Bool,
    /// A whole number.
    Integer,
    /// A code, or one of these words if any are named.
    Text(&'static [&'static str]),
    /// A civil day.
    Date,
    /// Whole numbers.
    Integers,
}

/// The words for a marital status.
pub const MARITAL_STATUS: &[&str] = &["never_married", "married", "widowed", "divorced", "deserted"];
const SEX: &[&str] = &["female", "male", "other"];
const CATEGORY: &[&str] = &["general", "obc", "sc", "st"];

/// Completed years on the day, derived from the birth; for expressions and formulas only.
pub const AGE: &str = "person.age";
/// Rupees a month of each benefit of a class that another scheme pays on the day, derived; the class follows.
pub const MONTHLY: &str = "benefits.monthly.";

impl Kind {
    /// Whether a value is of this kind.
    pub fn admits(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Bool, Value::Bool(_)) | (Self::Integer, Value::Integer(_)) | (Self::Date, Value::Date(_)) => true,
            (Self::Text(words), Value::Text(text)) => words.is_empty() || words.contains(&text.as_str()),
            (Self::Integers, Value::List(list)) => list.iter().all(|v| matches!(v, Value::Integer(_))),
            _ => false,
        }
    }

    /// As messages name it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Bool => "true or false",
            Self::Integer => "a whole number",
            Self::Text(_) => "a text",
            Self::Date => "a date",
            Self::Integers => "a list of whole numbers",
        }
    }
}

/// The kind of a fact that people or registers state.
pub fn kind(name: &str) -> Option<Kind> {
    Some(match name {
        names::BIRTH_DATE | names::DEATH_DATE | names::DELIVERY_DATE => Kind::Date,
        names::BIRTH_YEAR | names::MEMBERS | names::DELIVERY_PLURALITY => Kind::Integer,
        names::SEX => Kind::Text(SEX),
        names::MARITAL_STATUS => Kind::Text(MARITAL_STATUS),
        names::CATEGORY => Kind::Text(CATEGORY),
        names::STATE_CODE | names::DISTRICT | names::NATIVE_STATE => Kind::Text(&[]),
        _ if names::ALL.contains(&name) => Kind::Bool,
        _ => return None,
    })
}

/// The kind of what an expression may name: facts, and what is derived from them.
pub fn kind_in_expressions(name: &str) -> Option<Kind> {
    match name {
        AGE => Some(Kind::Integer),
        _ if name.strip_prefix(MONTHLY).is_some_and(|class| !class.is_empty() && !class.contains('.')) => {
            Some(Kind::Integers)
        }
        _ => kind(name),
    }
}

/// The nearest known name to a misspelt one.
pub fn nearest<'a>(name: &str, among: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    among
        .into_iter()
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .min()
        .filter(|(distance, known)| *distance <= 2.max(known.len() / 4))
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_kind_and_no_other_has() {
        for name in names::ALL {
            assert!(kind(name).is_some(), "{name}");
        }
        for name in ["person.brith_date", "benefits", "person.age", "household"] {
            assert_eq!(kind(name), None, "{name}");
        }
        assert_eq!(kind_in_expressions("benefits.monthly.pension"), Some(Kind::Integers));
        assert_eq!(kind_in_expressions("benefits.monthly."), None);
    }

    #[test]
    fn a_word_outside_the_closed_set_is_no_value() {
        let kind = kind(names::MARITAL_STATUS).unwrap();
        assert!(kind.admits(&"widowed".into()));
        assert!(!kind.admits(&"widow".into()) && !kind.admits(&Value::Bool(true)));
        assert!(Kind::Text(&[]).admits(&"anything".into()));
        assert!(
            Kind::Integers.admits(&Value::List(vec![1.into()]))
                && !Kind::Integers.admits(&Value::List(vec![true.into()]))
        );
    }

    #[test]
    fn a_slip_of_the_pen_finds_the_name_meant() {
        let known = || names::ALL.iter().copied();
        assert_eq!(nearest("person.brith_date", known()), Some(names::BIRTH_DATE));
        assert_eq!(nearest("house.bpl", known()), None);
        assert_eq!(nearest("houshold.bpl", known()), Some(names::BPL));
    }
}
