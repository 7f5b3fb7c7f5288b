//! How many entries a member may submit: a token bucket a member, counted in entries.
//!
//! Guarantees: one member cannot fill the queue for the others; a bucket exists only for a member whose signature
//! was verified, so that nobody can use up another's. Deliberately absent: limits before the signature (they are the
//! server's, by address and in all).

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use schemas::id::EntityId;

/// See the head of this file.
pub(crate) struct Quotas {
    per_second: f64,
    burst: f64,
    buckets: Mutex<HashMap<EntityId, Bucket>>,
}

struct Bucket {
    left: f64,
    at: Duration,
}

/// Too much; try again after so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exhausted {
    pub retry_after: u32,
}

impl Quotas {
    pub(crate) fn new(per_second: u32, burst: u32) -> Self {
        Self { per_second: f64::from(per_second), burst: f64::from(burst), buckets: Mutex::default() }
    }

    /// Takes `entries` from the member's bucket; `now` is monotonic.
    pub(crate) fn take(&self, member: &EntityId, entries: u32, now: Duration) -> Result<(), Exhausted> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry(member.clone()).or_insert(Bucket { left: self.burst, at: now });
        let gained = now.saturating_sub(bucket.at).as_secs_f64() * self.per_second;
        bucket.left = (bucket.left + gained).min(self.burst);
        bucket.at = now.max(bucket.at);
        let entries = f64::from(entries);
        if bucket.left >= entries {
            bucket.left -= entries;
            return Ok(());
        }
        let seconds = ((entries - bucket.left) / self.per_second).ceil().clamp(1.0, 3_600.0);
        // Between 1 and 3,600 by the line above.
        Err(Exhausted { retry_after: seconds as u32 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_fills_with_time_up_to_its_burst_and_is_its_owner_s_alone() {
        let quotas = Quotas::new(10, 100);
        let [one, two]: [EntityId; 2] = ["https://a.example", "https://b.example"].map(|text| text.parse().unwrap());
        let at = Duration::from_secs;
        assert_eq!(quotas.take(&one, 100, at(0)), Ok(()));
        assert_eq!(quotas.take(&one, 20, at(0)), Err(Exhausted { retry_after: 2 }));
        assert_eq!(quotas.take(&two, 100, at(0)), Ok(()));
        assert_eq!(quotas.take(&one, 20, at(2)), Ok(()));
        assert_eq!(quotas.take(&one, 1, at(1)), Err(Exhausted { retry_after: 1 }), "time never runs back");
        assert_eq!(quotas.take(&one, 100, at(10_000)), Ok(()));
        assert!(quotas.take(&one, 1, at(10_000)).is_err());
    }
}
