//! How many connections there are, and of whose requests how many are in work.
//!
//! Guarantees: a connection past the limits of the process is let in as long as there is room to tell its requests so, because a
//! connection that is thrown away tears a request of which nobody then knows whether it was worked on; one peer's requests in work
//! are bounded, over however many connections they came; a certificate with twice as many connections as it may use gets no further
//! one; those who show none have three quarters of all among them, for behind one address may stand a data centre, or the customers
//! of a carrier.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use schemas::problem::Code;

/// Connections past the limit of the process that are let in to hear that it is reached.
const SPARE: usize = 64;
/// Connections that a peer may hold for each request that it may have in work: pools keep idle ones, and several processes may
/// share a certificate.
const HELD: usize = 2;

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
    peers: Arc<Mutex<HashMap<PeerKey, Count>>>,
    limit: usize,
    limit_per_peer: usize,
}

#[derive(Default)]
struct Count {
    connections: usize,
    working: usize,
}

impl Connections {
    pub(crate) fn new(limit: usize, limit_per_peer: usize) -> Self {
        Self { open: Arc::default(), peers: Arc::default(), limit, limit_per_peer }
    }

    /// How many there are now.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Acquire)
    }

    /// A place for a connection whose peer is not known yet.
    pub(crate) fn enter(&self) -> Option<Place> {
        let before = self.open.fetch_add(1, Ordering::AcqRel);
        let place = Place { connections: self.clone(), peer: None, spare: before >= self.limit };
        (before < self.limit.saturating_add(SPARE)).then_some(place)
    }

    fn peers(&self) -> MutexGuard<'_, HashMap<PeerKey, Count>> {
        self.peers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_room(&self, peers: &HashMap<PeerKey, Count>, peer: PeerKey) -> bool {
        let held = self.limit_per_peer.saturating_mul(HELD);
        match peer {
            PeerKey::Certificate(_) => peers.get(&peer).is_none_or(|count| count.connections < held),
            PeerKey::Address(_) => {
                let without = peers.iter().filter(|(peer, _)| matches!(peer, PeerKey::Address(_)));
                without.map(|(_, count)| count.connections).sum::<usize>() < held.max(self.limit / 4 * 3)
            }
        }
    }

    fn leave(&self, peer: PeerKey, of: impl FnOnce(&mut Count) -> &mut usize) {
        let mut peers = self.peers();
        let Some(count) = peers.get_mut(&peer) else { return };
        let one = of(count);
        *one = one.saturating_sub(1);
        if count.connections == 0 && count.working == 0 {
            peers.remove(&peer);
        }
    }
}

/// A counted connection; the count goes down when it is dropped.
pub(crate) struct Place {
    connections: Connections,
    peer: Option<PeerKey>,
    spare: bool,
}

impl Place {
    /// The same place, now also counted for its peer.
    pub(crate) fn of_peer(mut self, peer: PeerKey) -> Option<Self> {
        let connections = self.connections.clone();
        let mut peers = connections.peers();
        if !connections.has_room(&peers, peer) {
            // The lock is free again before `self` drops.
            drop(peers);
            return None;
        }
        let count = peers.entry(peer).or_default();
        count.connections = count.connections.saturating_add(1);
        self.peer = Some(peer);
        Some(self)
    }

    /// Counts a request of this connection as in work, or says why there is no place for it now.
    ///
    /// # Errors
    /// `overloaded` where the process has too many connections, `too-many-requests` where this peer has too many requests in work.
    pub(crate) fn work(&self) -> Result<Option<Working>, Code> {
        let connections = &self.connections;
        if self.spare && connections.open() > connections.limit {
            return Err(Code::Overloaded);
        }
        let Some(peer) = self.peer else { return Ok(None) };
        let mut peers = connections.peers();
        let count = peers.entry(peer).or_default();
        if count.working >= connections.limit_per_peer {
            return Err(Code::TooManyRequests);
        }
        count.working = count.working.saturating_add(1);
        Ok(Some(Working { connections: connections.clone(), peer }))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.open.fetch_sub(1, Ordering::AcqRel);
        if let Some(peer) = self.peer {
            self.connections.leave(peer, |count| &mut count.connections);
        }
    }
}

/// A request in work; the peer's count goes down when it is dropped.
pub(crate) struct Working {
    connections: Connections,
    peer: PeerKey,
}

impl Drop for Working {
    fn drop(&mut self) {
        self.connections.leave(self.peer, |count| &mut count.working);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(n: u8) -> PeerKey {
        PeerKey::Address([10, 0, 0, n].into())
    }

    fn member(n: u8) -> PeerKey {
        PeerKey::Certificate([n; 32])
    }

    #[test]
    fn many_may_stand_behind_one_address_and_one_behind_a_certificate() {
        let connections = Connections::new(40, 4);
        let taken = |peer: PeerKey| -> Vec<Place> {
            (0..40).map_while(|_| connections.enter().and_then(|place| place.of_peer(peer))).collect()
        };
        let mut behind_an_address = taken(peer(1));
        let of_a_certificate = taken(member(1));
        assert_eq!((behind_an_address.len(), of_a_certificate.len()), (30, 8), "a share stays for members");
        assert!(taken(peer(2)).is_empty(), "however many addresses there are");
        behind_an_address.truncate(20);
        assert_eq!(taken(peer(2)).len(), 10);
        drop((behind_an_address, of_a_certificate));
        assert_eq!(connections.open(), 0);
    }

    #[test]
    fn a_certificate_holds_twice_the_connections_that_it_may_use_at_once() {
        let connections = Connections::new(100, 2);
        let mut held: Vec<Place> = (0..4).map(|_| connections.enter().unwrap().of_peer(member(1)).unwrap()).collect();
        assert!(connections.enter().unwrap().of_peer(member(1)).is_none(), "a fifth of one peer");
        let other = connections.enter().unwrap().of_peer(member(2)).unwrap();
        let (first, second) = (held[0].work().unwrap(), held[3].work().unwrap());
        assert_eq!(held[1].work().err(), Some(Code::TooManyRequests), "over whichever connections they came");
        assert!(other.work().is_ok(), "another peer's are its own");
        drop(first);
        assert!(held[1].work().is_ok());
        drop(held.pop());
        assert!(connections.enter().unwrap().of_peer(member(1)).is_some());
        drop((held, other, second));
        assert!(connections.peers().is_empty());
        assert_eq!(connections.open(), 0);
    }

    #[test]
    fn connections_past_the_limit_hear_so_until_others_have_gone() {
        let connections = Connections::new(3, 100);
        let mut held: Vec<Place> = (1..=3).map(|n| connections.enter().unwrap().of_peer(peer(n)).unwrap()).collect();
        let spare: Vec<Place> = (0..SPARE).map(|_| connections.enter().unwrap().of_peer(peer(9)).unwrap()).collect();
        assert!(connections.enter().is_none(), "and not one more");
        assert_eq!(spare[0].work().err(), Some(Code::Overloaded));
        assert!(held[0].work().is_ok(), "those who were there before go on");
        held.clear();
        drop(spare.into_iter().skip(3).collect::<Vec<_>>());
        let late = connections.enter().unwrap().of_peer(peer(1)).unwrap();
        assert!(late.work().is_ok());
    }
}
