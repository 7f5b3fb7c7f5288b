//! What an exchange leaves behind at a provider: rows, uses of consents, entries on their way to the log, reads of the source.
//!
//! Read from outside: the SQLite file of the gateway, and the statement log of its source. What passes through the outbox is
//! counted together with what has passed, so that the pump's pace does not matter.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use diesel::{
    Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query,
    sql_types::{BigInt, Text},
};
use schemas::receipt::Receipt;
use vinimay::world::Department;

/// Tables that change by themselves and tell nothing about a request.
const OF_THEIR_OWN: [&str; 4] = ["lease", "member_chain", "statement_seen", "status_list_seen"];

/// Tables whose rows go by themselves when their time is over. What goes meanwhile tells nothing about a request either.
const OF_THEIR_TIME: [&str; 13] = [
    "access_token",
    "ask_answer",
    "ask_open",
    "binding_offer",
    "follow_claim",
    "law_use",
    "link_open",
    "live_nonce",
    "receipt_return",
    "session",
    "sign_in_try",
    "spent",
    "stored_answer",
];

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

/// What is there at one moment. Two are equal if nothing came and nothing went but what goes by itself.
#[derive(Clone)]
pub struct Traces {
    /// Rows of each table.
    pub rows: BTreeMap<String, i64>,
    /// The same rows by their primary keys.
    keys: BTreeMap<String, BTreeSet<String>>,
    /// Uses of all consents.
    pub uses: i64,
    /// Entries in the log or on their way there.
    pub logged: i64,
    /// Statements that the source received.
    pub statements: usize,
}

impl std::fmt::Debug for Traces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { rows, uses, logged, statements, .. } = self;
        write!(f, "{rows:?}, {uses} uses, {logged} logged, {statements} statements")
    }
}

impl PartialEq for Traces {
    fn eq(&self, other: &Self) -> bool {
        let numbers = |one: &Self| (one.uses, one.logged, one.statements);
        numbers(self) == numbers(other) && self.since(other).is_empty()
    }
}

impl Traces {
    pub fn of(department: &Department) -> Self {
        let path = department.folder().join("gateway.sqlite");
        let mut conn = SqliteConnection::establish(&path.display().to_string()).unwrap();
        sql_query("PRAGMA busy_timeout = 60000").execute(&mut conn).unwrap();
        // One transaction: all tables of one moment.
        conn.transaction(|conn| {
            let (mut rows, mut keys) = (BTreeMap::new(), BTreeMap::new());
            let tables: Vec<Name> =
                sql_query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
                    .load(conn)?;
            for Name { name } in tables {
                rows.insert(name.clone(), count(conn, &format!("SELECT count(*) AS count FROM \"{name}\""))?);
                if !OF_THEIR_OWN.contains(&name.as_str()) {
                    keys.insert(name.clone(), primary_keys(conn, &name)?);
                }
            }
            keys.retain(|table, _| !["outbox", "anchored"].contains(&table.as_str()));
            let logged = rows.remove("outbox").unwrap() + rows.remove("anchored").unwrap();
            rows.retain(|table, _| !OF_THEIR_OWN.contains(&table.as_str()));
            let uses = count(conn, "SELECT coalesce(sum(uses), 0) AS count FROM consent_state")?;
            Ok::<_, diesel::result::Error>(Self {
                rows,
                keys,
                uses,
                logged,
                statements: statements(department.folder()),
            })
        })
        .unwrap()
    }

    /// The tables that have rows which were not there before, and how many; fewer than none where rows are gone that do not go
    /// by themselves.
    pub fn since(&self, before: &Self) -> BTreeMap<String, i64> {
        let none = BTreeSet::new();
        let tables: BTreeSet<&String> = self.keys.keys().chain(before.keys.keys()).collect();
        let changed = tables.into_iter().map(|table| {
            let (now, then) = (self.keys.get(table).unwrap_or(&none), before.keys.get(table).unwrap_or(&none));
            let gone = if OF_THEIR_TIME.contains(&table.as_str()) { 0 } else { then.difference(now).count() };
            let more = i64::try_from(now.difference(then).count()).unwrap() - i64::try_from(gone).unwrap();
            (table.clone(), more)
        });
        changed.filter(|(_, more)| *more != 0).collect()
    }
}

/// What tells a row of this table from every other one that was or will be there.
fn primary_keys(conn: &mut SqliteConnection, table: &str) -> diesel::QueryResult<BTreeSet<String>> {
    let columns = format!("SELECT name FROM pragma_table_info('{table}') WHERE pk > 0 ORDER BY pk");
    let columns: Vec<Name> = sql_query(columns).load(conn)?;
    let mut columns: Vec<String> = columns.into_iter().map(|column| format!("quote(\"{}\")", column.name)).collect();
    if columns.is_empty() {
        columns.push("quote(rowid)".to_owned());
    }
    let keys: Vec<Name> =
        sql_query(format!("SELECT {} AS name FROM \"{table}\"", columns.join(" || ' ' || "))).load(conn)?;
    Ok(keys.into_iter().map(|key| key.name).collect())
}

/// The receipts of a department, oldest first, as it signed them.
pub fn receipts(department: &Department) -> Vec<Receipt> {
    let path = department.folder().join("gateway.sqlite");
    let mut conn = SqliteConnection::establish(&path.display().to_string()).unwrap();
    sql_query("PRAGMA busy_timeout = 60000").execute(&mut conn).unwrap();
    let signed: Vec<Name> = sql_query("SELECT jws AS name FROM receipt ORDER BY rowid").load(&mut conn).unwrap();
    let read = |jws: Name| {
        let payload = jws.name.split('.').nth(1).unwrap();
        serde_json::from_slice(&protocol::seal::decode_base64url(payload).unwrap()).unwrap()
    };
    signed.into_iter().map(read).collect()
}

/// How many receipts wait for the log.
pub fn waiting(department: &Department) -> i64 {
    let path = department.folder().join("gateway.sqlite");
    let mut conn = SqliteConnection::establish(&path.display().to_string()).unwrap();
    sql_query("PRAGMA busy_timeout = 60000").execute(&mut conn).unwrap();
    count(&mut conn, "SELECT count(*) AS count FROM outbox").unwrap()
}

fn count(conn: &mut SqliteConnection, query: &str) -> diesel::QueryResult<i64> {
    Ok(sql_query(query).get_result::<Count>(conn)?.count)
}

fn statements(folder: &Path) -> usize {
    std::fs::read_to_string(folder.join("statements.log")).unwrap_or_default().lines().count()
}
