//! Which sources are delivering at the moment: their feeds are not read meanwhile, for what comes on both ways costs each side an
//! acknowledgement and a place in the log more.
//!
//! Guarantees: only a delivery that brought something new counts, and only for a moment, so that a source cannot keep its feed from
//! being read. Deliberately absent: what other processes hear; there a feed is read once too often, and nothing is lost.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use schemas::id::EntityId;

/// After a delivery the next one is waited for so long.
const MOMENT: Duration = Duration::from_secs(10);

/// When each source last delivered something new, by the monotonic clock.
#[derive(Debug, Default)]
pub(super) struct Flow(Mutex<BTreeMap<EntityId, Duration>>);

impl Flow {
    /// Something new came.
    pub(super) fn delivered(&self, source: &EntityId, now: Duration) {
        self.lock().insert(source.clone(), now);
    }

    /// Whether more is to be expected.
    pub(super) fn is_delivering(&self, source: &EntityId, now: Duration) -> bool {
        self.lock().get(source).is_some_and(|last| now.saturating_sub(*last) < MOMENT)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<EntityId, Duration>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_delivers_for_a_moment_after_what_was_new() {
        let [civil, food]: [EntityId; 2] =
            ["civil", "food"].map(|name| format!("https://{name}.localhost").parse().unwrap());
        let (flow, at) = (Flow::default(), Duration::from_secs(100));
        assert!(!flow.is_delivering(&civil, at));
        flow.delivered(&civil, at);
        assert!(flow.is_delivering(&civil, at + MOMENT - Duration::from_millis(1)));
        assert!(!flow.is_delivering(&food, at), "each by itself");
        assert!(!flow.is_delivering(&civil, at + MOMENT));
    }
}
