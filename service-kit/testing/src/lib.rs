//! For tests: temporary folders, free ports, and a throw-away PostgreSQL from the system's own binaries.
//!
//! Guarantees: nothing outlives the test process, even a killed one. Deliberately absent: anything that stands in
//! for the real part.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod browser;
mod clock;
mod copies;
mod postgres;
mod warnings;
mod world;

pub use browser::{Browser, Page};
pub use clock::{TestClockFile, obey_the_named_file};
pub use copies::{create_migrated, postgres_migrated};
pub use postgres::{PostgresServer, postgres};
pub use warnings::show_warnings;
pub use world::{DatabaseWorld, both_databases, self_signed};

/// A port on 127.0.0.1 to which nothing is bound, each given once on this machine for as long as this process lives. It lies
/// below those that the system gives to outgoing connections, so that nobody takes it before the server that it is for.
pub fn free_port() -> u16 {
    use std::{
        fs::File,
        sync::{Mutex, PoisonError},
    };
    static HELD: Mutex<Vec<(u16, File)>> = Mutex::new(Vec::new());
    let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
    let user = rustix::process::geteuid().as_raw();
    // Not where this run keeps its files: another run on this machine must see it, too.
    let folder = std::path::PathBuf::from(format!("/tmp/vinimay-test-ports-{user}"));
    std::fs::create_dir_all(&folder).unwrap();
    let first = u16::try_from(std::process::id() % 900).unwrap() * 10;
    for n in 0..9_000 {
        let port = 10_000 + (first + n) % 9_000;
        if held.iter().any(|(one, _)| *one == port) {
            continue;
        }
        let file = File::options().create(true).append(true).open(folder.join(port.to_string())).unwrap();
        // The system gives the lock back when this process ends, however it ends.
        if file.try_lock().is_ok() && std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, port)).is_ok() {
            held.push((port, file));
            return port;
        }
    }
    panic!("no port is free");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_given_once() {
        let ports: std::collections::BTreeSet<u16> = (0..50).map(|_| free_port()).collect();
        assert_eq!(ports.len(), 50);
    }
}
