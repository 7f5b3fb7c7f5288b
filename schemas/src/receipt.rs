//! Receipts: each party's own signed word that an exchange happened, typ `dx-receipt+jwt`.
//!
//! Source: protocol, "Query, answer, receipts". A receipt holds digests and names of items, never a value.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    consent::Predicate,
    digest::Digest,
    id::{ConsentId, DatasetId, EntityId, FieldName, LawId, MessageId, PurposeCode, RegisterVersion, Salt},
    problem::Code,
    time::{NumericDate, Timestamp},
    version::V1,
};

/// One party's word about one exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// Structure version.
    pub v: V1,
    /// Who gives it.
    pub iss: EntityId,
    /// Which side.
    pub role: ReceiptRole,
    /// The other side.
    pub peer: EntityId,
    /// Issued at.
    pub iat: NumericDate,
    /// Id of the receipt.
    pub jti: MessageId,
    /// Keeps the logged digest from being guessed.
    pub salt: Salt,
    /// `jti` of the query.
    pub exchange: MessageId,
    /// Digest of the query.
    pub query: Digest,
    /// Digest of the sealed data; null when refused or unconfirmed.
    pub data: Option<Digest>,
    /// The basis named by the query; null where it could not be read.
    pub basis: Option<ReceiptBasis>,
    /// For what.
    pub purpose: PurposeCode,
    /// About what.
    pub dataset: DatasetId,
    /// The items that left (answered) or were asked for (otherwise).
    pub fields: Vec<FieldName>,
    /// The questions with yes or no that were answered (answered) or asked (otherwise); never what the answer was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub predicates: Vec<Predicate>,
    /// base64url(HMAC-SHA-256(K, subject ‖ receipt jti)); null where the subject was not established.
    pub subject: Option<String>,
    /// What happened.
    pub outcome: Outcome,
    /// Why it was refused.
    pub refusal: Option<Code>,
    /// How fresh the binding's status was.
    pub status_checked: Option<Timestamp>,
    /// Size of the log when the directory in use was issued.
    pub directory_size: u64,
    /// Consumer only: digest of the answer; null when unconfirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Digest>,
    /// Consumer only: digest of the provider's receipt; null when unconfirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counterpart: Option<Digest>,
}

/// Which side of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReceiptRole {
    /// The answering department.
    Provider,
    /// The asking department.
    Consumer,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Data went out.
    Answered,
    /// Nothing went out.
    Refused,
    /// The consumer never saw an answer; the provider may have one.
    Unconfirmed,
}

/// The basis of an exchange by reference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum ReceiptBasis {
    /// The citizen's consent.
    Consent {
        /// Its id.
        id: ConsentId,
        /// Digest of the credential as received.
        digest: Digest,
    },
    /// A registered law.
    Law {
        /// Its id.
        id: LawId,
        /// Its version in the register. Absent where the law was never found.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<RegisterVersion>,
        /// Digest of the content of the register's version in use.
        digest: Digest,
    },
}
