//! Names of keys, which are also the origins of our logs.

use std::{fmt, str::FromStr};

/// Longest name taken, bytes. The specification sets no bound.
const MAX_NAME_BYTES: usize = 255;

/// Name of a key: not empty, no Unicode space, no control character, no `+`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyName(String);

/// The text cannot name a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key name is 1 to 255 bytes without space, control character or '+'")]
pub struct KeyNameError;

impl KeyName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyName {
    type Err = KeyNameError;

    fn from_str(text: &str) -> Result<Self, KeyNameError> {
        let foreign = |c: char| c == '+' || c.is_whitespace() || c.is_control();
        if text.is_empty() || text.len() > MAX_NAME_BYTES || text.contains(foreign) {
            return Err(KeyNameError);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_without_spaces_and_plus_are_taken() {
        for name in ["PeterNeumann", "anchor.gov.example/log/2027", "न्याय.example/log", "a"] {
            assert_eq!(name.parse::<KeyName>().unwrap().to_string(), name);
        }
        let all = ["", "a b", "a+b", "a\nb", "a\u{2003}b", "a\u{a0}", "\u{3000}", "a\u{7}", "a\u{85}"];
        for name in all.into_iter().chain([&*"x".repeat(256)]) {
            assert_eq!(name.parse::<KeyName>(), Err(KeyNameError), "{name:?}");
        }
    }
}
