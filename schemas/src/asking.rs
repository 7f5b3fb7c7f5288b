//! What a department's own systems ask of several departments or about many people at once, and what they hear.
//!
//! Source: protocol, "Local interface" and "Query, answer, receipts" (several providers in one case). Plain JSON over mutual
//! TLS on the local listener. Deliberately absent: anything that another department sees; each part becomes a query of its own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    answer::Record,
    consent::Predicate,
    id::{
        CaseId, CompactJws, ConsentId, DatasetId, EntityId, FieldName, LawId, MessageId, PersonLabel, PurposeCode,
        SectorSubject, SystemName,
    },
    local::LocalQuery,
    problem::Code,
    time::Timestamp,
};

/// Parts of one case at most.
pub const PARTS: usize = 16;
/// People of one batch at most.
pub const PERSONS: usize = 10_000;

/// The body of `POST /v1/queries`: one question on a consent, or several in one case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum LocalQuestion {
    /// One question; its answer is a [`LocalAnswer`](crate::local::LocalAnswer).
    One(LocalQuery),
    /// Several, or one under a law; the answer is a [`CaseView`].
    Case(CaseQuery),
}

/// Several questions in one case, asked side by side under one deadline. Each part has an end of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseQuery {
    /// The asker's case.
    pub case: CaseId,
    /// For what; one of the system's own purposes.
    pub purpose: PurposeCode,
    /// A pseudonym of the officer; required where a part stands on a law.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officer: Option<SystemName>,
    /// What to ask, 1 to [`PARTS`].
    pub parts: Vec<QueryPart>,
}

/// One question of a case: on a consent that is held here, or under a registered law.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum QueryPart {
    /// On a consent.
    Consent(ConsentPart),
    /// Under a law.
    Law(LawPart),
}

/// A question on a consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentPart {
    /// Which consent; it names provider and dataset.
    pub consent: ConsentId,
    /// Which of its fields.
    pub fields: Vec<FieldName>,
    /// Questions with yes or no; they may stand alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub predicates: Vec<Predicate>,
    /// Of whom in this case it speaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonLabel>,
}

/// A question under a registered law.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LawPart {
    /// Which law.
    pub law: LawId,
    /// Whom.
    pub provider: EntityId,
    /// About what.
    pub dataset: DatasetId,
    /// Which fields.
    pub fields: Vec<FieldName>,
    /// Questions with yes or no; they may stand alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub predicates: Vec<Predicate>,
    /// About whom.
    pub subject: PersonReference,
    /// Why, in a sentence; required under a law for emergencies, and only there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Of whom in this case it speaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonLabel>,
}

/// A person as the asking department knows them; the identity registry names them to the provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum PersonReference {
    /// The department's own number; found through its links.
    Number(String),
    /// The department's own `sub_<sector>`.
    Sub(SectorSubject),
}

/// How the parts of a case stand: the answer of `POST /v1/queries` with several parts, of `POST /v1/cases` and of
/// `GET /v1/cases/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseView {
    /// Its id at this gateway.
    pub id: MessageId,
    /// The asker's case.
    pub case: CaseId,
    /// For what.
    pub purpose: PurposeCode,
    /// Who asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officer: Option<SystemName>,
    /// When it was first asked.
    pub made: Timestamp,
    /// One an asked part, in their order.
    pub parts: Vec<PartAnswer>,
}

/// How one part of a case, or one person of a batch, stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartAnswer {
    /// Its place, from 0.
    pub part: u32,
    /// Whom in the case it speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonLabel>,
    /// The department's own number of the person (batches).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Who was asked, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<EntityId>,
    /// About what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<DatasetId>,
    /// What came of it.
    pub outcome: PartOutcome,
    /// Whether asking again under the same key may still change it.
    pub open: bool,
    /// Why there is no answer; null when answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// `jti` of the query, where one was signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<MessageId>,
    /// The department's own receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<MessageId>,
    /// The other department's receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counterpart: Option<MessageId>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// What was answered, as long as it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Record>,
    /// The other department's signed refusal, as long as it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<CompactJws>,
}

/// What came of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PartOutcome {
    /// With data.
    Answered,
    /// By the other department, or by our own gateway before anything was asked.
    Refused,
    /// No answer could be had (yet).
    Unavailable,
}

/// `POST /v1/batches`: the same question about many people, under a registered law.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchOrder {
    /// The asker's case.
    pub case: CaseId,
    /// For what; one of the system's own purposes.
    pub purpose: PurposeCode,
    /// A pseudonym of the officer.
    pub officer: SystemName,
    /// Which law.
    pub law: LawId,
    /// Whom.
    pub provider: EntityId,
    /// About what.
    pub dataset: DatasetId,
    /// Which fields.
    pub fields: Vec<FieldName>,
    /// Questions with yes or no; they may stand alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub predicates: Vec<Predicate>,
    /// The department's own numbers of the people, each once, 1 to [`PERSONS`].
    pub numbers: Vec<String>,
}

/// The last line of a batch's answer: how the batch stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchState {
    /// Its id at this gateway.
    pub batch: MessageId,
    /// Whether it goes on.
    pub state: BatchProgress,
    /// Why it stopped, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// People in all.
    pub persons: u32,
    /// Of them, those with an end.
    pub ended: u32,
    /// The last place that this answer told, for `?after=`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u32>,
}

/// Whether a batch goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BatchProgress {
    /// It is being asked.
    Running,
    /// It stopped before its end; the same request under the same key goes on with it.
    Stopped,
    /// Everybody has an end.
    Ended,
}
