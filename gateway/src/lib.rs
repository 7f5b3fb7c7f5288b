//! A department's gateway: it asks and answers other departments, hears and tells of life events, keeps its receipts.
//!
//! One story from the outside in: `run` starts four listeners (`http`), `exchange` answers and asks, `consents` and
//! `identity` serve citizens' wallets, `triggers` carries life events, `anchoring` and `directory` keep touch with the trust
//! anchor, `store` keeps what must last. Deliberately absent: rules about what is allowed; those are pure, in `protocol`.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod anchoring;
pub mod app;
mod areas;
pub mod assisted;
pub mod audit;
pub mod break_glass;
pub mod bundle;
pub mod cases;
pub mod catalogue;
pub mod clients;
pub mod commands;
pub mod config;
pub mod configuration;
pub mod consents;
pub mod console;
pub mod decisions;
pub mod directory;
pub mod exchange;
pub mod fetching;
pub mod http;
pub mod identity;
pub mod init;
pub mod jobs;
pub mod join;
pub mod keys;
pub mod laws;
pub mod links;
pub mod notices;
pub mod overlap;
pub mod parked;
pub mod people;
mod public_tls;
pub mod retention;
pub mod review;
pub mod rolls;
pub mod run;
pub mod schemes;
pub mod store;
pub mod triggers;
mod wallet_build;
pub mod webhooks;

#[cfg(test)]
pub(crate) mod testing;
