//! Addresses on loopback: every world takes a block of ports below those that the system gives to outgoing connections,
//! so that a restarted server finds its port free.

use std::{
    net::{Ipv4Addr, TcpListener},
    sync::atomic::{AtomicU16, Ordering},
};

/// Hands out ports, each once.
#[derive(Debug)]
pub struct Addresses {
    next: AtomicU16,
}

/// Below the range of outgoing connections (32768 on Linux), above what services use.
const FIRST: u16 = 20_000;
const LAST: u16 = 32_000;

impl Addresses {
    /// Starts at a place that depends on this process, so that two worlds seldom look at the same ports.
    pub fn new() -> Self {
        let spread = u16::try_from(std::process::id() % 1_000).unwrap_or(0) * 12;
        Self { next: AtomicU16::new(FIRST + spread) }
    }

    /// Starts at a port of the caller's choice: the demonstration has the same addresses each time, if they are free.
    pub const fn starting_at(port: u16) -> Self {
        Self { next: AtomicU16::new(port) }
    }

    /// A port on 127.0.0.1 to which nothing is bound now.
    pub fn port(&self) -> u16 {
        loop {
            let port = self.next.fetch_add(1, Ordering::Relaxed);
            if port > LAST {
                self.next.store(FIRST, Ordering::Relaxed);
            } else if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return port;
            }
        }
    }
}

impl Default for Addresses {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_given_once_and_an_occupied_one_never() {
        let addresses = Addresses::new();
        let held = TcpListener::bind((Ipv4Addr::LOCALHOST, addresses.port())).unwrap();
        let occupied = held.local_addr().unwrap().port();
        let more: Vec<u16> = std::iter::repeat_with(|| addresses.port()).take(50).collect();
        assert!(!more.contains(&occupied) && more.iter().all(|p| (FIRST..=LAST).contains(p)));
        assert_eq!(more.iter().collect::<std::collections::BTreeSet<_>>().len(), 50);
    }
}
