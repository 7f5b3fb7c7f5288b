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

/// Whole worlds of processes take turns, whichever runner is used: two at once would measure each other.
pub fn alone() -> File {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("worlds.lock");
    let file = File::create(path).unwrap();
    file.lock().unwrap();
    file
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
