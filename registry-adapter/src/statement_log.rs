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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        source::{Source, SourceOptions},
        testing::Department,
    };

    #[test]
    fn the_file_holds_one_line_a_read_without_values_and_no_line_without_a_read() {
        let department = Department::sqlite();
        let path = department.path("statements.log");
        let log = StatementLog::to_file(&path).unwrap();
        let source = Source::open(SourceOptions { statement_log: Some(log), ..department.options() }).unwrap();
        let residents = source.residents().unwrap();
        let lines = || std::fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(lines(), Vec::<String>::new(), "opening reads nothing of the source's rows");
        residents.by_number(&"R-1".parse().unwrap()).unwrap().unwrap();
        residents.by_number(&"R-2".parse().unwrap()).unwrap().unwrap();
        let lines = lines();
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines.iter().all(|line| line.starts_with("SELECT ") && line.contains("residents")), "{lines:?}");
        assert!(lines.iter().all(|line| !line.contains("R-1") && !line.contains("binds")), "{lines:?}");
    }
}
