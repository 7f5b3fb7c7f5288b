//! What can be set: short runs to try it, the full ones by default.

use std::{str::FromStr, time::Duration};

use anyhow::{Context, ensure};
use vinimay::bench::Plan;

/// Before a full run.
const WARM_UP: Duration = Duration::from_secs(10);

/// How the benchmark is to run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Length of the measured window of a full run.
    pub seconds: u64,
    /// Citizens, each with a consent of her own.
    pub citizens: usize,
    /// Numbers of requests in flight to try.
    pub in_flight: Vec<usize>,
    /// Cores of the machine.
    pub cores: usize,
}

fn variable<T: FromStr>(name: &str, default: T) -> anyhow::Result<T> {
    match std::env::var(name) {
        Ok(text) => text.parse().ok().with_context(|| format!("{name} is `{text}`; mend: give a whole number")),
        Err(_) => Ok(default),
    }
}

impl Settings {
    /// Reads `BENCH_SECONDS`, `BENCH_CITIZENS`, `BENCH_IN_FLIGHT`.
    ///
    /// # Errors
    /// Naming the variable that is no number.
    pub fn from_environment() -> anyhow::Result<Self> {
        let in_flight: String = variable("BENCH_IN_FLIGHT", "8,32,64".to_owned())?;
        let numbers = in_flight.split(',').map(str::trim).map(str::parse).collect::<Result<Vec<usize>, _>>();
        let settings = Self {
            seconds: variable("BENCH_SECONDS", 60)?,
            citizens: variable("BENCH_CITIZENS", 1000)?,
            in_flight: numbers.context("BENCH_IN_FLIGHT is a list such as 8,32,64")?,
            cores: std::thread::available_parallelism()?.get(),
        };
        ensure!(settings.seconds > 0 && settings.citizens > 0, "there is nothing to measure");
        Ok(settings)
    }

    /// The figure's run.
    pub const fn full(&self, in_flight: usize) -> Plan {
        Plan { in_flight, warm_up: self.warm_up(), measured: Duration::from_secs(self.seconds) }
    }

    /// A short run, to choose how many are in flight.
    pub fn trial(&self, in_flight: usize) -> Plan {
        let measured = Duration::from_secs((self.seconds / 6).max(2));
        Plan { in_flight, warm_up: Duration::from_secs(2), measured }
    }

    /// The plain server's run.
    pub fn plain(&self, in_flight: usize) -> Plan {
        let measured = Duration::from_secs((self.seconds / 3).max(2));
        Plan { in_flight, warm_up: Duration::from_secs(2), measured }
    }

    const fn warm_up(&self) -> Duration {
        // A run that is tried out for a few seconds needs no long one.
        if self.seconds < 10 { Duration::from_secs(2) } else { WARM_UP }
    }
}
