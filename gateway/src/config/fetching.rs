//! `[fetching]`: in whose name facts are asked for that a scheme needs and nobody has said.

use std::collections::BTreeMap;

use schemas::{
    id::{PurposeCode, SchemeId, SystemName},
    time::CalendarDuration,
};
use serde::Deserialize;

/// How facts are fetched; without this section none are.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FetchingSettings {
    /// In whose name is asked: one of `[[systems]]`, with the right to ask and the purposes of the schemes.
    pub system: SystemName,
    /// Who answers for the questions: a pseudonym of an officer, as it stands in each query under a law.
    pub officer: SystemName,
    /// Questions of one day at most, over all processes.
    #[serde(default = "per_day")]
    pub per_day: u32,
    /// By the scheme's id, for what citizens are asked for consent; without it a scheme's facts by consent are not asked for.
    #[serde(default)]
    pub purposes: BTreeMap<String, PurposeCode>,
    /// For how long consent is asked.
    #[serde(default = "validity")]
    pub validity: CalendarDuration,
    /// How long answers are kept.
    #[serde(default = "retention")]
    pub retention: CalendarDuration,
}

impl FetchingSettings {
    /// For what citizens are asked for the sake of a scheme.
    pub fn purpose(&self, scheme: &SchemeId) -> Option<&PurposeCode> {
        self.purposes.get(scheme.as_str())
    }
}

const fn per_day() -> u32 {
    1_000
}

#[allow(clippy::expect_used, reason = "a constant that a test parses")]
fn validity() -> CalendarDuration {
    "P30D".parse().expect("P30D is a duration")
}

#[allow(clippy::expect_used, reason = "a constant that a test parses")]
fn retention() -> CalendarDuration {
    "P90D".parse().expect("P90D is a duration")
}
