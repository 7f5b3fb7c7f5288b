//! What the servers share: configuration, storage, TLS, HTTP in both directions, time, jobs, telemetry.
//!
//! Guarantees: each trap of the libraries below is closed here once. Deliberately absent: any word of the
//! domain; what is exchanged, and who may have it, is decided in the crates above.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod access;
pub mod audit_trail;
pub mod clock;
pub mod config;
pub mod db;
pub mod group_commit;
pub mod health;
pub mod http_client;
pub mod jobs;
pub mod lease;
pub mod secret;
pub mod server;
pub mod telemetry;
pub mod tls;
pub mod words;

// The fixtures are a crate of their own for the crates above; here they are compiled once more, of this very crate's types.
#[cfg(test)]
extern crate self as service_kit;
#[cfg(test)]
#[path = "../testing/src/lib.rs"]
pub mod testing;
