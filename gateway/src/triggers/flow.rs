//! Which sources are delivering at the moment: their feeds are not read meanwhile, for what comes on both ways costs each side an
//! acknowledgement and a place in the log more.
//!
//! Guarantees: only a delivery that brought something new counts, and only for a moment; a gap is read at once, and once; however much is
//! delivered, a feed is read and held against its head every quarter of an hour. Deliberately absent: what other processes hear; there a
//! feed is read once too often, and nothing is lost.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use schemas::id::EntityId;

/// After a delivery the next one is waited for so long.
const MOMENT: Duration = Duration::from_secs(10);
/// A feed is read so often whatever is delivered: as often as its source tells its head.
const AT_LEAST: Duration = Duration::from_secs(15 * 60);

/// What is known of each source, by the monotonic clock.
#[derive(Debug, Default)]
pub(super) struct Flow(Mutex<BTreeMap<EntityId, Known>>);

#[derive(Debug)]
struct Known {
    /// When something new was delivered last.
    delivered: Option<Duration>,
    /// When its feed was read last, or is taken to have been.
    read: Duration,
    /// The number up to which nothing was missing when its feed had been read.
    contiguous: Option<u64>,
}

impl Flow {
    /// Something new came.
    pub(super) fn delivered(&self, source: &EntityId, now: Duration) {
        let unread = || Known { delivered: None, read: now, contiguous: None };
        self.lock().entry(source.clone()).or_insert_with(unread).delivered = Some(now);
    }

    /// Its feed was read to the end; up to this number nothing is missing.
    pub(super) fn was_read(&self, source: &EntityId, contiguous: u64, now: Duration) {
        let mut known = self.lock();
        let delivered = known.get(source).and_then(|known| known.delivered);
        known.insert(source.clone(), Known { delivered, read: now, contiguous: Some(contiguous) });
    }

    /// Whether its feed may be left alone: it delivers, and has no gap that was not read already.
    pub(super) fn is_delivering(&self, source: &EntityId, (contiguous, last): (u64, u64), now: Duration) -> bool {
        let known = self.lock();
        let Some(known) = known.get(source) else { return false };
        let delivers = known.delivered.is_some_and(|at| now.saturating_sub(at) < MOMENT);
        let whole = contiguous == last || known.contiguous == Some(contiguous);
        delivers && whole && now.saturating_sub(known.read) < AT_LEAST
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<EntityId, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources() -> [EntityId; 2] {
        ["civil", "food"].map(|name| format!("https://{name}.localhost").parse().unwrap())
    }

    #[test]
    fn a_source_delivers_for_a_moment_after_what_was_new() {
        let ([civil, food], flow, at) = (sources(), Flow::default(), Duration::from_secs(100));
        assert!(!flow.is_delivering(&civil, (3, 3), at));
        flow.delivered(&civil, at);
        assert!(flow.is_delivering(&civil, (3, 3), at + MOMENT - Duration::from_millis(1)));
        assert!(!flow.is_delivering(&food, (3, 3), at), "each by itself");
        assert!(!flow.is_delivering(&civil, (3, 3), at + MOMENT));
    }

    #[test]
    fn a_gap_is_read_once_and_a_feed_every_quarter_of_an_hour() {
        let ([civil, _], flow, at) = (sources(), Flow::default(), Duration::from_secs(100));
        flow.delivered(&civil, at);
        assert!(!flow.is_delivering(&civil, (3, 5), at), "4 is missing");
        flow.was_read(&civil, 3, at);
        assert!(flow.is_delivering(&civil, (3, 9), at), "it was read, and is not there to be had");
        assert!(!flow.is_delivering(&civil, (7, 9), at), "another gap");
        let later = at + AT_LEAST;
        flow.delivered(&civil, later);
        assert!(!flow.is_delivering(&civil, (9, 9), later), "whatever is delivered");
        flow.was_read(&civil, 9, later);
        assert!(flow.is_delivering(&civil, (9, 9), later));
    }
}
