//! The program `vinimay`: command line, wallet, offline audit, demonstration; and the worlds of processes that tests and
//! benchmarks drive.
//!
//! The roles themselves are crates of their own: `gateway`, `trust-anchor`, `registry-adapter`. Here they get a command line.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod audit;
pub mod bench;
pub mod cli;
pub mod demo;
pub mod wallet;
pub mod world;
