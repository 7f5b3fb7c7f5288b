//! Notices to citizens, what they may choose about them, and how a wallet asks.
//!
//! Source: architecture of the citizen's part ("the citizen chooses how much"), triggers ("a window starts only when a delivery is
//! recorded"). Guarantees: a notice names departments, datasets and laws, never a value; what must be told cannot be switched off.
//! Deliberately absent: texts; those are in the Fluent files, in the languages of the state.

mod address;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    id::{CaseId, DatasetId, Did, EntityId, LawId, MessageId, PurposeCode},
    receipt::ReceiptRole,
    time::{CivilDate, NumericDate, Timestamp},
    version::V1,
};

pub use address::{MailAddress, Phone};

/// What a notice tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum NoticeKind {
    /// Her data was used once.
    Use {
        /// `jti` of the query.
        exchange: MessageId,
        /// Which side this department was.
        role: ReceiptRole,
        /// The other side.
        peer: EntityId,
        /// For what.
        purpose: PurposeCode,
        /// About what.
        dataset: DatasetId,
    },
    /// How often her data was used in a week.
    Summary {
        /// Uses, in decimal: numbers in tagged structures do not survive exact arithmetic in JSON.
        #[serde(with = "decimal")]
        #[schemars(with = "String", regex(pattern = "^[0-9]{1,10}$"))]
        uses: u32,
        /// First day.
        from: CivilDate,
        /// Last day.
        until: CivilDate,
    },
    /// Her data was opened in an emergency, without her consent.
    BreakGlass {
        /// `jti` of the query.
        exchange: MessageId,
        /// Who asked.
        asker: EntityId,
        /// Who answered.
        provider: EntityId,
        /// The registered law.
        law: LawId,
        /// About what.
        dataset: DatasetId,
    },
    /// A second officer has looked at it.
    BreakGlassReviewed {
        /// `jti` of the query.
        exchange: MessageId,
        /// Who had asked.
        asker: EntityId,
        /// Whether it was right.
        upheld: bool,
    },
    /// An answer about her is gone.
    Erased {
        /// `jti` of the query.
        exchange: MessageId,
        /// Who had answered.
        provider: EntityId,
        /// About what.
        dataset: DatasetId,
    },
    /// An answer about her should be gone, and a system has not confirmed it for three days.
    ErasureOverdue {
        /// `jti` of the query.
        exchange: MessageId,
        /// Who had answered.
        provider: EntityId,
        /// About what.
        dataset: DatasetId,
    },
    /// Payments to her are on hold because of an event in another register.
    Hold {
        /// `jti` of the event, or id of the decision that holds.
        event: MessageId,
        /// The department whose register recorded it.
        source: EntityId,
    },
    /// A department would like to know something about her from another, for a scheme; only she can let it.
    ConsentAsked {
        /// The request for consent.
        request: MessageId,
        /// Who would be asked.
        provider: EntityId,
        /// About what.
        dataset: DatasetId,
        /// For what.
        purpose: PurposeCode,
        /// The name of the scheme, by language.
        scheme: BTreeMap<String, String>,
        /// When the request ends by itself.
        until: Timestamp,
        /// The query of the request's link (`client_id=…&request_uri=…&request_uri_method=post`).
        link: String,
    },
    /// What was decided about her in a scheme, or is to be unless she objects.
    Decision {
        /// The decision.
        decision: MessageId,
        /// Joins a cascade; the number on the letter.
        case: CaseId,
        /// How far it has come.
        step: DecisionStep,
        /// The name of the scheme, by language; empty where a built-in rule decided.
        scheme: BTreeMap<String, String>,
        /// The department whose register recorded the event; none where no event did it.
        source: Option<EntityId>,
        /// Last day of an offer.
        until: Option<CivilDate>,
        /// How many whole days she has to object, counted from the day on which this arrives; in decimal.
        #[serde(with = "decimal")]
        #[schemars(with = "String", regex(pattern = "^[0-9]{1,10}$"))]
        days: u32,
        /// The hold, or what lifted it, where the same may come more than once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<MessageId>,
        /// Why, in whole sentences, by language; absent where nothing is taken from her.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        why: BTreeMap<String, String>,
    },
}

/// What a notice tells of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DecisionStep {
    /// The payment is on hold, and she will be taken off unless she objects.
    Hold,
    /// She will be taken off unless she objects; the payment goes on meanwhile.
    Removal,
    /// Another scheme pays her instead: the payment under this one is on hold until it ends.
    Replaced,
    /// The other scheme pays her no more: the payment goes on, and so do the removal and its window.
    Resumed,
    /// A scheme is offered to her.
    Offer,
    /// She is in it.
    Enrolled,
    /// The offer was taken back.
    Withdrawn,
    /// The reason went away; a hold is lifted.
    Released,
    /// Her objection was right.
    Reversed,
    /// Her objection was heard, and the removal stands.
    Upheld,
    /// She was taken off.
    Removed,
    /// She is back as if never gone.
    Restored,
}

impl DecisionStep {
    /// The word, as in the JSON and in the keys of the texts.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Removal => "removal",
            Self::Replaced => "replaced",
            Self::Resumed => "resumed",
            Self::Offer => "offer",
            Self::Enrolled => "enrolled",
            Self::Withdrawn => "withdrawn",
            Self::Released => "released",
            Self::Reversed => "reversed",
            Self::Upheld => "upheld",
            Self::Removed => "removed",
            Self::Restored => "restored",
        }
    }
}

/// How freely a citizen may choose about a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoticeClass {
    /// Ordinary uses: as often as she wants.
    Use,
    /// Something did not go as it should: on every level.
    Exception,
    /// Break-glass and what takes something from her: always, on every way that reaches her, on paper if no other does.
    Always,
}

impl NoticeKind {
    /// The word of the kind, as it stands in the JSON and in the keys of the texts.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Use { .. } => "use",
            Self::Summary { .. } => "summary",
            Self::BreakGlass { .. } => "break-glass",
            Self::BreakGlassReviewed { .. } => "break-glass-reviewed",
            Self::Erased { .. } => "erased",
            Self::ErasureOverdue { .. } => "erasure-overdue",
            Self::Hold { .. } => "hold",
            Self::ConsentAsked { .. } => "consent-asked",
            Self::Decision { .. } => "decision",
        }
    }

    /// How freely she may choose about it.
    pub const fn class(&self) -> NoticeClass {
        match self {
            Self::Use { .. } | Self::Summary { .. } | Self::Erased { .. } => NoticeClass::Use,
            Self::ErasureOverdue { .. }
            | Self::ConsentAsked { .. }
            | Self::Decision { step: DecisionStep::Withdrawn, .. } => NoticeClass::Exception,
            Self::BreakGlass { .. } | Self::BreakGlassReviewed { .. } | Self::Hold { .. } | Self::Decision { .. } => {
                NoticeClass::Always
            }
        }
    }

    /// What it is about, so that one cause makes one notice of a kind.
    pub fn cause(&self) -> String {
        match self {
            Self::Use { exchange, .. }
            | Self::BreakGlass { exchange, .. }
            | Self::BreakGlassReviewed { exchange, .. }
            | Self::Erased { exchange, .. }
            | Self::ErasureOverdue { exchange, .. } => exchange.to_string(),
            Self::Summary { from, .. } => from.to_string(),
            Self::Hold { event, .. } => event.to_string(),
            Self::ConsentAsked { request, .. } => request.to_string(),
            Self::Decision { decision, step, by: Some(by), .. } => format!("{decision} {} {by}", step.word()),
            Self::Decision { decision, step, by: None, .. } => format!("{decision} {}", step.word()),
        }
    }
}

/// How much a citizen wants to hear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NoticeLevel {
    /// Each use.
    EveryUse,
    /// Uses once a week in one notice.
    Weekly,
    /// Only what did not go as it should, and what must be told.
    #[default]
    Exceptions,
}

/// A way to the citizen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// Her wallet fetches it.
    Wallet,
    /// SMTP.
    Mail,
    /// A short message by the department's own gateway for them.
    Sms,
    /// Paper.
    Letter,
}

impl Channel {
    /// The word, as in the JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wallet => "wallet",
            Self::Mail => "mail",
            Self::Sms => "sms",
            Self::Letter => "letter",
        }
    }
}

/// How one way stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryState {
    /// It is tried again and again.
    Waiting,
    /// The letter lies in the folder for printing.
    Printed,
    /// Delivered: fetched by the wallet, taken by the mail server (250), taken by the message gateway (2xx), handed over.
    Delivered,
    /// Given up until an officer looks; an alarm was raised.
    Parked,
}

/// `POST /notices` below a member's `citizen_endpoint`: proves the binding over a nonce from there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoticesRequest {
    /// SD-JWT+KB that discloses this member's `sub_<sector>`.
    pub binding: String,
    /// Ids of notices that the wallet has and keeps, at most 200. Only what it names has arrived: an answer may be lost on its way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<MessageId>,
}

/// One person's notices at one member, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Notices {
    /// The member that tells.
    pub member: EntityId,
    /// Notices.
    pub notices: Vec<NoticeView>,
    /// What she has chosen here, if she has.
    pub preferences: Option<PreferencesView>,
}

/// One notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoticeView {
    /// Its id.
    pub id: MessageId,
    /// When it came to be.
    pub at: Timestamp,
    /// Whether a wallet had fetched it before.
    pub seen: bool,
    /// What it tells.
    pub about: NoticeKind,
    /// The same in words, by language (`en`, `hi`).
    pub text: BTreeMap<String, NoticeText>,
    /// By which ways it went, and how they stand.
    pub delivery: BTreeMap<String, DeliveryState>,
}

/// A notice in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoticeText {
    /// One line.
    pub title: String,
    /// Whole sentences.
    pub body: String,
}

/// What she has chosen, without her addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PreferencesView {
    /// How much.
    pub level: NoticeLevel,
    /// `en` or `hi`.
    pub language: String,
    /// Whether a number for short messages is kept.
    pub phone: bool,
    /// Whether an address for mail is kept.
    pub email: bool,
    /// Since when.
    pub since: Timestamp,
}

/// `POST /preferences` below a member's `citizen_endpoint`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PreferencesRequest {
    /// SD-JWT+KB over a nonce of the member, disclosing its `sub_<sector>`.
    pub binding: String,
    /// A `dx-preferences+jwt` by the same key.
    pub order: crate::id::CompactJws,
}

/// A citizen's order about notices, typ `dx-preferences+jwt`, signed by the key of her binding. The latest `iat` counts.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PreferencesOrder {
    /// Structure version.
    pub v: V1,
    /// Her key.
    pub iss: Did,
    /// The member.
    pub aud: EntityId,
    /// Issued at.
    pub iat: NumericDate,
    /// Id of the order.
    pub jti: MessageId,
    /// How much.
    pub level: NoticeLevel,
    /// `en` or `hi`.
    pub language: String,
    /// For short messages, as E.164 writes it: `+` and 8 to 15 digits. Absent: what is kept stays; `null`: it is forgotten
    /// (as RFC 7396 has it).
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub phone: Option<Option<Phone>>,
    /// For mail; absent or `null` alike.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub email: Option<Option<MailAddress>>,
}

/// A member that is there, be it `null`.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// `POST /v1/messages/{id}/arrived` on the local listener: a carrier reports that a short message arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageArrived {
    /// When, as the carrier says.
    pub at: Timestamp,
}

/// `POST /v1/letters/{id}/handed-over` on the local listener: an officer saw the letter reach her.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LetterHandedOver {
    /// The officer's pseudonym.
    pub officer: crate::id::SystemName,
}

/// A letter that waits in the folder for printing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrintedLetter {
    /// The notice.
    pub id: MessageId,
    /// Its kind.
    pub kind: String,
    /// When it was printed into the folder.
    pub at: Timestamp,
}

/// A count as a decimal text.
mod decimal {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(count: &u32, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(count)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_be_told_is_of_the_class_that_cannot_be_switched_off() {
        let exchange: MessageId = "01936b1e-5b2f-7c3d-8e4f-0123456789ab".parse().unwrap();
        let department: EntityId = "https://health.gov.example".parse().unwrap();
        let opened = NoticeKind::BreakGlass {
            exchange: exchange.clone(),
            asker: department.clone(),
            provider: department.clone(),
            law: "emergency-1".parse().unwrap(),
            dataset: "health.record".parse().unwrap(),
        };
        let hold = NoticeKind::Hold { event: exchange.clone(), source: department.clone() };
        assert_eq!((opened.class(), hold.class()), (NoticeClass::Always, NoticeClass::Always));
        assert_eq!((opened.word(), opened.cause()), ("break-glass", exchange.to_string()));
        let json = serde_json::to_value(&opened).unwrap();
        assert_eq!(json["kind"], "break-glass", "the word is the JSON's");
        assert_eq!(serde_json::from_value::<NoticeKind>(json).unwrap(), opened);
        let erased = NoticeKind::Erased { exchange, provider: department, dataset: "health.record".parse().unwrap() };
        assert_eq!(erased.class(), NoticeClass::Use);
    }
}
