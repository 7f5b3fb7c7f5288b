//! One throw-away PostgreSQL with the departments' own databases and those of their gateways.
//!
//! Guarantees: it commits durably, with PostgreSQL's own defaults; the gateways use a role that reads and one that writes little, each
//! with the rights that `vinimay gateway source install` lends. Deliberately absent: tuning.

use std::collections::BTreeMap;

use anyhow::Context;
use diesel::{
    Connection, PgConnection, RunQueryDsl,
    connection::SimpleConnection,
    sql_types::{BigInt, Integer, Text},
};
use service_kit_testing::PostgresServer;
use vinimay::bench::{self, Party};

const TABLES: &str = include_str!("departments/tables.sql");
/// The role that reads.
pub const READER: &str = "bench_reader";
/// The role that holds, and empties the outbox.
pub const WRITER: &str = "bench_writer";
const DATABASES: [&str; 5] = ["civil", "social", "civil_gateway", "social_gateway", "floor"];

/// The running server.
pub struct Databases {
    server: PostgresServer,
}

#[derive(diesel::QueryableByName)]
struct Backend {
    #[diesel(sql_type = Integer)]
    pid: i32,
}

/// Transactions that each database has committed.
#[derive(Clone, Debug, Default)]
pub struct Commits(BTreeMap<String, i64>);

#[derive(diesel::QueryableByName)]
struct Committed {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    commits: i64,
}

impl Commits {
    /// What was committed until then, for each of so many events.
    pub fn each(&self, until: &Self, events: u32) -> BTreeMap<String, f64> {
        let of = |(name, after): (&String, &i64)| {
            let commits = after - self.0.get(name).copied().unwrap_or(0);
            (name.clone(), f64::from(i32::try_from(commits).unwrap_or(i32::MAX)) / f64::from(events))
        };
        until.0.iter().map(of).collect()
    }
}

impl Databases {
    /// Starts the server, makes databases, tables and people.
    ///
    /// # Errors
    /// If a statement is refused.
    pub fn start(people: u32) -> anyhow::Result<Self> {
        let databases = Self { server: PostgresServer::start(&[]) };
        let mut conn = databases.connect("postgres")?;
        conn.batch_execute(&format!("CREATE ROLE {READER} LOGIN; CREATE ROLE {WRITER} LOGIN"))?;
        for name in DATABASES {
            conn.batch_execute(&format!("CREATE DATABASE {name}"))?;
        }
        for part in TABLES.split("-- database ").skip(1) {
            let (name, statements) = part.split_once('\n').context("tables.sql names a database")?;
            databases.connect(name)?.batch_execute(&statements.replace("$people", &people.to_string()))?;
        }
        Ok(databases)
    }

    /// A connection as the owner.
    ///
    /// # Errors
    /// If the server does not answer.
    pub fn connect(&self, name: &str) -> anyhow::Result<PgConnection> {
        Ok(PgConnection::establish(&self.server.uri(name))?)
    }

    /// As its owner reaches it.
    pub fn owner(&self, name: &str) -> String {
        self.server.uri(name)
    }

    /// As one of the roles reaches it.
    pub fn role(&self, name: &str, role: &str) -> String {
        self.server.uri(name).replacen("vinimay@", &format!("{role}@"), 1)
    }

    /// Transactions until now, as the server counts them: processes that are busy tell it once a second.
    ///
    /// # Errors
    /// If the server does not answer.
    pub fn commits(&self) -> anyhow::Result<Commits> {
        let query =
            "SELECT datname::text AS name, xact_commit AS commits FROM pg_stat_database WHERE datname = ANY($1)";
        let rows: Vec<Committed> = diesel::sql_query(query)
            .bind::<diesel::sql_types::Array<Text>, _>(&DATABASES[..4])
            .load(&mut self.connect("postgres")?)?;
        Ok(Commits(rows.into_iter().map(|row| (row.name, row.commits)).collect()))
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
