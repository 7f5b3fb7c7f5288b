//! Accounts, sessions and keys of the department's officers.
//!
//! Guarantees: tokens and codes are kept as digests; a code, a flow and a try count once, decided by the row that leaves or by
//! the primary key; names for display are encrypted. Deliberately absent: passwords in the clear, and what roles mean.

pub mod accounts;
pub mod login_flows;
pub mod officer_keys;
pub mod persons;
pub mod sessions;
pub mod tries;

use service_kit::db::DatabaseError;

use super::encrypted::ColumnError;

/// A row that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum PeopleStoreError {
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The encryption.
    #[error(transparent)]
    Column(#[from] ColumnError),
    /// A row holds what this program never writes.
    #[error("a row of {table} holds what was never written")]
    Content {
        /// Of this table.
        table: &'static str,
    },
}

impl From<diesel::result::Error> for PeopleStoreError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

#[cfg(test)]
mod tests;
