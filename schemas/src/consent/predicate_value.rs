//! What a predicate compares with: bounded where it is read, because it stands on the card that the citizen reads.
//!
//! Guarantees: 1 to [`MOST`] characters, none of which is a control character (Unicode general category Cc), a format character (Cf,
//! among them the marks that turn the direction of writing), a line or paragraph separator (Zl, Zp). Surrogates (Cs) cannot stand in
//! a Rust string. Deliberately absent: what the value means; that is the dataset's to say.

use std::fmt;

use serde::{Deserializer, de};

/// Longest value, in characters.
pub const MOST: usize = 64;

/// Unicode 16.0, general category Cf, first and last of each run (`DerivedGeneralCategory.txt`).
const FORMAT: &[(u32, u32)] = &[
    (0x00AD, 0x00AD),
    (0x0600, 0x0605),
    (0x061C, 0x061C),
    (0x06DD, 0x06DD),
    (0x070F, 0x070F),
    (0x0890, 0x0891),
    (0x08E2, 0x08E2),
    (0x180E, 0x180E),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x2064),
    (0x2066, 0x206F),
    (0xFEFF, 0xFEFF),
    (0xFFF9, 0xFFFB),
    (0x110BD, 0x110BD),
    (0x110CD, 0x110CD),
    (0x13430, 0x1343F),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0001, 0xE0001),
    (0xE0020, 0xE007F),
];

/// Whether a predicate may compare with it.
pub fn is_plain(value: &str) -> bool {
    (1..=MOST).contains(&value.chars().count()) && !value.chars().any(unfit)
}

fn unfit(character: char) -> bool {
    let point = u32::from(character);
    let separates = matches!(point, 0x2028 | 0x2029);
    character.is_control() || separates || FORMAT.iter().any(|(first, last)| (*first..=*last).contains(&point))
}

pub(crate) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    deserializer.deserialize_string(Plain)
}

struct Plain;

impl de::Visitor<'_> for Plain {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1 to {MOST} characters without control or format characters")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
        if is_plain(text) { Ok(text.to_owned()) } else { Err(E::invalid_value(de::Unexpected::Str("a value"), &self)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::Predicate;

    fn read(value: &str) -> Result<Predicate, serde_json::Error> {
        serde_json::from_value(serde_json::json!({ "field": "annual_income", "op": "lte", "value": value }))
    }

    #[test]
    fn plain_values_of_every_script_are_read() {
        for value in [
            "200000",
            "-1",
            "bpl",
            "रायपुर",
            "क्षेत्र १२",
            "2026-11-21",
            "a b",
            "é",
            "😀",
            &"9".repeat(64),
            &"१".repeat(64),
        ] {
            assert_eq!(read(value).map(|asked| asked.value).unwrap(), value);
        }
    }

    #[test]
    fn what_could_make_a_card_read_otherwise_is_refused() {
        for (value, why) in [
            (String::new(), "nothing"),
            ("9".repeat(65), "too long"),
            ("१".repeat(65), "too long, counted in characters"),
            ("1\n2".into(), "a line break"),
            ("1\t2".into(), "a tab"),
            ("1\u{85}2".into(), "next line"),
            ("1\u{7f}2".into(), "delete"),
            ("1\u{2028}2".into(), "a line separator"),
            ("1\u{2029}2".into(), "a paragraph separator"),
            ("1\u{202e}2".into(), "right-to-left override"),
            ("1\u{2066}2".into(), "left-to-right isolate"),
            ("1\u{200b}2".into(), "zero width space"),
            ("1\u{ad}2".into(), "soft hyphen"),
            ("\u{feff}1".into(), "byte order mark"),
            ("1\u{e0041}".into(), "a tag character"),
        ] {
            let error = read(&value).unwrap_err().to_string();
            assert!(!error.contains("202e") && error.contains("1 to 64 characters"), "{why}: {error}");
        }
    }

    #[test]
    fn the_same_bound_stands_in_what_was_answered() {
        let answered = |value: &str| {
            let json = serde_json::json!({ "field": "annual_income", "op": "lte", "value": value, "holds": true });
            serde_json::from_value::<crate::answer::PredicateResult>(json).is_ok()
        };
        assert!(answered("200000") && !answered("") && !answered("1\u{202e}2"));
    }

    #[test]
    fn runs_of_format_characters_are_in_order() {
        assert!(FORMAT.windows(2).all(|pair| pair[0].1 < pair[1].0) && FORMAT.iter().all(|run| run.0 <= run.1));
    }
}
