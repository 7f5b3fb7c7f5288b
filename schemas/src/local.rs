//! What a department's own systems say to their gateway on the local listener.
//!
//! Source: protocol, "Local interface". Plain JSON over mutual TLS; nothing here is signed by a citizen.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    answer::Record,
    consent::{DataRange, Frequency, Predicate},
    id::{CaseId, ConsentId, DatasetId, EntityId, FieldName, MessageId, PurposeCode, SystemName},
    time::{CalendarDuration, NumericDate},
};

/// `POST /v1/consent-requests`: ask a citizen, within the bounds of the purpose registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentRequestOrder {
    /// For what.
    pub purpose: PurposeCode,
    /// What to ask for; each becomes a consent of its own.
    pub items: Vec<ConsentItem>,
    /// From approval on.
    pub validity: CalendarDuration,
    /// How often.
    pub frequency: Frequency,
    /// How long answers are kept.
    pub retention: CalendarDuration,
    /// The asker's case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
    /// Asked of a guardian, about a ward of hers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub for_ward: bool,
}

/// One provider, one dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentItem {
    /// Who holds the data.
    pub provider: EntityId,
    /// The dataset.
    pub dataset: DatasetId,
    /// Its fields.
    pub fields: Vec<FieldName>,
    /// Questions with yes or no.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub predicates: Vec<Predicate>,
    /// Which days the data may speak of.
    #[serde(rename = "dataRange", default, skip_serializing_if = "Option::is_none")]
    pub data_range: Option<DataRange>,
}

/// A consent request that waits for a citizen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentRequestView {
    /// Its id.
    pub id: MessageId,
    /// For a QR code or a link: `openid4vp://?client_id=…&request_uri=…&request_uri_method=post`.
    pub link: String,
    /// The same for a browser: `<wallet origin>/#/request?…`, if the federation has a wallet's origin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wallet_link: Option<String>,
    /// The link as a QR code, to be shown or printed while the request waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qr: Option<QrPicture>,
    /// When it ends by itself.
    pub expires: NumericDate,
    /// How it stands.
    pub state: ConsentRequestState,
    /// The consents that came of it.
    pub consents: Vec<ConsentId>,
}

/// A QR code as a picture of square modules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QrPicture {
    /// Modules on each side, with the quiet border.
    pub size: usize,
    /// The dark ones, as an SVG path.
    pub path: String,
}

/// How a consent request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ConsentRequestState {
    /// No decision yet.
    Waiting,
    /// She agreed.
    Given,
    /// She did not.
    Denied,
    /// Nobody answered in time.
    Expired,
}

/// `POST /v1/queries`, with an `Idempotency-Key` (a UUID of version 7): use a consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LocalQuery {
    /// Which consent.
    pub consent: ConsentId,
    /// Which of its fields.
    pub fields: Vec<FieldName>,
    /// Questions with yes or no; they may stand alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub predicates: Vec<Predicate>,
    /// For what; must be the consent's purpose and one of the system's own.
    pub purpose: PurposeCode,
    /// The asker's case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
    /// A pseudonym of the officer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officer: Option<SystemName>,
}

/// The answer of `POST /v1/queries`; a refusal is a problem document that carries the signed refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LocalAnswer {
    /// `jti` of the query.
    pub exchange: MessageId,
    /// The department's own receipt.
    pub receipt: MessageId,
    /// The other department's receipt.
    pub counterpart: MessageId,
    /// What was asked for.
    pub record: Record,
}

/// `POST /v1/binding-offers` at the identity registry: invite a resident's wallet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BindingOfferOrder {
    /// The register's own number of the resident.
    pub resident: String,
    /// Set where a centre's operator helps her, and no phone of her own is bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assisted: Option<AssistedOffer>,
}

/// For whose operator an assisted binding is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssistedOffer {
    /// The member whose operator helps; it has the role `assisted-operator`.
    pub operator: EntityId,
    /// The session that she opened there.
    pub session: MessageId,
    /// Who she is, by her pseudonym there.
    pub person: SystemName,
}

/// `POST /v1/bindings/revoke`, `POST /v1/bindings/resume` at the identity registry: all bindings of a resident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BindingsOrder {
    /// The register's own number of the resident.
    pub resident: String,
}

/// How many bindings changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BindingsChanged {
    /// Bindings.
    pub changed: u64,
}

/// What the officer hands to the resident: the link, and by another way the code.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BindingOffer {
    /// `openid-credential-offer://?credential_offer=…`.
    pub offer: String,
    /// The same for a browser: `<wallet origin>/#/offer?credential_offer=…`, if the federation has a wallet's origin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wallet_link: Option<String>,
    /// The transaction code; five tries.
    pub tx_code: String,
    /// When it ends.
    pub expires: NumericDate,
}
