//! Connections to the department's database in its two roles, and the pool that lends them.
//!
//! Guarantees: a reader's connection is opened read-only by the engine (`mode=ro`, `default_transaction_read_only`); a
//! statement ends within its time-out where the engine has one (PostgreSQL: 4 s), a lock within 2 s (SQLite: 5 s).
//! Deliberately absent: creating databases, changing a database's journal mode: it is the department's.

use std::time::Duration;

use diesel::{
    Connection, PgConnection, SqliteConnection,
    connection::{AnsiTransactionManager, SimpleConnection, TransactionManager},
    r2d2::{HandleError, ManageConnection, Pool, PooledConnection, R2D2Connection},
};
use service_kit::db::{AnyConnection, DatabaseError, DatabaseUrl, Liveness, Pooled};

use crate::{catalogue::Engine, sqlite, statement_log::StatementLog};

const ACQUIRE: Duration = Duration::from_secs(2);

const POSTGRES_SETTINGS: &str = "SET statement_timeout = 4000; SET lock_timeout = 2000; \
    SET idle_in_transaction_session_timeout = 10000; SET timezone = 'UTC'; SET datestyle = 'ISO, YMD'; \
    SET standard_conforming_strings = on;";

/// Which of the department's two roles a connection plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Mapped tables and views, read-only.
    Reader,
    /// The reader as the engine sees it before any `query_only`: what the proof writes through.
    Prober,
    /// The mapped rolls, the journal and the outbox.
    Writer,
}

/// Makes connections of one role.
#[derive(Clone, Debug)]
pub(crate) struct Connector {
    url: DatabaseUrl,
    role: Role,
    log: Option<StatementLog>,
    liveness: Liveness,
}

/// A connection lent from the pool.
pub(crate) type Lent = PooledConnection<Connector>;

/// A pool of one role.
#[derive(Clone)]
pub(crate) struct Connections(Pool<Connector>);

impl std::fmt::Debug for Connections {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connections")
    }
}

/// The engine behind a connection.
pub(crate) const fn engine(conn: &AnyConnection) -> Engine {
    match conn {
        AnyConnection::Sqlite(_) => Engine::Sqlite,
        AnyConnection::Postgres(_) => Engine::Postgres,
    }
}

impl Connector {
    pub(crate) fn new(url: &DatabaseUrl, role: Role, log: Option<StatementLog>) -> Self {
        Self { url: url.clone(), role, log, liveness: Liveness::default() }
    }

    /// Opens one connection.
    pub(crate) fn establish(&self) -> Result<AnyConnection, DatabaseError> {
        match &self.url {
            DatabaseUrl::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(&sqlite::uri(path, self.role))?;
                conn.batch_execute(sqlite::settings(self.role))?;
                if let Some(log) = &self.log {
                    conn.set_instrumentation(log.instrumentation());
                }
                Ok(AnyConnection::Sqlite(conn))
            }
            DatabaseUrl::Postgres(uri) => {
                let mut conn = PgConnection::establish(uri.expose())?;
                conn.batch_execute(POSTGRES_SETTINGS)?;
                if self.role == Role::Reader {
                    conn.batch_execute("SET default_transaction_read_only = on;")?;
                }
                self.liveness.observe(&mut conn);
                Ok(AnyConnection::Postgres(conn))
            }
        }
    }

    /// A pool of at most `size` connections, one of which is opened now.
    pub(crate) fn pool(self, size: u32) -> Result<Connections, DatabaseError> {
        let built = Pool::builder()
            .max_size(size)
            .min_idle(Some(1))
            .connection_timeout(ACQUIRE)
            .error_handler(Box::new(Quiet))
            .build(self);
        built.map(Connections).map_err(|error| DatabaseError::Unavailable(error.to_string()))
    }
}

impl Connections {
    /// A connection for as long as it is held; waits at most 2 s.
    pub(crate) fn lend(&self) -> Result<Lent, DatabaseError> {
        self.0.get().map_err(|_| DatabaseError::Unavailable("no free connection in time".to_owned()))
    }

    /// How many can be lent at a time.
    pub(crate) fn size(&self) -> u32 {
        self.0.max_size()
    }
}

/// Connection errors reach the caller by their result; the pool's own log line would repeat them.
#[derive(Debug)]
struct Quiet;

impl<E: std::error::Error> HandleError<E> for Quiet {
    fn handle_error(&self, error: E) {
        tracing::debug!(%error, "a connection to the department's database failed");
    }
}

impl ManageConnection for Connector {
    type Connection = Pooled;
    type Error = DatabaseError;

    fn connect(&self) -> Result<Pooled, DatabaseError> {
        self.establish().map(Pooled::new)
    }

    fn is_valid(&self, conn: &mut Pooled) -> Result<(), DatabaseError> {
        self.liveness.check(conn)
    }

    fn has_broken(&self, conn: &mut Pooled) -> bool {
        conn.is_broken()
    }
}

/// Runs `work` in one transaction: committed if it succeeds, else rolled back. SQLite takes the write lock at once, so
/// that what `work` reads first cannot change before it writes.
pub(crate) fn transaction<T, E: From<diesel::result::Error>>(
    conn: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
) -> Result<T, E> {
    match conn {
        AnyConnection::Sqlite(conn) => AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE")?,
        AnyConnection::Postgres(conn) => AnsiTransactionManager::begin_transaction(conn)?,
    }
    match work(conn) {
        Ok(value) => {
            if let Err(error) = commit(conn) {
                roll_back(conn);
                return Err(error.into());
            }
            Ok(value)
        }
        Err(error) => {
            roll_back(conn);
            Err(error)
        }
    }
}

fn commit(conn: &mut AnyConnection) -> diesel::QueryResult<()> {
    match conn {
        AnyConnection::Sqlite(conn) => AnsiTransactionManager::commit_transaction(conn),
        AnyConnection::Postgres(conn) => AnsiTransactionManager::commit_transaction(conn),
    }
}

/// Rolls back. If that fails the pool sees an open transaction and throws the connection away.
pub(crate) fn roll_back(conn: &mut AnyConnection) {
    let done = match conn {
        AnyConnection::Sqlite(conn) => AnsiTransactionManager::rollback_transaction(conn),
        AnyConnection::Postgres(conn) => AnsiTransactionManager::rollback_transaction(conn),
    };
    if let Err(error) = done {
        tracing::debug!(%error, "a roll-back failed; the connection is dropped");
    }
}
