//! What a wallet says to a member's `citizen_endpoint`, and hears.
//!
//! Source: protocol, "Who used my data", "Ending it". Below `citizen_endpoint`: `POST /nonce`, `POST /orders`
//! (body: a `consent-order+jwt`; answer: a `dx-order-ack+jwt`), `POST /history`, `POST /links`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    id::{ConsentId, DatasetId, EntityId, FieldName, MessageId, PurposeCode},
    problem::Code,
    receipt::{Outcome, ReceiptRole},
    time::Timestamp,
};

/// A nonce for one presentation, used once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PresentationNonce {
    /// Goes into the key binding.
    pub nonce: String,
    /// Seconds.
    pub expires_in: u32,
}

/// "Who used my data": proves the binding, `aud` = the member, over a nonce from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HistoryRequest {
    /// SD-JWT+KB that discloses this member's `sub_<sector>`.
    pub binding: String,
}

/// The uses of one person's data that this member took part in, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// The member that tells.
    pub member: EntityId,
    /// Uses.
    pub uses: Vec<HistoryUse>,
}

/// One use: names of items, never values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HistoryUse {
    /// `jti` of the query.
    pub exchange: MessageId,
    /// Which side the member was.
    pub role: ReceiptRole,
    /// The other side.
    pub peer: EntityId,
    /// When.
    pub at: Timestamp,
    /// For what.
    pub purpose: PurposeCode,
    /// About what.
    pub dataset: DatasetId,
    /// Items.
    pub fields: Vec<FieldName>,
    /// On which consent.
    pub consent: Option<ConsentId>,
    /// What happened.
    pub outcome: Outcome,
    /// Why it was refused.
    pub refusal: Option<Code>,
    /// Place of the receipt in the log, once sequenced.
    pub anchored: Option<u64>,
}

/// The citizen ties her pseudonym to her number in a department: shows binding, name and birth date, and names the number.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkRequest {
    /// SD-JWT+KB that discloses `sub_<sector>`, `given_name`, `family_name`, `birthdate`.
    pub binding: String,
    /// The department's own number.
    pub local_number: String,
}

/// The tie was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Linked {
    /// How the row was matched.
    pub method: String,
    /// 0 to 100.
    pub score: u8,
}
