//! What an exchange leaves behind at a provider: rows, uses of consents, entries on their way to the log, reads of the source.
//!
//! Read from outside: the SQLite file of the gateway, and the statement log of its source. What passes through the outbox is
//! counted together with what has passed, so that the pump's pace does not matter.

use std::{collections::BTreeMap, path::Path};

use diesel::{
    Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query,
    sql_types::{BigInt, Text},
};
use vinimay::world::Department;

/// Tables that change by themselves and tell nothing about a request.
const OF_THEIR_OWN: [&str; 4] = ["lease", "member_chain", "statement_seen", "status_list_seen"];

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// What is there at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traces {
    /// Rows of each table.
    pub rows: BTreeMap<String, i64>,
    /// Uses of all consents.
    pub uses: i64,
    /// Entries in the log or on their way there.
    pub logged: i64,
    /// Statements that the source received.
    pub statements: usize,
}

impl Traces {
    pub fn of(department: &Department) -> Self {
        let path = department.folder().join("gateway.sqlite");
        let mut conn = SqliteConnection::establish(&path.display().to_string()).unwrap();
        sql_query("PRAGMA busy_timeout = 5000").execute(&mut conn).unwrap();
        // One transaction: all tables of one moment.
        conn.transaction(|conn| {
            let mut rows = BTreeMap::new();
            let tables: Vec<Name> =
                sql_query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
                    .load(conn)?;
            for Name { name } in tables {
                rows.insert(name.clone(), count(conn, &format!("SELECT count(*) AS count FROM \"{name}\""))?);
            }
            let logged = rows.remove("outbox").unwrap() + rows.remove("anchored").unwrap();
            rows.retain(|table, _| !OF_THEIR_OWN.contains(&table.as_str()));
            let uses = count(conn, "SELECT coalesce(sum(uses), 0) AS count FROM consent_state")?;
            Ok::<_, diesel::result::Error>(Self { rows, uses, logged, statements: statements(department.folder()) })
        })
        .unwrap()
    }

    /// The tables that have more rows than before, and how many.
    pub fn since(&self, before: &Self) -> BTreeMap<String, i64> {
        let grown = self.rows.iter().map(|(table, rows)| (table.clone(), rows - before.rows.get(table).unwrap_or(&0)));
        grown.filter(|(_, more)| *more != 0).collect()
    }
}

/// How many receipts wait for the log.
pub fn waiting(department: &Department) -> i64 {
    let path = department.folder().join("gateway.sqlite");
    let mut conn = SqliteConnection::establish(&path.display().to_string()).unwrap();
    sql_query("PRAGMA busy_timeout = 5000").execute(&mut conn).unwrap();
    count(&mut conn, "SELECT count(*) AS count FROM outbox").unwrap()
}

fn count(conn: &mut SqliteConnection, query: &str) -> diesel::QueryResult<i64> {
    Ok(sql_query(query).get_result::<Count>(conn)?.count)
}

fn statements(folder: &Path) -> usize {
    std::fs::read_to_string(folder.join("statements.log")).unwrap_or_default().lines().count()
}
