//! One connection to either backend, and how each is set up before its first use.

use std::{fs, os::unix::fs::OpenOptionsExt, path::Path};

use diesel::{
    Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection,
    connection::SimpleConnection,
    r2d2::{ManageConnection, R2D2Connection},
    sql_query,
    sql_types::Text,
};

use tokio::sync::watch;

use super::{AnyConnection, DatabaseError, DatabaseUrl, Liveness, OpenError, Options, Pooled};

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
    liveness: Liveness,
    held: Held,
}

/// Held by every connection, and by everything that may still make one: when the last is dropped, the database is closed.
pub(super) type Held = watch::Receiver<()>;

/// Connection errors reach the caller by their result; the pool's own log line would repeat them.
#[derive(Debug)]
pub(super) struct Quiet;

impl<E: std::error::Error> diesel::r2d2::HandleError<E> for Quiet {
    fn handle_error(&self, error: E) {
        tracing::debug!(%error, "a pooled database connection failed");
    }
}

impl Connector {
    pub(super) fn new(url: DatabaseUrl, options: Options, usage: Use, held: Held) -> Self {
        Self { url, options, usage, liveness: Liveness::default(), held }
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
                self.liveness.observe(&mut conn);
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
        self.establish().map(|connection| Pooled::holding(connection, self.held.clone()))
    }

    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), DatabaseError> {
        self.liveness.check(pooled)
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        pooled.is_broken()
    }
}
