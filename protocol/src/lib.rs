//! The rules of the exchange: what is signed, what is verified, what is allowed.
//!
//! Guarantees: everything here is a function of its arguments; `now`, keys and the directory are passed in.
//! Deliberately absent: I/O, clocks, databases, HTTP. Those live in the servers, one row above.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod bundle;
pub mod consent;
pub mod credential;
pub mod due_process;
pub mod event;
pub mod exchange;
pub mod federation;
pub mod overlap;
pub mod seal;

#[cfg(any(test, feature = "testing"))]
pub mod testing;
