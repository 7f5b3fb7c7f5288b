//! What a wallet says to a member's `citizen_endpoint`, and hears.
//!
//! Source: protocol, "Who used my data", "Ending it". Below `citizen_endpoint`: `POST /nonce`, `POST /orders`
//! (body: a `consent-order+jwt`; answer: a `dx-order-ack+jwt`), `POST /history`, `POST /links`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    consent::Predicate,
    digest::Digest,
    id::{CompactJws, ConsentId, DatasetId, EntityId, FieldName, LawId, MessageId, PurposeCode},
    problem::Code,
    receipt::{Outcome, ReceiptRole},
    time::Timestamp,
};

/// `POST /nonce`: for what; no body asks for [`NonceKind::Citizen`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NonceRequest {
    /// For what.
    pub kind: NonceKind,
}

/// What a nonce is good for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NonceKind {
    /// One presentation to a citizen endpoint, within five minutes.
    #[default]
    Citizen,
    /// Presence inside one consent (its `live` presentation), used for the first time within fifteen minutes.
    Live,
}

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
    /// Questions with yes or no; never what the answer was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub predicates: Vec<Predicate>,
    /// On which consent.
    pub consent: Option<ConsentId>,
    /// Whose operator helped her to give that consent, as she signed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assisted: Option<EntityId>,
    /// Under which law.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub law: Option<LawId>,
    /// What happened.
    pub outcome: Outcome,
    /// Why it was refused.
    pub refusal: Option<Code>,
    /// Place of the receipt in the log, once sequenced.
    pub anchored: Option<u64>,
    /// At the asking department: since when the answer is gone from it and all its systems, by its signed record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased: Option<Timestamp>,
}

/// `POST /bundles`: evidence of one of her own exchanges, to keep. Proves the binding like [`HistoryRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BundleRequest {
    /// SD-JWT+KB that discloses this member's `sub_<sector>`, or is by the key of the consent.
    pub binding: String,
    /// The exchange, as the history names it.
    pub exchange: MessageId,
}

/// `GET /orders/{sha256}`: how an order of hers stands at both parties. Whoever has the digest has the order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderStanding {
    /// Digest of the order as sent.
    pub order: Digest,
    /// The consent.
    pub consent: ConsentId,
    /// Acknowledgements of this member and, once it has it, of the other party.
    pub acknowledgements: Vec<CompactJws>,
    /// The other party, while it has not answered.
    pub pending: Vec<EntityId>,
    /// The other party's code, if it refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Code>,
}

/// `POST /identity/bindings/revoke` at the identity registry: she ends bindings of hers, such as those of a lost phone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeRequest {
    /// SD-JWT+KB of one of her bindings over a nonce of the identity registry's citizen endpoint.
    pub binding: String,
    /// Which.
    pub scope: RevokeScope,
}

/// Which of her bindings end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RevokeScope {
    /// Those of every other phone.
    Others,
    /// All, this phone's too.
    All,
}

/// How many bindings ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Revoked {
    /// Bindings that held or were suspended, and are revoked now.
    pub revoked: u64,
}

/// `POST /identity/guardianships` at the identity registry: the wards of one key's owner.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GuardianshipsRequest {
    /// SD-JWT+KB of the binding of the key that is to decide, over a nonce of the identity registry's citizen endpoint,
    /// disclosing `resident_id`.
    pub binding: String,
}

/// Guardianships of one key, one a ward.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Guardianships {
    /// None if the register names no ward of hers.
    pub wards: Vec<IssuedGuardianship>,
}

/// A guardianship for one ward.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IssuedGuardianship {
    /// Names the ward among hers: the same for each of her keys, and for nobody else of use.
    pub ward: String,
    /// The ward's given name, for her to choose by.
    pub given_name: String,
    /// SD-JWT VC `urn:vinimay:guardianship:1`, with all its disclosures.
    pub credential: String,
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
