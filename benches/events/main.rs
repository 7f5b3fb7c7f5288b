//! Part of `make bench`: life events a second from the register's own table to acknowledged, beside a bare loop; a back-test of a roll.
//!
//! Everything runs on this one machine: the anchor, two gateways, PostgreSQL and this driver. First a bare loop (the floor), then rows as
//! fast as the register takes them, then a hundred a second, then a back-test of a roll of 1,000,000 people. Guarantees: real processes
//! of the released binary; each row becomes one event that is delivered, acknowledged, stored and acted upon. Settings by environment:
//! `BENCH_EVENTS` (30000), `BENCH_PEOPLE` (10000), `BENCH_RATE` (100), `BENCH_STEADY_SECONDS` (30), `BENCH_ROLL` (1000000).

mod backtest;
mod databases;
mod federation;
mod floor;
mod report;
mod settings;
mod times;

use std::{io::Write, time::Duration};

use service_kit::clock::Clock;
use vinimay::{
    bench::{self, Machine, Party, PartyUse},
    world::Binary,
};

use crate::{
    databases::Databases,
    federation::Federation,
    report::{Report, Run},
    settings::Settings,
    times::{enter, last_ms, latencies, now_ms, until_acknowledged},
};

/// Rows of one commit, where as many as possible are entered.
const TOGETHER: u32 = 100;

fn main() -> anyhow::Result<()> {
    let settings = Settings::from_environment()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(measure(settings))
}

/// Writes a line at once: a benchmark of minutes tells how far it is.
fn say(line: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

async fn measure(settings: Settings) -> anyhow::Result<()> {
    let clock = Clock::system();
    say(&format!("{} people; PostgreSQL, an anchor, two gateways", settings.people))?;
    let databases = tokio::task::block_in_place(|| Databases::start(settings.people))?;
    let window = settings.steady.min(Duration::from_secs(10));
    say(&format!("the floor: a bare loop on {} cores for {} s", settings.cores, window.as_secs()))?;
    let floor = tokio::task::block_in_place(|| floor::measure(&clock, &databases, settings.cores, window))?;
    let folder = tempfile::tempdir()?;
    let binary = Binary::at(env!("CARGO_BIN_EXE_vinimay"));
    let federation = tokio::task::block_in_place(|| {
        Federation::start(&binary, folder.path(), &databases, settings.people, clock.now())
    })?;
    let mut bench = Bench { clock, settings, databases, federation };
    let backlog = bench.backlog().await?;
    let steady = bench.steady().await?;
    bench.federation.stop()?;
    say(&format!("a back-test of a roll of {} people", settings.roll))?;
    let now = bench.clock.now();
    let tested = backtest::measure(&bench.clock, &bench.databases, &bench.federation, settings.roll, now).await?;
    let report = Report { settings, backlog, steady, floor, tested };
    say(&format!("\n{}", report.to_text()))?;
    Ok(say(&report.to_json())?)
}

/// Everything that is measured.
struct Bench {
    clock: Clock,
    settings: Settings,
    databases: Databases,
    federation: Federation,
}

impl Bench {
    /// As many as possible: from the first row's commit to the last acknowledgement.
    async fn backlog(&mut self) -> anyhow::Result<Run> {
        let Settings { events, people, .. } = self.settings;
        say(&format!("{events} rows, as fast as the register takes them"))?;
        let (mut register, mut gateway) = (self.databases.connect("civil")?, self.databases.connect("civil_gateway")?);
        let (ended, machine, commits) = (bench::watch(self.parties()?)?, Machine::now()?, self.databases.commits()?);
        let (begun, begun_ms) = (self.clock.monotonic(), now_ms(&self.clock));
        for from in (0..events).step_by(usize::try_from(TOGETHER)?) {
            enter(&mut register, people, (from, events.min(from + TOGETHER)))?;
        }
        until_acknowledged(&self.clock, &mut gateway, events.into()).await?;
        let window = self.clock.monotonic().saturating_sub(begun);
        let (parties, machine) = (ended(window), machine.until(Machine::now()?, window));
        let took = Duration::from_millis(u64::try_from(last_ms(&mut gateway, 0)? - begun_ms)?);
        let commits = commits.each(&self.databases.commits()?, events);
        Ok(Run { events, took, latencies: bench::Latencies::default(), parties, machine, commits })
    }

    /// So many a second, each a commit of its own: from commit to acknowledgement.
    async fn steady(&mut self) -> anyhow::Result<Run> {
        let Settings { events: before, people, rate, steady, .. } = self.settings;
        let events = self.settings.steady_events();
        say(&format!("{rate} rows a second for {} s", steady.as_secs()))?;
        let (mut register, mut gateway) = (self.databases.connect("civil")?, self.databases.connect("civil_gateway")?);
        let (ended, machine, commits) = (bench::watch(self.parties()?)?, Machine::now()?, self.databases.commits()?);
        let (begun, every) = (self.clock.monotonic(), Duration::from_secs(1) / rate);
        let mut committed = Vec::new();
        for n in 0..events {
            // By the plan, not after the row before: whoever is late does not slow the register down.
            let due = begun + every * n;
            self.clock.sleep(due.saturating_sub(self.clock.monotonic())).await;
            enter(&mut register, people, (before + n, before + n + 1))?;
            committed.push(now_ms(&self.clock));
        }
        until_acknowledged(&self.clock, &mut gateway, (before + events).into()).await?;
        let took = self.clock.monotonic().saturating_sub(begun);
        let (parties, machine) = (ended(took), machine.until(Machine::now()?, took));
        let latencies = latencies(&mut gateway, before.into(), &committed)?;
        let commits = commits.each(&self.databases.commits()?, events);
        Ok(Run { events, took, latencies, parties, machine, commits })
    }

    fn parties(&mut self) -> anyhow::Result<Vec<Party>> {
        let mut parties = self.federation.parties()?;
        parties.push(self.databases.party()?);
        parties.push(Party { name: "driver".to_owned(), ids: vec![std::process::id()] });
        Ok(parties)
    }
}

/// What each party used, as a line.
fn used(parties: &[PartyUse]) -> String {
    let one = |party: &PartyUse| {
        let mib = party.peak_kib / 1024;
        format!("  {:<28} {:>5.2} cores, at most {mib} MiB", party.name, party.cores)
    };
    parties.iter().map(one).collect::<Vec<_>>().join("\n")
}
