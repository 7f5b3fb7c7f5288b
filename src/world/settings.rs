//! Configuration files of a world, written as a department's staff would write them.

use std::path::Path;

/// Where a gateway keeps its own rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Store {
    /// A SQLite file in the gateway's folder.
    Sqlite,
    /// A PostgreSQL database, several gateways on it if need be.
    Postgres(String),
}

impl Store {
    /// The address as the configuration takes it.
    pub fn url(&self) -> String {
        match self {
            Self::Sqlite => "sqlite://gateway.sqlite".to_owned(),
            Self::Postgres(url) => url.clone(),
        }
    }
}

/// A TOML string: JSON's escapes are a subset of TOML's basic strings.
pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Quotes a path.
pub fn quoted_path(path: &Path) -> String {
    quoted(&path.display().to_string())
}

/// A TOML array of strings.
pub fn quoted_list<T: ToString>(items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(|item| quoted(&item.to_string())).collect();
    format!("[{}]", items.join(", "))
}
