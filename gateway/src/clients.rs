//! Speaking to others: the trust anchor, and other departments.
//!
//! Guarantees: the only roots towards a party are the certificates that the directory lists for it; what comes back is
//! capped, and is bytes until its signature was verified. Deliberately absent: retries; the callers know what is safe.

pub mod anchor;
pub mod peer;
