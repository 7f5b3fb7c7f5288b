//! The only place that reads the time. Servers hold a [`Clock`] and read it once a request.
//!
//! Guarantees: wall time (which may step) and monotonic time (which never goes back) are told apart; with the
//! cargo feature `test-clock` all processes of a test world can read one clock file, without it no code
//! looks for such a file. Deliberately absent: time zones, formatting, scheduling.
#![allow(clippy::disallowed_methods)] // the one file where the system's clocks may be read

use std::{
    sync::OnceLock,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use schemas::time::Timestamp;

#[cfg(feature = "test-clock")]
mod test_file;
#[cfg(feature = "test-clock")]
pub use test_file::TestClockFile;

/// A source of wall time and of monotonic time. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    #[cfg(feature = "test-clock")]
    file: Option<std::sync::Arc<test_file::Reader>>,
}

impl Clock {
    /// The machine's own clocks (with the feature `test-clock`: the test world's clock file, if one is named).
    pub fn system() -> Self {
        Self {
            #[cfg(feature = "test-clock")]
            file: test_file::Reader::from_environment().map(std::sync::Arc::new),
        }
    }

    /// Wall time, whole seconds.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_seconds(i64::try_from(self.now_ms() / 1000).unwrap_or(i64::MAX))
    }

    /// Wall time in milliseconds since 1970-01-01T00:00:00Z.
    pub fn now_ms(&self) -> u64 {
        let real = system_wall_ms();
        #[cfg(feature = "test-clock")]
        if let Some(file) = &self.file {
            return file.wall_ms(real);
        }
        real
    }

    /// Time that never goes back, from an arbitrary beginning of this process.
    pub fn monotonic(&self) -> Duration {
        let real = system_monotonic();
        #[cfg(feature = "test-clock")]
        if let Some(file) = &self.file {
            return file.monotonic(real);
        }
        real
    }

    /// Waits until monotonic time has gone on by `duration`.
    pub async fn sleep(&self, duration: Duration) {
        #[cfg(feature = "test-clock")]
        if let Some(file) = &self.file {
            let until = self.monotonic().saturating_add(duration);
            while file.monotonic_lately(system_monotonic()) < until {
                tokio::time::sleep(test_file::POLL).await;
            }
            return;
        }
        tokio::time::sleep(duration).await;
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
