//! The trust anchor: directory of members, append-only log of digests, time stamps, purposes and laws.
//!
//! Guarantees: it sees digests and their types, names of departments, keys and times, never a receipt and never
//! anything about a citizen; what it acknowledges is durable; what it publishes is stamped; what it once published
//! is a prefix of everything that follows. Deliberately absent: witnesses (a later issue), PostgreSQL, deciding
//! about any query: no exchange waits for the anchor.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod audit_head;
pub mod commands;
pub mod config;
mod configuration;
pub mod directory;
pub mod fsck;
mod http;
pub mod init;
pub mod keys;
pub mod proving;
mod published_file;
mod publisher;
mod quota;
pub mod registers;
pub mod run;
mod sequencer;
mod stamping;
mod store;
mod submission;
#[cfg(test)]
mod testing;
