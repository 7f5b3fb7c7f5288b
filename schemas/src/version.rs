//! The member `"v":1` that each signed structure of ours carries.
//!
//! A structure with another number does not parse, so that a reader of version 1 never guesses at version 2;
//! the strict front reports it as `version-unsupported` before the rest is looked at.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Exactly the number 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct V1;

impl Serialize for V1 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(1)
    }
}

impl<'de> Deserialize<'de> for V1 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            1 => Ok(Self),
            other => {
                Err(serde::de::Error::custom(format_args!("version {other} is not supported, this reader knows 1")))
            }
        }
    }
}

impl JsonSchema for V1 {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "V1".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "const": 1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_number_one_is_version_one() {
        assert!(serde_json::from_str::<V1>("1").is_ok());
        for other in ["0", "2", "\"1\"", "1.0", "null"] {
            assert!(serde_json::from_str::<V1>(other).is_err(), "{other}");
        }
    }
}
