//! base64url without padding, one spelling for each byte string (RFC 4648 §5, RFC 7515 §2).
//!
//! Guarantees: padding, other alphabets, line breaks and non-zero trailing bits are refused, so that equal bytes
//! are equal texts.

use base64::{
    Engine as _,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

const STRICT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(false),
);

/// The text is not base64url without padding and without trailing bits.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not base64url without padding")]
pub struct InvalidBase64Url;

/// Reads base64url strictly.
///
/// # Errors
/// If the text has padding, a foreign character or non-zero trailing bits.
pub fn decode(text: impl AsRef<[u8]>) -> Result<Vec<u8>, InvalidBase64Url> {
    STRICT.decode(text).map_err(|_| InvalidBase64Url)
}

/// Writes base64url without padding.
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    STRICT.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_the_one_spelling_is_read() {
        assert_eq!(decode("AQ"), Ok(vec![1]));
        for (bad, why) in [
            ("AQ==", "padding"),
            ("AR", "trailing bits"),
            ("A+8", "the other alphabet"),
            ("A/8", "the other alphabet"),
            ("AQ\n", "a line break"),
            ("A Q", "a space"),
            ("A", "a lone character"),
        ] {
            assert_eq!(decode(bad), Err(InvalidBase64Url), "{why}");
        }
    }

    #[test]
    fn the_vector_of_rfc_7515_appendix_c() {
        assert_eq!(encode([3, 236, 255, 224, 193]), "A-z_4ME");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(bytes: Vec<u8>) {
            prop_assert_eq!(decode(encode(&bytes)), Ok(bytes));
        }

        #[test]
        fn what_reads_is_written_the_same(text in "[A-Za-z0-9_-]{0,24}") {
            if let Ok(bytes) = decode(&text) {
                prop_assert_eq!(encode(bytes), text);
            }
        }
    }
}
