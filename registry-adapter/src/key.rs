//! The department's own number of a person or a row.
//!
//! Guarantees: a key is bounded text without control characters; it never prints itself into logs.

use std::{fmt, str::FromStr};

/// The greatest length of a key, in bytes.
const MAX: usize = 128;

/// The value of a mapped key column as text: what `subject_link.local_key` holds. Personal data.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalKey(Box<str>);

/// The text is empty, longer than 128 bytes or has control characters.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a local key is 1 to 128 bytes of text without control characters")]
pub struct InvalidLocalKey;

impl LocalKey {
    /// The text, for binding and for storing encrypted. Never for a log.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LocalKey {
    type Err = InvalidLocalKey;

    fn from_str(text: &str) -> Result<Self, InvalidLocalKey> {
        let valid = (1..=MAX).contains(&text.len()) && !text.chars().any(char::is_control);
        if valid { Ok(Self(text.into())) } else { Err(InvalidLocalKey) }
    }
}

// No Display: a key that prints itself ends in a log sooner or later.
impl fmt::Debug for LocalKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocalKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_does_not_print_itself() {
        let key: LocalKey = "CG-0042".parse().unwrap();
        assert_eq!(format!("{key:?}"), "LocalKey(…)");
        assert_eq!(key.as_str(), "CG-0042");
    }

    #[test]
    fn empty_long_and_control_characters_are_refused() {
        for bad in ["", "a\nb", "a\0b", &"x".repeat(129)] {
            assert_eq!(bad.parse::<LocalKey>(), Err(InvalidLocalKey), "{bad:?}");
        }
    }
}
