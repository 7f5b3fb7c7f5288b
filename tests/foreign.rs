//! Programs in other languages that tests drive: one JSON document on standard input, one on standard output.
//!
//! Their modules are fetched by `scripts/web.sh tests`, which `make test` runs first.

use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
};

use serde_json::Value;

/// Where this repository is.
pub fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Runs a script of `tests/` with node; what it prints, or what it complains of.
pub fn node(script: &str, order: &Value) -> Result<Value, String> {
    let script = repository().join("tests").join(script);
    let modules = script.ancestors().map(|folder| folder.join("node_modules")).find(|folder| folder.exists());
    assert!(modules.is_some(), "the modules of {} are missing; mend: scripts/web.sh tests", script.display());
    let mut command = Command::new("node");
    // The wallet's trust is in what it pins; a variable of the machine must not widen or bend it.
    command.arg(script).env_remove("NODE_EXTRA_CA_CERTS").env_remove("NODE_OPTIONS");
    run(command, order)
}

/// Runs a script of `tests/` with Python.
pub fn python(script: &str, order: &Value) -> Result<Value, String> {
    let python = repository().join("target/python/bin/python");
    assert!(python.exists(), "Python's packages are missing; mend: scripts/web.sh tests");
    let mut command = Command::new(python);
    command.arg(repository().join("tests").join(script));
    run(command, order)
}

fn run(mut command: Command, order: &Value) -> Result<Value, String> {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    child.stdin.take().unwrap().write_all(order.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    if output.status.success() {
        return Ok(serde_json::from_slice(&output.stdout).expect("one JSON document on standard output"));
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}
