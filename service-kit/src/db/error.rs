//! What can go wrong with a database, in the classes that callers act on.

use std::path::PathBuf;

use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// Exit code of a process whose disk or database failed beneath it (EX_IOERR of sysexits.h).
pub const EXIT_STORAGE: i32 = 74;

/// A database could not be opened or created.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no such file; opening never creates.
    #[error("{path} does not exist; mend: run `init` first, or correct the database's address")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// Creation was asked for, and something is there.
    #[error("{what} already exists; mend: choose another place, or `run` what is there")]
    AlreadyExists {
        /// The database.
        what: String,
    },
    /// The file cannot be created.
    #[error("{path} cannot be created: {source}; mend: create its folder and let this user write there")]
    Create {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Too little space to go on safely.
    #[error("{path}: only {free_mib} MiB ({free_percent} %) free; mend: free at least 256 MiB and 5 % of that disk")]
    DiskFull {
        /// A path on that disk.
        path: PathBuf,
        /// Free MiB for this user.
        free_mib: u64,
        /// Free share in percent.
        free_percent: u64,
    },
    /// Free space cannot be told.
    #[error("{path}: free space cannot be told: {source}")]
    DiskUnknown {
        /// A path on that disk.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// PostgreSQL runs with a setting under which acknowledged rows can vanish.
    #[error(
        "PostgreSQL has {setting} = {value}: acknowledged rows could vanish; mend: set {setting} = on and restart it"
    )]
    Unsafe {
        /// The setting.
        setting: &'static str,
        /// Its present value.
        value: String,
    },
    /// It does not answer.
    #[error("the database cannot be opened: {0}; mend: check that it runs, its address and its user's rights")]
    Database(#[from] DatabaseError),
    /// Called outside of a runtime.
    #[error("a database is opened inside a tokio runtime")]
    NoRuntime,
}

/// A database operation failed. "Not found" is no failure; it is an `Option`.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// Nothing was changed: no connection, a lock or a time-out. Trying again is safe.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// A constraint refused the rows.
    #[error("a constraint refused the change: {0}")]
    Constraint(String),
    /// The disk or the database file failed. The process must end: memory and disk may disagree.
    #[error("the storage failed: {0}")]
    Storage(String),
    /// The connection broke during COMMIT: the change may or may not be durable.
    #[error("the outcome of the commit is unknown: {0}")]
    OutcomeUnknown(String),
    /// The caller's own code failed inside the transaction, which was rolled back.
    #[error("the work inside the transaction failed")]
    Panicked,
    /// The statement itself was wrong.
    #[error(transparent)]
    Statement(DieselError),
}

/// What SQLite and PostgreSQL say when the disk failed under them. Neither hands its numeric code through diesel.
const STORAGE_FAILED: &[&str] = &[
    "disk i/o error",
    "database disk image is malformed",
    "file is not a database",
    "could not fsync",
    "could not write",
    "could not extend file",
    "could not read block",
    "input/output error",
];
const UNAVAILABLE: &[&str] = &[
    "database is locked",
    "database or disk is full",
    "no space left on device",
    "lock timeout",
    "statement timeout",
    "deadlock detected",
    "terminating connection",
    "server closed the connection",
    "connection not open",
    "could not connect",
    "no connection to the server",
    "the database system is",
];

impl From<DieselError> for DatabaseError {
    fn from(error: DieselError) -> Self {
        let text = error.to_string();
        let lower = text.to_ascii_lowercase();
        if STORAGE_FAILED.iter().any(|part| lower.contains(part)) {
            return Self::Storage(text);
        }
        match &error {
            DieselError::BrokenTransactionManager => Self::Unavailable(text),
            DieselError::DatabaseError(kind, _) => match kind {
                DatabaseErrorKind::UniqueViolation
                | DatabaseErrorKind::ForeignKeyViolation
                | DatabaseErrorKind::NotNullViolation
                | DatabaseErrorKind::CheckViolation => Self::Constraint(text),
                DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::SerializationFailure
                | DatabaseErrorKind::UnableToSendCommand => Self::Unavailable(text),
                _ if UNAVAILABLE.iter().any(|part| lower.contains(part)) => Self::Unavailable(text),
                _ => Self::Statement(error),
            },
            _ => Self::Statement(error),
        }
    }
}

impl From<diesel::ConnectionError> for DatabaseError {
    fn from(error: diesel::ConnectionError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl DatabaseError {
    /// The class of a failed COMMIT. A commit whose connection broke may have happened.
    pub(crate) fn at_commit(error: DieselError) -> Self {
        if let DieselError::RollbackErrorOnCommit { commit_error, .. } = error {
            // Neither COMMIT nor ROLLBACK reached the database: a full disk or the row itself is not the reason.
            return match Self::at_commit(*commit_error) {
                Self::Storage(text) => Self::Storage(text),
                other => Self::OutcomeUnknown(other.to_string()),
            };
        }
        if let DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, _) = &error {
            return Self::Unavailable(error.to_string());
        }
        match Self::from(error) {
            Self::Unavailable(text) if !text.contains("locked") && !text.contains("full") => Self::OutcomeUnknown(text),
            other => other,
        }
    }
}

/// Ends the process with [`EXIT_STORAGE`]: after a failed fsync nothing in memory can be trusted (the kernel may
/// have dropped the pages), so the next start reads what is really on disk.
pub(crate) fn end_process(error: &DatabaseError) -> ! {
    tracing::error!(%error, exit_code = EXIT_STORAGE, "the storage failed; this process ends");
    std::process::exit(EXIT_STORAGE)
}
