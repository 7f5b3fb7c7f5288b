//! True, false, unknown: Kleene's strong logic of three values.
//!
//! Guarantees: an operation gives true or false only where any value in place of each unknown would give the same, so that
//! learning more never contradicts what was said, and forgetting never turns unknown into false. Source: S. C. Kleene,
//! *Introduction to Metamathematics* (1952), § 64; triggers, "True, false, unknown".

use std::ops::Not;

use serde::{Deserialize, Serialize};

/// One of three values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Truth {
    /// Certainly not.
    False,
    /// Could be either.
    Unknown,
    /// Certainly.
    True,
}

impl Truth {
    /// As scheme files and records write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::True => "true",
            Self::False => "false",
            Self::Unknown => "unknown",
        }
    }

    /// Both: the lesser of the two.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.min(other)
    }

    /// Either: the greater of the two.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.max(other)
    }

    /// What both say if they agree; else unknown.
    #[must_use]
    pub fn agreed(a: bool, b: bool) -> Self {
        if a == b { a.into() } else { Self::Unknown }
    }

    /// All of them; true of none.
    pub fn all(values: impl IntoIterator<Item = Self>) -> Self {
        values.into_iter().fold(Self::True, Self::and)
    }

    /// Any of them; false of none.
    pub fn any(values: impl IntoIterator<Item = Self>) -> Self {
        values.into_iter().fold(Self::False, Self::or)
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}

impl From<Option<bool>> for Truth {
    fn from(value: Option<bool>) -> Self {
        value.map_or(Self::Unknown, Self::from)
    }
}

impl Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Truth::*, *};

    const ALL: [Truth; 3] = [True, False, Unknown];

    #[test]
    fn the_tables_of_kleene_hold() {
        for (a, b, and, or) in [
            (True, True, True, True),
            (True, False, False, True),
            (True, Unknown, Unknown, True),
            (False, False, False, False),
            (False, Unknown, False, Unknown),
            (Unknown, Unknown, Unknown, Unknown),
        ] {
            assert_eq!((a.and(b), a.or(b), b.and(a), b.or(a)), (and, or, and, or), "{a:?} {b:?}");
        }
    }

    #[test]
    fn laws_of_kleenes_logic_hold_for_all_values() {
        for a in ALL {
            assert_eq!((!!a, a.and(a), a.or(a), a.and(True), a.or(False)), (a, a, a, a, a));
            for b in ALL {
                assert_eq!(!(a.and(b)), (!a).or(!b), "De Morgan");
                assert_eq!((a.and(a.or(b)), a.or(a.and(b))), (a, a), "absorption");
                for c in ALL {
                    assert_eq!((a.and(b).and(c), a.or(b).or(c)), (a.and(b.and(c)), a.or(b.or(c))), "associativity");
                    assert_eq!(a.and(b.or(c)), a.and(b).or(a.and(c)), "distributivity");
                }
            }
        }
        assert_eq!(Unknown.or(!Unknown), Unknown, "the excluded middle is not a law here");
    }

    #[test]
    fn forgetting_a_value_never_contradicts_the_result() {
        for (a, b) in ALL.into_iter().flat_map(|a| ALL.map(|b| (a, b))) {
            for (full, less) in [(a.and(b), a.and(Unknown)), (a.or(b), a.or(Unknown)), (!a, !Unknown)] {
                assert!(less == Unknown || less == full, "{a:?} {b:?}");
            }
        }
    }
}
