//! Exchanges: answering other departments' queries, and asking them.
//!
//! Guarantees: `answer.rs` is the whole story of an answer, `ask.rs` of a question; nothing leaves before its receipt is durable;
//! no state but caches, so that any number of processes may share one PostgreSQL. Deliberately absent: what is allowed
//! (`protocol::consent`), and HTTP.

pub mod answer;
pub mod ask;
pub mod basis;
pub mod jobs;
pub mod journal;
pub mod naming;
pub mod recovery;
mod refusals;
mod rejected;
pub mod returning;
mod rows;
#[cfg(test)]
pub(crate) mod testing;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use moka::sync::Cache;
use protocol::credential::VerifiedConsent;
use registry_adapter::registry::Registry;
use schemas::{
    digest::Digest,
    federation::DatasetDescription,
    id::{DatasetId, Sector},
};

use self::{ask::Asks, basis::VerifiedOnce, journal::Journal, refusals::Refusals};
use crate::app::{App, Foundation};

pub use rejected::Rejected;

/// How long no new residents of a sector are looked for after they were.
const AGAIN: Duration = Duration::from_secs(600);
/// Consents remembered at most: some kilobytes each.
const HELD: u64 = 10_000;

/// What this area keeps in memory while the gateway runs.
pub struct Exchange {
    journal: Journal,
    asks: Asks,
    /// Consents that we hold and verified once, by their digest.
    held: Option<Cache<Digest, Arc<VerifiedConsent>>>,
    verified: VerifiedOnce,
    refusals: Refusals,
    datasets: HashMap<DatasetId, DatasetDescription>,
    /// When (monotonic) new residents of a sector were last looked for.
    completed: Mutex<HashMap<Sector, Duration>>,
}

impl Exchange {
    /// Starts the writers.
    ///
    /// # Errors
    /// If no thread can be started.
    pub(crate) fn start(foundation: &Foundation) -> std::io::Result<Self> {
        let Foundation { config, keys, db, source, .. } = foundation;
        let described = source.as_ref().map(|source| source.describe()).unwrap_or_default();
        Ok(Self {
            journal: Journal::start(config.entity.clone(), keys.clone(), db.clone())?,
            asks: Asks::start(keys.clone(), db.clone())?,
            held: config.performance.verification_cache.then(|| Cache::new(HELD)),
            verified: VerifiedOnce::new(config.performance.verification_cache),
            refusals: Refusals::default(),
            datasets: described.into_iter().map(|dataset| (dataset.id.clone(), dataset)).collect(),
            completed: Mutex::default(),
        })
    }

    /// Takes one signed refusal of this peer; its queries and its events share the bucket.
    ///
    /// # Errors
    /// `too-many-requests`.
    pub(crate) fn take_refusal(&self, peer: &schemas::id::EntityId) -> Result<(), Rejected> {
        self.refusals.take(peer)
    }

    /// Whether new residents of a sector may be looked for again now: at most once in ten minutes, whoever is asked about.
    pub(crate) fn may_complete(&self, sector: &Sector, now: Duration) -> bool {
        let mut completed = self.completed.lock().unwrap_or_else(PoisonError::into_inner);
        let over = completed.get(sector).is_none_or(|last| now.saturating_sub(*last) >= AGAIN);
        if over {
            completed.insert(sector.clone(), now);
        }
        over
    }

    fn dataset(&self, id: &DatasetId) -> Option<&DatasetDescription> {
        self.datasets.get(id)
    }
}

impl App {
    /// What the exchange keeps.
    pub fn exchange(&self) -> &Exchange {
        &self.areas().exchange
    }
}
