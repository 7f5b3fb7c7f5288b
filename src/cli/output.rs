//! How commands speak: data on standard output, words on standard error, a failure with its exit code.

use std::{fmt, io::Write as _};

use serde::Serialize;

/// A command did not succeed.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: u8,
    error: anyhow::Error,
}

impl Failure {
    /// The answer is no.
    pub const NO: u8 = 1;
    /// Usage or configuration.
    pub const USAGE: u8 = 2;
    /// It could not be told.
    pub const UNKNOWN: u8 = 3;
    /// Something that was trusted must not be.
    pub const TRUST: u8 = 4;

    /// A failure with an exit code of its own.
    pub fn new(exit: u8, error: impl Into<anyhow::Error>) -> Self {
        Self { exit, error: error.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "vinimay: {}", self.error)?;
        // Layers of our own do not repeat their source; those that do are said once.
        let mut said = self.error.to_string();
        for cause in self.error.chain().skip(1) {
            let text = cause.to_string();
            if !said.contains(&text) {
                write!(f, ": {text}")?;
                said.push_str(&text);
            }
        }
        Ok(())
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        let configuration = error.downcast_ref::<service_kit::config::ConfigError>().is_some();
        Self { exit: if configuration { Self::USAGE } else { Self::NO }, error }
    }
}

macro_rules! plain_failure {
    ($($error:ty),* $(,)?) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::from(anyhow::Error::from(error))
            }
        })*
    };
}
plain_failure!(std::io::Error, serde_json::Error, service_kit::config::ConfigError);

/// Writes a line for people on standard error.
pub fn say(line: &str) {
    // A closed standard error is no reason to fail.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Writes a line of data on standard output.
///
/// # Errors
/// If standard output is closed.
pub fn print(line: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

/// Writes one JSON document on standard output.
///
/// # Errors
/// If standard output is closed.
pub fn print_json(value: &impl Serialize) -> std::io::Result<()> {
    print(&serde_json::to_string_pretty(value)?)
}
