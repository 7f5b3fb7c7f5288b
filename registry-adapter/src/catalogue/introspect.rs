//! Reading the catalogue: SQLite's `pragma_table_info`, PostgreSQL's `pg_class` and `pg_attribute`.

use std::sync::Arc;

use service_kit::db::AnyConnection;

use super::{Catalogue, Column, ColumnKind, Engine, Identifier, Table};
use crate::statement::{Row, Statement};

// Each row: schema, table, whether a view, column, declared type, whether found without its schema.
// A virtual table counts as a view: what a write to it does, its module decides.
const SQLITE: &str = "SELECT NULL, m.name, \
    CASE WHEN m.type = 'view' OR m.sql LIKE 'CREATE VIRTUAL%' THEN '1' ELSE '0' END, p.name, p.type, '1' \
    FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS p \
    WHERE m.type IN ('table', 'view') ORDER BY m.name, p.cid";

const POSTGRES: &str = "SELECT CAST(n.nspname AS TEXT), CAST(c.relname AS TEXT), \
    CASE WHEN c.relkind IN ('v', 'm') THEN '1' ELSE '0' END, CAST(a.attname AS TEXT), \
    CAST(format_type(a.atttypid, NULL) AS TEXT), CASE WHEN pg_table_is_visible(c.oid) THEN '1' ELSE '0' END \
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_attribute AS a ON a.attrelid = c.oid \
    WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped \
    AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'vinimay_journal') AND n.nspname NOT LIKE 'pg\\_%' \
    AND has_schema_privilege(n.oid, 'USAGE') AND has_column_privilege(c.oid, a.attnum, 'SELECT') \
    ORDER BY n.nspname, c.relname, a.attnum";

/// Lists the tables, views and columns that the connection's role may read.
pub(crate) fn read(conn: &mut AnyConnection) -> diesel::QueryResult<Catalogue> {
    let (engine, query) = match conn {
        AnyConnection::Sqlite(_) => (Engine::Sqlite, SQLITE),
        AnyConnection::Postgres(_) => (Engine::Postgres, POSTGRES),
    };
    let mut tables: Vec<Table> = Vec::new();
    for row in Statement::new(query).rows(conn)? {
        if let Some(column) = admit(engine, &row, &mut tables)
            && let Some(table) = tables.last_mut()
        {
            table.columns.push(column);
        }
    }
    Ok(Catalogue { engine, tables: tables.into_iter().map(Arc::new).collect() })
}

/// Opens the row's table if it is not the last one, and gives its column; `None` where a name is not admitted.
fn admit(engine: Engine, row: &Row, tables: &mut Vec<Table>) -> Option<Column> {
    let schema = match row.text(0) {
        Some(text) => Some(Identifier::listed(text)?),
        None => None,
    };
    let name = Identifier::listed(row.text(1)?)?;
    if tables.last().is_none_or(|last| last.schema != schema || last.name != name) {
        let (is_view, on_search_path) = (row.text(2) == Some("1"), row.text(5) == Some("1"));
        tables.push(Table { schema, name, is_view, columns: Vec::new(), on_search_path });
    }
    let kind = match engine {
        Engine::Sqlite => sqlite_kind(row.text(4).unwrap_or_default()),
        Engine::Postgres => postgres_kind(row.text(4).unwrap_or_default()),
    };
    Some(Column { name: Identifier::listed(row.text(3)?)?, kind })
}

/// SQLite's rules of affinity (https://sqlite.org/datatype3.html §3.1), with booleans told apart.
fn sqlite_kind(declared: &str) -> ColumnKind {
    let declared = declared.to_ascii_uppercase();
    if declared.contains("INT") {
        ColumnKind::Integer
    } else if ["CHAR", "CLOB", "TEXT"].iter().any(|part| declared.contains(part)) {
        ColumnKind::Text
    } else if declared.contains("BOOL") {
        ColumnKind::Boolean
    } else {
        ColumnKind::Other
    }
}

fn postgres_kind(formatted: &str) -> ColumnKind {
    match formatted {
        "text" | "character varying" => ColumnKind::Text,
        "smallint" | "integer" | "bigint" => ColumnKind::Integer,
        "boolean" => ColumnKind::Boolean,
        "date" => ColumnKind::Date,
        _ => ColumnKind::Other,
    }
}
