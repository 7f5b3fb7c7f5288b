//! The crate against the world outside: published vectors, other implementations, stock OpenSSL,
//! and every single-byte change.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod flips;
mod openssl_ts;
mod oracles;
mod tokens;
mod vectors;
mod world;
