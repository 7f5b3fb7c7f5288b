//! Decimal numbers as the C2SP formats write them: ASCII digits, no sign, no leading zero.
//!
//! `u64::from_str` alone would take `+5` and `007`, so that one tree size had several spellings.

/// Parses a canonical decimal `u64`; `None` for any other spelling or an overflow.
pub(crate) fn parse(text: &str) -> Option<u64> {
    let canonical =
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if canonical { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn one_number_has_one_spelling() {
        assert_eq!(parse("0"), Some(0));
        assert_eq!(parse("18446744073709551615"), Some(u64::MAX));
        for other in ["", "00", "01", "+1", "-1", " 1", "1 ", "1_0", "x", "18446744073709551616", "१"] {
            assert_eq!(parse(other), None, "{other:?}");
        }
    }
}
