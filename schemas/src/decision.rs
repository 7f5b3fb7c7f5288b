//! Decisions about beneficiaries and the notices of them: typ `dx-decision+jwt` and `dx-notice+jwt`.
//!
//! Source: triggers, "Decisions and the journal"; protocol, first table. Guarantees: a record names clauses, facts by their paths,
//! sources, days and digests; never a name, a number or a value, and the person only by a keyed mark. One decision (`decision`)
//! may have several records: each later one names the one before it (`previous`).
//! Deliberately absent: which moves are lawful (`eligibility`), and what a removal needs (`protocol::due_process`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    event::MatchEvidence,
    id::{
        CaseId, ClauseId, DatasetId, EntityId, FactName, Language, MessageId, PersonMark, ReasonCode, RuleId, Salt,
        SchemeId, StaffMark,
    },
    notice::Channel,
    scheme::DecisionState,
    time::{CivilDate, NumericDate, Timestamp},
    version::V1,
};

/// A department's signed word about one decision, logged as entry type 6.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionRecord {
    /// Structure version.
    pub v: V1,
    /// The department.
    pub iss: EntityId,
    /// Issued at.
    pub iat: NumericDate,
    /// Id of this record.
    pub jti: MessageId,
    /// Keeps the logged digest from being guessed.
    pub salt: Salt,
    /// Id of the decision: the same in all its records, and in the journal beside the roll.
    pub decision: MessageId,
    /// Digest of the record before this one, of the same decision.
    pub previous: Option<Digest>,
    /// Joins a whole cascade.
    pub case: CaseId,
    /// The version of the scheme that was applied; null where a built-in rule decided.
    pub scheme: Option<SchemeVersion>,
    /// The built-in rule, such as `death-hold@1`; null where a scheme decided.
    pub rule: Option<RuleId>,
    /// Into the scheme, or out of it.
    pub direction: Direction,
    /// What is to be done.
    pub action: DecisionAction,
    /// How far it has come.
    pub state: DecisionState,
    /// Why, as a code such as `DEATH_REGISTERED`; the texts are in the Fluent files.
    pub reason: ReasonCode,
    /// From which day it holds.
    pub effective: CivilDate,
    /// The roll, and the person on it by a keyed mark; null where no roll is concerned.
    pub target: Option<DecisionTarget>,
    /// Digests of the events that woke it.
    pub events: Vec<Digest>,
    /// Each clause with its result and what it was computed from; empty where a rule decided.
    pub clauses: Vec<ClauseRecord>,
    /// The clauses that made the difference.
    pub decisive: Vec<ClauseId>,
    /// What would change it, where that is known.
    pub changes: Option<WouldChange>,
    /// How the person of the event was matched.
    pub r#match: Option<MatchEvidence>,
    /// The officers who confirmed it, by pseudonym; each another person.
    pub confirmed_by: Vec<StaffMark>,
    /// How many whole days a person has to object once a notice was delivered; null where nobody loses anything.
    pub notice_days: Option<u16>,
    /// The notice on which it rests, once it was delivered.
    pub notice: Option<DecisionNotice>,
    /// The decision that this one undoes: a hold that is lifted, a removal that is reversed.
    pub undoes: Option<MessageId>,
    /// What it did to rows of the roll; empty until it was applied.
    pub effects: Vec<DecisionEffect>,
}

/// One published version of a scheme.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SchemeVersion {
    /// Its id.
    pub id: SchemeId,
    /// Its version.
    pub version: u32,
    /// SHA-256 over the scheme file's bytes.
    pub hash: Digest,
}

/// Which way a decision goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Into a scheme.
    In,
    /// Out of it.
    Out,
}

/// What a decision does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DecisionAction {
    /// Offers the scheme.
    Offer,
    /// Enters the person.
    Enrol,
    /// Takes an offer back.
    Withdraw,
    /// Holds the payment.
    Hold,
    /// Lifts a hold.
    Release,
    /// Takes the person off the roll, after notice and window.
    Remove,
    /// Puts the person back as if never gone (SPDCI status 6).
    Restore,
    /// Changes amount, end or entered facts of a person who stays.
    Amend,
    /// Shows something to an officer; nothing else.
    Flag,
    /// Asks an officer to decide.
    Review,
}

/// Whom a decision concerns on which roll.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionTarget {
    /// The roll, as the department's mapping names it.
    pub roll: DatasetId,
    /// base64url(HMAC-SHA-256(K, roll, person, decision)): only the department's own adapter can say of whom it is.
    pub person: PersonMark,
}

/// The truth of a clause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ClauseResult {
    /// It holds.
    True,
    /// It does not.
    False,
    /// A fact is missing; it never removes anybody.
    Unknown,
}

/// One clause and what it was computed from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClauseRecord {
    /// Its number in the scheme file.
    pub id: ClauseId,
    /// Its truth.
    pub result: ClauseResult,
    /// The facts that were used; their values stay where they are.
    pub facts: Vec<FactRecord>,
    /// The facts that nobody could say, or that are too old, and why they were not brought.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<MissingFact>,
}

/// A fact that is not known, and why not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MissingFact {
    /// Its path, such as `household.bpl`.
    pub fact: FactName,
    /// Why: `NOT_ASKED`, or how the last question ended, such as `PEER_UNAVAILABLE` or `CONSENT_REVOKED`.
    pub reason: ReasonCode,
}

/// One fact that was used, without its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FactRecord {
    /// Its path, such as `household.bpl`.
    pub fact: FactName,
    /// Whose register it is from.
    pub source: EntityId,
    /// Since which day it is so.
    pub effective: CivilDate,
    /// When that was recorded.
    pub recorded: Timestamp,
    /// The record of the exchange or event that brought it; null for the department's own.
    pub receipt: Option<Digest>,
}

/// What would change the decision: "completes 60 on 2027-03-02".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WouldChange {
    /// The clause.
    pub clause: ClauseId,
    /// The day on which it changes by itself; null where something must happen first.
    pub on: Option<CivilDate>,
}

/// The delivered notice on which a removal rests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionNotice {
    /// Digest of the notice record.
    pub digest: Digest,
    /// Last day on which the person could object.
    pub window_ends: CivilDate,
}

/// What a decision did to one row of a roll.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionEffect {
    /// The roll.
    pub roll: DatasetId,
    /// The number of the journal entry beside it.
    pub seq: u64,
    /// The hash of that entry.
    pub entry: Digest,
}

/// A department's signed word that it told somebody of a decision, logged as entry type 6.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoticeRecord {
    /// Structure version.
    pub v: V1,
    /// The department.
    pub iss: EntityId,
    /// Issued at.
    pub iat: NumericDate,
    /// Id of this record.
    pub jti: MessageId,
    /// Keeps the logged digest from being guessed.
    pub salt: Salt,
    /// Joins a whole cascade; the number on the letter.
    pub case: CaseId,
    /// Id of the decision.
    pub decision: MessageId,
    /// Digest of the decision's record of which it tells.
    pub record: Digest,
    /// The way.
    pub channel: Channel,
    /// In which language.
    pub language: Language,
    /// SHA-256 over the text as it was sent or printed.
    pub text: Digest,
    /// Where an objection is taken.
    pub appeal: Vec<AppealRoute>,
    /// That it arrived; null while it has not. An undelivered notice removes nobody.
    pub delivery: Option<NoticeDelivery>,
}

/// Where an objection is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AppealRoute {
    /// From the wallet.
    Wallet,
    /// At the department's counter, on paper.
    Counter,
    /// Through an assisted operator.
    Operator,
}

/// A recorded delivery: what starts the window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoticeDelivery {
    /// When it arrived.
    pub at: Timestamp,
    /// What shows it.
    pub evidence: DeliveryEvidence,
    /// The officer who entered it, by pseudonym; required for an officer's entry.
    pub by: Option<StaffMark>,
    /// Last day on which the person may object.
    pub window_ends: CivilDate,
}

/// What shows that a notice arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryEvidence {
    /// The wallet acknowledged it.
    Wallet,
    /// The operator's delivery report of a short message.
    SmsReport,
    /// An officer entered that it was handed over.
    Officer,
}
