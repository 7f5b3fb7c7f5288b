//! What must last of decisions: what was said of people, what was decided, the signed records, objections, queues, breakers.
//!
//! Guarantees: what names or describes a person is encrypted and found by a keyed hash; records of facts and signed records are
//! insert-only (triggers refuse the rest); a decision changes only from the state and turn in which it was read. Deliberately
//! absent: rules; what may follow from what stands in `eligibility`.

pub mod breakers;
pub mod cases;
pub mod days;
pub mod facts;
pub mod log;
pub mod objections;
pub mod persons;
pub mod queue;
pub mod work;

use service_kit::db::DatabaseError;

use super::{encrypted::ColumnError, notices::NoticeStoreError, people::PeopleStoreError};

/// A row cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum DecisionStoreError {
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The encryption.
    #[error(transparent)]
    Column(#[from] ColumnError),
    /// A notice.
    #[error(transparent)]
    Notice(#[from] NoticeStoreError),
    /// An account.
    #[error(transparent)]
    People(#[from] PeopleStoreError),
    /// A row holds what it cannot.
    #[error("a stored row of decisions is damaged: {0}")]
    Damaged(&'static str),
}

impl From<diesel::result::Error> for DecisionStoreError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}
