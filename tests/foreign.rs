//! Programs in other languages that tests drive: one JSON document on standard input, one on standard output; or a conversation, one
//! document a line, in which the program asks and the test answers.
//!
//! Their modules are fetched by `scripts/web.sh tests`, which `make test` runs first.

use std::{
    fs::File,
    io::{BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::Value;

/// Where this repository is.
pub fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Runs a script of `tests/` with node; what it prints, or what it complains of.
pub fn node(script: &str, order: &Value) -> Result<Value, String> {
    run(node_command(script), order)
}

fn node_command(script: &str) -> Command {
    let script = repository().join("tests").join(script);
    let modules = script.ancestors().map(|folder| folder.join("node_modules")).find(|folder| folder.exists());
    assert!(modules.is_some(), "the modules of {} are missing; mend: scripts/web.sh tests", script.display());
    let mut command = Command::new("node");
    // The wallet's trust is in what it pins; a variable of the machine must not widen or bend it.
    command.arg(script).env_remove("NODE_EXTRA_CA_CERTS").env_remove("NODE_OPTIONS");
    command
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
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().unwrap().write_all(order.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    if output.status.success() {
        return Ok(serde_json::from_slice(&output.stdout).expect("one JSON document on standard output"));
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}

/// A program that asks for what it needs. It ends, with everything that it started, when this is dropped.
pub struct Conversation {
    child: Child,
    input: ChildStdin,
    lines: BufReader<ChildStdout>,
    complaints: PathBuf,
}

/// What the program said.
pub enum Said {
    /// It wants something: what, and the whole line.
    Wants(String, Value),
    /// Its result.
    Done(Value),
}

impl Conversation {
    /// Starts a script of `tests/` with node and says the first thing; complaints go to a file of that folder.
    pub fn with_node(script: &str, folder: &Path, opening: &Value) -> Self {
        let complaints = folder.join("complaints.txt");
        let mut command = node_command(script);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&complaints).unwrap())
            .process_group(0);
        let mut child = command.spawn().expect("the program starts");
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut conversation = Self { child, input, lines: BufReader::new(output), complaints };
        conversation.say(opening);
        conversation
    }

    /// Waits for the next line; a program that ends without its result has failed.
    pub fn hear(&mut self) -> Said {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        let Ok(said) = serde_json::from_str::<Value>(&line) else {
            panic!("the program ended: {line}{}", std::fs::read_to_string(&self.complaints).unwrap());
        };
        match said.get("done") {
            Some(result) => Said::Done(result.clone()),
            None => Said::Wants(said["want"].as_str().unwrap().to_owned(), said),
        }
    }

    /// Answers.
    pub fn say(&mut self, answer: &Value) {
        writeln!(self.input, "{answer}").unwrap();
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        // The browser is in the program's process group.
        if let Some(group) = rustix::process::Pid::from_raw(self.child.id().cast_signed()) {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.child.wait();
    }
}
