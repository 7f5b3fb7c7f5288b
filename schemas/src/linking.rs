//! Whom an identity registry names to a department, so that it can link its register to the names of its sector.
//!
//! Source: protocol, "The citizen" (`subject_link`, filled by a seeding run under a registered law). A file of pages, one signed
//! and sealed page a line. Deliberately absent: anything beyond what the matching rule compares.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    id::{CompactJwe, EntityId, LawId, MessageId, SectorSubject},
    time::{CivilDate, NumericDate},
    version::V1,
};

/// A page of residents, typ `dx-subjects+jwt`, signed by the identity registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubjectsPage {
    /// Structure version.
    pub v: V1,
    /// The identity registry.
    pub iss: EntityId,
    /// The department that may open it.
    pub aud: EntityId,
    /// Issued at.
    pub iat: NumericDate,
    /// Id of the page.
    pub jti: MessageId,
    /// The registered law that allows it.
    pub law: LawId,
    /// Number of the page, from 0.
    pub page: u32,
    /// Whether no page follows.
    pub last: bool,
    /// At most 500 [`NamedResident`]s, sealed to the department.
    pub residents: CompactJwe,
}

/// One resident, as the matching rule needs her.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedResident {
    /// Her name in the receiver's sector.
    pub sub: SectorSubject,
    /// Given name.
    pub given_name: String,
    /// Family name, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// Birth date, where the day is known; others cannot be linked without an officer.
    pub birth_date: CivilDate,
    /// LGD code of the district, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub district: Option<String>,
}

// Personal data: it does not print itself.
impl std::fmt::Debug for NamedResident {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NamedResident(…)")
    }
}
