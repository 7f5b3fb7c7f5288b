//! A statement over many rows: SQL known when this crate was compiled, and bound values.
//!
//! Guarantees: run-time text reaches the database as a bound value alone. `$n` is understood by both engines.

use diesel::{QueryResult, RunQueryDsl, deserialize::QueryableByName};
use service_kit::db::{AnyConnection, MultiBackend, Prepared};

/// Rows of one statement: at most 12 bound values each, far below SQLite's 32,766 and PostgreSQL's 65,535.
pub(in crate::store) const ROWS: usize = 512;

/// A bound value.
#[derive(Clone, Debug)]
pub(in crate::store) struct Bind(service_kit::db::Bind);

impl From<&str> for Bind {
    fn from(text: &str) -> Self {
        Self(service_kit::db::Bind::Text(text.to_owned()))
    }
}

impl From<Option<&str>> for Bind {
    fn from(text: Option<&str>) -> Self {
        Self(service_kit::db::Bind::MaybeText(text.map(str::to_owned)))
    }
}

impl From<i64> for Bind {
    fn from(number: i64) -> Self {
        Self(service_kit::db::Bind::Integer(number))
    }
}

impl From<Option<i64>> for Bind {
    fn from(number: Option<i64>) -> Self {
        Self(service_kit::db::Bind::MaybeInteger(number))
    }
}

impl From<&[u8]> for Bind {
    fn from(bytes: &[u8]) -> Self {
        Self(service_kit::db::Bind::Bytes(bytes.to_vec()))
    }
}

/// A statement being written.
pub(in crate::store) struct Statement(Prepared);

impl Statement {
    pub(in crate::store) fn new(sql: &'static str) -> Self {
        Self(Prepared::new(sql))
    }

    /// More SQL.
    pub(in crate::store) fn sql(mut self, sql: &'static str) -> Self {
        self.0.push_sql(sql);
        self
    }

    /// A bound value.
    pub(in crate::store) fn bind(mut self, value: impl Into<Bind>) -> Self {
        self.0.push_bind(value.into().0);
        self
    }

    /// `($1, $2, …)`.
    pub(in crate::store) fn row(mut self, values: impl IntoIterator<Item = Bind>) -> Self {
        self.0.push_sql("(");
        for (place, value) in values.into_iter().enumerate() {
            self = if place == 0 { self } else { self.sql(", ") }.bind(value);
        }
        self.0.push_sql(")");
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
        self.0.execute(conn)
    }

    pub(in crate::store) fn load<R>(self, conn: &mut AnyConnection) -> QueryResult<Vec<R>>
    where
        R: QueryableByName<MultiBackend> + 'static,
    {
        self.0.load(conn)
    }
}

/// Reads a name that this program wrote; another text is a damaged row.
pub(in crate::store) fn read<T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>>(
    text: &str,
) -> QueryResult<T> {
    text.parse().map_err(|error| diesel::result::Error::DeserializationError(Box::new(error)))
}
