//! SQLite: how a file is opened in each role, and the proof that the reader cannot write.
//!
//! SQLite has no roles of its own: the reader is a connection that the engine opened read-only (`mode=ro`), and the
//! writer is confined by this crate, whose statements name mapped rolls, the journal and the outbox alone (ADR 0160).

use std::path::Path;

use diesel::result::Error;
use service_kit::db::AnyConnection;

use crate::{catalogue::Catalogue, connection::Role, registry::ProofError, statement::Statement};

const MEND: &str = "open the file with mode=ro, or take the write permission on the file from the reader's user";
/// SQLITE_READONLY (https://sqlite.org/rescode.html#readonly); diesel passes on the text, not the number.
const READ_ONLY: &str = "attempt to write a readonly database";

/// A URI of the role's mode; never one that creates (https://sqlite.org/uri.html).
pub(crate) fn uri(path: &Path, role: Role) -> String {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri + if role == Role::Writer { "?mode=rw" } else { "?mode=ro" }
}

/// What is set on each connection. `trusted_schema = OFF`: a view of the department cannot call surprising functions.
pub(crate) const fn settings(role: Role) -> &'static str {
    match role {
        Role::Reader => "PRAGMA busy_timeout = 5000; PRAGMA trusted_schema = OFF; PRAGMA query_only = ON;",
        Role::Prober => "PRAGMA busy_timeout = 5000; PRAGMA trusted_schema = OFF;",
        Role::Writer => {
            "PRAGMA busy_timeout = 5000; PRAGMA trusted_schema = OFF; PRAGMA synchronous = FULL; \
             PRAGMA foreign_keys = ON;"
        }
    }
}

/// Proves that the connection cannot write: creating a table and an update of each table must fail, for that reason.
pub(crate) fn prove_unwritable(conn: &mut AnyConnection, catalogue: &Catalogue) -> Result<(), ProofError> {
    let create = Statement::new("CREATE TABLE vinimay_write_probe (probe TEXT)");
    attempt(conn, create, || "CREATE TABLE".to_owned())?;
    for table in catalogue.base_tables() {
        let Some(column) = table.columns.first() else { continue };
        let update = Statement::new("UPDATE ").table(table).sql(" SET ").name(&column.name).sql(" = ");
        attempt(conn, update.name(&column.name).sql(" WHERE 1 = 0"), || format!("UPDATE {table}"))?;
    }
    Ok(())
}

/// Runs a write in a transaction that is always rolled back.
fn attempt(conn: &mut AnyConnection, write: Statement, what: impl FnOnce() -> String) -> Result<(), ProofError> {
    let unclear = |error: Error| ProofError::Unclear(error.into());
    Statement::new("SAVEPOINT vinimay_probe").execute(conn).map_err(unclear)?;
    let outcome = write.execute(conn);
    Statement::new("ROLLBACK TO vinimay_probe").execute(conn).map_err(unclear)?;
    Statement::new("RELEASE vinimay_probe").execute(conn).map_err(unclear)?;
    match outcome {
        Ok(_) => Err(ProofError::Writable { what: what(), mend: MEND }),
        Err(Error::DatabaseError(_, info)) if info.message().contains(READ_ONLY) => Ok(()),
        Err(other) => Err(unclear(other)),
    }
}
