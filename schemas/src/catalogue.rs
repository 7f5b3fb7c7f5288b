//! The catalogue of the federation: who has which dataset, and on what basis it may be asked for.
//!
//! Source: protocol, "Local interface". Made from the verified directory; nothing here is signed, and nothing of it is personal.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    federation::{Assurance, Mask, Sensitivity},
    id::{DatasetId, EntityId, FieldName, LawId, PurposeCode, RegisterVersion},
    time::CivilDate,
};

/// `GET /v1/catalogue`: who has which dataset, and on what basis it may be asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// Datasets of the members that may take part now, by provider and id.
    pub datasets: Vec<CatalogueEntry>,
}

/// One dataset of one provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CatalogueEntry {
    /// Who has it.
    pub provider: EntityId,
    /// The provider's name, by language.
    pub provider_name: BTreeMap<String, String>,
    /// The dataset.
    pub dataset: DatasetId,
    /// Its name, by language.
    pub title: BTreeMap<String, String>,
    /// Lowest assurance of a resident binding that the provider takes.
    pub assurance: Assurance,
    /// Its fields.
    pub fields: Vec<CatalogueField>,
    /// Purposes of the registry whose templates cover fields of it, and for which the provider answers.
    pub purposes: Vec<CataloguePurpose>,
    /// Registered laws that cover fields of it.
    pub laws: Vec<CatalogueLaw>,
}

/// One field, and what it needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CatalogueField {
    /// Its name.
    pub name: FieldName,
    /// Its name for people, by language, where the provider gives one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub title: BTreeMap<String, String>,
    /// `text`, `integer`, `date` or `boolean`.
    pub r#type: String,
    /// How careful to be.
    pub sensitivity: Sensitivity,
    /// The only form in which it leaves, where it leaves in no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mask: Option<Mask>,
    /// What it needs.
    pub basis: FieldBasis,
}

/// On what basis a field may be asked for today.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FieldBasis {
    /// A citizen's consent for one of the purposes.
    Consent,
    /// One of the laws.
    Law,
    /// Either.
    ConsentOrLaw,
    /// No template and no law covers it: it cannot be asked for.
    None,
}

/// A purpose that covers fields of a dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CataloguePurpose {
    /// Its code.
    pub code: PurposeCode,
    /// Its newest version.
    pub version: RegisterVersion,
    /// Whether it needs presence and a fresher status.
    pub sensitive: bool,
    /// The fields that it covers.
    pub fields: Vec<FieldName>,
    /// Those of which only predicates are answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub predicates_only: Vec<FieldName>,
}

/// A law that covers fields of a dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CatalogueLaw {
    /// Its id.
    pub id: LawId,
    /// Its name, by language.
    pub title: BTreeMap<String, String>,
    /// Who may ask under it.
    pub consumer: EntityId,
    /// For what.
    pub purpose: PurposeCode,
    /// The fields that it covers.
    pub fields: Vec<FieldName>,
    /// Its last day.
    pub until: CivilDate,
}
