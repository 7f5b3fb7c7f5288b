//! What can be set: short runs to try it, the full ones by default.

use std::{str::FromStr, time::Duration};

use anyhow::{Context, ensure};

/// How the benchmark is to run.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Rows written as fast as the register takes them.
    pub events: u32,
    /// People whom they are about.
    pub people: u32,
    /// Rows a second of the steady run.
    pub rate: u32,
    /// Length of the steady run.
    pub steady: Duration,
    /// Rows of the roll that a scheme is tested on.
    pub roll: u32,
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
    /// Reads `BENCH_EVENTS`, `BENCH_PEOPLE`, `BENCH_RATE`, `BENCH_STEADY_SECONDS`, `BENCH_ROLL`.
    ///
    /// # Errors
    /// Naming the variable that is no number.
    pub fn from_environment() -> anyhow::Result<Self> {
        let settings = Self {
            events: variable("BENCH_EVENTS", 30_000)?,
            people: variable("BENCH_PEOPLE", 10_000)?,
            rate: variable("BENCH_RATE", 100)?,
            steady: Duration::from_secs(variable("BENCH_STEADY_SECONDS", 30)?),
            roll: variable("BENCH_ROLL", 1_000_000)?,
            cores: std::thread::available_parallelism()?.get(),
        };
        ensure!(settings.events > 0 && settings.people > 0 && settings.rate > 0, "there is nothing to measure");
        Ok(settings)
    }

    /// Rows of the steady run.
    pub fn steady_events(&self) -> u32 {
        u32::try_from(self.steady.as_secs()).unwrap_or(u32::MAX).saturating_mul(self.rate)
    }
}
