//! Running our own binary: commands that end, and servers that stay.
//!
//! Guarantees: a server tells when it is ready by one line on its standard output, so nobody waits by sleeping; it stops by
//! itself when its standard input closes, which happens whenever its parent ends.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

use anyhow::{Context, bail};

/// The program, and the environment that its processes get.
#[derive(Clone, Debug)]
pub struct Binary {
    path: PathBuf,
    environment: Vec<(String, String)>,
}

/// A command of ours ended with a failure.
#[derive(Debug, thiserror::Error)]
#[error("`vinimay {arguments}` ended with {status}: {message}")]
pub struct CommandFailed {
    /// What was called.
    pub arguments: String,
    /// How it ended.
    pub status: ExitStatus,
    /// What it said on standard error.
    pub message: String,
}

impl Binary {
    /// The program at this path. Its processes know no public certificate authority: everybody here is trusted by what members list, and
    /// OpenSSL would parse the machine's whole list of authorities (tens of milliseconds) for each client, whether it is used or not.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        let no_authorities = ("SSL_CERT_FILE".to_owned(), "/dev/null".to_owned());
        Self { path: path.into(), environment: vec![no_authorities] }
    }

    /// The program that is running now.
    ///
    /// # Errors
    /// If the system cannot tell.
    pub fn current() -> std::io::Result<Self> {
        std::env::current_exe().map(Self::at)
    }

    /// Sets a variable for every process from now on.
    #[must_use]
    pub fn with_environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The program's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A command to be run by the caller.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.path);
        command.args(arguments).envs(self.environment.iter().map(|(n, v)| (n, v)));
        command
    }

    /// Runs a command to its end and returns what it wrote on standard output.
    ///
    /// # Errors
    /// [`CommandFailed`] if it ends with anything but 0.
    pub fn run(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output =
            self.command(arguments).stdin(Stdio::null()).output().context("the program could not be started")?;
        if output.status.success() {
            return Ok(String::from_utf8(output.stdout)?);
        }
        let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(CommandFailed { arguments: arguments.join(" "), status: output.status, message }.into())
    }

    /// Starts a server; returns once it says that it is ready. Its log goes to `log`.
    ///
    /// # Errors
    /// If it ends before it is ready; the error then holds the end of its log.
    pub fn serve(&self, arguments: &[&str], log: &Path) -> anyhow::Result<Server> {
        let mut all = arguments.to_vec();
        all.push("--until-stdin-closes");
        let written = std::fs::OpenOptions::new().create(true).append(true).open(log)?;
        let mut child = self
            .command(&all)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(written)
            .spawn()
            .context("the program could not be started")?;
        let Some(stdout) = child.stdout.take() else { bail!("the server has no standard output") };
        let mut line = String::new();
        let mut reader = BufReader::new(stdout);
        reader.read_line(&mut line)?;
        let Ok(ready) = serde_json::from_str(&line) else {
            let status = child.wait()?;
            let message = last_lines(log);
            return Err(CommandFailed { arguments: arguments.join(" "), status, message }.into());
        };
        Ok(Server { child, ready, _stdout: reader.into_inner() })
    }
}

fn last_lines(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(5)..].join("\n")
}

/// A running server of ours.
#[derive(Debug)]
pub struct Server {
    child: Child,
    ready: serde_json::Value,
    // Kept open: a server whose standard output is closed would fail at its next line.
    _stdout: std::process::ChildStdout,
}

impl Server {
    /// What the server said when it was ready: its listeners by name.
    pub const fn ready(&self) -> &serde_json::Value {
        &self.ready
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills the process as a power cut would (SIGKILL) and waits for its end.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn kill(&mut self) -> std::io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// Closes its standard input and waits until it has ended in its own time.
    ///
    /// # Errors
    /// If it cannot be waited for, or ended otherwise than in order.
    pub fn stop(mut self) -> std::io::Result<()> {
        drop(self.child.stdin.take());
        let status = self.child.wait()?;
        if status.success() { Ok(()) } else { Err(std::io::Error::other(format!("it ended with {status}"))) }
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A server that is dropped is not needed any more; what it acknowledged is durable.
        let _ = self.kill();
    }
}
