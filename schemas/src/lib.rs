//! Every type that travels, once: serde types, JSON Schemas, golden vectors.
//!
//! Guarantees: signed structures are closed (unknown members are refused), hold no floats, and
//! every identifier, digest and time has a type of its own that cannot hold an invalid value.
//! Deliberately absent: signatures, keys, policy, I/O and the clock. Those live in the rows above.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod answer;
pub mod asking;
pub mod assisted;
pub mod benefits;
pub mod bundle;
pub mod catalogue;
pub mod citizen;
pub mod consent;
pub mod decision;
pub mod digest;
pub mod erasure;
pub mod event;
pub mod federation;
pub mod head;
pub mod id;
pub mod linking;
pub mod local;
pub mod naming;
pub mod notice;
pub mod openid;
pub mod overlap;
pub mod problem;
pub mod query;
pub mod receipt;
pub mod roll_order;
pub mod scheme;
pub mod time;
pub mod version;
pub mod wallet_build;
pub mod webhook;
