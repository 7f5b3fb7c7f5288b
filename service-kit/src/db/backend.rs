//! The two backends behind one connection type.
#![allow(missing_docs)] // the derive makes public items without documentation

use diesel::{PgConnection, SqliteConnection};

/// A connection to SQLite or PostgreSQL. Match on it where a statement needs one dialect's own words.
///
/// `sql_query` with `$1, $2, …` in the order of first use runs on both.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    /// SQLite.
    Sqlite(SqliteConnection),
    /// PostgreSQL.
    Postgres(PgConnection),
}
