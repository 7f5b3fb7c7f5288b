//! The figures side by side: a table for people, one JSON line for machines, and what bounds them.
//!
//! Guarantees: both forms are made of the same values; what bounds a figure is read from processor times, never assumed.
//! Deliberately absent: judgement beyond the two aims of the project.

use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

use comfy_table::{CellAlignment, Table, presets::ASCII_MARKDOWN};
use serde::Serialize;

use super::{MachineUse, Measured, PartyUse};

/// A quarter of the floor.
const AIM_OF_FLOOR: f64 = 0.25;
/// Exchanges a second.
const AIM: f64 = 250.0;

/// One measured run.
#[derive(Clone, Debug, Serialize)]
pub struct Run {
    /// What was measured.
    pub name: String,
    /// Requests in flight.
    pub in_flight: usize,
    /// Length of the window, seconds.
    pub seconds: f64,
    /// Good answers.
    pub good: u64,
    /// Good answers a second.
    pub per_second: f64,
    /// Half of them came within so many milliseconds.
    pub p50_ms: f64,
    /// 99 of 100 came within so many milliseconds.
    pub p99_ms: f64,
    /// Refusals by code.
    pub refused: BTreeMap<String, u64>,
    /// Errors by kind.
    pub failed: BTreeMap<String, u64>,
    /// What each party used.
    pub parties: Vec<PartyUse>,
    /// What the machine did.
    pub machine: MachineUse,
}

impl Run {
    /// Puts together what was counted and what was used.
    pub fn new(name: &str, in_flight: usize, measured: Measured, parties: Vec<PartyUse>, machine: MachineUse) -> Self {
        let per_second = measured.per_second();
        let Measured { window, good, refused, failed, mut latencies } = measured;
        let mut ms = |percent| latencies.percentile(percent).unwrap_or_default().as_secs_f64() * 1000.0;
        Self {
            name: name.to_owned(),
            in_flight,
            seconds: window.as_secs_f64(),
            good,
            per_second,
            p50_ms: ms(50.0),
            p99_ms: ms(99.0),
            refused,
            failed,
            parties,
            machine,
        }
    }
}

/// A cryptographic operation that one exchange needs.
#[derive(Clone, Debug, Serialize)]
pub struct CryptoOperation {
    /// What it is.
    pub name: &'static str,
    /// For what, each time that it is needed.
    pub needed_for: &'static str,
    /// How many times an exchange needs it.
    pub times: u32,
    /// Microseconds a time, on one core.
    pub micros: f64,
}

/// The cryptographic operations of one exchange, alone.
#[derive(Clone, Debug, Serialize)]
pub struct Floor {
    /// The operations.
    pub operations: Vec<CryptoOperation>,
    /// Cores that could do nothing else.
    pub cores: usize,
    /// The same work by the project's own functions: JSON, base64url, strict parsing and all rules, without any I/O; microseconds.
    pub functions_micros: f64,
}

impl Floor {
    /// One exchange's operations one after another, microseconds.
    pub fn micros(&self) -> f64 {
        self.operations.iter().map(|operation| f64::from(operation.times) * operation.micros).sum()
    }

    /// Exchanges a second, if all cores did nothing but these operations.
    pub fn per_second(&self) -> f64 {
        #[allow(clippy::cast_precision_loss)] // a number of cores
        let cores = self.cores as f64;
        cores * 1_000_000.0 / self.micros().max(f64::EPSILON)
    }
}

/// All figures of one run of the benchmark.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Citizens, each with a consent of her own.
    pub citizens: usize,
    /// Exchanges with verification caches off: the figure.
    pub caches_off: Run,
    /// The same with them on.
    pub caches_on: Run,
    /// The benchmark's own server: the same rows over the same mutual TLS, nothing else.
    pub plain: Run,
    /// The cryptographic operations alone.
    pub floor: Floor,
    /// What bounds the figure.
    pub bound_by: String,
}

impl Report {
    /// The share of the floor that the gateways reach.
    pub fn of_floor(&self) -> f64 {
        self.caches_off.per_second / self.floor.per_second()
    }

    /// The share of the plain server's rate.
    pub fn of_plain(&self) -> f64 {
        self.caches_off.per_second / self.plain.per_second.max(f64::EPSILON)
    }

    /// One line.
    ///
    /// # Errors
    /// Never for these types; serde cannot know it.
    pub fn to_json(&self) -> serde_json::Result<String> {
        let mut value = serde_json::to_value(self)?;
        if let Some(object) = value.as_object_mut() {
            object.insert("floor_per_second".to_owned(), self.floor.per_second().into());
            object.insert("of_floor".to_owned(), self.of_floor().into());
            object.insert("of_plain".to_owned(), self.of_plain().into());
        }
        serde_json::to_string(&value)
    }

    /// Tables for people.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let runs = [&self.caches_off, &self.caches_on, &self.plain];
        let _ = writeln!(text, "{}\n\n{}\n\n{}", rates(&runs), uses(&runs), operations(&self.floor));
        let floor = self.floor.per_second();
        let _ = writeln!(
            text,
            "\nfloor: {:.0} µs of cryptography an exchange, {floor:.0} exchanges a second on {} cores; the same by the project's own \
             functions without any I/O: {:.0} µs",
            self.floor.micros(),
            self.floor.cores,
            self.floor.functions_micros,
        );
        let met = |met: bool| if met { "met" } else { "MISSED" };
        let _ = writeln!(
            text,
            "exchanges: {:.0} a second, {:.2} of the floor, {:.2} of the plain server\naims: {AIM:.0} a second {}, {AIM_OF_FLOOR} of the floor {}",
            self.caches_off.per_second,
            self.of_floor(),
            self.of_plain(),
            met(self.caches_off.per_second >= AIM),
            met(self.of_floor() >= AIM_OF_FLOOR),
        );
        let _ = writeln!(text, "bound by: {}", self.bound_by);
        text
    }
}

fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Table {
    let mut table = Table::new();
    table.load_preset(ASCII_MARKDOWN).set_header(header);
    table.add_rows(rows);
    table.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    table
}

fn rates(runs: &[&Run]) -> Table {
    let counts = |counted: &BTreeMap<String, u64>| {
        let all: Vec<String> = counted.iter().map(|(name, count)| format!("{count} {name}")).collect();
        if all.is_empty() { "0".to_owned() } else { all.join(", ") }
    };
    let rows = runs.iter().map(|run| {
        vec![
            run.name.clone(),
            run.in_flight.to_string(),
            format!("{:.0}", run.seconds),
            run.good.to_string(),
            format!("{:.1}", run.per_second),
            format!("{:.1}", run.p50_ms),
            format!("{:.1}", run.p99_ms),
            counts(&run.refused),
            counts(&run.failed),
        ]
    });
    table(&["", "in flight", "s", "answers", "a second", "p50 ms", "p99 ms", "refusals", "errors"], rows)
}

fn uses(runs: &[&Run]) -> Table {
    let mib = |kib: u64| format!("{:.0}", Duration::from_secs(kib).as_secs_f64() / 1024.0);
    let mut rows = Vec::new();
    for run in runs {
        rows.extend(run.parties.iter().map(|party| {
            vec![
                format!("{}: {}", run.name, party.name),
                format!("{:.2}", party.cores),
                mib(party.resident_kib),
                mib(party.peak_kib),
            ]
        }));
        let known: f64 = run.parties.iter().map(|party| party.cores).sum();
        rows.push(vec![
            format!("{}: everything else", run.name),
            format!("{:.2}", (run.machine.busy - known).max(0.0)),
            String::new(),
            String::new(),
        ]);
        rows.push(vec![
            format!("{}: idle", run.name),
            format!("{:.2}", run.machine.idle + run.machine.waiting),
            String::new(),
            String::new(),
        ]);
    }
    table(&["", "cores", "resident MiB", "peak MiB"], rows)
}

fn operations(floor: &Floor) -> Table {
    let rows = floor.operations.iter().map(|operation| {
        vec![
            operation.name.to_owned(),
            operation.times.to_string(),
            format!("{:.1}", operation.micros),
            format!("{:.1}", f64::from(operation.times) * operation.micros),
            operation.needed_for.to_owned(),
        ]
    });
    table(&["operation", "times", "µs each", "µs", "for"], rows)
}

/// What bounds a run: the cores, if hardly anything of them was idle; else what its parties wait for.
pub fn bound_by(run: &Run, cores: usize) -> String {
    #[allow(clippy::cast_precision_loss)] // a number of cores
    let cores = cores as f64;
    let mut parties: Vec<(&str, f64)> = run.parties.iter().map(|party| (party.name.as_str(), party.cores)).collect();
    let known: f64 = parties.iter().map(|(_, used)| used).sum();
    let others = run.machine.busy - known;
    if others > 0.02 * cores {
        parties.push(("other processes and the kernel for them", others));
    }
    parties.sort_by(|a, b| b.1.total_cmp(&a.1));
    let shares: Vec<String> =
        parties.iter().map(|(name, used)| format!("{name} {:.0} %", used / cores * 100.0)).collect();
    let idle = (run.machine.idle + run.machine.waiting) / cores * 100.0;
    if run.machine.stolen > 0.1 * cores {
        format!(
            "the machine: its host took {:.0} % of the cores; {}",
            run.machine.stolen / cores * 100.0,
            shares.join(", ")
        )
    } else if idle < 15.0 {
        format!("the cores, of which {idle:.0} % was idle: {}", shares.join(", "))
    } else {
        format!(
            "waiting, for {idle:.0} % of the cores was idle (durable commits, group commit's gathering, too few in flight): {}",
            shares.join(", ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Latencies;

    fn run(name: &str, good: u64, busy: f64) -> Run {
        let mut latencies = Latencies::default();
        (1..=good).for_each(|ms| latencies.add(Duration::from_millis(ms)));
        let measured = Measured {
            window: Duration::from_secs(1),
            good,
            refused: BTreeMap::from([("stale".to_owned(), 2)]),
            failed: BTreeMap::new(),
            latencies,
        };
        let party =
            |name: &str, cores| PartyUse { name: name.to_owned(), cores, resident_kib: 10_240, peak_kib: 20_480 };
        let parties = vec![party("social", 0.4), party("revenue", 0.9)];
        Run::new(name, 32, measured, parties, MachineUse { busy, idle: 2.0 - busy, ..MachineUse::default() })
    }

    fn report() -> Report {
        let operation = CryptoOperation { name: "ES256 sign", needed_for: "query, answer", times: 2, micros: 500.0 };
        let caches_off = run("caches off", 400, 1.9);
        Report {
            citizens: 1000,
            bound_by: bound_by(&caches_off, 2),
            caches_off,
            caches_on: run("caches on", 500, 1.9),
            plain: run("plain", 800, 1.9),
            floor: Floor { operations: vec![operation], cores: 2, functions_micros: 1500.0 },
        }
    }

    #[test]
    fn ratios_are_of_the_run_with_caches_off() {
        let report = report();
        assert!((report.floor.micros() - 1000.0).abs() < 1e-9 && (report.floor.per_second() - 2000.0).abs() < 1e-9);
        assert!((report.of_floor() - 0.2).abs() < 1e-9 && (report.of_plain() - 0.5).abs() < 1e-9);
        assert!((report.caches_off.p50_ms - 200.0).abs() < 1e-9 && (report.caches_off.p99_ms - 396.0).abs() < 1e-9);
    }

    #[test]
    fn people_read_which_aim_is_met_and_what_was_counted() {
        let text = report().to_text();
        assert!(text.contains("aims: 250 a second met, 0.25 of the floor MISSED"), "{text}");
        for part in ["2 stale", "caches off: revenue", "ES256 sign", "20"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn machines_read_the_same_in_one_line() {
        let line = report().to_json().unwrap();
        assert!(!line.contains('\n'));
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&value["citizens"], &value["caches_off"]["refused"]["stale"]), (&1000.into(), &2.into()));
        assert!((value["of_floor"].as_f64().unwrap() - 0.2).abs() < 1e-9);
    }

    #[test]
    fn what_bounds_is_read_from_the_cores() {
        let busy = bound_by(&run("x", 1, 1.9), 2);
        assert!(busy.starts_with("the cores, of which 5 % was idle: revenue 45 %"), "{busy}");
        assert!(busy.contains("other processes and the kernel for them 30 %"), "{busy}");
        let waiting = bound_by(&run("x", 1, 1.4), 2);
        assert!(waiting.starts_with("waiting, for 30 % of the cores was idle"), "{waiting}");
        let stolen = Run { machine: MachineUse { stolen: 0.5, ..MachineUse::default() }, ..run("x", 1, 1.4) };
        assert!(bound_by(&stolen, 2).starts_with("the machine: its host took 25 %"));
    }
}
