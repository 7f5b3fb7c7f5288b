//! A gateway's own database, to read: what it keeps on either engine.

use std::path::PathBuf;

use diesel::{
    Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection,
    connection::SimpleConnection,
    sql_query,
    sql_types::{BigInt, Text},
};
use service_kit::db::AnyConnection;
use vinimay::world::Store;

/// Where a gateway keeps its rows.
#[derive(Clone, Debug)]
pub struct Kept {
    folder: PathBuf,
    store: Store,
}

/// A transaction that is under way.
pub struct Held {
    _transaction: PgConnection,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct Words {
    #[diesel(sql_type = Text)]
    word: String,
}

impl Kept {
    pub(super) const fn of(folder: PathBuf, store: Store) -> Self {
        Self { folder, store }
    }

    /// A connection that reads.
    pub fn open(&self) -> AnyConnection {
        match &self.store {
            Store::Sqlite => {
                let path = self.folder.join("gateway.sqlite");
                let mut conn = SqliteConnection::establish(&format!("file:{}?mode=ro", path.display())).unwrap();
                // A gateway that was killed may be recovering its log.
                conn.batch_execute("PRAGMA busy_timeout = 60000").unwrap();
                AnyConnection::Sqlite(conn)
            }
            Store::Postgres(url) => AnyConnection::Postgres(PgConnection::establish(url).unwrap()),
        }
    }

    /// Keeps what a statement locks from everybody until it is dropped. On PostgreSQL.
    pub fn holds(&self, statement: &str) -> Held {
        let AnyConnection::Postgres(mut conn) = self.open() else { unreachable!("it is PostgreSQL") };
        conn.batch_execute(&format!("BEGIN; {statement}")).unwrap();
        Held { _transaction: conn }
    }

    /// How many rows `FROM …` has.
    pub fn count(&self, from: &str) -> i64 {
        let query = sql_query(format!("SELECT COUNT(*) AS n FROM {from}"));
        match &mut self.open() {
            AnyConnection::Sqlite(conn) => query.get_result::<Number>(conn).unwrap().n,
            AnyConnection::Postgres(conn) => query.get_result::<Number>(conn).unwrap().n,
        }
    }

    /// One text of each row: `SELECT <column> AS word FROM …`.
    pub fn words(&self, column: &str, from: &str) -> Vec<String> {
        let query = sql_query(format!("SELECT {column} AS word FROM {from}"));
        let rows: Vec<Words> = match &mut self.open() {
            AnyConnection::Sqlite(conn) => query.load(conn).unwrap(),
            AnyConnection::Postgres(conn) => query.load(conn).unwrap(),
        };
        rows.into_iter().map(|row| row.word).collect()
    }
}
