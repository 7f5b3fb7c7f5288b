//! `[decisions]`: which roll each scheme governs, and how long offers stand.

use std::collections::BTreeMap;

use registry_adapter::mapping::RollId;
use schemas::id::SchemeId;
use serde::Deserialize;

/// How decisions are taken here.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DecisionSettings {
    /// By the scheme's id, the roll of the mapping that it governs.
    pub rolls: BTreeMap<String, String>,
    /// How many whole days an offer stands.
    pub offer_days: u16,
}

impl Default for DecisionSettings {
    fn default() -> Self {
        Self { rolls: BTreeMap::new(), offer_days: 30 }
    }
}

impl DecisionSettings {
    /// The roll that a scheme governs here.
    pub fn roll(&self, scheme: &SchemeId) -> Option<RollId> {
        self.rolls.get(scheme.as_str())?.parse().ok()
    }
}
