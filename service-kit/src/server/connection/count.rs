//! How many connections there are, in all and of each peer.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// By what a peer is counted: its certificate's fingerprint, else its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum PeerKey {
    Certificate([u8; 32]),
    Address(IpAddr),
}

/// Counts the connections of a process.
#[derive(Clone)]
pub(crate) struct Connections {
    open: Arc<AtomicUsize>,
    by_peer: Arc<Mutex<HashMap<PeerKey, usize>>>,
    limit: usize,
    limit_per_peer: usize,
}

impl Connections {
    pub(crate) fn new(limit: usize, limit_per_peer: usize) -> Self {
        Self { open: Arc::default(), by_peer: Arc::default(), limit, limit_per_peer }
    }

    /// How many there are now.
    #[cfg(test)]
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Acquire)
    }

    /// A place for a connection whose peer is not known yet.
    pub(crate) fn enter(&self) -> Option<Place> {
        let place = Place { connections: self.clone(), peer: None };
        (self.open.fetch_add(1, Ordering::AcqRel) < self.limit).then_some(place)
    }
}

/// A counted connection; the count goes down when it is dropped.
pub(crate) struct Place {
    connections: Connections,
    peer: Option<PeerKey>,
}

impl Place {
    /// The same place, now also counted for its peer.
    pub(crate) fn of_peer(mut self, peer: PeerKey) -> Option<Self> {
        let by_peer = Arc::clone(&self.connections.by_peer);
        let mut by_peer = by_peer.lock().unwrap_or_else(PoisonError::into_inner);
        let count = by_peer.entry(peer).or_default();
        if *count >= self.connections.limit_per_peer {
            // The lock is free again before `self` drops.
            drop(by_peer);
            return None;
        }
        *count = count.saturating_add(1);
        self.peer = Some(peer);
        Some(self)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.open.fetch_sub(1, Ordering::AcqRel);
        let Some(peer) = self.peer else { return };
        let mut by_peer = self.connections.by_peer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = by_peer.get_mut(&peer) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                by_peer.remove(&peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_limited_in_all_and_for_each_peer_and_come_back() {
        let connections = Connections::new(3, 2);
        let peer = |n| PeerKey::Address([10, 0, 0, n].into());
        let a1 = connections.enter().unwrap().of_peer(peer(1)).unwrap();
        let _a2 = connections.enter().unwrap().of_peer(peer(1)).unwrap();
        assert!(connections.enter().unwrap().of_peer(peer(1)).is_none(), "two of one peer");
        let b = connections.enter().unwrap().of_peer(peer(2)).unwrap();
        assert!(connections.enter().is_none(), "three in all");
        drop(a1);
        assert!(connections.enter().unwrap().of_peer(peer(1)).is_some());
        drop(b);
        drop(_a2);
        assert!(connections.by_peer.lock().unwrap().is_empty());
        assert_eq!(connections.open.load(Ordering::Acquire), 0);
    }
}
