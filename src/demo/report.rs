//! How the story is told: a tick, a sentence and a time for each step; or one JSON document.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::cli::say;

/// One step of the story, told after it was looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// Stable name.
    pub step: &'static str,
    /// What happened.
    pub told: String,
    /// Milliseconds.
    pub ms: u64,
    /// Ids by which it can be found again: exchanges, receipts, consents, events.
    pub evidence: Map<String, Value>,
}

/// The story so far.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Its steps.
    pub steps: Vec<Step>,
    #[serde(skip)]
    quiet: bool,
}

impl Report {
    /// A report that is silent until its end if `quiet`.
    pub const fn new(quiet: bool) -> Self {
        Self { steps: Vec::new(), quiet }
    }

    /// Tells one step.
    pub fn told(&mut self, step: &'static str, took: Duration, told: String, evidence: Value) {
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        if !self.quiet {
            say(&format!(" ✓ {:>6} ms  {told}", ms));
        }
        let evidence = match evidence {
            Value::Object(map) => map,
            other => Map::from_iter([("evidence".to_owned(), other)]),
        };
        self.steps.push(Step { step, told, ms, evidence });
    }

    /// Something to look at that belongs to a step: rows, a card.
    pub fn shown(&self, text: &str) {
        if !self.quiet {
            text.lines().for_each(|line| say(&format!("              {line}")));
        }
    }
}
