//! What the anchor keeps: the log, what was published of it, the members, the registers.
//!
//! Guarantees: every function here is one named unit of work on a connection that its caller holds, columns are
//! enumerated, numbers that leave the database are checked. Deliberately absent: transactions (the callers say
//! what belongs together) and every rule about what may be stored.

pub(crate) mod anchor;
pub(crate) mod log;
pub(crate) mod member;
pub(crate) mod publication;
pub(crate) mod register;
pub(crate) mod schema;

use diesel_migrations::{EmbeddedMigrations, embed_migrations};
pub(crate) use service_kit::db::AnyConnection as Connection;
use service_kit::db::{DatabaseError, Migrations};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// The migrations of the anchor. Its configuration takes SQLite alone, so there is one set.
pub(crate) fn migrations() -> Migrations {
    Migrations { sqlite: SQLITE, postgres: SQLITE }
}

/// A unit of work on the database failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// A stored value is not of the form in which it was written: the file was damaged or changed by hand.
    #[error("the database holds a damaged {0}; mend: restore a backup and run `vinimay anchor log fsck`")]
    Damaged(&'static str),
    /// Another process has moved the head of the log since this one read it.
    #[error("another process has added to this log; mend: run one anchor on one database")]
    HeadMoved,
}

impl From<diesel::result::Error> for StoreError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

pub(crate) fn unsigned(number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| StoreError::Damaged("number"))
}

pub(crate) fn signed(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::Damaged("number"))
}

pub(crate) fn bytes32(bytes: &[u8]) -> Result<[u8; 32], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Damaged("hash"))
}
