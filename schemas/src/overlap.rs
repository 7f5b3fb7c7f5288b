//! Comparing two rolls under a registered law: what two gateways send each other, and what each of them signs for good.
//!
//! Source: protocol, first table (`dx-overlap+jwt`, `dx-overlap-result+jwt`); triggers, "Decisions and the journal"; ADR 0502, 0535.
//! Guarantees: no message has room for an identifier; what crosses is points, numbers of people and names of departments, laws and
//! columns. Deliberately absent: what the points are (`protocol::overlap`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    id::{BlindedPoint, CaseId, DatasetId, EntityId, FieldName, LawId, MessageId, PurposeCode, Salt, SystemName},
    problem::Code,
    time::NumericDate,
    version::V1,
};

/// A message of the department that asks, typ `dx-overlap+jwt`. One whose step is `begin` is logged as entry type 9.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Overlap {
    /// Structure version.
    pub v: V1,
    /// Who asks.
    pub iss: EntityId,
    /// Who answers.
    pub aud: EntityId,
    /// Issued at.
    pub iat: NumericDate,
    /// Expires at, at most 120 s later.
    pub exp: NumericDate,
    /// Id of the message.
    pub jti: MessageId,
    /// Keeps the logged digest from being guessed.
    pub salt: Salt,
    /// The comparison: the `jti` of its first message.
    pub comparison: MessageId,
    /// What is said.
    pub step: OverlapStep,
}

/// What the department that asks says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OverlapStep {
    /// Which comparison it wants.
    Begin(OverlapTerms),
    /// A page of points there and back.
    Turn(OverlapTurn),
    /// Its own result, a `dx-overlap-result+jwt` that says `compared`.
    End(crate::id::CompactJws),
}

/// What is to be compared, and who answers for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OverlapTerms {
    /// The registered law.
    pub law: LawId,
    /// Its purpose.
    pub purpose: PurposeCode,
    /// The identifier that both rolls hold, as the law names it.
    pub identifier: FieldName,
    /// The asker's roll.
    pub roll: DatasetId,
    /// The answerer's roll.
    pub of: DatasetId,
    /// How many different identifiers the asker's roll holds.
    pub people: u32,
    /// The officer, by pseudonym.
    pub officer: SystemName,
    /// The asker's case number.
    pub case: CaseId,
}

/// One page of points in each direction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OverlapTurn {
    /// Number of the turn, from 0.
    pub n: u32,
    /// At most 1,000 of the sender's own points.
    pub points: Vec<BlindedPoint>,
    /// The receiver's points of the page before, blinded again, in their order.
    pub again: Vec<BlindedPoint>,
}

/// A statement about a comparison, typ `dx-overlap-result+jwt`. The answerer answers each message with one; each side signs one about
/// the end. All but turns are logged as entry type 9.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OverlapResult {
    /// Structure version.
    pub v: V1,
    /// Who says so.
    pub iss: EntityId,
    /// The other side.
    pub aud: EntityId,
    /// Issued at.
    pub iat: NumericDate,
    /// Id of the statement.
    pub jti: MessageId,
    /// Keeps the logged digest from being guessed.
    pub salt: Salt,
    /// The comparison.
    pub comparison: MessageId,
    /// Digest of the message with which it began.
    pub request: Digest,
    /// What is said.
    pub says: OverlapSays,
}

/// What is said about a comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum OverlapSays {
    /// The answerer takes part.
    Accepted {
        /// How many different identifiers its roll holds.
        people: u32,
    },
    /// The answerer does not take part; nothing left.
    Refused {
        /// Why.
        code: Code,
    },
    /// The answerer's page; not logged.
    Turn(OverlapTurn),
    /// The comparison came to its end.
    Compared(OverlapCounts),
    /// It broke off; pages may have left before.
    Broken {
        /// Turns that this side knows of; null where a crash forgot them.
        turns: Option<u32>,
    },
}

/// How a comparison ended, in numbers; equal on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OverlapCounts {
    /// Different identifiers of the asker.
    pub asker: u32,
    /// Different identifiers of the answerer.
    pub answerer: u32,
    /// How many both have.
    pub common: u32,
    /// SHA-256 over every point that crossed, in order.
    pub transcript: Digest,
}
