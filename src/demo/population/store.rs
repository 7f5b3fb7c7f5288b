//! Writes a department's database: one file, one transaction, rows in batches.
//!
//! Guaranteed: a file that exists is never overwritten, and a writer that was not finished leaves no committed row.
//! While it is filled, the file is not crash-safe (no journal): it is test data and can be made again.
//! Absent: what the rows say (`store/civil.rs`, `revenue.rs`, `food.rs`, `social.rs`).

use std::fmt::Display;
use std::path::Path;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;

use super::BuildError;
use super::person::Household;
use super::random::Random;

pub mod civil;
pub mod desk;
pub mod food;
pub mod register;
pub mod revenue;
pub mod rolls;
pub mod social;

/// Rows a statement; times the widest row it stays below SQLite's 32,766 bound values.
const BATCH: usize = 500;

/// Speed while filling; parents may come after their children, so references are checked by tests of the whole.
/// The journal of the finished file is a write-ahead log, so that readers and writers of the
/// demo do not wait for one another.
const FILLING: &str = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;\
                       PRAGMA foreign_keys = OFF;";
const FILLED: &str = "PRAGMA locking_mode = NORMAL; PRAGMA journal_mode = WAL;";

/// A department's rows on their way into its tables.
pub trait Department {
    /// Tables, before the load.
    const SCHEMA: &'static str;
    /// Indexes and triggers, after it.
    const FINISH: &'static str;

    /// Adds what the department knows of a household.
    fn add(&mut self, household: &Household);

    /// Rows waiting, of the table with most of them.
    fn waiting(&self) -> usize;

    /// Writes the waiting rows.
    ///
    /// # Errors
    /// What the database says.
    fn flush(&mut self, connection: &mut SqliteConnection) -> QueryResult<()>;
}

/// A department's database while it is written.
pub struct Writer<D> {
    connection: SqliteConnection,
    rows: D,
}

impl<D: Department + Default> Writer<D> {
    /// Creates the file at `path` with the department's tables.
    ///
    /// # Errors
    /// [`BuildError::Exists`] for a file that is there already, else what the database says.
    pub fn create(path: &Path) -> Result<Self, BuildError> {
        if path.exists() {
            return Err(BuildError::Exists { path: path.to_owned() });
        }
        let url = path.to_str().ok_or_else(|| BuildError::PathNotUtf8 { path: path.to_owned() })?;
        let mut connection = SqliteConnection::establish(url)
            .map_err(|source| BuildError::NotOpened { path: path.to_owned(), source })?;
        connection.batch_execute(FILLING)?;
        AnsiTransactionManager::begin_transaction(&mut connection)?;
        connection.batch_execute(D::SCHEMA)?;
        Ok(Self { connection, rows: D::default() })
    }

    /// Adds a household.
    ///
    /// # Errors
    /// What the database says.
    pub fn add(&mut self, household: &Household) -> Result<(), BuildError> {
        self.rows.add(household);
        if self.rows.waiting() >= BATCH {
            self.rows.flush(&mut self.connection)?;
        }
        Ok(())
    }

    /// Writes the rest, makes indexes and triggers, commits.
    ///
    /// # Errors
    /// What the database says.
    pub fn finish(mut self) -> Result<(), BuildError> {
        self.rows.flush(&mut self.connection)?;
        self.connection.batch_execute(D::FINISH)?;
        AnsiTransactionManager::commit_transaction(&mut self.connection)?;
        self.connection.batch_execute(FILLED)?;
        Ok(())
    }
}

/// Inserts `$rows` into `$table` in statements of at most [`BATCH`] rows, and empties them.
macro_rules! insert_all {
    ($connection:expr, $table:path, $rows:expr) => {
        for batch in $rows.chunks($crate::demo::population::store::BATCH) {
            diesel::insert_into($table).values(batch).execute($connection)?;
        }
        $rows.clear();
    };
}
use insert_all;

/// Draws for clerical gaps, apart from those that make people, so that a column more or less changes nobody.
/// `department` keeps the gaps of one department from falling on those of another.
fn clerical(department: u64, household: &Household) -> Random {
    Random::lane(department, u64::from(household.number.sequence()))
}

/// The value, or nothing in `share` of 10,000 cases: somebody did not fill the form.
fn unless_missing<T>(random: &mut Random, share: u32, value: T) -> Option<T> {
    (!random.chance(share)).then_some(value)
}

/// Text of anything that shows itself.
fn text(value: impl Display) -> String {
    value.to_string()
}
