//! A closed-loop driver: so many requests are in flight at any time, each followed at once by the next.
//!
//! Guarantees: requests are numbered from 0 and each number is used once, so that people are drawn in turn; a request counts in the
//! window in which it ended; those still out at the end are waited for, not cut off. Deliberately absent: open-loop arrival.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use service_kit::clock::Clock;
use tokio::task::JoinSet;

use super::Latencies;

/// How long, and how many at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Requests in flight.
    pub in_flight: usize,
    /// Time before anything counts.
    pub warm_up: Duration,
    /// Time that counts.
    pub measured: Duration,
}

/// How one request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// With what was asked for.
    Good,
    /// Refused, with this code.
    Refused(String),
    /// In another way: no answer, or one that cannot be read.
    Failed(String),
}

/// What was counted in the measured window.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// The window.
    pub window: Duration,
    /// Good answers.
    pub good: u64,
    /// Refusals by code.
    pub refused: BTreeMap<String, u64>,
    /// Errors by kind.
    pub failed: BTreeMap<String, u64>,
    /// Times of the good answers.
    pub latencies: Latencies,
}

impl Measured {
    /// Good answers a second.
    pub fn per_second(&self) -> f64 {
        #[allow(clippy::cast_precision_loss)] // counts below 2^52
        let good = self.good as f64;
        if self.window.is_zero() { 0.0 } else { good / self.window.as_secs_f64() }
    }

    fn count(&mut self, answered: Answered, took: Duration) {
        match answered {
            Answered::Good => {
                self.good += 1;
                self.latencies.add(took);
            }
            Answered::Refused(code) => *self.refused.entry(code).or_default() += 1,
            Answered::Failed(kind) => *self.failed.entry(kind).or_default() += 1,
        }
    }

    fn merge(&mut self, other: Self) {
        self.good += other.good;
        other.refused.into_iter().for_each(|(code, count)| *self.refused.entry(code).or_default() += count);
        other.failed.into_iter().for_each(|(kind, count)| *self.failed.entry(kind).or_default() += count);
        self.latencies.merge(other.latencies);
    }
}

/// Drives `ask`, which gets the number of its request, by the plan.
pub async fn drive<F, A>(clock: &Clock, plan: Plan, ask: F) -> Measured
where
    F: Fn(u64) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Answered> + Send + 'static,
{
    let (next, begin) = (Arc::new(AtomicU64::new(0)), clock.monotonic() + plan.warm_up);
    let mut tasks = JoinSet::new();
    for _ in 0..plan.in_flight {
        tasks.spawn(one_after_another(clock.clone(), begin..begin + plan.measured, Arc::clone(&next), ask.clone()));
    }
    let mut all = Measured { window: plan.measured, ..Measured::default() };
    while let Some(ended) = tasks.join_next().await {
        match ended {
            Ok(counted) => all.merge(counted),
            Err(error) => all.count(Answered::Failed(format!("the driver: {error}")), Duration::ZERO),
        }
    }
    all
}

async fn one_after_another<F, A>(
    clock: Clock,
    window: std::ops::Range<Duration>,
    next: Arc<AtomicU64>,
    ask: F,
) -> Measured
where
    F: Fn(u64) -> A,
    A: Future<Output = Answered>,
{
    let mut counted = Measured::default();
    loop {
        let sent = clock.monotonic();
        if sent >= window.end {
            return counted;
        }
        let answered = ask(next.fetch_add(1, Ordering::Relaxed)).await;
        let ended = clock.monotonic();
        if window.contains(&ended) {
            counted.count(answered, ended.saturating_sub(sent));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn plan(in_flight: usize, warm_up: u64, measured: u64) -> Plan {
        Plan { in_flight, warm_up: Duration::from_millis(warm_up), measured: Duration::from_millis(measured) }
    }

    /// Drives for longer and longer until enough was asked: a window may pass while this process stands still.
    async fn driven<F, A>(in_flight: usize, ask: F) -> Measured
    where
        F: Fn(u64) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Answered> + Send + 'static,
    {
        let mut window = 20;
        loop {
            let measured = drive(&Clock::system(), plan(in_flight, 0, window), ask.clone()).await;
            let counted =
                measured.good + measured.refused.values().sum::<u64>() + measured.failed.values().sum::<u64>();
            if counted >= 100 {
                return measured;
            }
            window *= 2;
        }
    }

    #[tokio::test]
    async fn every_number_is_asked_once_and_as_many_are_in_flight_as_planned() {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (flying, most) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (seen, highest) = (Arc::clone(&asked), Arc::clone(&most));
        let measured = driven(4, move |number| {
            let (seen, flying, highest) = (Arc::clone(&seen), Arc::clone(&flying), Arc::clone(&highest));
            async move {
                highest.fetch_max(flying.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                if number == 0 {
                    seen.lock().unwrap().clear(); // another window
                }
                seen.lock().unwrap().push(number);
                tokio::task::yield_now().await;
                flying.fetch_sub(1, Ordering::SeqCst);
                Answered::Good
            }
        })
        .await;
        let mut asked = asked.lock().unwrap().clone();
        asked.sort_unstable();
        assert!(asked.iter().zip(0..).all(|(asked, expected)| *asked == expected), "each number once");
        assert_eq!(most.load(Ordering::SeqCst), 4);
        assert!(measured.good > 0 && measured.good <= asked.len() as u64);
        assert_eq!(measured.good, measured.latencies.len() as u64);
    }

    #[tokio::test]
    async fn what_ends_in_the_warm_up_does_not_count() {
        let asked = Arc::new(AtomicU64::new(0));
        let mut warm_up = 20;
        while asked.load(Ordering::SeqCst) == 0 {
            let counted = Arc::clone(&asked);
            let measured = drive(&Clock::system(), plan(1, warm_up, 0), move |_| {
                counted.fetch_add(1, Ordering::SeqCst);
                async {
                    tokio::task::yield_now().await;
                    Answered::Good
                }
            })
            .await;
            assert_eq!((measured.good, measured.latencies.len()), (0, 0));
            assert!(measured.per_second().abs() < f64::EPSILON, "an empty window has no rate");
            warm_up *= 2;
        }
    }

    #[tokio::test]
    async fn refusals_and_errors_are_counted_by_name_and_never_as_answers() {
        let measured = driven(2, |number| async move {
            tokio::task::yield_now().await;
            match number % 3 {
                0 => Answered::Good,
                1 => Answered::Refused("consent-used-up".to_owned()),
                _ => Answered::Failed("no connection".to_owned()),
            }
        })
        .await;
        assert!(measured.good > 0 && measured.refused["consent-used-up"] > 0 && measured.failed["no connection"] > 0);
        assert_eq!((measured.refused.len(), measured.failed.len()), (1, 1));
        assert_eq!(measured.good, measured.latencies.len() as u64, "only answers have a latency");
    }

    #[test]
    fn nothing_measured_is_no_rate() {
        assert!(Measured::default().per_second().abs() < f64::EPSILON);
    }
}
