//! How long single requests took.
//!
//! Guarantees: percentiles by nearest rank, of measured values alone. Deliberately absent: averages, buckets, interpolation.

use std::time::Duration;

/// Times of single requests, in microseconds.
#[derive(Clone, Debug, Default)]
pub struct Latencies {
    micros: Vec<u32>,
    sorted: bool,
}

impl Latencies {
    /// Adds one request. More than 71 minutes count as 71 minutes.
    pub fn add(&mut self, took: Duration) {
        self.micros.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
        self.sorted = false;
    }

    /// Adds all of another driver's requests.
    pub fn merge(&mut self, other: Self) {
        self.micros.extend(other.micros);
        self.sorted = false;
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.micros.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.micros.is_empty()
    }

    /// The time that `percent` of all requests did not exceed (nearest rank); `None` if there were none.
    pub fn percentile(&mut self, percent: f64) -> Option<Duration> {
        if !self.sorted {
            self.micros.sort_unstable();
            self.sorted = true;
        }
        let count = self.micros.len();
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        // counts below 2^52
        let rank = ((percent / 100.0 * count as f64).ceil() as usize).clamp(1, count.max(1));
        self.micros.get(rank - 1).map(|micros| Duration::from_micros(u64::from(*micros)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(millis: impl IntoIterator<Item = u64>) -> Latencies {
        let mut latencies = Latencies::default();
        millis.into_iter().for_each(|ms| latencies.add(Duration::from_millis(ms)));
        latencies
    }

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let mut hundred = of((1..=100).rev());
        for (percent, ms) in [(50.0, 50), (99.0, 99), (100.0, 100), (0.0, 1), (99.5, 100)] {
            assert_eq!(hundred.percentile(percent), Some(Duration::from_millis(ms)), "p{percent}");
        }
        assert_eq!(of([7]).percentile(50.0), Some(Duration::from_millis(7)));
        assert_eq!(of([]).percentile(50.0), None);
    }

    #[test]
    fn a_late_addition_is_counted_in_its_place() {
        let mut latencies = of([5, 9]);
        assert_eq!(latencies.percentile(100.0), Some(Duration::from_millis(9)));
        latencies.merge(of([1, 20]));
        assert_eq!((latencies.len(), latencies.is_empty()), (4, false));
        assert_eq!(latencies.percentile(50.0), Some(Duration::from_millis(5)));
        assert_eq!(latencies.percentile(100.0), Some(Duration::from_millis(20)));
    }
}
