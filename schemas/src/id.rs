//! Names of things: entities, messages, consents, purposes, datasets, fields, people.
//!
//! Guarantees: a value of one of these types has been checked; equal things are spelled equally, so that
//! byte comparison is enough. Deliberately absent: making new ids (randomness is `protocol::seal`'s).

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A text is not of the form that its type asks for.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{what} is written {form}")]
pub struct InvalidId {
    /// What was being read.
    pub what: &'static str,
    /// How it is written.
    pub form: &'static str,
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $form:literal, $pattern:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Box<str>);

        impl $name {
            /// The text as it travels.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) { Ok(Self(text.into())) } else { Err(InvalidId { what: stringify!($name), form: $form }) }
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    };
}

fn is_entity(text: &str) -> bool {
    let Ok(parsed) = url::Url::parse(text) else { return false };
    parsed.scheme() == "https"
        && parsed.username().is_empty()
        && parsed.password().is_none()
        && parsed.query().is_none()
        && parsed.fragment().is_none()
        && parsed.port() != Some(0)
        && text.len() <= 256
        // One spelling: no trailing slash for a bare host, nothing that a parser would normalise.
        && parsed.as_str().trim_end_matches('/') == text
}

fn is_dotted(text: &str, max: usize) -> bool {
    !text.is_empty()
        && text.len() <= max
        && text.split('.').all(|part| {
            part.starts_with(|c: char| c.is_ascii_lowercase())
                && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
        })
}

fn is_uuid_v7(text: &str) -> bool {
    text.len() == 36
        && uuid::Uuid::try_parse(text)
            .is_ok_and(|id| id.get_version_num() == 7 && id.hyphenated().encode_lower(&mut [0; 36]) == text)
}

fn is_slug(text: &str, max: usize) -> bool {
    !text.is_empty()
        && text.len() <= max
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

name!(
    /// A member of the federation: an https URL without query, fragment or trailing slash (OpenID Federation 1.1 §1.2).
    EntityId, "as an https URL without user, query, fragment or trailing slash", "^https://", is_entity
);
name!(
    /// The id of one message or record: a UUID of version 7 in lower case (RFC 9562 §5.7).
    MessageId, "as a UUID of version 7 in lower case", "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", is_uuid_v7
);
name!(
    /// The id of a consent credential: `urn:uuid:` and a UUID of version 7.
    ConsentId, "`urn:uuid:` and a UUID of version 7", "^urn:uuid:[0-9a-f-]{36}$",
    |t| t.strip_prefix("urn:uuid:").is_some_and(is_uuid_v7)
);
name!(
    /// The code of a purpose in the purpose registry, such as `social.old-age-pension.eligibility`.
    PurposeCode, "in lower case, parts joined by dots", "^[a-z][a-z0-9_-]*(\\.[a-z][a-z0-9_-]*)*$", |t| is_dotted(t, 128)
);
name!(
    /// The id of a law in the register of laws, such as `rbd-1969-s3a`.
    LawId, "in lower case letters, digits and hyphens", "^[a-z0-9-]{1,64}$",
    |t| is_slug(t, 64) && t.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
);
name!(
    /// A dataset of a provider, such as `revenue.income`.
    DatasetId, "in lower case, parts joined by dots", "^[a-z][a-z0-9_-]*(\\.[a-z][a-z0-9_-]*)*$", |t| is_dotted(t, 128)
);
name!(
    /// One field of a dataset, such as `annual_income_band`.
    FieldName, "in lower case letters, digits and underscores", "^[a-z][a-z0-9_]{0,63}$",
    |t| is_dotted(t, 64) && !t.contains('.') && !t.contains('-')
);
name!(
    /// A sector for which the identity registry makes pseudonyms, such as `revenue`.
    Sector, "in lower case letters, digits and underscores", "^[a-z][a-z0-9_]{0,31}$",
    |t| is_dotted(t, 32) && !t.contains('.') && !t.contains('-')
);
name!(
    /// `sub_<sector>`: the pseudonym of a person in one sector, base64url of an HMAC-SHA-256 (43 characters).
    SectorSubject, "as 43 characters of base64url", "^[A-Za-z0-9_-]{43}$",
    |t| t.len() == 43 && t.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
);
name!(
    /// A key's id: its RFC 7638 SHA-256 thumbprint, base64url (43 characters).
    KeyId, "as 43 characters of base64url", "^[A-Za-z0-9_-]{43}$",
    |t| t.len() == 43 && t.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
);
name!(
    /// A code of the Local Government Directory: a state, district or local body, such as `22` for Chhattisgarh.
    LgdCode, "as 1 to 8 digits", "^[0-9]{1,8}$", |t| (1..=8).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit())
);
name!(
    /// The name of one of a department's own systems, such as `pension-portal`.
    SystemName, "in letters, digits, hyphens, dots and underscores", "^[A-Za-z0-9._-]{1,64}$", |t| is_slug(t, 64)
);
name!(
    /// A case number of the asking department, or the id that joins a cascade of events.
    CaseId, "in letters, digits, hyphens, dots and underscores", "^[A-Za-z0-9._-]{1,64}$", |t| is_slug(t, 64)
);
name!(
    /// What the asker calls a person within one case, such as `applicant` or `spouse`; never a name or a number.
    PersonLabel, "in lower case letters, digits and hyphens", "^[a-z0-9-]{1,32}$",
    |t| is_slug(t, 32) && t.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
);
name!(
    /// A version of a purpose or law in a register, such as `2026-10`.
    RegisterVersion, "in letters, digits, hyphens, dots and underscores", "^[A-Za-z0-9._-]{1,32}$", |t| is_slug(t, 32)
);
name!(
    /// The id of a scheme, such as `CG-IGNOAPS`.
    SchemeId, "in letters, digits, hyphens, dots and underscores", "^[A-Za-z0-9._-]{1,64}$", |t| is_slug(t, 64)
);
name!(
    /// A built-in rule with its version, such as `death-hold@1`.
    RuleId, "as a name in lower case, `@` and a number", "^[a-z][a-z0-9-]{0,47}@[0-9]{1,5}$",
    |t| t.split_once('@').is_some_and(|(name, version)| name.len() <= 48
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && (1..=5).contains(&version.len()) && version.bytes().all(|b| b.is_ascii_digit()))
);
name!(
    /// The number of a clause in its scheme file, such as `I1`.
    ClauseId, "in letters, digits, hyphens, dots and underscores", "^[A-Za-z0-9._-]{1,32}$", |t| is_slug(t, 32)
);
name!(
    /// The path of a fact, such as `household.bpl`.
    FactName, "in lower case, parts joined by dots", "^[a-z][a-z0-9_-]*(\\.[a-z][a-z0-9_-]*)*$", |t| is_dotted(t, 128)
);
name!(
    /// A reason as a code, such as `DEATH_REGISTERED`.
    ReasonCode, "in capitals, digits and underscores", "^[A-Z][A-Z0-9_]{0,63}$",
    |t| t.starts_with(|c: char| c.is_ascii_uppercase()) && t.len() <= 64
        && t.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
);
name!(
    /// A person on a roll by a keyed mark, base64url of an HMAC-SHA-256 (43 characters): another one in each decision.
    PersonMark, "as 43 characters of base64url", "^[A-Za-z0-9_-]{43}$",
    |t| t.len() == 43 && t.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
);
name!(
    /// A member of staff by pseudonym: one person has one.
    StaffMark, "in letters, digits, hyphens, dots and underscores", "^[A-Za-z0-9._-]{1,64}$", |t| is_slug(t, 64)
);
name!(
    /// A point of P-256 that somebody blinded, compressed (SEC 1 §2.3.3), base64url of 33 bytes (44 characters); not yet known to be one.
    BlindedPoint, "as 44 characters of base64url", "^[A-Za-z0-9_-]{44}$",
    |t| t.len() == 44 && t.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
);
name!(
    /// A language (BCP 47), such as `hi`.
    Language, "as a language tag of BCP 47", "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
    |t| t.len() <= 35 && t.split('-').enumerate().all(|(place, part)| match place {
        0 => (2..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_lowercase()),
        _ => (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()),
    })
);
name!(
    /// The type of a life event, such as `in.vinimay.death.registered.v1`.
    EventType, "as `in.vinimay.<subject>.<what>.v<n>`", "^in\\.vinimay\\.[a-z]+\\.[a-z_-]+\\.v[0-9]+$",
    |t| t.starts_with("in.vinimay.") && is_dotted(t, 96) && t.split('.').count() == 5
);
name!(
    /// A citizen's key as a DID: `did:jwk:` and the base64url of her public JWK.
    Did, "as `did:jwk:` and base64url", "^did:jwk:[A-Za-z0-9_-]+$",
    |t| t.len() <= 1024 && t.strip_prefix("did:jwk:").is_some_and(|k| !k.is_empty()
        && k.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'))
);
name!(
    /// 128 random bits or more as base64url: it keeps a logged digest from being guessed.
    Salt, "as base64url of at least 16 bytes", "^[A-Za-z0-9_-]{22,64}$",
    |t| (22..=64).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
);
name!(
    /// A signed thing inside another: a JWS in compact serialisation (RFC 7515 §7.1), not yet verified.
    CompactJws, "as three parts of base64url joined by dots", "^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$",
    |t| is_compact(t, 3)
);
name!(
    /// A sealed thing: a JWE in compact serialisation (RFC 7516 §7.1), not yet opened.
    CompactJwe, "as five parts of base64url joined by dots", "^[A-Za-z0-9_.-]+$", |t| is_compact(t, 5)
);

/// The alphabet of base64url (RFC 4648 §5), by byte.
const BASE64URL: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = matches!(byte as u8, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
        byte += 1;
    }
    table
};

/// One pass: tokens are kilobytes, and every query carries several.
fn is_compact(text: &str, parts: usize) -> bool {
    let (mut part, mut length) = (1, 0_usize);
    // ECDH-ES has an empty second part (RFC 7516 §5.1 step 4).
    let may_end = |part: usize, length: usize| length > 0 || (parts == 5 && part == 2);
    for byte in text.as_bytes() {
        if BASE64URL[usize::from(*byte)] {
            length += 1;
        } else if *byte == b'.' && may_end(part, length) {
            (part, length) = (part + 1, 0);
        } else {
            return false;
        }
    }
    part == parts && may_end(part, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    const V7: &str = "01936b1e-5b2f-7c3d-8e4f-0123456789ab";

    #[test]
    fn an_entity_has_one_spelling() {
        for good in ["https://revenue.gov.example", "https://revenue.localhost:7443", "https://a.example/unit"] {
            assert_eq!(good.parse::<EntityId>().unwrap().as_str(), good);
        }
        for bad in [
            "http://revenue.gov.example",
            "https://revenue.gov.example/",
            "https://Revenue.gov.example",
            "https://revenue.gov.example:443",
            "https://u@revenue.gov.example",
            "https://revenue.gov.example?x",
            "https://revenue.gov.example#x",
            "revenue.gov.example",
            "",
        ] {
            assert!(bad.parse::<EntityId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_message_id_is_a_uuid_of_version_seven() {
        assert!(V7.parse::<MessageId>().is_ok());
        for bad in [&V7.to_uppercase(), &V7.replace("-7", "-4"), &V7.replace('-', ""), &format!("{{{V7}}}")] {
            assert!(bad.parse::<MessageId>().is_err(), "{bad}");
        }
        assert!(format!("urn:uuid:{V7}").parse::<ConsentId>().is_ok());
        assert!(V7.parse::<ConsentId>().is_err());
    }

    #[test]
    fn names_take_only_their_alphabet() {
        assert!("annual_income_band".parse::<FieldName>().is_ok());
        for bad in ["Income", "income band", "income;drop", "1st", "", "a.b", "a-b"] {
            assert!(bad.parse::<FieldName>().is_err(), "{bad}");
        }
        assert!("social.old-age-pension.eligibility".parse::<PurposeCode>().is_ok());
        assert!("social..x".parse::<PurposeCode>().is_err());
        assert!("in.vinimay.death.registered.v1".parse::<EventType>().is_ok());
        assert!("death.registered".parse::<EventType>().is_err());
    }

    #[test]
    fn names_in_decisions_are_narrow() {
        assert!("death-hold@1".parse::<RuleId>().is_ok() && "CG-IGNOAPS".parse::<SchemeId>().is_ok());
        for bad in ["death-hold", "death-hold@", "@1", "Death@1", "a@b", "a@123456", "a@1@2"] {
            assert!(bad.parse::<RuleId>().is_err(), "{bad}");
        }
        for bad in ["", "died", "DIED AT HOME", "1ST", "ÄA"] {
            assert!(bad.parse::<ReasonCode>().is_err(), "{bad}");
        }
        for (tag, good) in [("hi", true), ("hi-IN", true), ("Hindi", false), ("hi-", false), ("", false), ("h", false)]
        {
            assert_eq!(tag.parse::<Language>().is_ok(), good, "{tag}");
        }
    }

    #[test]
    fn compact_tokens_have_their_number_of_parts() {
        assert!("a.b.c".parse::<CompactJws>().is_ok());
        assert!("a..c".parse::<CompactJws>().is_err());
        assert!("a..c.d.e".parse::<CompactJwe>().is_ok());
        assert!("a.b.c.d".parse::<CompactJwe>().is_err());
        for bad in
            ["", ".", "a.b", "a.b.", ".b.c", "a.b.c.d", "a.b+.c", "a.b=.c", "a.b.ç", "a. b.c", "a..c.d", "a.b..d.e"]
        {
            assert!(bad.parse::<CompactJws>().is_err() && bad.parse::<CompactJwe>().is_err(), "{bad}");
        }
    }
}
