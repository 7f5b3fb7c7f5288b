//! A replaceable set of certificates, each with what it stands for.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use super::PeerCertificate;
use crate::clock::Clock;

/// Decides whether a certificate may come in.
pub trait CertificateCheck: Send + Sync + 'static {
    /// Whether it is known, byte for byte, and has not expired.
    fn admits(&self, certificate: &PeerCertificate) -> bool;
}

type Known<T> = Arc<HashMap<Vec<u8>, T>>;

/// Certificates by their exact DER, each mapped to a `T` (a member, a system). Clones share one set.
pub struct PinnedSet<T> {
    known: Arc<RwLock<Known<T>>>,
    clock: Clock,
}

impl<T> Clone for PinnedSet<T> {
    fn clone(&self) -> Self {
        Self { known: Arc::clone(&self.known), clock: self.clock.clone() }
    }
}

impl<T> std::fmt::Debug for PinnedSet<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PinnedSet({} certificates)", self.len())
    }
}

impl<T> PinnedSet<T> {
    /// An empty set: nobody comes in.
    pub fn new(clock: Clock) -> Self {
        Self { known: Arc::default(), clock }
    }

    /// Replaces the whole set, for new handshakes and for the next request of every open connection.
    pub fn replace(&self, certificates: impl IntoIterator<Item = (Vec<u8>, T)>) {
        let next = Arc::new(certificates.into_iter().collect());
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = next;
    }

    /// How many certificates are in it.
    pub fn len(&self) -> usize {
        self.snapshot().len()
    }

    /// Whether nobody comes in.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn snapshot(&self) -> Known<T> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T: Clone> PinnedSet<T> {
    /// What the certificate stands for, now; `None` if it is unknown or not valid at this time.
    pub fn find(&self, certificate: &PeerCertificate) -> Option<T> {
        if !certificate.is_current(self.clock.now()) {
            return None;
        }
        self.snapshot().get(certificate.der()).cloned()
    }
}

impl<T: Send + Sync + 'static> CertificateCheck for PinnedSet<T> {
    fn admits(&self, certificate: &PeerCertificate) -> bool {
        certificate.is_current(self.clock.now()) && self.snapshot().contains_key(certificate.der())
    }
}
