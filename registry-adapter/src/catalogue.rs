//! What the database says it has: the closed set of names from which SQL may be made.
//!
//! Guarantees: an [`Identifier`] exists only because the database listed it and it matches
//! `[A-Za-z_][A-Za-z0-9_]{0,62}`; our own tables are not in the set, so that no mapping reaches the journal.
//! Deliberately absent: names from anywhere else, expressions.

use std::{fmt, sync::Arc};

mod introspect;

pub(crate) use introspect::read;

/// Longest identifier: PostgreSQL keeps 63 bytes (NAMEDATALEN - 1).
const LONGEST: usize = 63;

/// Which engine keeps the department's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A SQLite file.
    Sqlite,
    /// A PostgreSQL server.
    Postgres,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        })
    }
}

/// A name that the database listed: a member of the closed set. It has no public constructor.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identifier(Arc<str>);

/// Whether the text has the form of an identifier. Having the form admits nothing; being listed does.
pub(crate) fn is_identifier(text: &str) -> bool {
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts && text.len() <= LONGEST && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

impl Identifier {
    /// Admits a name that the database listed; `None` where its spelling would need more than plain quoting.
    fn listed(text: &str) -> Option<Self> {
        (is_identifier(text) && !text.starts_with("vinimay_") && !text.starts_with("sqlite_"))
            .then(|| Self(text.into()))
    }

    /// The name, unquoted.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for Identifier {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a column holds, as far as comparing and reading depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text.
    Text,
    /// Whole numbers of up to 64 bits.
    Integer,
    /// Truth values.
    Boolean,
    /// Civil dates.
    Date,
    /// Anything else: readable as text, never compared.
    Other,
}

/// One column of a listed table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub(crate) name: Identifier,
    pub(crate) kind: ColumnKind,
}

/// One listed table or view with its columns.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// On PostgreSQL.
    pub(crate) schema: Option<Identifier>,
    pub(crate) name: Identifier,
    pub(crate) is_view: bool,
    pub(crate) columns: Vec<Column>,
    /// Found without naming its schema.
    on_search_path: bool,
}

impl Table {
    /// The column of this exact name.
    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name.as_str() == name)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.name),
            None => write!(f, "{}", self.name),
        }
    }
}

/// Every table and view that the role may read.
#[derive(Clone, Debug)]
pub struct Catalogue {
    pub(crate) engine: Engine,
    tables: Vec<Arc<Table>>,
}

impl Catalogue {
    /// The table written as `name` or, on PostgreSQL, `schema.name`.
    pub(crate) fn table(&self, written: &str) -> Option<Arc<Table>> {
        let found = match written.split_once('.') {
            Some((schema, name)) => self
                .tables
                .iter()
                .find(|t| t.name.as_str() == name && t.schema.as_ref().is_some_and(|s| s.as_str() == schema)),
            None => self.tables.iter().find(|t| t.name.as_str() == written && t.on_search_path),
        };
        found.cloned()
    }

    /// The names as a mapping would write them, for suggestions.
    pub(crate) fn table_names(&self) -> impl Iterator<Item = String> + '_ {
        self.tables.iter().map(|t| if t.on_search_path { t.name.to_string() } else { t.to_string() })
    }

    /// The tables, views not counted.
    pub(crate) fn base_tables(&self) -> impl Iterator<Item = &Arc<Table>> {
        self.tables.iter().filter(|t| !t.is_view)
    }
}

#[cfg(test)]
mod tests;
