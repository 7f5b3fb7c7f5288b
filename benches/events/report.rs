//! The figures, for people and as one line of JSON, beside their aims.

use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

use serde_json::json;
use vinimay::bench::{Latencies, MachineUse, PartyUse};

use crate::{backtest::Tested, floor::Floor, settings::Settings, used};

/// One measured run.
pub struct Run {
    /// Rows that became events.
    pub events: u32,
    /// From the first row to the last acknowledgement.
    pub took: Duration,
    /// Of each event, where they were measured.
    pub latencies: Latencies,
    /// What each party used.
    pub parties: Vec<PartyUse>,
    /// What the machine did.
    pub machine: MachineUse,
    /// Transactions of each database, for one event.
    pub commits: BTreeMap<String, f64>,
}

/// All of them.
pub struct Report {
    /// How it ran.
    pub settings: Settings,
    /// As many as possible.
    pub backlog: Run,
    /// So many a second.
    pub steady: Run,
    /// The bare loop.
    pub floor: Floor,
    /// The back-test.
    pub tested: Tested,
}

impl Run {
    fn per_second(&self) -> f64 {
        f64::from(self.events) / self.took.as_secs_f64()
    }

    fn millis(&self, percent: f64) -> u128 {
        self.latencies.clone().percentile(percent).unwrap_or_default().as_millis()
    }
}

impl Report {
    /// For people.
    pub fn to_text(&self) -> String {
        let Self { settings, backlog, steady, floor, tested } = self;
        let mut text = String::new();
        let reached = backlog.per_second();
        let _ = writeln!(text, "life events, from the commit at the register to acknowledged at one subscriber");
        let _ = writeln!(
            text,
            "  {:.0} a second ({} events in {:.1} s)   aim 1000",
            reached,
            backlog.events,
            backlog.took.as_secs_f64()
        );
        let _ = writeln!(
            text,
            "  the floor, a bare loop of {} threads, events of {} bytes: {:.0} a second; reached: {:.2} of it",
            floor.loops,
            floor.event_bytes,
            floor.per_second,
            reached / floor.per_second
        );
        let (p50, p99) = (steady.millis(50.0), steady.millis(99.0));
        let _ = writeln!(text, "  at {} a second: p50 {p50} ms, p99 {p99} ms   aim p99 1000 ms", settings.rate);
        for (name, run) in [("as many as possible", backlog), ("steady", steady)] {
            let _ = writeln!(text, "{name}: {:.2} of {} cores busy", run.machine.busy, settings.cores);
            let _ = writeln!(text, "{}", used(&run.parties));
            let commits = run.commits.iter().map(|(name, each)| format!("{name} {each:.2}"));
            let _ = writeln!(text, "  transactions an event: {}", commits.collect::<Vec<_>>().join(", "));
        }
        let seconds = tested.took.as_secs_f64();
        let _ = writeln!(
            text,
            "back-test of {} people read from a roll in PostgreSQL: {seconds:.1} s, at most {} MiB   aim 30 s of 1,000,000, 200 MiB",
            tested.people,
            tested.peak_kib / 1024
        );
        let floor = tested.floor.as_secs_f64();
        let _ = writeln!(
            text,
            "  the floor, a plain reading of the same rows: {floor:.1} s; {:.1} times that",
            seconds / floor
        );
        text
    }

    /// For machines.
    pub fn to_json(&self) -> String {
        let Self { backlog, steady, floor, tested, .. } = self;
        json!({
            "events_per_second": backlog.per_second(),
            "floor_per_second": floor.per_second,
            "of_floor": backlog.per_second() / floor.per_second,
            "steady": { "p50_ms": u64::try_from(steady.millis(50.0)).ok(), "p99_ms": u64::try_from(steady.millis(99.0)).ok() },
            "parties": { "backlog": backlog.parties, "steady": steady.parties },
            "backtest": { "people": tested.people, "seconds": tested.took.as_secs_f64(), "peak_kib": tested.peak_kib, "floor_seconds": tested.floor.as_secs_f64() },
        })
        .to_string()
    }
}
