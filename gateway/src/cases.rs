//! What one of our systems asks at once: several departments in one case, a case file, one question about many people.
//!
//! Guarantees: each part is a question of its own (`exchange/ask.rs`), stored before it is sent and receipted by itself, so that one
//! part's refusal hides no other's answer; a repeated request goes on with what is open and hears what has ended; whatever dies in
//! between, no person is asked about twice under one key. Deliberately absent: HTTP, and the decision, which each provider makes.

use std::sync::{Arc, atomic::AtomicUsize};

use schemas::{
    id::{CaseId, ConsentId, DatasetId, EntityId, PersonLabel, PurposeCode, SystemName},
    problem::Code,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::{
    app::App,
    config::{SystemRight, SystemSettings},
    exchange::ask::{LawQuestion, NotAnswered},
};

mod batch;
mod driver;
pub mod jobs;
mod lines;
mod outcome;
mod parts;
mod persons;
#[cfg(test)]
mod tests;
mod view;

/// What this area keeps in memory: only what spares waiting.
#[derive(Debug, Default)]
pub struct Cases {
    /// Told whenever a page of a batch is written.
    progress: Notify,
    /// Batches that this process works on.
    driving: Arc<AtomicUsize>,
}

impl App {
    fn cases(&self) -> &Cases {
        &self.areas().cases
    }
}

/// What all parts of an inquiry have in common. Encrypted at rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct InquiryAbout {
    case: CaseId,
    purpose: PurposeCode,
    officer: Option<SystemName>,
    /// The question of a batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    question: Option<LawQuestion>,
}

/// What one part is about. Encrypted at rest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PartAbout {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    person: Option<PersonLabel>,
    /// The department's own number, in a batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    consent: Option<ConsentId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provider: Option<EntityId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dataset: Option<DatasetId>,
}

/// Whether a system may ask in this way for that purpose.
fn authorize(system: &SystemSettings, right: SystemRight, purpose: &PurposeCode) -> Result<(), NotAnswered> {
    if system.may.contains(&right) && system.purposes.contains(purpose) {
        return Ok(());
    }
    Err(NotAnswered::new(Code::AccessDenied).detail("this system may not ask for that purpose"))
}

/// As times stand in tables.
const fn milliseconds(at: Timestamp) -> i64 {
    at.seconds().saturating_mul(1000)
}
