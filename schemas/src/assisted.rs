//! What a centre's operator, the device in front of her, and the operator's gateway say to each other in an assisted session.
//!
//! Source: protocol, "The citizen" ("Assisted"). Below the operator's `citizen_endpoint`: `POST /assisted/approvals`,
//! `/assisted/confirmations`, `/assisted/closings`. Guarantees: nothing here names the citizen but the phone to which a code goes,
//! which is forgotten when it was sent. Deliberately absent: the binding and the consent, which are like everybody's.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    consent::{Assistance, AssistanceMethod},
    digest::Digest,
    id::{CompactJws, ConsentId, EntityId, MessageId, SystemName},
    local::QrPicture,
    notice::Phone,
    time::Timestamp,
};

/// A session that was opened: the link is for the device in front of the citizen.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssistedSession {
    /// Its id; stands in what is signed.
    pub session: MessageId,
    /// Proves the device; whoever has it is the session.
    pub token: String,
    /// `<wallet origin>/#/assisted?operator=…&session=…&token=…`, if the federation has a wallet's origin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wallet_link: Option<String>,
    /// When it ends by itself.
    pub ends: Timestamp,
}

/// `POST /assisted/approvals`: a code for one card goes to a phone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApprovalOrder {
    /// Of the session.
    pub token: String,
    /// SHA-256 of the card that is shown or read out: `notice` of the consent.
    pub card: Digest,
    /// Shown, or read out.
    pub method: AssistanceMethod,
    /// Her own phone, or her family's. It is not kept.
    pub phone: Phone,
    /// `hi` or `en`.
    pub language: String,
}

/// A code went out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApprovalAsked {
    /// Which.
    pub approval: MessageId,
    /// Seconds in which the code may be told, five tries.
    pub expires_in: u32,
}

/// `POST /assisted/confirmations`: the citizen told the code.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// Of the session.
    pub token: String,
    /// Which approval.
    pub approval: MessageId,
    /// What she told.
    pub code: String,
}

/// She approved: this goes into the consent's `evidence`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirmed {
    /// The card that she approved.
    pub card: Digest,
    /// Operator, session, method.
    pub assistance: Assistance,
}

/// `POST /assisted/closings`: the session is over, and the device forgets it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Closing {
    /// Of the session.
    pub token: String,
    /// The consents that were given, at most 32.
    pub consents: Vec<ConsentId>,
    /// A revocation of each (`consent-order+jwt`), signed and not sent: for the day on which she brings her slip back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endings: Vec<CompactJws>,
}

/// What the citizen takes home on paper, in every language of the state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssistedSlip {
    /// The session.
    pub session: MessageId,
    /// The member whose operator helped.
    pub operator: EntityId,
    /// The person who helped, by her pseudonym.
    pub person: SystemName,
    /// When it was opened.
    pub opened: Timestamp,
    /// When it was closed.
    pub closed: Timestamp,
    /// Consents that were given.
    pub consents: Vec<ConsentId>,
    /// For the QR code: session and consents, to be shown where a consent is to be ended.
    pub qr: String,
    /// That code as a picture, where the session was just closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<QrPicture>,
    /// Title and sentences by language (`en`, `hi`).
    pub text: BTreeMap<String, SlipText>,
}

/// A slip in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SlipText {
    /// One line.
    pub title: String,
    /// Whole sentences.
    pub lines: Vec<String>,
}
