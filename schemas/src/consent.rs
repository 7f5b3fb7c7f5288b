//! The consent credential, its binding, and what a citizen may order about it.
//!
//! Source: W3C Verifiable Credentials Data Model 2.0; protocol, "Consent credential", "Ending it"; RFC 9901 (SD-JWT).
//! Guarantees: closed structures, one credential = one consumer, one provider, one dataset.
//! Deliberately absent: the decision (`protocol::consent`) and the cryptography (`protocol::credential`).

mod assistance;
mod guardianship;
pub mod predicate_value;
mod presentation;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    federation::{Assurance, Jwk},
    id::{CompactJws, ConsentId, DatasetId, Did, EntityId, FieldName, MessageId, PurposeCode, RegisterVersion, Salt},
    time::{CalendarDuration, CivilDate, NumericDate, Timestamp},
    version::V1,
};

pub use assistance::{Assistance, AssistanceMethod, AssistedBy};
pub use guardianship::{GUARDIANSHIP_VCT, Guardianship, GuardianshipDepth};
pub use presentation::BindingPresentation;

/// `vct` of the resident binding.
pub const BINDING_VCT: &str = "urn:vinimay:resident-binding:1";
/// The first context, exact (VCDM 2.0 §4.3).
pub const VCDM_CONTEXT: &str = "https://www.w3.org/ns/credentials/v2";
/// Path of our own context below the trust anchor's entity id. Never fetched.
pub const CONSENT_CONTEXT_PATH: &str = "/contexts/consent/v1";

/// A consent: a VCDM 2.0 credential, typ `vc+jwt`, signed by the key of the citizen's binding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentCredential {
    /// Exactly the VCDM context, then the federation's consent context.
    #[serde(rename = "@context")]
    pub context: [String; 2],
    /// Uses are counted by (issuer, id).
    pub id: ConsentId,
    /// Exactly `VerifiableCredential`, `ConsentCredential`.
    pub r#type: [String; 2],
    /// The citizen's key.
    pub issuer: Did,
    /// First instant.
    #[serde(rename = "validFrom")]
    pub valid_from: Timestamp,
    /// Last instant (exclusive).
    #[serde(rename = "validUntil")]
    pub valid_until: Timestamp,
    /// Who consents to what.
    #[serde(rename = "credentialSubject")]
    pub credential_subject: ConsentSubject,
    /// What was shown when she decided.
    pub evidence: [ConsentNotice; 1],
}

/// Who consents to what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentSubject {
    /// The issuer again.
    pub id: Did,
    /// The terms.
    pub consent: ConsentTerms,
}

/// The terms of a consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentTerms {
    /// Structure version.
    pub v: V1,
    /// Always `given`; a refusal is no credential.
    pub decision: Decision,
    /// Herself, or a ward.
    #[serde(rename = "dataSubject")]
    pub data_subject: DataSubject,
    /// For what.
    pub purpose: ConsentPurpose,
    /// Who may ask.
    pub consumer: EntityId,
    /// Who may answer.
    pub provider: EntityId,
    /// About what.
    pub dataset: DatasetId,
    /// Which items.
    pub fields: Vec<FieldName>,
    /// Which questions with yes or no.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub predicates: Vec<Predicate>,
    /// Which days the data may speak of, both ends included.
    #[serde(rename = "dataRange", default, skip_serializing_if = "Option::is_none")]
    pub data_range: Option<DataRange>,
    /// How often.
    pub frequency: Frequency,
    /// How long the answer may be kept.
    pub retention: Retention,
    /// Always `none`.
    #[serde(rename = "onwardSharing")]
    pub onward_sharing: OnwardSharing,
}

/// The only decision that makes a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// She agrees.
    Given,
}

/// Whose data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "role", rename_all = "lowercase", deny_unknown_fields)]
pub enum DataSubject {
    /// Her own.
    #[serde(rename = "self")]
    Own {},
    /// That of a ward, under a guardianship credential.
    Ward {
        /// Digest of the guardianship credential.
        guardianship_sha256: Digest,
    },
}

/// A purpose as the citizen read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentPurpose {
    /// Code in the purpose registry.
    pub code: PurposeCode,
    /// Its version.
    pub version: RegisterVersion,
    /// Digest of the text in the language shown.
    pub text: Digest,
    /// Data Privacy Vocabulary term.
    pub dpv: String,
}

/// A question that is answered with yes or no.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Predicate {
    /// Which item it looks at.
    pub field: FieldName,
    /// How it compares.
    pub op: PredicateOp,
    /// With what; numbers in decimal, no floats. 1 to 64 characters without control, format, surrogate or line-breaking ones: it
    /// stands on the card that the citizen reads.
    #[serde(deserialize_with = "predicate_value::read")]
    #[schemars(length(min = 1, max = 64))]
    pub value: String,
}

/// Comparison of a predicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PredicateOp {
    /// Equal.
    Eq,
    /// Less or equal.
    Lte,
    /// Greater or equal.
    Gte,
}

/// Days, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataRange {
    /// First day.
    pub from: CivilDate,
    /// Last day.
    pub to: CivilDate,
}

/// How often a consent may be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Frequency {
    /// Once, or again.
    pub mode: FrequencyMode,
    /// Uses in all; 1 for `one-time`.
    #[serde(rename = "maxUses")]
    pub max_uses: u32,
    /// Calendar windows counted from `validFrom` in Asia/Kolkata.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<CalendarDuration>,
    /// Uses in each window.
    #[serde(rename = "usesPerPeriod", default, skip_serializing_if = "Option::is_none")]
    pub uses_per_period: Option<u32>,
}

/// Once, or again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FrequencyMode {
    /// One use.
    OneTime,
    /// Up to `maxUses`.
    Recurring,
}

/// How long the asker may keep the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// From the day of the answer.
    pub duration: CalendarDuration,
}

/// The asker may not pass the answer on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnwardSharing {
    /// To nobody.
    None,
}

/// What was shown when she decided (evidence of type `ConsentNotice`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentNotice {
    /// Always `ConsentNotice`.
    pub r#type: String,
    /// Digest of the card's text.
    pub notice: Digest,
    /// Its language.
    pub locale: String,
    /// Digest of the request object.
    pub request: Digest,
    /// When the card was shown.
    #[serde(rename = "shownAt")]
    pub shown_at: Timestamp,
    /// Digest of the wallet's build.
    pub wallet: Digest,
    /// Who helped; absent where she decided by herself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assistance: Option<Assistance>,
}

/// The clear claims of a resident binding (SD-JWT VC, typ `dc+sd-jwt`). What is concealed: `resident_id`,
/// `given_name`, `family_name`, `birthdate`, `sub_<sector>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BindingClaims {
    /// The identity registry.
    pub iss: EntityId,
    /// [`BINDING_VCT`].
    pub vct: String,
    /// Issued at.
    pub iat: NumericDate,
    /// Expires at.
    pub exp: NumericDate,
    /// The citizen's key for one consumer (RFC 7800 §3.2).
    pub cnf: Confirmation,
    /// How well the person is known.
    pub assurance_level: Assurance,
    /// By herself or with an operator.
    pub mode: BindingMode,
    /// Who helps, and until when; absent where the mode is `self`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assisted: Option<AssistedBy>,
    /// Where its status stands.
    pub status: StatusClaim,
}

/// A key that the holder must prove (RFC 7800 §3.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// The public key.
    pub jwk: Jwk,
}

/// How the wallet is operated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BindingMode {
    /// By the citizen.
    #[serde(rename = "self")]
    Own,
    /// With an operator's help.
    Assisted,
}

/// Token Status List reference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusClaim {
    /// The list and the place in it.
    pub status_list: StatusReference,
}

/// A place in a status list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusReference {
    /// Index, from 0.
    pub idx: u64,
    /// URL of the list.
    pub uri: String,
}

/// A token status list, typ `statuslist+jwt`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusListToken {
    /// The identity registry.
    pub iss: EntityId,
    /// URL of this list, equal to the reference's `uri`.
    pub sub: String,
    /// Issued at.
    pub iat: NumericDate,
    /// Expires at.
    pub exp: NumericDate,
    /// Seconds to keep.
    pub ttl: u64,
    /// The compressed bits.
    pub status_list: StatusListBits,
}

/// The compressed bits of a status list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusListBits {
    /// Bits an entry: 1, 2, 4 or 8. Ours has 2: valid 0, invalid 1, suspended 2.
    pub bits: u8,
    /// ZLIB (RFC 1950), base64url without padding.
    pub lst: String,
}

/// What a citizen orders about a consent, typ `consent-order+jwt`, signed by the consent's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentOrder {
    /// Structure version.
    pub v: V1,
    /// The consent's issuer.
    pub iss: Did,
    /// Consumer and provider.
    pub aud: Vec<EntityId>,
    /// Issued at; no end: it counts whenever it arrives.
    pub iat: NumericDate,
    /// Id of the order.
    pub jti: MessageId,
    /// The consent itself, so that the order works before the first query.
    pub consent: CompactJws,
    /// What to do.
    pub action: OrderAction,
    /// For `shorten`: the new end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Strictly increases per consent.
    pub n: u32,
}

/// What to do with a consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OrderAction {
    /// End it for good.
    Revoke,
    /// Stop it for now.
    Pause,
    /// Go on.
    Resume,
    /// End it earlier.
    Shorten,
}

/// Acknowledgement of an order, typ `dx-order-ack+jwt`: from its commit on, queries obey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderAck {
    /// Structure version.
    pub v: V1,
    /// The party that obeys.
    pub iss: EntityId,
    /// Committed at.
    pub iat: NumericDate,
    /// Id of the acknowledgement.
    pub jti: MessageId,
    /// Keeps the digest from being guessed.
    pub salt: Salt,
    /// Digest of the order.
    pub order: Digest,
    /// The consent.
    pub consent: ConsentId,
    /// What holds now.
    pub status: ConsentStatus,
}

/// What holds for a consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ConsentStatus {
    /// May be used.
    Active,
    /// Stopped for now.
    Paused,
    /// Ended for good.
    Revoked,
}
