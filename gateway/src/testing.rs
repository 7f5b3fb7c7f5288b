//! For tests of this crate: a trust anchor that signs and serves, and departments that join it over real TLS.
//!
//! The anchor is small, and can be told to misbehave; the real one meets the gateway in the end-to-end tests. Everything here is
//! signed, sealed and verified by the code that serves.

use service_kit::db::{Database, DatabaseUrl, OpenError};

mod anchor;
mod department;

pub(crate) use anchor::{Misbehaviour, TestAnchor, WALLET_ORIGIN};
pub(crate) use department::{Source, TestDepartment};

/// Hundreds of worlds are made by the tests of this crate: theirs begin as copies of a migrated database.
pub(crate) fn create_database(url: &DatabaseUrl) -> Result<Database, OpenError> {
    service_kit_testing::create_migrated(url, &crate::store::MIGRATIONS)
}
