//! Columns that hold personal data: encrypted for their place, found by a keyed hash.
//!
//! Source: security, requirement 50. Guarantees: what is stored opens only at its table, row and column; equal values of one
//! column have equal indexes, of two columns unrelated ones. Deliberately absent: ranges and sorting over such columns.

use protocol::seal::envelope::{EnvelopeError, Place};
use serde::{Serialize, de::DeserializeOwned};

use crate::keys::Keys;

/// A column that cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ColumnError {
    /// OpenSSL failed.
    #[error("a column could not be encrypted")]
    Sealing(#[from] protocol::seal::SealFailed),
    /// Changed, moved, or of an unknown key.
    #[error(transparent)]
    Opening(#[from] EnvelopeError),
    /// It opens, and holds something else.
    #[error("a decrypted column does not hold what it should")]
    Content,
}

/// One encrypted column: a type, bound to table and column by name.
#[derive(Clone, Copy, Debug)]
pub struct Encrypted {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
}

impl Encrypted {
    /// Encrypts a value for one row.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn seal<T: Serialize>(self, keys: &Keys, row: &str, value: &T) -> Result<Vec<u8>, ColumnError> {
        let plain = serde_json::to_vec(value).map_err(|_| ColumnError::Content)?;
        Ok(keys.columns.encrypt(&Place::new(self.table, row, self.column), &plain)?)
    }

    /// Decrypts the value of one row.
    ///
    /// # Errors
    /// If it was changed or moved, or its key is gone.
    pub fn open<T: DeserializeOwned>(self, keys: &Keys, row: &str, stored: &[u8]) -> Result<T, ColumnError> {
        let plain = keys.columns.decrypt(&Place::new(self.table, row, self.column), stored)?;
        serde_json::from_slice(&plain).map_err(|_| ColumnError::Content)
    }

    /// The value by which the column is found.
    pub fn index(self, keys: &Keys, value: &str) -> String {
        keys.index.blind_index(&format!("{}|{}", self.table, self.column), value.as_bytes()).to_string()
    }
}
