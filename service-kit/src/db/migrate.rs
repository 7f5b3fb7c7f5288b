//! Changes of the schema: all or none, one process at a time, never backwards.
//!
//! The tables of this crate (audit trail, leases, job runs) come along by themselves, as versions `0000…`.

use std::collections::BTreeSet;

use diesel::{
    QueryableByName, RunQueryDsl, backend::Backend, migration::MigrationSource, sql_query, sql_types::BigInt,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{AnyConnection, DatabaseError, OpenError, transaction};

const KIT_SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const KIT_POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// A fixed number that names our advisory lock: the bytes `migrate\0`.
const LOCK: i64 = 0x6d69_6772_6174_6500;

/// A server's own migrations for both backends; those of this crate run before them.
pub struct Migrations {
    /// From `embed_migrations!("migrations/sqlite")`.
    pub sqlite: EmbeddedMigrations,
    /// From `embed_migrations!("migrations/postgres")`.
    pub postgres: EmbeddedMigrations,
}

impl Migrations {
    /// Only the tables of this crate.
    pub const fn none() -> Self {
        Self { sqlite: EmbeddedMigrations::new(&[]), postgres: EmbeddedMigrations::new(&[]) }
    }
}

/// The schema could not be brought to, or is not at, what this binary knows.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// A step failed; nothing of this run was kept.
    #[error("a migration failed and nothing was changed: {0}")]
    Step(String),
    /// Some later program has been here.
    #[error(
        "the schema knows {unknown:?}, which this program does not; mend: run the newer program, or restore a backup"
    )]
    Newer {
        /// Versions that this binary does not know.
        unknown: Vec<String>,
    },
    /// Steps are missing.
    #[error("the schema lacks {missing:?}; mend: run `migrate`")]
    Older {
        /// Versions that have not run.
        missing: Vec<String>,
    },
}

impl From<diesel::result::Error> for MigrateError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

type StepError = Box<dyn std::error::Error + Send + Sync>;

fn step(error: StepError) -> MigrateError {
    MigrateError::Step(error.to_string())
}

pub(super) fn run(conn: &mut AnyConnection, migrations: &Migrations) -> Result<Vec<String>, MigrateError> {
    transaction::run(conn, |conn| match conn {
        AnyConnection::Sqlite(conn) => run_on(conn, &[&KIT_SQLITE, &migrations.sqlite]),
        AnyConnection::Postgres(conn) => {
            // Another process may be at it: wait for it longer than for a row, then find its work done.
            sql_query("SET LOCAL lock_timeout = 60000").execute(conn)?;
            sql_query(format!("SELECT pg_advisory_xact_lock({LOCK})")).execute(conn)?;
            run_on(conn, &[&KIT_POSTGRES, &migrations.postgres])
        }
    })
}

fn run_on<C, B>(conn: &mut C, sources: &[&EmbeddedMigrations]) -> Result<Vec<String>, MigrateError>
where
    B: Backend,
    C: MigrationHarness<B>,
    EmbeddedMigrations: MigrationSource<B>,
{
    refuse_newer(conn, sources)?;
    let applied = versions_applied(conn)?;
    let mut ran = Vec::new();
    for source in sources {
        let mut migrations = MigrationSource::<B>::migrations(*source).map_err(step)?;
        migrations.sort_by_key(|migration| migration.name().version().as_owned());
        for migration in migrations {
            let version = migration.name().version().to_string();
            if !applied.contains(&version) {
                conn.run_migration(&*migration).map_err(step)?;
                ran.push(version);
            }
        }
    }
    Ok(ran)
}

pub(super) fn check(conn: &mut AnyConnection, migrations: &Migrations) -> Result<(), MigrateError> {
    match conn {
        AnyConnection::Sqlite(conn) => check_on(conn, &[&KIT_SQLITE, &migrations.sqlite]),
        AnyConnection::Postgres(conn) => check_on(conn, &[&KIT_POSTGRES, &migrations.postgres]),
    }
}

fn check_on<C, B>(conn: &mut C, sources: &[&EmbeddedMigrations]) -> Result<(), MigrateError>
where
    B: Backend,
    C: MigrationHarness<B>,
    EmbeddedMigrations: MigrationSource<B>,
{
    let known = refuse_newer(conn, sources)?;
    let applied: BTreeSet<_> = versions_applied(conn)?;
    let missing: Vec<_> = known.difference(&applied).cloned().collect();
    if missing.is_empty() { Ok(()) } else { Err(MigrateError::Older { missing }) }
}

fn versions_applied<B: Backend, C: MigrationHarness<B>>(conn: &mut C) -> Result<BTreeSet<String>, MigrateError> {
    Ok(conn.applied_migrations().map_err(step)?.iter().map(ToString::to_string).collect())
}

/// Refuses versions that this binary does not know; returns those that it knows.
fn refuse_newer<C, B>(conn: &mut C, sources: &[&EmbeddedMigrations]) -> Result<BTreeSet<String>, MigrateError>
where
    B: Backend,
    C: MigrationHarness<B>,
    EmbeddedMigrations: MigrationSource<B>,
{
    let mut known = BTreeSet::new();
    for source in sources {
        for migration in MigrationSource::<B>::migrations(*source).map_err(step)? {
            known.insert(migration.name().version().to_string());
        }
    }
    let unknown: Vec<_> = versions_applied(conn)?.difference(&known).cloned().collect();
    if unknown.is_empty() { Ok(known) } else { Err(MigrateError::Newer { unknown }) }
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Whether our schema is there already.
pub(super) fn has_tables(conn: &mut AnyConnection) -> Result<bool, OpenError> {
    let query = match conn {
        AnyConnection::Sqlite(_) => "SELECT count(*) AS count FROM sqlite_master WHERE name = 'audit_trail'",
        AnyConnection::Postgres(_) => {
            "SELECT count(*) AS count FROM information_schema.tables \
             WHERE table_schema = current_schema() AND table_name = 'audit_trail'"
        }
    };
    let found: Count = sql_query(query).get_result(conn).map_err(DatabaseError::from)?;
    Ok(found.count > 0)
}
