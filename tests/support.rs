//! What end-to-end tests share: the binary, how much to do, and taking turns.

use std::{
    fs::File,
    path::PathBuf,
    process::Output,
    sync::{Condvar, Mutex, PoisonError},
};

use serde_json::Value;
use vinimay::world::Binary;

/// The binary under test.
pub fn binary() -> Binary {
    Binary::at(env!("CARGO_BIN_EXE_vinimay"))
}

/// `make test` runs the first count, `make soak` the second.
pub fn depth(test: usize, soak: usize) -> usize {
    match std::env::var("VINIMAY_DEPTH").as_deref() {
        Ok("soak") => soak,
        _ => test,
    }
}

/// For a world of processes that is measured, or filled to its limits: no other runs meanwhile, whichever runner is used.
pub fn alone() -> Place {
    Place::taking(places(), File::lock)
}

/// For a world that waits for its processes some of the time: as many run side by side as there are cores. More of them spend what the
/// cores have on waiting, for each world is several processes that look around all the time.
pub fn in_company() -> Place {
    Place::taking(1, File::lock_shared)
}

fn places() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}

/// Where a world runs, until it is dropped.
pub struct Place {
    taken: usize,
    /// Between processes, for runners that have one for each test.
    _lock: File,
}

/// Tests of this process in the order in which they came, so that one that wants to be alone is not passed by others for ever.
struct Queue {
    next: u64,
    turn: u64,
    taken: usize,
}

static QUEUE: Mutex<Queue> = Mutex::new(Queue { next: 0, turn: 0, taken: 0 });
static MOVED: Condvar = Condvar::new();

impl Place {
    fn taking(places_wanted: usize, lock: fn(&File) -> std::io::Result<()>) -> Self {
        let mut queue = QUEUE.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = queue.next;
        queue.next += 1;
        let waits = |queue: &mut Queue| queue.turn != mine || queue.taken + places_wanted > places();
        queue = MOVED.wait_while(queue, waits).unwrap_or_else(PoisonError::into_inner);
        queue.turn += 1;
        queue.taken += places_wanted;
        drop(queue);
        MOVED.notify_all();
        let file = File::create(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("worlds.lock")).unwrap();
        lock(&file).unwrap();
        Self { taken: places_wanted, _lock: file }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        QUEUE.lock().unwrap_or_else(PoisonError::into_inner).taken -= self.taken;
        MOVED.notify_all();
    }
}

/// Reads a JSON file.
pub fn json(path: &std::path::Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Both outputs of a program, for a failure's message.
pub fn both(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Keeps what a test measured; `make test` prints it at the end. Nothing is asserted about it.
pub fn report(name: &str, text: &str) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("figures");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{name}.txt")), format!("{text}\n")).unwrap();
}
