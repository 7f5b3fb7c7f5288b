//! The statements that a SQLite source received, as a server would log them; PostgreSQL keeps its own log.
//!
//! Guarantees: each statement is written before it runs, without its values: they are bound and never part of the text.
//! Deliberately absent: rotation; whoever switches the log on reads and removes it.

use std::{
    fmt::Write as _,
    fs::{File, OpenOptions},
    io::Write as _,
    path::Path,
    sync::{Arc, Mutex},
};

use diesel::connection::InstrumentationEvent;

/// What diesel's debug form puts between a statement and its values.
const BEFORE_VALUES: &str = " -- binds: ";

/// Hears each statement.
pub trait StatementObserver: Send + Sync {
    /// `sql` is about to run. It holds no values.
    fn statement(&self, sql: &str);
}

/// Where statements go. Cheap to clone.
#[derive(Clone)]
pub struct StatementLog(Arc<dyn StatementObserver>);

impl std::fmt::Debug for StatementLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StatementLog")
    }
}

impl StatementLog {
    /// Tells an observer.
    pub fn observed_by(observer: Arc<dyn StatementObserver>) -> Self {
        Self(observer)
    }

    /// Appends to a file, one line a statement; several processes may share it.
    ///
    /// # Errors
    /// If the file cannot be opened for appending.
    pub fn to_file(path: &Path) -> std::io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self(Arc::new(LogFile(Mutex::new(file)))))
    }

    /// What a connection calls on each event.
    pub(crate) fn instrumentation(&self) -> impl FnMut(InstrumentationEvent<'_>) + Send + 'static {
        let observer = Arc::clone(&self.0);
        move |event| {
            if let InstrumentationEvent::StartQuery { query, .. } = event {
                let mut text = String::new();
                let _ = write!(text, "{query}");
                observer.statement(without_values(&text));
            }
        }
    }
}

/// Identifiers have no spaces and values are never in the text, so that the first mark is diesel's own.
fn without_values(debug: &str) -> &str {
    debug.split(BEFORE_VALUES).next().unwrap_or_default()
}

struct LogFile(Mutex<File>);

impl StatementObserver for LogFile {
    fn statement(&self, sql: &str) {
        let line = sql.split_whitespace().collect::<Vec<_>>().join(" ") + "\n";
        let mut file = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // One write a line: appends of several processes do not mix (POSIX write with O_APPEND).
        if let Err(error) = file.write_all(line.as_bytes()) {
            tracing::warn!(%error, "the statement log could not be written");
        }
    }
}
