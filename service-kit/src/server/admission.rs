//! Who may start work now: a limit for the process, and a rate for each peer.
//!
//! Refusals cost next to nothing and come before any signature is looked at.

use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock as _};
use schemas::problem::Code;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{PeerKey, ProblemResponse};

/// The longest that a request stands in the queue.
const PATIENCE: Duration = Duration::from_secs(5);

/// Limits how many requests are worked on at once, and how many wait.
pub(crate) struct Admission {
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    queue: usize,
}

impl Admission {
    pub(crate) fn new(concurrent: usize, queue: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(concurrent.max(1))), waiting: AtomicUsize::new(0), queue }
    }

    /// A place to work, held until it is dropped.
    pub(crate) async fn enter(&self) -> Result<OwnedSemaphorePermit, ProblemResponse> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(place);
        }
        let _turn = Turn::take(&self.waiting, self.queue)?;
        let place = tokio::time::timeout(PATIENCE, Arc::clone(&self.places).acquire_owned()).await;
        place.ok().and_then(Result::ok).ok_or_else(overloaded)
    }
}

/// A place in the queue, given back when dropped.
struct Turn<'a>(&'a AtomicUsize);

impl<'a> Turn<'a> {
    fn take(waiting: &'a AtomicUsize, queue: usize) -> Result<Self, ProblemResponse> {
        let turn = Self(waiting);
        // Counted first, so that two at once cannot both see the last place; the drop of `turn` takes it back.
        if waiting.fetch_add(1, Ordering::AcqRel) < queue { Ok(turn) } else { Err(overloaded()) }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

fn overloaded() -> ProblemResponse {
    ProblemResponse::new(Code::Overloaded).retry_after(1)
}

/// A token bucket for each peer.
pub(crate) struct Rates {
    buckets: DefaultKeyedRateLimiter<PeerKey>,
    taken: AtomicUsize,
}

impl Rates {
    pub(crate) fn new(per_second: u32, burst: u32) -> Self {
        let one = NonZeroU32::MIN;
        let quota = Quota::per_second(NonZeroU32::new(per_second).unwrap_or(one))
            .allow_burst(NonZeroU32::new(burst).unwrap_or(one));
        Self { buckets: RateLimiter::keyed(quota), taken: AtomicUsize::new(0) }
    }

    /// Takes one token of this peer.
    pub(crate) fn take(&self, peer: &PeerKey) -> Result<(), ProblemResponse> {
        // Buckets that have filled up again say nothing; without this, memory would grow with each new address.
        if self.taken.fetch_add(1, Ordering::Relaxed) % 4096 == 4095 {
            self.buckets.retain_recent();
            self.buckets.shrink_to_fit();
        }
        self.buckets.check_key(peer).map_err(|until| {
            let wait = until.wait_time_from(self.buckets.clock().now()).as_secs().saturating_add(1);
            ProblemResponse::new(Code::TooManyRequests).retry_after(u32::try_from(wait).unwrap_or(u32::MAX))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn a_full_house_queues_and_a_full_queue_refuses_at_once() {
        let admission = Admission::new(1, 2);
        let inside = admission.enter().await.unwrap();
        let (mut first, mut second) = (Box::pin(admission.enter()), Box::pin(admission.enter()));
        assert!(first.as_mut().now_or_never().is_none() && second.as_mut().now_or_never().is_none());
        let refused = admission.enter().now_or_never().unwrap().unwrap_err();
        assert_eq!((refused.code(), refused.seconds_to_retry()), (Code::Overloaded, Some(1)));
        drop(second);
        drop(inside);
        let place = first.await.unwrap();
        assert!(admission.enter().now_or_never().is_none(), "the one place is taken again");
        drop(place);
        assert!(admission.enter().await.is_ok());
        assert_eq!(admission.waiting.load(Ordering::Acquire), 0);
    }

    #[test]
    fn each_peer_has_its_own_bucket() {
        let rates = Rates::new(1, 3);
        let (a, b) = (PeerKey::Address([127, 0, 0, 1].into()), PeerKey::Address([127, 0, 0, 2].into()));
        for _ in 0..3 {
            rates.take(&a).unwrap();
        }
        let refused = rates.take(&a).unwrap_err();
        assert_eq!(refused.code(), Code::TooManyRequests);
        assert!(refused.seconds_to_retry().unwrap() >= 1);
        assert!(rates.take(&b).is_ok());
    }
}
