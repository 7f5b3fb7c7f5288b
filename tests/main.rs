//! End-to-end tests: the real binary, real PostgreSQL, real TLS, real signals. One test binary for all.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod access;
#[cfg(feature = "test-clock")]
mod benefits;
mod bodies;
mod browser;
mod canaries;
#[cfg(feature = "test-clock")]
mod cases;
mod counted;
mod crashes;
mod deployment;
mod doors;
mod evidence;
mod foreign;
mod interop;
mod layering;
#[cfg(feature = "test-clock")]
mod life;
#[cfg(feature = "test-clock")]
mod outdated;
mod ready;
mod refusals;
mod released;
#[cfg(feature = "test-clock")]
mod review;
mod revocation;
mod rogue;
mod setting_up;
#[cfg(feature = "test-clock")]
mod storm;
mod support;
mod wallet;
