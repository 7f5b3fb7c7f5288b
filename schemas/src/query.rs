//! A query from one department to another, typ `dx-query+jwt`.
//!
//! Source: protocol, "Query, answer, receipts". Nothing outside this structure is trusted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    consent::Predicate,
    id::{CaseId, CompactJwe, CompactJws, DatasetId, EntityId, FieldName, LawId, MessageId, PurposeCode, SystemName},
    time::NumericDate,
    version::V1,
};

/// One department's question to another about one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// Structure version.
    pub v: V1,
    /// The asking department.
    pub iss: EntityId,
    /// The answering department.
    pub aud: EntityId,
    /// Issued at.
    pub iat: NumericDate,
    /// Expires at, at most 120 s later.
    pub exp: NumericDate,
    /// Used once, for ever.
    pub jti: MessageId,
    /// What is asked.
    pub query: QueryTerms,
    /// Why it is allowed.
    pub basis: Basis,
    /// Which system, which officer.
    pub agent: Agent,
    /// The asker's case; required under a law.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueryTerms {
    /// The dataset.
    pub dataset: DatasetId,
    /// Items.
    pub fields: Vec<FieldName>,
    /// Questions with yes or no.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub predicates: Vec<Predicate>,
    /// For what.
    pub purpose: PurposeCode,
}

/// Why a query is allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum Basis {
    /// The citizen's consent.
    Consent {
        /// The credential, typ `vc+jwt`.
        consent: CompactJws,
        /// SD-JWT and key binding, sealed to the provider.
        binding: CompactJwe,
    },
    /// A registered law.
    Law {
        /// Its id in the register.
        id: LawId,
        /// The provider's `sub_<sector>`, sealed by the identity registry.
        subject: CompactJwe,
    },
}

/// Which system asks, for which officer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// The asking department's system.
    pub system: SystemName,
    /// A pseudonym of the officer; required under a law.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officer: Option<SystemName>,
}
