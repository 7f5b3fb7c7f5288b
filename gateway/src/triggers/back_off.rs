//! When to try again: 1 s doubling to 15 min, full jitter, never before the other side's Retry-After.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::clients::anchor::jittered;

const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(900);

/// How long to wait after so many failures (from 0).
pub(super) fn wait(failures: u32, retry_after: Option<u32>) -> Duration {
    let whole = SHORTEST.saturating_mul(1 << failures.min(10)).min(LONGEST);
    jittered(whole).max(Duration::from_secs(retry_after.unwrap_or(0).into()))
}

/// The same as an instant of the database's count.
pub(crate) fn next_ms(now_ms: i64, failures: u32, retry_after: Option<u32>) -> i64 {
    now_ms.saturating_add(i64::try_from(wait(failures, retry_after).as_millis()).unwrap_or(i64::MAX))
}

/// Pauses of this process, by what is tried: a cache that may be lost.
#[derive(Debug, Default)]
pub(super) struct Pauses(Mutex<HashMap<String, (Duration, u32)>>);

impl Pauses {
    /// Whether this may be tried at this monotonic time.
    pub(super) fn over(&self, what: &str, now: Duration) -> bool {
        self.lock().get(what).is_none_or(|(until, _)| *until <= now)
    }

    /// It failed.
    pub(super) fn failed(&self, what: &str, now: Duration, retry_after: Option<u32>) {
        let mut all = self.lock();
        let (until, failures) = all.entry(what.to_owned()).or_default();
        *until = now.saturating_add(wait(*failures, retry_after));
        *failures = failures.saturating_add(1);
    }

    /// It went well.
    pub(super) fn succeeded(&self, what: &str) {
        self.lock().remove(what);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, (Duration, u32)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_doubles_to_a_quarter_of_an_hour_and_obeys_retry_after() {
        for failures in 0..40 {
            let longest = Duration::from_secs(1 << failures.min(10)).min(LONGEST);
            assert!(wait(failures, None) <= longest, "{failures}");
            assert!(wait(failures, Some(1_000)) >= Duration::from_secs(1_000), "{failures}");
        }
        assert!(
            (0..200).map(|_| wait(9, None)).max().unwrap() > Duration::from_secs(256),
            "the jitter uses the whole span"
        );
    }

    #[test]
    fn what_failed_waits_and_nothing_else() {
        let pauses = Pauses::default();
        pauses.failed("a", Duration::ZERO, Some(5));
        assert!(!pauses.over("a", Duration::from_secs(4)));
        assert!(pauses.over("a", Duration::from_secs(5)) && pauses.over("b", Duration::ZERO));
        pauses.succeeded("a");
        assert!(pauses.over("a", Duration::ZERO));
    }
}
