//! The only place that reads the time. Servers hold a [`Clock`] and read it once a request.
//!
//! Guarantees: wall time (which may step) and monotonic time (which never goes back) are told apart; they are the machine's own,
//! unless the program itself bends them, which only one with the cargo feature `test-clock` does (`service-kit-testing` has the file
//! that all processes of a test world read). Deliberately absent: time zones, formatting, scheduling.
#![allow(clippy::disallowed_methods)] // the one file where the system's clocks may be read

use std::{
    fmt,
    pin::Pin,
    sync::{Arc, OnceLock},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use schemas::time::Timestamp;

/// What a test world makes of the machine's clocks. Released programs have none.
pub trait Bend: fmt::Debug + Send + Sync {
    /// Wall time in milliseconds since 1970-01-01T00:00:00Z, where the machine's is `real`.
    fn wall_ms(&self, real: u64) -> u64;

    /// Monotonic time, where the machine's is `real`.
    fn monotonic(&self, real: Duration) -> Duration;

    /// Ends when the clocks were bent anew after this call.
    fn bent_anew(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

static BENT: OnceLock<Arc<dyn Bend>> = OnceLock::new();

/// From here on [`Clock::system`] is bent in this process; whoever bends it first is obeyed.
pub fn bend_the_system_clock(by: Arc<dyn Bend>) {
    BENT.get_or_init(|| by);
}

/// A source of wall time and of monotonic time. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    bent: Option<Arc<dyn Bend>>,
}

impl Clock {
    /// The machine's own clocks (in a program that bent them: the test world's).
    pub fn system() -> Self {
        Self { bent: BENT.get().cloned() }
    }

    /// The machine's clocks, bent.
    pub fn bent(by: Arc<dyn Bend>) -> Self {
        Self { bent: Some(by) }
    }

    /// Wall time, whole seconds.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_seconds(i64::try_from(self.now_ms() / 1000).unwrap_or(i64::MAX))
    }

    /// Wall time in milliseconds since 1970-01-01T00:00:00Z.
    pub fn now_ms(&self) -> u64 {
        let real = system_wall_ms();
        self.bent.as_ref().map_or(real, |bent| bent.wall_ms(real))
    }

    /// Time that never goes back, from an arbitrary beginning of this process.
    pub fn monotonic(&self) -> Duration {
        let real = system_monotonic();
        self.bent.as_ref().map_or(real, |bent| bent.monotonic(real))
    }

    /// Waits until monotonic time has gone on by `duration`.
    pub async fn sleep(&self, duration: Duration) {
        let Some(bent) = &self.bent else { return tokio::time::sleep(duration).await };
        let until = self.monotonic().saturating_add(duration);
        loop {
            // Listened for before the look, so that nothing falls between the two.
            let bent_anew = bent.bent_anew();
            let left = until.saturating_sub(self.monotonic());
            if left.is_zero() {
                return;
            }
            // Either way the clock is looked at again: it may stand still.
            let _ = tokio::time::timeout(left, bent_anew).await;
        }
    }
}

fn system_wall_ms() -> u64 {
    // A clock before 1970 is a broken machine; zero makes everything stale, which is the safe side.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}

fn system_monotonic() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wall_time_is_of_this_century_and_in_both_units_the_same() {
        let clock = Clock::default();
        let (seconds, ms) = (clock.now().seconds(), clock.now_ms());
        assert!(seconds > 1_700_000_000);
        assert!((ms / 1000).abs_diff(u64::try_from(seconds).unwrap()) <= 1);
    }

    #[tokio::test]
    async fn monotonic_time_goes_on_while_one_sleeps() {
        let clock = Clock::default();
        let before = clock.monotonic();
        clock.sleep(Duration::from_millis(5)).await;
        assert!(clock.monotonic() >= before + Duration::from_millis(5));
    }
}
