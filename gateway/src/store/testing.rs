//! For tests: SQLite files as departments have them, and looks into tables.

use std::path::Path;

use diesel::{
    Connection as _, QueryableByName, RunQueryDsl as _, SqliteConnection, connection::SimpleConnection as _, sql_query,
    sql_types::BigInt,
};
use service_kit::db::{AnyConnection, DatabaseError};

/// Makes a database file by these statements.
pub(crate) fn sqlite_file(path: &Path, statements: &str) {
    let mut conn = SqliteConnection::establish(&path.display().to_string()).unwrap();
    conn.batch_execute(statements).unwrap();
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Rows of a table.
pub(crate) fn rows(conn: &mut AnyConnection, table: &str) -> Result<i64, DatabaseError> {
    let found: Count = sql_query(format!("SELECT count(*) AS count FROM {table}")).get_result(conn)?;
    Ok(found.count)
}

/// Names of tables with their columns, sorted, as `table(column, …)`.
pub(crate) fn tables(conn: &mut AnyConnection) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Column {
        #[diesel(sql_type = diesel::sql_types::Text)]
        place: String,
    }
    let query = match conn {
        AnyConnection::Sqlite(_) => {
            "SELECT t.name || '.' || c.name AS place FROM sqlite_master AS t, pragma_table_info(t.name) AS c \
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' ORDER BY 1"
        }
        AnyConnection::Postgres(_) => {
            "SELECT (table_name || '.' || column_name)::text AS place FROM information_schema.columns \
             WHERE table_schema = current_schema() ORDER BY 1"
        }
    };
    let mut found: Vec<String> =
        sql_query(query).load::<Column>(conn).unwrap().into_iter().map(|row| row.place).collect();
    found.sort();
    found
}
