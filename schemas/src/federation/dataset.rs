//! What a provider offers: datasets, their fields, how careful to be with them, and in which form they leave.
//!
//! Deliberately absent: where the values stand; that is each department's own mapping.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{DatasetId, FieldName, PurposeCode};

/// One dataset in the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatasetDescription {
    /// Its id.
    pub id: DatasetId,
    /// A name for people, by language.
    pub title: BTreeMap<String, String>,
    /// Its fields.
    pub fields: Vec<FieldDescription>,
    /// Purposes for which the provider answers.
    pub purposes: Vec<PurposeCode>,
    /// Lowest assurance of the resident binding.
    pub assurance: Assurance,
    /// For sensitive purposes, consents given with an operator's help are refused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refuse_assisted: bool,
}

/// One field in the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldDescription {
    /// Its name.
    pub name: FieldName,
    /// What people call it, by language; a citizen reads this on the card, and the name where there is none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub title: BTreeMap<String, String>,
    /// `text`, `integer`, `date` or `boolean`.
    pub r#type: String,
    /// How careful to be.
    pub sensitivity: Sensitivity,
    /// The only form in which its values leave; whole without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mask: Option<Mask>,
}

/// The only form in which the values of a field leave. A value of another kind than the mask is for leaves as missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mask {
    /// The last four characters of a text or digits of a whole number; less than five leave nothing.
    #[serde(rename = "last-4")]
    Last4,
    /// The year of a date, `YYYY`.
    Year,
    /// Year and month of a date, `YYYY-MM`.
    Month,
    /// The first letter of a text.
    Initial,
    /// Only whether there is a value.
    Present,
}

/// How careful to be with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sensitivity {
    /// Not about a person.
    Public,
    /// About a person.
    Personal,
    /// Health, caste, violence and the like.
    Sensitive,
}

/// Assurance of a resident binding (eIDAS levels, Regulation (EU) 910/2014 Article 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Assurance {
    /// Self-asserted or weakly checked.
    Low,
    /// Checked against the register, second factor by code.
    Substantial,
    /// In person.
    High,
}
