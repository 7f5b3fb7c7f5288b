//! PostgreSQL: the proofs that the reader's role cannot write and that the writer's role can do little more than hold.
//!
//! Guarantees: rights are asked of the server (`has_table_privilege`) and then tried: a write in a read-write
//! transaction, rolled back, must fail. Superusers and owners are refused, for nothing binds them.

use diesel::result::{DatabaseErrorKind, Error};
use service_kit::db::AnyConnection;

use crate::{
    catalogue::{Catalogue, Table},
    connection::transaction,
    mapping::Mapping,
    registry::ProofError,
    statement::{Row, Statement},
};

const READER_MEND: &str =
    "connect as a role of its own: CREATE ROLE … LOGIN; GRANT SELECT ON the mapped tables TO it; nothing else";
const WRITER_MEND: &str = "connect as a role of its own with the rights that the installation grants: SELECT on the mapped rolls, UPDATE \
    and INSERT of their mapped columns, USAGE on schema vinimay_journal, SELECT and INSERT on vinimay_journal.entry; nothing else";

/// Tables on which the role has any of these rights, those of our journal included.
const WRITABLE: &str = "SELECT CAST(n.nspname AS TEXT), CAST(c.relname AS TEXT) \
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace \
    WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema') \
    AND n.nspname NOT LIKE 'pg\\_%' AND (pg_has_role(c.relowner, 'MEMBER') \
    OR has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER') \
    OR has_any_column_privilege(c.oid, 'INSERT, UPDATE')) ORDER BY 1, 2";

/// Tables that the role owns or from which it may remove rows, or a journal that it may change.
const REMOVABLE: &str = "SELECT CAST(n.nspname AS TEXT), CAST(c.relname AS TEXT) \
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace \
    WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema') \
    AND n.nspname NOT LIKE 'pg\\_%' AND (pg_has_role(c.relowner, 'MEMBER') \
    OR (has_table_privilege(c.oid, 'DELETE, TRUNCATE, TRIGGER') \
    AND (n.nspname, c.relname) NOT IN (('vinimay_journal', 'outbox'), ('vinimay_journal', 'touched'))) OR (n.nspname = 'vinimay_journal' \
    AND (has_table_privilege(c.oid, 'UPDATE') OR has_any_column_privilege(c.oid, 'UPDATE')))) ORDER BY 1, 2";

const SUPERUSER: &str = "SELECT CAST(rolname AS TEXT) FROM pg_roles WHERE rolname = current_user AND rolsuper";

/// Proves that the connection's role can change nothing.
pub(crate) fn prove_unwritable(conn: &mut AnyConnection, catalogue: &Catalogue) -> Result<(), ProofError> {
    let writable = |what| ProofError::Writable { what, mend: READER_MEND };
    if !rows(conn, SUPERUSER)?.is_empty() {
        return Err(writable("it is a superuser".to_owned()));
    }
    if let Some(row) = rows(conn, WRITABLE)?.first() {
        return Err(writable(named(row)));
    }
    for table in catalogue.base_tables() {
        let Some(column) = table.columns.first() else { continue };
        let update = Statement::new("UPDATE ").table(table).sql(" SET ").name(&column.name).sql(" = ");
        attempt(conn, update.name(&column.name).sql(" WHERE false"), || writable(format!("UPDATE {table}")))?;
    }
    Ok(())
}

/// Proves that the writer's role can change mapped rolls and add to the journal, and nothing else.
pub(crate) fn prove_confined(conn: &mut AnyConnection, mapping: &Mapping) -> Result<(), ProofError> {
    let excess = |what| ProofError::TooPowerful { what, mend: WRITER_MEND };
    if !rows(conn, SUPERUSER)?.is_empty() {
        return Err(excess("it is a superuser".to_owned()));
    }
    if let Some(row) = rows(conn, REMOVABLE)?.first() {
        return Err(excess(format!("it owns or may delete from {}", named(row))));
    }
    let foreign = rows(conn, WRITABLE)?.into_iter().find(|row| !is_ours(row, mapping));
    if let Some(row) = foreign {
        return Err(excess(format!("it may write to {}", named(&row))));
    }
    for roll in &mapping.rolls {
        let delete = Statement::new("DELETE FROM ").table(&roll.table).sql(" WHERE false");
        attempt(conn, delete, || excess(format!("DELETE FROM {}", roll.table)))?;
    }
    prove_columns_kept(conn, mapping)?;
    for forbidden in FORBIDDEN {
        attempt(conn, Statement::new(forbidden), || excess((*forbidden).to_owned()))?;
    }
    let foreign =
        mapping.datasets.iter().map(|d| &d.table).filter(|table| mapping.rolls.iter().all(|r| r.table != **table));
    for table in foreign.filter(|table| !table.is_view) {
        let delete = Statement::new("DELETE FROM ").table(table).sql(" WHERE false");
        attempt(conn, delete, || excess(format!("DELETE FROM {table}")))?;
    }
    Ok(())
}

/// What no writer may do: to change or shorten the journal, to take the guard from a roll, to make or change tables.
const FORBIDDEN: &[&str] = &[
    "UPDATE vinimay_journal.entry SET hash = hash WHERE false",
    "DELETE FROM vinimay_journal.entry WHERE false",
    "TRUNCATE vinimay_journal.entry",
    "DELETE FROM vinimay_journal.guarded WHERE false",
    "ALTER TABLE vinimay_journal.entry DISABLE TRIGGER ALL",
    "CREATE TABLE vinimay_write_probe (probe TEXT)",
    "CREATE SCHEMA vinimay_write_probe",
];

/// Columns of a roll that no decision changes, its keys above all.
fn prove_columns_kept(conn: &mut AnyConnection, mapping: &Mapping) -> Result<(), ProofError> {
    for roll in &mapping.rolls {
        // Several rolls may share a table.
        let shared: Vec<_> = mapping.rolls.iter().filter(|other| other.table == roll.table).collect();
        let written = |column: &&crate::catalogue::Column| shared.iter().any(|r| r.updated().contains(column));
        for column in roll.table.columns.iter().filter(|column| !written(column)) {
            let update = Statement::new("UPDATE ").table(&roll.table).sql(" SET ").name(&column.name).sql(" = ");
            let what = || ProofError::TooPowerful {
                what: format!("UPDATE of {} in {}", column.name, roll.table),
                mend: WRITER_MEND,
            };
            attempt(conn, update.name(&column.name).sql(" WHERE false"), what)?;
        }
    }
    Ok(())
}

fn is_ours(row: &Row, mapping: &Mapping) -> bool {
    let (schema, name) = (row.text(0).unwrap_or_default(), row.text(1).unwrap_or_default());
    let is = |table: &Table| table.schema.as_ref().is_some_and(|s| s.as_str() == schema) && table.name.as_str() == name;
    schema == "vinimay_journal" || mapping.rolls.iter().any(|roll| is(&roll.table))
}

fn named(row: &Row) -> String {
    format!("{}.{}", row.text(0).unwrap_or_default(), row.text(1).unwrap_or_default())
}

fn rows(conn: &mut AnyConnection, query: &'static str) -> Result<Vec<Row>, ProofError> {
    Statement::new(query).rows(conn).map_err(|error| ProofError::Unclear(error.into()))
}

/// Carries a failure out of a transaction, which is thereby rolled back.
enum Attempt {
    Succeeded,
    Failed(Error),
}

impl From<Error> for Attempt {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Tries a write in a read-write transaction that is always rolled back.
fn attempt(
    conn: &mut AnyConnection,
    write: Statement,
    succeeded: impl FnOnce() -> ProofError,
) -> Result<(), ProofError> {
    let outcome: Result<(), Attempt> = transaction(conn, |conn| {
        Statement::new("SET TRANSACTION READ WRITE").execute(conn)?;
        write.execute(conn)?;
        Err(Attempt::Succeeded)
    });
    match outcome {
        Ok(()) | Err(Attempt::Succeeded) => Err(succeeded()),
        // A missing right has no kind of its own in diesel; these two have, and prove nothing about rights.
        Err(Attempt::Failed(error)) => match &error {
            Error::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction | DatabaseErrorKind::ClosedConnection, _) => {
                Err(ProofError::Unclear(error.into()))
            }
            Error::DatabaseError(..) => Ok(()),
            _ => Err(ProofError::Unclear(error.into())),
        },
    }
}
