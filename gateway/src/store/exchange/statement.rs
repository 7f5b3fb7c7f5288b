//! A statement over many rows: SQL known when this crate was compiled, and bound values.
//!
//! Guarantees: run-time text reaches the database as a bound value alone. `$n` is understood by both engines.

use diesel::{
    QueryResult, RunQueryDsl,
    deserialize::QueryableByName,
    query_builder::{BoxedSqlQuery, SqlQuery},
    sql_query,
    sql_types::{BigInt, Binary, Nullable, Text},
};
use service_kit::db::{AnyConnection, MultiBackend};

/// Rows of one statement: at most 12 bound values each, far below SQLite's 32,766 and PostgreSQL's 65,535.
pub(in crate::store) const ROWS: usize = 512;

/// A bound value.
#[derive(Clone, Debug)]
pub(in crate::store) enum Bind {
    Text(String),
    MaybeText(Option<String>),
    Integer(i64),
    MaybeInteger(Option<i64>),
    Bytes(Vec<u8>),
}

impl From<&str> for Bind {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Option<&str>> for Bind {
    fn from(text: Option<&str>) -> Self {
        Self::MaybeText(text.map(str::to_owned))
    }
}

impl From<i64> for Bind {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<Option<i64>> for Bind {
    fn from(number: Option<i64>) -> Self {
        Self::MaybeInteger(number)
    }
}

impl From<&[u8]> for Bind {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

/// A statement being written.
pub(in crate::store) struct Statement {
    text: String,
    binds: Vec<Bind>,
}

impl Statement {
    pub(in crate::store) fn new(sql: &'static str) -> Self {
        Self { text: sql.to_owned(), binds: Vec::new() }
    }

    /// More SQL.
    pub(in crate::store) fn sql(mut self, sql: &'static str) -> Self {
        self.text.push_str(sql);
        self
    }

    /// A bound value.
    pub(in crate::store) fn bind(mut self, value: impl Into<Bind>) -> Self {
        self.binds.push(value.into());
        self.text.push('$');
        self.text.push_str(&self.binds.len().to_string());
        self
    }

    /// `($1, $2, …)`.
    pub(in crate::store) fn row(mut self, values: impl IntoIterator<Item = Bind>) -> Self {
        self.text.push('(');
        for (place, value) in values.into_iter().enumerate() {
            self = if place == 0 { self } else { self.sql(", ") }.bind(value);
        }
        self.text.push(')');
        self
    }

    /// `(…), (…)`.
    pub(in crate::store) fn rows<R: IntoIterator<Item = Bind>>(mut self, rows: impl IntoIterator<Item = R>) -> Self {
        for (place, row) in rows.into_iter().enumerate() {
            self = if place == 0 { self } else { self.sql(", ") }.row(row);
        }
        self
    }

    pub(in crate::store) fn execute(self, conn: &mut AnyConnection) -> QueryResult<usize> {
        self.query().execute(conn)
    }

    pub(in crate::store) fn load<R>(self, conn: &mut AnyConnection) -> QueryResult<Vec<R>>
    where
        R: QueryableByName<MultiBackend> + 'static,
    {
        self.query().load(conn)
    }

    fn query(self) -> BoxedSqlQuery<'static, MultiBackend, SqlQuery> {
        self.binds.into_iter().fold(sql_query(self.text).into_boxed(), |query, bind| match bind {
            Bind::Text(text) => query.bind::<Text, _>(text),
            Bind::MaybeText(text) => query.bind::<Nullable<Text>, _>(text),
            Bind::Integer(number) => query.bind::<BigInt, _>(number),
            Bind::MaybeInteger(number) => query.bind::<Nullable<BigInt>, _>(number),
            Bind::Bytes(bytes) => query.bind::<Binary, _>(bytes),
        })
    }
}

/// Reads a name that this program wrote; another text is a damaged row.
pub(in crate::store) fn read<T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>>(
    text: &str,
) -> QueryResult<T> {
    text.parse().map_err(|error| diesel::result::Error::DeserializationError(Box::new(error)))
}
