//! For tests: temporary folders, free ports, and a throw-away PostgreSQL from the system's own binaries.
//!
//! Guarantees: nothing outlives the test process, even a killed one. Deliberately absent: anything that stands in
//! for the real part.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod postgres;
mod world;

pub use postgres::{PostgresServer, postgres};
pub use world::{DatabaseWorld, both_databases, self_signed};
