//! What an auditor gets: one JSON document that proves one exchange, one trigger or one build of the wallet off line; and the root she pins.
//!
//! Source: log-formats, "Bundle". Every part is bound to the digest of its record. A root or policy inside a bundle is never
//! trusted by itself: [`TrustRoot`] comes by another way.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    federation::SignedRegister,
    id::{CompactJws, EntityId, KeyId},
    version::V1,
};

/// Evidence of one exchange or trigger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// Structure version.
    pub v: V1,
    /// What it is about.
    pub kind: BundleKind,
    /// Receipts (an exchange: own, the counterpart's if held, and the record of the erasure once there is one; a trigger: event, acknowledgement, application; a build: its record).
    pub records: Vec<BundledRecord>,
    /// Trust chains of the signers, valid when the records were signed.
    pub members: Vec<BundledMember>,
    /// The register of laws that a receipt's basis names by digest, as two officers signed it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub registers: Vec<SignedRegister>,
}

/// What a bundle is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BundleKind {
    /// A query and its answer.
    Exchange,
    /// A life event.
    Trigger,
    /// The build of the wallet that an identity registry serves.
    Build,
}

/// One signed record with its evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BundledRecord {
    /// The record.
    pub jws: CompactJws,
    /// A tlog-proof (C2SP), checkpoint included; absent while the record is not anchored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
    /// RFC 3161 responses over the checkpoint note of the proof with the log's signature line alone; base64 of DER.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timestamps: Vec<String>,
}

/// A member's trust chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BundledMember {
    /// The member.
    pub entity: EntityId,
    /// Entity configuration, subordinate statement, the anchor's entity configuration.
    pub chain: Vec<CompactJws>,
}

/// What an auditor or a member pins, obtained by another way than the bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrustRoot {
    /// Structure version.
    pub v: V1,
    /// The trust anchor.
    pub entity: EntityId,
    /// Thumbprint of its federation key.
    pub fingerprint: KeyId,
    /// The log's verifier key.
    pub log_vkey: String,
    /// Root certificate of the time-stamp authority, base64 of DER.
    pub tsa_root: String,
}
