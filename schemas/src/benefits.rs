//! What a citizen sees of decisions about her, and her answers: offers, objections.
//!
//! Source: triggers, "Decisions and the journal"; protocol, "A citizen's order or objection". Guarantees: an objection is signed by her
//! key and counts whenever it arrives; a view tells what was decided and why, with the signed record. Deliberately absent: texts.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    decision::{ClauseRecord, DecisionAction, WouldChange},
    id::{CaseId, ClauseId, CompactJws, Did, EntityId, MessageId, ReasonCode},
    scheme::DecisionState,
    time::{CivilDate, NumericDate, Timestamp},
    version::V1,
};

/// `POST /benefits` below a member's `citizen_endpoint`: proves the binding over a nonce from there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BenefitsRequest {
    /// SD-JWT+KB that discloses this member's `sub_<sector>`.
    pub binding: String,
}

/// What one member decided about one person, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Benefits {
    /// The member.
    pub member: EntityId,
    /// Decisions.
    pub decisions: Vec<BenefitView>,
}

/// One decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BenefitView {
    /// Its id.
    pub decision: MessageId,
    /// The number on letters.
    pub case: CaseId,
    /// When it began.
    pub at: Timestamp,
    /// The name of the scheme, by language.
    pub scheme: BTreeMap<String, String>,
    /// What is to be done.
    pub action: DecisionAction,
    /// How far it has come.
    pub state: DecisionState,
    /// Why, as a code.
    pub reason: ReasonCode,
    /// The same in one sentence, by language.
    pub why: BTreeMap<String, String>,
    /// From which day it holds.
    pub effective: CivilDate,
    /// The department whose register recorded the event.
    pub source: Option<EntityId>,
    /// Last day of an offer, or of the window.
    pub until: Option<CivilDate>,
    /// Whole rupees a month, where the scheme pays monthly.
    pub monthly: Option<u32>,
    /// Each clause, with the facts it was computed from.
    pub clauses: Vec<ClauseRecord>,
    /// The clauses that made the difference.
    pub decisive: Vec<ClauseId>,
    /// What would change it.
    pub changes: Option<WouldChange>,
    /// What she may do now.
    pub may: Vec<BenefitAnswer>,
    /// The signed records, in their order.
    pub records: Vec<CompactJws>,
}

/// What she may do about a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BenefitAnswer {
    /// Take an offer.
    Accept,
    /// Not take it, or leave what a law entered her in.
    Decline,
    /// Object to a removal.
    Object,
}

/// `POST /benefits/answers`: takes an offer, or does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferAnswer {
    /// SD-JWT+KB over a nonce of the member, disclosing its `sub_<sector>`.
    pub binding: String,
    /// Which decision.
    pub decision: MessageId,
    /// `accept` or `decline`.
    pub answer: BenefitAnswer,
}

/// `POST /objections`: an objection with the proof of who she is here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ObjectionRequest {
    /// SD-JWT+KB over a nonce of the member, disclosing its `sub_<sector>`.
    pub binding: String,
    /// A `dx-objection+jwt` by the same key.
    pub objection: CompactJws,
}

/// A citizen's objection, typ `dx-objection+jwt`, signed by the key of her binding.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ObjectionOrder {
    /// Structure version.
    pub v: V1,
    /// Her key.
    pub iss: Did,
    /// The department.
    pub aud: EntityId,
    /// Signed at.
    pub iat: NumericDate,
    /// Id of the objection.
    pub jti: MessageId,
    /// Against which decision.
    pub decision: MessageId,
    /// Why, in her words; at most 2,000 characters; may be empty.
    pub words: String,
}

// Her words must not reach a log by accident.
impl std::fmt::Debug for ObjectionOrder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ObjectionOrder").field("decision", &self.decision).finish_non_exhaustive()
    }
}

/// What she gets for an objection: the number on her slip, and the signed record that it was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ObjectionTaken {
    /// Against which decision.
    pub decision: MessageId,
    /// The number on the letters.
    pub case: CaseId,
    /// The number on her slip.
    pub slip: String,
    /// The decision's record in state `contested`.
    pub record: CompactJws,
}
