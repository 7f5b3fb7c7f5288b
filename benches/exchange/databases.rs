//! One throw-away PostgreSQL with the databases of everybody: two departments' own, and three gateways'.
//!
//! Guarantees: it commits durably (`fsync`, `synchronous_commit` as PostgreSQL has them by default); the gateways read the
//! departments' tables as a role that cannot write. Deliberately absent: tuning.

use anyhow::Context;
use diesel::{Connection, PgConnection, RunQueryDsl, connection::SimpleConnection, sql_types::Integer};
use service_kit_testing::PostgresServer;
use vinimay::bench::{self, Party};

const TABLES: &str = include_str!("departments/tables.sql");
const READER: &str = "bench_reader";
const DATABASES: [&str; 5] = ["civil", "revenue", "civil_gateway", "revenue_gateway", "social_gateway"];

/// The running server.
pub struct Databases {
    server: PostgresServer,
}

#[derive(diesel::QueryableByName)]
struct Backend {
    #[diesel(sql_type = Integer)]
    pid: i32,
}

impl Databases {
    /// Starts the server, makes databases, tables and people.
    ///
    /// # Errors
    /// If a statement is refused.
    pub fn start(people: usize) -> anyhow::Result<Self> {
        let databases = Self { server: PostgresServer::start(&[]) };
        let mut conn = databases.connect("postgres")?;
        conn.batch_execute(&format!("CREATE ROLE {READER} LOGIN"))?;
        for name in DATABASES {
            conn.batch_execute(&format!("CREATE DATABASE {name}"))?;
        }
        for part in TABLES.split("-- database ").skip(1) {
            let (name, statements) = part.split_once('\n').context("tables.sql names a database")?;
            databases.connect(name)?.batch_execute(&statements.replace("$people", &people.to_string()))?;
        }
        Ok(databases)
    }

    fn connect(&self, name: &str) -> anyhow::Result<PgConnection> {
        Ok(PgConnection::establish(&self.server.uri(name))?)
    }

    /// Where a gateway keeps its own rows.
    pub fn own(&self, department: &str) -> String {
        self.server.uri(&format!("{department}_gateway"))
    }

    /// A department's own database, for a role that can only read.
    pub fn reader(&self, department: &str) -> String {
        self.server.uri(department).replacen("vinimay@", &format!("{READER}@"), 1)
    }

    /// All processes of the server as they are now.
    ///
    /// # Errors
    /// If the server does not answer.
    pub fn party(&self) -> anyhow::Result<Party> {
        let mut conn = self.connect("postgres")?;
        let backend: Backend = diesel::sql_query("SELECT pg_backend_pid() AS pid").get_result(&mut conn)?;
        let postmaster = bench::parent(u32::try_from(backend.pid)?)?;
        let mut ids = bench::children(postmaster)?;
        ids.push(postmaster);
        Ok(Party { name: "PostgreSQL".to_owned(), ids })
    }
}
