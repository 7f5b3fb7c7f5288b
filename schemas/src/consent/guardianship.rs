//! A guardianship: an SD-JWT VC by the identity registry that lets one key decide for a ward.
//!
//! Source: protocol, "The citizen" ("Guardians"). Concealed: `sub_<sector>` of the ward, each under a salt of its own.
//! Deliberately absent: the ward's name and birthday; who verifies it learns one pseudonym.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Confirmation, StatusClaim};
use crate::{
    id::{EntityId, PurposeCode},
    time::NumericDate,
};

/// `vct` of a guardianship.
pub const GUARDIANSHIP_VCT: &str = "urn:vinimay:guardianship:1";

/// The clear claims of a guardianship (SD-JWT VC, typ `dc+sd-jwt`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Guardianship {
    /// The identity registry.
    pub iss: EntityId,
    /// [`GUARDIANSHIP_VCT`].
    pub vct: String,
    /// Issued at.
    pub iat: NumericDate,
    /// The ward comes of age, or the guardianship ends before; from this second on nothing is decided any more.
    pub exp: NumericDate,
    /// The guardian's key for one consumer: the key of her own binding and of the consent (RFC 7800 §3.2).
    pub cnf: Confirmation,
    /// For what she may decide: a code, or the family above it.
    pub purposes: Vec<PurposeCode>,
    /// Always 1: a guardian names no other guardian.
    pub depth: GuardianshipDepth,
    /// Where its status stands.
    pub status: StatusClaim,
}

/// How often a guardianship may be handed on: `1`, that is, not at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GuardianshipDepth;

impl Serialize for GuardianshipDepth {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(1)
    }
}

impl<'de> Deserialize<'de> for GuardianshipDepth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u8::deserialize(deserializer)? {
            1 => Ok(Self),
            _ => Err(serde::de::Error::custom("the depth of a guardianship is 1")),
        }
    }
}

impl JsonSchema for GuardianshipDepth {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "GuardianshipDepth".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "const": 1 })
    }
}
