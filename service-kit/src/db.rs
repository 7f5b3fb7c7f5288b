//! One database, SQLite or PostgreSQL, with the settings under which an acknowledged row cannot vanish.
//!
//! Guarantees: SQLite runs in WAL with synchronous=FULL, one writer and four readers that cannot write;
//! PostgreSQL is refused unless fsync, full_page_writes and synchronous_commit are on; a database is created by
//! [`Database::create`] alone, never by opening; every use runs on the blocking pool; whoever waits for [`Database::close`]
//! finds it closed. Deliberately absent: SQL.

use std::{sync::Arc, time::Duration};

use diesel::r2d2::{Pool, PooledConnection};
use tokio::sync::watch;

mod backend;
mod connection;
mod disk;
mod error;
mod liveness;
mod migrate;
mod prepared;
mod transaction;
mod url;

pub use diesel::{QueryResult, result::Error as StatementError};

pub use backend::{AnyConnection, MultiBackend};
pub use disk::{FreeSpace, free_space, require_free_space};
pub(crate) use error::end_process;
pub use error::{DatabaseError, EXIT_STORAGE, OpenError};
pub use liveness::{Liveness, Pooled};
pub use migrate::{MigrateError, Migrations};
pub use prepared::{Bind, Prepared};
pub use url::DatabaseUrl;

use connection::Connector;

/// A connection lent from the pool; it goes back when dropped.
pub type Lent = PooledConnection<Connector>;

/// How long opening waits for a first connection; one was already made by then, so that this is a matter of load alone.
const OPENING: Duration = Duration::from_secs(60);

/// Sizes and time-outs. The defaults are those of the security design, "Limits and time-outs".
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// SQLite: connections that only read.
    pub sqlite_readers: u32,
    /// SQLite: how long a writer waits for another process.
    pub busy_timeout: Duration,
    /// PostgreSQL: connections of this process.
    pub postgres_pool: u32,
    /// How long a caller waits for a free connection.
    pub acquire: Duration,
    /// PostgreSQL: how long a statement waits for a lock.
    pub lock_timeout: Duration,
    /// PostgreSQL: how long a transaction may stand idle.
    pub idle_in_transaction: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            sqlite_readers: 4,
            busy_timeout: Duration::from_secs(5),
            postgres_pool: 16,
            acquire: Duration::from_secs(2),
            lock_timeout: Duration::from_secs(2),
            idle_in_transaction: Duration::from_secs(10),
        }
    }
}

/// A handle on the database. Cheap to clone.
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
}

struct Inner {
    url: DatabaseUrl,
    readers: Pool<Connector>,
    writers: Pool<Connector>,
    runtime: tokio::runtime::Handle,
    /// Its receivers are [`connection::Held`].
    closing: Arc<watch::Sender<()>>,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Database").field(&self.inner.url).finish()
    }
}

impl Database {
    /// Opens an existing database with the default [`Options`]. Blocks; call it inside a tokio runtime.
    pub fn open(url: &DatabaseUrl) -> Result<Self, OpenError> {
        Self::open_with(url, Options::default())
    }

    /// Opens an existing database: checks free space (SQLite) and durability settings (PostgreSQL).
    pub fn open_with(url: &DatabaseUrl, options: Options) -> Result<Self, OpenError> {
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| OpenError::NoRuntime)?;
        if let DatabaseUrl::Sqlite(path) = url {
            if !path.exists() {
                return Err(OpenError::Missing { path: path.clone() });
            }
            require_free_space(path)?;
        }
        let (closing, held) = watch::channel(());
        let writer = Connector::new(url.clone(), options, connection::Use::Write, held.clone());
        writer.prove_durable()?;
        let (readers, writers) = match url {
            DatabaseUrl::Sqlite(_) => {
                let reader = Connector::new(url.clone(), options, connection::Use::Read, held);
                (pool(reader, options.sqlite_readers, options)?, pool(writer, 1, options)?)
            }
            DatabaseUrl::Postgres(_) => {
                let both = pool(writer, options.postgres_pool, options)?;
                (both.clone(), both)
            }
        };
        Ok(Self { inner: Arc::new(Inner { url: url.clone(), readers, writers, runtime, closing: Arc::new(closing) }) })
    }

    /// Gives this handle up and returns once no connection is left in this process and none can come any more: the pools open
    /// and close theirs on threads of their own, after the last handle is gone. Whoever copies or replaces the file of a
    /// SQLite database waits for this first; the log beside the file (`-wal`) may stay and belongs to it. Waits for as long as
    /// anybody holds another handle.
    pub async fn close(self) {
        let closing = Arc::clone(&self.inner.closing);
        drop(self);
        closing.closed().await;
    }

    /// Creates an empty database and opens it. A SQLite file must not exist yet; a PostgreSQL database must exist
    /// (its owner creates it) and be without our tables.
    pub fn create(url: &DatabaseUrl) -> Result<Self, OpenError> {
        if let DatabaseUrl::Sqlite(path) = url {
            connection::create_sqlite_file(path)?;
        }
        let database = Self::open(url)?;
        if database.lend_writer().map_err(OpenError::Database).and_then(|mut c| migrate::has_tables(&mut c))? {
            return Err(OpenError::AlreadyExists { what: database.inner.url.to_string() });
        }
        Ok(database)
    }

    /// Which database this is.
    pub fn url(&self) -> &DatabaseUrl {
        &self.inner.url
    }

    /// Whether many processes may share it.
    pub fn is_shared(&self) -> bool {
        matches!(self.inner.url, DatabaseUrl::Postgres(_))
    }

    /// Reads. On SQLite the connection cannot write.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
        F: FnOnce(&mut AnyConnection) -> Result<T, E> + Send + 'static,
    {
        let this = self.clone();
        self.blocking(move || this.read_blocking(work)).await
    }

    /// Runs one transaction: committed if `work` succeeds, else rolled back. On SQLite it begins IMMEDIATE, so that
    /// it holds the write lock from its first statement.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
        F: FnOnce(&mut AnyConnection) -> Result<T, E> + Send + 'static,
    {
        let this = self.clone();
        self.blocking(move || this.write_blocking(work)).await
    }

    /// [`Database::read`] on this thread.
    pub fn read_blocking<T, E: From<DatabaseError>>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        work(&mut *self.lend_reader()?)
    }

    /// [`Database::write`] on this thread.
    pub fn write_blocking<T, E: From<DatabaseError>>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        transaction::run(&mut *self.lend_writer()?, work)
    }

    /// A connection that reads, for as long as it is held.
    pub fn lend_reader(&self) -> Result<Lent, DatabaseError> {
        self.inner.readers.get().map_err(|_| DatabaseError::Unavailable("no free connection in time".to_owned()))
    }

    /// A connection that writes, for as long as it is held.
    pub fn lend_writer(&self) -> Result<Lent, DatabaseError> {
        self.inner.writers.get().map_err(|_| DatabaseError::Unavailable("no free connection in time".to_owned()))
    }

    /// One transaction on a connection that the caller holds.
    pub(crate) fn transact<T, E: From<DatabaseError>>(
        &self,
        conn: &mut AnyConnection,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        transaction::run(conn, work)
    }

    async fn blocking<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
        F: FnOnce() -> Result<T, E> + Send + 'static,
    {
        match self.inner.runtime.spawn_blocking(work).await {
            Ok(done) => done,
            // The work's own panic goes on in the caller, whose last-resort handler answers; else we are stopping.
            Err(stopped) => match stopped.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(DatabaseError::Unavailable("the process is stopping".to_owned()).into()),
            },
        }
    }

    /// Runs every migration that has not run, in one transaction, under a lock. Returns the versions that ran.
    pub fn migrate(&self, migrations: &Migrations) -> Result<Vec<String>, MigrateError> {
        migrate::run(&mut *self.lend_writer()?, migrations)
    }

    /// Refuses a schema that is older or newer than this binary knows.
    pub fn check_schema(&self, migrations: &Migrations) -> Result<(), MigrateError> {
        migrate::check(&mut *self.lend_writer()?, migrations)
    }

    /// Whether the database answers now; for readiness.
    pub async fn ping(&self) -> Result<(), DatabaseError> {
        self.read(|conn| connection::ping(conn).map_err(DatabaseError::from)).await
    }
}

fn pool(connector: Connector, size: u32, options: Options) -> Result<Pool<Connector>, OpenError> {
    let pool = Pool::builder()
        .max_size(size)
        .min_idle(Some(1))
        .connection_timeout(options.acquire)
        .error_handler(Box::new(connection::Quiet))
        .build_unchecked(connector);
    match pool.get_timeout(OPENING) {
        Ok(_first) => Ok(pool),
        Err(error) => Err(OpenError::Database(DatabaseError::Unavailable(error.to_string()))),
    }
}

#[cfg(test)]
mod tests;
