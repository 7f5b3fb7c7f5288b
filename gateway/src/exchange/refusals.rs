//! How many signed refusals a peer may cost us: a bucket of their own, so that refusing does not starve answering.

use std::num::NonZeroU32;

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use schemas::{id::EntityId, problem::Code};

use super::Rejected;

/// Refusals a second of one peer.
const PER_SECOND: NonZeroU32 = NonZeroU32::new(250).unwrap();
/// Refusals of one peer at once.
const BURST: NonZeroU32 = NonZeroU32::new(5_000).unwrap();

/// One bucket a member; there are no more buckets than members.
pub struct Refusals(DefaultKeyedRateLimiter<EntityId>);

impl Default for Refusals {
    fn default() -> Self {
        Self(RateLimiter::keyed(Quota::per_second(PER_SECOND).allow_burst(BURST)))
    }
}

impl Refusals {
    /// Takes one refusal of this peer.
    ///
    /// # Errors
    /// `too-many-requests`.
    pub fn take(&self, peer: &EntityId) -> Result<(), Rejected> {
        self.0.check_key(peer).map_err(|_| Rejected::new(Code::TooManyRequests).retry_after(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_that_is_refused_too_often_is_refused_without_a_receipt() {
        let refusals = Refusals::default();
        let (one, other) = ("https://a.example".parse().unwrap(), "https://b.example".parse().unwrap());
        let taken = (0..20_000).take_while(|_| refusals.take(&one).is_ok()).count();
        assert!(taken >= 5_000, "{taken}");
        assert_eq!(refusals.take(&one).unwrap_err().code(), Code::TooManyRequests);
        assert!(refusals.take(&other).is_ok(), "each peer has its own");
    }
}
