//! New databases that are copies of a migrated one, which is made once in each test process: on SQLite every added column reads the
//! whole schema anew, and PostgreSQL writes its catalogues.

use std::{
    collections::HashMap,
    fs,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use diesel::{Connection, PgConnection, RunQueryDsl, migration::MigrationSource, pg::Pg, sql_query, sqlite::Sqlite};
use service_kit::db::{AnyConnection, Database, DatabaseUrl, Migrations, OpenError};

use super::postgres;

/// A new database of this address with these migrations in it: a copy, where a SQLite file can be made; else by [`Database::create`].
///
/// # Errors
/// As [`Database::create`].
pub fn create_migrated(url: &DatabaseUrl, migrations: &Migrations) -> Result<Database, OpenError> {
    let database = match url {
        DatabaseUrl::Sqlite(path) if !path.exists() && path.parent().is_some_and(Path::is_dir) => {
            let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).unwrap();
            file.write_all(&migrated_file(migrations)).unwrap();
            Database::open(url)?
        }
        _ => Database::create(url)?,
    };
    database.migrate(migrations).unwrap();
    Ok(database)
}

/// One value for each list of migrations, made once; others wait for it.
struct Kept<T>(Mutex<HashMap<Vec<String>, Arc<OnceLock<T>>>>);

impl<T: Clone> Kept<T> {
    fn get(&self, versions: Vec<String>, make: impl FnOnce() -> T) -> T {
        let one = Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(versions).or_default());
        one.get_or_init(make).clone()
    }
}

/// The bytes of a SQLite database in which they ran.
fn migrated_file(migrations: &Migrations) -> Arc<[u8]> {
    static KEPT: OnceLock<Kept<Arc<[u8]>>> = OnceLock::new();
    let versions = MigrationSource::<Sqlite>::migrations(&migrations.sqlite).unwrap();
    let versions = versions.iter().map(|one| one.name().to_string()).collect();
    KEPT.get_or_init(|| Kept(Mutex::default())).get(versions, || {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::create(&DatabaseUrl::Sqlite(folder.path().join("first.db"))).unwrap();
        database.migrate(migrations).unwrap();
        let copy = folder.path().join("copy.db");
        copy_into(&mut database.lend_writer().unwrap(), &copy);
        fs::read(&copy).unwrap().into()
    })
}

fn copy_into(conn: &mut AnyConnection, copy: &Path) {
    // Everything that was committed, whether it lies in the file or still in the log beside it.
    sql_query(format!("VACUUM INTO '{}'", copy.display())).execute(conn).unwrap();
}

/// A new database of the server of this test process, with these migrations in it.
pub fn postgres_migrated(migrations: &Migrations) -> DatabaseUrl {
    static KEPT: OnceLock<Kept<String>> = OnceLock::new();
    let versions = MigrationSource::<Pg>::migrations(&migrations.postgres).unwrap();
    let versions = versions.iter().map(|one| one.name().to_string()).collect();
    let first = KEPT.get_or_init(|| Kept(Mutex::default())).get(versions, || migrated_template(migrations));
    postgres().database_like(Some(&first))
}

/// The name of a migrated database to which nobody is connected, nor can be.
fn migrated_template(migrations: &Migrations) -> String {
    let url = postgres().new_database();
    Database::create(&url).unwrap().migrate(migrations).unwrap();
    let DatabaseUrl::Postgres(uri) = &url else { unreachable!("this server's address is PostgreSQL's") };
    let name = uri.expose().rsplit('/').next().unwrap().to_owned();
    let mut conn = PgConnection::establish(&postgres().uri("postgres")).unwrap();
    sql_query(format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")).execute(&mut conn).unwrap();
    let end = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1";
    sql_query(end).bind::<diesel::sql_types::Text, _>(&name).execute(&mut conn).unwrap();
    name
}
