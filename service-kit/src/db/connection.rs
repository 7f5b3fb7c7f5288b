//! One connection to either backend, how each is set up before its first use, and when the pool asks whether it still lives.

use std::{
    fs,
    ops::{Deref, DerefMut},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use diesel::{
    Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection,
    connection::{InstrumentationEvent, SimpleConnection},
    r2d2::{ManageConnection, R2D2Connection},
    result::{DatabaseErrorKind, Error as StatementError},
    sql_query,
    sql_types::Text,
};

use super::{AnyConnection, DatabaseError, DatabaseUrl, OpenError, Options};
use crate::clock::Clock;

/// A server that answered a connection so recently is not asked again whether it is there: that would be a round trip more for
/// every read.
const ALIVE: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    Read,
    Write,
}

/// Makes and checks connections for the pool.
#[derive(Debug)]
pub struct Connector {
    url: DatabaseUrl,
    options: Options,
    usage: Use,
    /// How many statements failed as they do when the server is gone. After each, no connection is believed to live.
    failures: Arc<AtomicU64>,
}

/// A connection of the pool, and when it was last seen to live.
pub struct Pooled {
    connection: AnyConnection,
    alive: Option<Alive>,
}

/// When a connection answered (monotonic), and how many failures were known then.
#[derive(Clone, Copy, Debug)]
struct Alive {
    at: Duration,
    failures: u64,
}

impl std::fmt::Debug for Pooled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pooled").field("alive", &self.alive).finish_non_exhaustive()
    }
}

impl Deref for Pooled {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.connection
    }
}

impl DerefMut for Pooled {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.connection
    }
}

/// Connection errors reach the caller by their result; the pool's own log line would repeat them.
#[derive(Debug)]
pub(super) struct Quiet;

impl<E: std::error::Error> diesel::r2d2::HandleError<E> for Quiet {
    fn handle_error(&self, error: E) {
        tracing::debug!(%error, "a pooled database connection failed");
    }
}

impl Connector {
    pub(super) fn new(url: DatabaseUrl, options: Options, usage: Use) -> Self {
        Self { url, options, usage, failures: Arc::default() }
    }

    fn establish(&self) -> Result<AnyConnection, DatabaseError> {
        match &self.url {
            DatabaseUrl::Sqlite(path) => self.establish_sqlite(path),
            DatabaseUrl::Postgres(uri) => {
                let mut conn = PgConnection::establish(uri.expose())?;
                conn.batch_execute(&format!(
                    "SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {}; SET timezone = 'UTC';",
                    self.options.lock_timeout.as_millis(),
                    self.options.idle_in_transaction.as_millis()
                ))?;
                let failures = Arc::clone(&self.failures);
                conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
                    if tells_of_a_lost_server(&event) {
                        failures.fetch_add(1, Ordering::Relaxed);
                    }
                });
                Ok(AnyConnection::Postgres(conn))
            }
        }
    }

    fn establish_sqlite(&self, path: &Path) -> Result<AnyConnection, DatabaseError> {
        let mut conn = SqliteConnection::establish(&sqlite_uri(path))?;
        conn.batch_execute(&format!(
            "PRAGMA busy_timeout = {}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
             PRAGMA wal_autocheckpoint = 1000; PRAGMA trusted_schema = OFF;",
            self.options.busy_timeout.as_millis()
        ))?;
        if self.usage == Use::Read {
            conn.batch_execute("PRAGMA query_only = ON;")?;
        }
        Ok(AnyConnection::Sqlite(conn))
    }

    /// PostgreSQL: refuses settings under which an acknowledged row can vanish. SQLite: proves our own settings.
    pub(super) fn prove_durable(&self) -> Result<(), OpenError> {
        match self.establish()? {
            AnyConnection::Sqlite(mut conn) => {
                let mode = setting(&mut conn, "SELECT journal_mode AS value FROM pragma_journal_mode")?;
                if mode == "wal" { Ok(()) } else { Err(OpenError::Unsafe { setting: "journal_mode", value: mode }) }
            }
            AnyConnection::Postgres(mut conn) => {
                for name in ["fsync", "full_page_writes", "synchronous_commit"] {
                    let value = setting(&mut conn, &format!("SELECT current_setting('{name}') AS value"))?;
                    // remote_apply waits for more than `on` does; `local` and `remote_write` wait for less.
                    if value != "on" && value != "remote_apply" {
                        return Err(OpenError::Unsafe { setting: name, value });
                    }
                }
                Ok(())
            }
        }
    }
}

/// libpq reports a lost server as a closed connection, a command that could not be sent, or an error without a state.
const fn tells_of_a_lost_server(event: &InstrumentationEvent<'_>) -> bool {
    let InstrumentationEvent::FinishQuery { error: Some(StatementError::DatabaseError(kind, _)), .. } = event else {
        return false;
    };
    matches!(
        kind,
        DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand | DatabaseErrorKind::Unknown
    )
}

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    value: String,
}

fn setting<C>(conn: &mut C, query: &str) -> Result<String, DatabaseError>
where
    C: Connection + diesel::connection::LoadConnection,
    diesel::query_builder::SqlQuery: diesel::query_dsl::LoadQuery<'static, C, Setting>,
{
    Ok(sql_query(query).get_result::<Setting>(conn)?.value)
}

/// A URI that opens for reading and writing and never creates (https://sqlite.org/uri.html).
fn sqlite_uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri + "?mode=rw"
}

/// An empty file of mode 0600, which SQLite takes as an empty database; its WAL gets the same mode.
pub(super) fn create_sqlite_file(path: &Path) -> Result<(), OpenError> {
    match fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            Err(OpenError::AlreadyExists { what: path.display().to_string() })
        }
        Err(source) => Err(OpenError::Create { path: path.to_owned(), source }),
    }
}

pub(super) fn ping(conn: &mut AnyConnection) -> diesel::QueryResult<()> {
    conn.ping()
}

impl ManageConnection for Connector {
    type Connection = Pooled;
    type Error = DatabaseError;

    fn connect(&self) -> Result<Pooled, DatabaseError> {
        Ok(Pooled { connection: self.establish()?, alive: None })
    }

    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), DatabaseError> {
        // A file needs no round trip; a server may have gone away since.
        let AnyConnection::Postgres(conn) = &mut pooled.connection else { return Ok(()) };
        let (at, failures) = (Clock::default().monotonic(), self.failures.load(Ordering::Relaxed));
        if !pooled.alive.is_some_and(|alive| alive.failures == failures && at.saturating_sub(alive.at) < ALIVE) {
            conn.ping()?;
            pooled.alive = Some(Alive { at, failures });
        }
        Ok(())
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        pooled.connection.is_broken()
    }
}
