//! What end-to-end tests share: the binary, how much to do, and taking turns.

use std::{fs::File, path::PathBuf, process::Output};

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
pub fn alone() -> File {
    turn(File::lock)
}

/// For a world that waits for its processes most of the time: others of this kind may run beside it, as many as the runner has threads.
pub fn in_company() -> File {
    turn(File::lock_shared)
}

/// Whoever came first is next: one that wants to be alone is not passed by others for ever.
fn turn(take: fn(&File) -> std::io::Result<()>) -> File {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (door, worlds) =
        (File::create(folder.join("door.lock")).unwrap(), File::create(folder.join("worlds.lock")).unwrap());
    door.lock().unwrap();
    take(&worlds).unwrap();
    worlds
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
