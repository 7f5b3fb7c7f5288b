//! For tests: temporary folders, free ports, and a throw-away PostgreSQL from the system's own binaries.
//!
//! Guarantees: nothing outlives the test process, even a killed one. Deliberately absent: anything that stands in
//! for the real part.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod browser;
mod postgres;
mod world;

pub use browser::{Browser, Page};
pub use postgres::{PostgresServer, postgres};
pub use world::{DatabaseWorld, both_databases, self_signed};

/// A port on 127.0.0.1 to which nothing is bound, each given once in a process. It lies below those that the system gives to
/// outgoing connections, so that nobody takes it before the server that it is for.
pub fn free_port() -> u16 {
    use std::sync::atomic::{AtomicU16, Ordering};
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 10_000 + u16::try_from(std::process::id() % 900).unwrap() * 10;
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed) % 1_000;
        if std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
