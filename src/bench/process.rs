//! What processes and the machine used, read from `/proc` (proc(5)).
//!
//! Guarantees: processor time is user plus system, of the process and all its threads; memory is what the kernel counts as
//! resident, and the peak since the process began. Deliberately absent: sampling in between, other systems than Linux.

use std::{fs, io, path::Path, time::Duration};

use serde::Serialize;

/// `USER_HZ`: ticks a second in `/proc`, 100 on every Linux that Rust runs on.
const TICKS: u64 = 100;

/// Processes that are one party of the measurement, such as PostgreSQL with all its servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// Its name in the report.
    pub name: String,
    /// Its processes.
    pub ids: Vec<u32>,
}

/// What a party used in a window.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartyUse {
    /// Its name.
    pub name: String,
    /// Processor time as a share of one core: 1.0 is one core busy all the time.
    pub cores: f64,
    /// Resident memory at the end, KiB. Of several processes the proportional share, so that shared pages count once.
    pub resident_kib: u64,
    /// Greatest resident memory so far, KiB; of several processes that of the largest.
    pub peak_kib: u64,
}

/// What the whole machine did in a window, each as cores: busy + idle + waiting + stolen = number of cores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct MachineUse {
    /// Working for anybody.
    pub busy: f64,
    /// Idle.
    pub idle: f64,
    /// Idle while something waited for a disk.
    pub waiting: f64,
    /// Taken by other guests of the host.
    pub stolen: f64,
}

/// Counters of the whole machine at one moment, in ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    busy: u64,
    idle: u64,
    waiting: u64,
    stolen: u64,
}

impl Machine {
    /// Reads the counters.
    ///
    /// # Errors
    /// If `/proc/stat` cannot be read.
    pub fn now() -> io::Result<Self> {
        parse_machine(&fs::read_to_string("/proc/stat")?).ok_or_else(|| unreadable("/proc/stat"))
    }

    /// What happened between two readings.
    pub fn until(self, later: Self, window: Duration) -> MachineUse {
        let cores = |before: u64, after: u64| share(after.saturating_sub(before), window);
        MachineUse {
            busy: cores(self.busy, later.busy),
            idle: cores(self.idle, later.idle),
            waiting: cores(self.waiting, later.waiting),
            stolen: cores(self.stolen, later.stolen),
        }
    }
}

#[allow(clippy::cast_precision_loss)] // ticks of minutes
fn share(ticks: u64, window: Duration) -> f64 {
    ticks as f64 / TICKS as f64 / window.as_secs_f64().max(f64::EPSILON)
}

fn unreadable(path: &str) -> io::Error {
    io::Error::other(format!("{path} is not in the form of proc(5)"))
}

fn parse_machine(text: &str) -> Option<Machine> {
    let mut numbers = text.lines().next()?.strip_prefix("cpu ")?.split_whitespace().map(str::parse::<u64>);
    let mut next = || numbers.next()?.ok();
    let (user, nice, system, idle, waiting, interrupts, soft, stolen) =
        (next()?, next()?, next()?, next()?, next()?, next()?, next()?, next()?);
    Some(Machine { busy: user + nice + system + interrupts + soft, idle, waiting, stolen })
}

/// What `/proc/<id>/stat` tells: parent, and ticks used.
struct Stat {
    parent: u32,
    ticks: u64,
}

fn stat(id: u32) -> io::Result<Stat> {
    let path = format!("/proc/{id}/stat");
    parse_stat(&fs::read_to_string(&path)?).ok_or_else(|| unreadable(&path))
}

/// The command's name, in brackets, may hold anything; what follows the last bracket is numbers.
fn parse_stat(text: &str) -> Option<Stat> {
    let after: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |field: usize| after.get(field.checked_sub(3)?)?.parse::<u64>().ok();
    Some(Stat { parent: u32::try_from(number(4)?).ok()?, ticks: number(14)? + number(15)? })
}

/// A line `Name:   123 kB`.
fn kib(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    line.split_whitespace().next()?.parse().ok()
}

fn resident(id: u32, proportional: bool) -> io::Result<(u64, u64)> {
    let status = fs::read_to_string(format!("/proc/{id}/status"))?;
    let (now, peak) = (kib(&status, "VmRSS").unwrap_or(0), kib(&status, "VmHWM").unwrap_or(0));
    if !proportional {
        return Ok((now, peak));
    }
    let shared = fs::read_to_string(format!("/proc/{id}/smaps_rollup")).ok().and_then(|text| kib(&text, "Pss"));
    Ok((shared.unwrap_or(now), peak))
}

/// The greatest resident memory of a process so far, KiB.
///
/// # Errors
/// If there is no such process.
pub fn peak_kib(id: u32) -> io::Result<u64> {
    Ok(resident(id, false)?.1)
}

/// The parent of a process.
///
/// # Errors
/// If there is no such process.
pub fn parent(id: u32) -> io::Result<u32> {
    Ok(stat(id)?.parent)
}

/// The children that a process has now.
///
/// # Errors
/// If `/proc` cannot be listed.
pub fn children(id: u32) -> io::Result<Vec<u32>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(Path::new("/proc"))? {
        let name = entry?.file_name();
        let Some(child) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // A process may end while we look.
        if stat(child).is_ok_and(|stat| stat.parent == id) {
            found.push(child);
        }
    }
    Ok(found)
}

/// Reads the counters of all parties at the beginning; the function that it returns reads them again and tells what each used.
/// A process that ends in between counts as far as it was seen.
///
/// # Errors
/// If a party has no process at the beginning.
pub fn watch(parties: Vec<Party>) -> io::Result<impl FnOnce(Duration) -> Vec<PartyUse>> {
    let begun = |party: &Party| {
        let seen: Vec<(u32, u64)> = party.ids.iter().filter_map(|id| Some((*id, stat(*id).ok()?.ticks))).collect();
        if seen.is_empty() { Err(io::Error::other(format!("{} does not run", party.name))) } else { Ok(seen) }
    };
    let before = parties.iter().map(begun).collect::<io::Result<Vec<_>>>()?;
    Ok(move |window| parties.iter().zip(&before).map(|(party, before)| used(party, before, window)).collect())
}

fn used(party: &Party, before: &[(u32, u64)], window: Duration) -> PartyUse {
    let ticks = |(id, before): &(u32, u64)| stat(*id).map_or(0, |stat| stat.ticks.saturating_sub(*before));
    let memory: Vec<(u64, u64)> = before.iter().filter_map(|(id, _)| resident(*id, before.len() > 1).ok()).collect();
    PartyUse {
        name: party.name.clone(),
        cores: share(before.iter().map(ticks).sum(), window),
        resident_kib: memory.iter().map(|(now, _)| now).sum(),
        peak_kib: memory.iter().map(|(_, peak)| *peak).max().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_may_have_any_name() {
        let text = "4242 (a ) name (1) 2) S 17 4242 4242 0 -1 4194560 1 0 0 0 250 50 7 7 20 0 3 0 1 2 3";
        let stat = parse_stat(text).unwrap();
        assert_eq!((stat.parent, stat.ticks), (17, 300), "user and system, without those of children");
        assert!(parse_stat("4242 (name) S").is_none() && parse_stat("").is_none());
    }

    #[test]
    fn memory_is_read_by_name() {
        let text = "Name:\tvinimay\nVmHWM:\t   51200 kB\nVmRSS:\t   40960 kB\n";
        assert_eq!((kib(text, "VmRSS"), kib(text, "VmHWM"), kib(text, "Vm")), (Some(40_960), Some(51_200), None));
    }

    #[test]
    fn the_machine_is_busy_idle_waiting_or_stolen() {
        let before = parse_machine("cpu  100 0 100 1000 10 0 0 0 0 0\ncpu0 1 1 1 1\n").unwrap();
        let after = parse_machine("cpu  200 10 150 1030 20 5 5 10 0 0\n").unwrap();
        let used = before.until(after, Duration::from_secs(1));
        let near = |value: f64, expected: f64| assert!((value - expected).abs() < 1e-9, "{value} {expected}");
        near(used.busy, 1.7);
        near(used.idle, 0.3);
        near(used.waiting, 0.1);
        near(used.stolen, 0.1);
        assert!(parse_machine("intr 1 2 3").is_none());
    }

    #[test]
    fn this_very_process_is_seen_to_work_and_to_have_a_parent() {
        let own = std::process::id();
        assert!(children(parent(own).unwrap()).unwrap().contains(&own));
        let ended = watch(vec![Party { name: "tests".to_owned(), ids: vec![own] }]).unwrap();
        let machine = Machine::now().unwrap();
        let before = stat(own).unwrap().ticks;
        while stat(own).unwrap().ticks < before + 3 {
            std::hint::black_box((0..100_000_u64).sum::<u64>());
        }
        let used = ended(Duration::from_secs(1));
        assert!(used[0].cores >= 0.03 && used[0].resident_kib > 1_000 && used[0].peak_kib >= used[0].resident_kib);
        assert!(machine.until(Machine::now().unwrap(), Duration::from_secs(1)).busy > 0.0);
        assert!(watch(vec![Party { name: "nobody".to_owned(), ids: vec![u32::MAX] }]).is_err());
    }
}
