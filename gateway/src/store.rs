//! The gateway's own database: one file an area, resource first and verb second.
//!
//! Guarantees: the same on SQLite and PostgreSQL; uniqueness is decided by an index, never by read-then-write; columns with
//! personal data are [`Encrypted`](encrypted::Sealed). Deliberately absent: rules; a store method keeps and finds.

use diesel_migrations::embed_migrations;
use service_kit::db::Migrations;

pub mod assisted;
pub mod break_glass;
pub mod consents;
pub mod decisions;
pub mod directory;
pub mod encrypted;
pub mod evidence;
pub mod exchange;
pub mod fetching;
pub mod identity;
pub mod inquiries;
pub mod journal;
pub mod law_registers;
pub mod links;
pub mod links_decided;
pub mod links_open;
pub mod notices;
pub mod outbox;
pub mod overlap;
pub mod people;
pub mod retention;
pub mod review;
pub mod schemes;
pub mod triggers;
pub mod wallet_builds;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

/// Every change of the schema so far, for both engines.
pub const MIGRATIONS: Migrations =
    Migrations { sqlite: embed_migrations!("migrations/sqlite"), postgres: embed_migrations!("migrations/postgres") };
