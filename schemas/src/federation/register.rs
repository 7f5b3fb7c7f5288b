//! What two officers of the authority put in force: the purpose registry and the register of laws.
//!
//! Source: protocol, "Federation". Deliberately absent: whether two officers signed (`protocol::federation`).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    consent::{FrequencyMode, Predicate},
    digest::Digest,
    id::{CompactJws, DatasetId, EntityId, FieldName, LawId, MessageId, PurposeCode, RegisterVersion, Salt},
    time::{CalendarDuration, CivilDate, NumericDate},
    version::V1,
};

/// What officers of the authority put in force, typ `dx-register+jwt`. Each signs one JWS with equal claims
/// except `iat`, `jti`, `salt`; in force when two different persons have signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// Structure version.
    pub v: V1,
    /// The trust anchor.
    pub iss: EntityId,
    /// Signed at.
    pub iat: NumericDate,
    /// Id of this signature.
    pub jti: MessageId,
    /// Keeps the digest from being guessed.
    pub salt: Salt,
    /// Counts up by one; lower than seen is refused.
    pub version: u64,
    /// The whole content, replacing what was.
    pub content: RegisterContent,
}

/// Purposes or laws.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RegisterContent {
    /// The purpose registry.
    Purposes(Vec<Purpose>),
    /// The register of laws.
    Laws(Vec<Law>),
}

/// What `registers_endpoint` serves: the signatures of one version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignedRegister {
    /// One compact JWS an officer.
    pub signatures: Vec<CompactJws>,
}

/// A purpose: the upper bound of any consent that names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Purpose {
    /// Its code; the first parts are its family.
    pub code: PurposeCode,
    /// Its version.
    pub version: RegisterVersion,
    /// The text that the citizen reads, by language (`en`, `hi`), NFC, LF.
    pub text: BTreeMap<String, String>,
    /// Data Privacy Vocabulary term.
    pub dpv: String,
    /// Datasets and fields that may be asked for.
    pub allowed: Vec<AllowedData>,
    /// Longest time from `validFrom` to `validUntil`.
    pub max_validity: CalendarDuration,
    /// Most often.
    pub max_frequency: FrequencyBound,
    /// Longest that the asker may keep the answer.
    pub max_retention: CalendarDuration,
    /// Needs a live nonce, a fresher status, a higher bar.
    pub sensitive: bool,
    /// Needs a live nonce even where it is not sensitive.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required_presence: bool,
    /// Allowed fields of which only predicates are answered, never values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub predicates_only: Vec<FieldName>,
    /// What the text promises: when the consent is revoked, the asker erases the answers that it got on it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub erase_on_revocation: bool,
}

impl Purpose {
    /// The digest of the text in a language, as a consent names it.
    pub fn text_digest(&self, language: &str) -> Option<Digest> {
        self.text.get(language).map(|text| Digest::of(text.as_bytes()))
    }
}

/// Fields of a dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AllowedData {
    /// The dataset.
    pub dataset: DatasetId,
    /// Its fields.
    pub fields: Vec<FieldName>,
}

/// Upper bound of a consent's frequency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FrequencyBound {
    /// Modes that may be asked for.
    pub modes: Vec<FrequencyMode>,
    /// Most uses in all.
    pub max_uses: u32,
}

/// A law that allows a query without consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Law {
    /// Its id.
    pub id: LawId,
    /// Its version.
    pub version: RegisterVersion,
    /// A name for people, by language.
    pub title: BTreeMap<String, String>,
    /// The statute, as cited.
    pub statute: String,
    /// The section, as cited.
    pub section: String,
    /// Who may ask.
    pub consumer: EntityId,
    /// Who may answer.
    pub provider: EntityId,
    /// For what.
    pub purpose: PurposeCode,
    /// What.
    pub allowed: AllowedData,
    /// Questions with yes or no that may be asked beside the allowed fields, exactly as they stand here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub predicates: Vec<Predicate>,
    /// Last day.
    pub until: CivilDate,
    /// Daily limits.
    pub quota: LawQuota,
    /// When the citizen is told.
    pub disclosure: Disclosure,
    /// For emergencies: asking needs a reason, tells the citizen at once, and is reviewed by a second officer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub break_glass: bool,
}

/// Daily limits under a law.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LawQuota {
    /// Queries a day in all.
    pub per_day: u32,
    /// Queries a day by one officer.
    pub per_officer: u32,
    /// Queries a day about one person.
    pub per_subject: u32,
}

/// When the citizen is told of a use under a law.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Disclosure {
    /// At once.
    Immediate,
    /// After so many days, at most 180.
    Delayed(u16),
}
