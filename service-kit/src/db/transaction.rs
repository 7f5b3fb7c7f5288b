//! One transaction: begin, work, commit, and what a failed commit means.

use diesel::{
    QueryResult,
    connection::{AnsiTransactionManager, TransactionManager},
};

use super::{AnyConnection, DatabaseError, error::end_process};

/// Runs `work` in a transaction. After a failed fsync the process ends; a commit whose connection broke is
/// [`DatabaseError::OutcomeUnknown`].
pub(crate) fn run<T, E: From<DatabaseError>>(
    conn: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
) -> Result<T, E> {
    begin(conn).map_err(DatabaseError::from)?;
    match work(conn) {
        Ok(value) => {
            commit(conn)?;
            Ok(value)
        }
        Err(error) => {
            roll_back(conn);
            Err(error)
        }
    }
}

/// Begins; SQLite takes the write lock at once, so that no later statement can lose it to another process.
pub(crate) fn begin(conn: &mut AnyConnection) -> QueryResult<()> {
    match conn {
        AnyConnection::Sqlite(conn) => AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE"),
        AnyConnection::Postgres(conn) => AnsiTransactionManager::begin_transaction(conn),
    }
}

pub(crate) fn commit(conn: &mut AnyConnection) -> Result<(), DatabaseError> {
    let done = match conn {
        AnyConnection::Sqlite(conn) => AnsiTransactionManager::commit_transaction(conn),
        AnyConnection::Postgres(conn) => AnsiTransactionManager::commit_transaction(conn),
    };
    let Err(error) = done else { return Ok(()) };
    match DatabaseError::at_commit(error) {
        fatal @ DatabaseError::Storage(_) => end_process(&fatal),
        other => {
            roll_back(conn);
            Err(other)
        }
    }
}

/// Rolls back. If that fails the pool sees an open transaction and throws the connection away.
pub(crate) fn roll_back(conn: &mut AnyConnection) {
    let done = match conn {
        AnyConnection::Sqlite(conn) => AnsiTransactionManager::rollback_transaction(conn),
        AnyConnection::Postgres(conn) => AnsiTransactionManager::rollback_transaction(conn),
    };
    if let Err(error) = done {
        tracing::debug!(%error, "a roll-back failed; the connection is dropped");
    }
}
