//! End-to-end tests: the real binary, real PostgreSQL, real TLS, real signals. One test binary for all.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod evidence;
mod layering;
mod support;
