//! Addresses on loopback: every world takes a block of ports below those that the system gives to outgoing connections,
//! so that a restarted server finds its port free.

use std::{
    net::{Ipv4Addr, TcpListener},
    sync::{
        OnceLock,
        atomic::{AtomicU16, Ordering},
    },
};

/// Hands out ports, each once. Worlds of one process never get the same: a world's ports are free until its servers start.
#[derive(Debug)]
pub struct Addresses(Next);

#[derive(Debug)]
enum Next {
    OfThisProcess,
    Own(AtomicU16),
}

/// Below the range of outgoing connections (32768 on Linux), above what services use.
const FIRST: u16 = 20_000;
const LAST: u16 = 32_000;

impl Addresses {
    /// Goes on where the world before it in this process was; the first begins at a place that depends on the process, so that two
    /// processes seldom look at the same ports.
    pub const fn new() -> Self {
        Self(Next::OfThisProcess)
    }

    /// Starts at a port of the caller's choice: the demonstration has the same addresses each time, if they are free.
    pub const fn starting_at(port: u16) -> Self {
        Self(Next::Own(AtomicU16::new(port)))
    }

    /// A port on 127.0.0.1 to which nothing is bound now.
    pub fn port(&self) -> u16 {
        static OF_THIS_PROCESS: OnceLock<AtomicU16> = OnceLock::new();
        let next = match &self.0 {
            Next::OfThisProcess => OF_THIS_PROCESS.get_or_init(|| {
                let spread = u16::try_from(std::process::id() % 1_000).unwrap_or(0) * 12;
                AtomicU16::new(FIRST + spread)
            }),
            Next::Own(next) => next,
        };
        loop {
            let port = next.fetch_add(1, Ordering::Relaxed);
            if port > LAST {
                next.store(FIRST, Ordering::Relaxed);
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
        let another = Addresses::new();
        let more: Vec<u16> = std::iter::repeat_with(|| [addresses.port(), another.port()]).take(25).flatten().collect();
        assert!(!more.contains(&occupied) && more.iter().all(|p| (FIRST..=LAST).contains(p)));
        assert_eq!(more.iter().collect::<std::collections::BTreeSet<_>>().len(), 50);
    }
}
