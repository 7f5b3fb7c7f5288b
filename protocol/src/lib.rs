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

// The fixtures are a crate of their own for the crates above; here they are compiled once more, of this very crate's types.
#[cfg(test)]
extern crate self as protocol;
#[cfg(test)]
#[path = "../testing/src/lib.rs"]
pub mod testing;
