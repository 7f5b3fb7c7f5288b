//! Where a citizen can be reached: plain forms that cannot break out of a header or a template.
//!
//! Guarantees: neither type shows its content in a debug text. Deliberately absent: a proof that the address is hers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! address {
    ($(#[$doc:meta])* $name:ident, $form:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Serialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The text as it travels.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        // Personal data: it must not reach a log by accident.
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
        impl std::str::FromStr for $name {
            type Err = crate::id::InvalidId;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) { Ok(Self(text.to_owned())) } else { Err(crate::id::InvalidId { what: stringify!($name), form: $form }) }
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

address!(
    /// A telephone number (E.164): `+` and 8 to 15 digits.
    Phone, "as `+` and 8 to 15 digits",
    |t| t.strip_prefix('+').is_some_and(|d| (8..=15).contains(&d.len()) && d.bytes().all(|b| b.is_ascii_digit()) && !d.starts_with('0'))
);
address!(
    /// An address for mail: the plain form of RFC 5321 §4.1.2, without quoting, comments or line breaks.
    MailAddress, "as local@domain",
    |t| t.len() <= 254 && t.split_once('@').is_some_and(|(local, domain)| {
        let word = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b);
        let host = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
        !local.is_empty() && local.len() <= 64 && local.bytes().all(word) && !local.starts_with('.') && !local.ends_with('.')
            && !local.contains("..") && domain.contains('.') && domain.bytes().all(host)
            && domain.split('.').all(|part| !part.is_empty() && !part.starts_with('-') && !part.ends_with('-'))
    })
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_one_plain_form_and_nothing_that_could_break_out_of_a_header() {
        for good in ["+919876543210", "+4912345678"] {
            assert!(good.parse::<Phone>().is_ok(), "{good}");
        }
        for bad in ["9876543210", "+91 98765 43210", "+0123456789", "+1", "", "+91987654321a", "+9198765432101234"] {
            assert!(bad.parse::<Phone>().is_err(), "{bad}");
        }
        for good in ["sushila@mail.example", "s.sahu+x@a-b.example.in"] {
            assert!(good.parse::<MailAddress>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "a",
            "a@b",
            "@x.example",
            "a@.example",
            "a@x..example",
            "a\r\nBcc: b@x.example",
            "a b@x.example",
            "a@x.example>",
            "\"a\"@x.example",
            "a@-x.example",
            ".a@x.example",
        ] {
            assert!(bad.parse::<MailAddress>().is_err(), "{bad}");
        }
        assert_eq!(format!("{:?}", "+919876543210".parse::<Phone>().unwrap()), "Phone(…)");
    }
}
