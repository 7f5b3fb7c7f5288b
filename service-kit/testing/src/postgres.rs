//! One PostgreSQL a test process, one database a test.
//!
//! A watchdog shell reads a pipe whose other end this process holds: when the process ends, however it ends, the
//! pipe closes and the shell stops the server and removes its folder.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use diesel::{Connection, PgConnection, RunQueryDsl, sql_query};

use service_kit::db::DatabaseUrl;

/// A running server. Lives as long as this process.
pub struct PostgresServer {
    folder: PathBuf,
    port: u16,
    databases: AtomicU32,
    /// Its standard input is the pipe on which the watchdog waits.
    _watchdog: Mutex<Child>,
}

/// The server of this test process, started at the first call.
pub fn postgres() -> &'static PostgresServer {
    static SERVER: OnceLock<PostgresServer> = OnceLock::new();
    SERVER.get_or_init(|| PostgresServer::start(&[]))
}

const WATCHDOG: &str = r#"
# The reader of our words may die before we speak; the cleaning up must still be done.
trap '' PIPE HUP INT TERM
if ! { "$BIN/initdb" -D "$DIR/data" -U vinimay -A trust -E UTF8 --locale=C --no-sync >"$DIR/initdb.log" 2>&1 &&
  "$BIN/pg_ctl" -D "$DIR/data" -w -t 60 -l "$DIR/server.log" -o "$OPTIONS" start >/dev/null 2>&1; }; then
  cat "$DIR/initdb.log" "$DIR/server.log" 2>/dev/null | tr '\n' ' '; echo; rm -rf "$DIR"; exit 1
fi
echo ready || true
cat >/dev/null || true
# The test may have died in the middle of a restart, so look again until nothing is left.
for again in 1 2 3 4 5 6 7 8 9 10; do
  "$BIN/pg_ctl" -D "$DIR/data" -m immediate -w stop >/dev/null 2>&1 || true
  sleep 0.3
  [ -e "$DIR/data/postmaster.pid" ] || { rm -rf "$DIR"; sleep 0.3; [ -e "$DIR" ] || break; }
done
"#;

impl PostgresServer {
    /// Starts a server with further settings, such as `fsync=off`.
    pub fn start(settings: &[&str]) -> Self {
        let folder = tempfile::Builder::new().prefix("vinimay-pg-").tempdir().unwrap().keep();
        let port = 20_000 + u16::try_from(std::process::id() % 20_000).unwrap();
        // Only the socket in our own folder is listened on, so the port is a name and cannot be occupied.
        let mut options = format!("-k {} -h '' -p {port} -c max_connections=200", folder.display());
        for setting in settings {
            options += &format!(" -c {setting}");
        }
        let mut watchdog = as_unprivileged(&folder)
            .args(["sh", "-c", WATCHDOG])
            .env("BIN", binaries())
            .env("DIR", &folder)
            .env("OPTIONS", options)
            .env("LC_ALL", "C")
            .current_dir("/")
            // A group of its own: what kills the test's whole group must not kill the one who cleans up.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("start PostgreSQL");
        let mut answer = String::new();
        BufReader::new(watchdog.stdout.take().unwrap()).read_line(&mut answer).unwrap();
        assert_eq!(answer.trim(), "ready", "PostgreSQL did not start");
        Self { folder, port, databases: AtomicU32::new(0), _watchdog: Mutex::new(watchdog) }
    }

    /// A new, empty database of its own.
    pub fn new_database(&self) -> DatabaseUrl {
        self.database_like(None)
    }

    /// A new database: a copy of that one, or empty.
    pub(super) fn database_like(&self, like: Option<&str>) -> DatabaseUrl {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let template = like.map(|like| format!(" TEMPLATE {like}")).unwrap_or_default();
        let mut conn = PgConnection::establish(&self.uri("postgres")).unwrap();
        sql_query(format!("CREATE DATABASE {name}{template}")).execute(&mut conn).unwrap();
        self.uri(&name).parse().unwrap()
    }

    /// The libpq URI of a database of this server, for its owner.
    pub fn uri(&self, database: &str) -> String {
        let socket = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres://vinimay@{socket}:{}/{database}", self.port)
    }

    /// What the server has logged so far: every statement, if it was started with `log_statement=all`.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("server.log")).unwrap_or_default()
    }

    /// Stops the server as `kill -9` does, and starts it again.
    pub fn crash_and_restart(&self) {
        let done = as_unprivileged(&self.folder)
            .arg(Path::new(&binaries()).join("pg_ctl"))
            .arg("-D")
            .arg(self.folder.join("data"))
            .args(["-w", "-m", "immediate", "-l", "/dev/null", "restart"])
            .current_dir("/")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(done.success(), "pg_ctl restart");
    }
}

/// PostgreSQL refuses to run as root; then it runs as the user whom its package made.
fn as_unprivileged(folder: &Path) -> Command {
    if !rustix::process::geteuid().is_root() {
        let mut command = Command::new("env");
        command.arg("--");
        return command;
    }
    let chown = Command::new("chown").arg("postgres:").arg(folder).status().unwrap();
    assert!(chown.success(), "the user `postgres` is missing; mend: apt-get install postgresql");
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", "--"]);
    command
}

fn binaries() -> String {
    let mut found: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|e| e.path().join("bin")).filter(|p| p.join("initdb").exists()).collect())
        .unwrap_or_default();
    found.sort();
    let newest = found.pop().expect("PostgreSQL is missing; mend: apt-get install postgresql");
    newest.display().to_string()
}
