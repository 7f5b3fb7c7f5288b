//! The signed head of a feed: one number and one Merkle root say whether anything is missing or was changed.
//!
//! Guarantees: a subscriber that holds events 1 to `last_seq` with this root holds exactly what the source says it
//! sent. Deliberately absent: fetching what differs. Source: triggers, "Delivery"; RFC 6962 §2.1.

use schemas::{digest::Digest, event::FeedHead, id::EntityId, problem::Code};
use tlog::merkle::{leaf_hash, root_of_leaves};

use crate::{exchange::Attested, federation::VerifiedMember, seal::authorize_audience};

/// What a subscriber holds is not what the source says it sent.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum FeedMismatch {
    /// Events are missing: fetch them.
    #[error("the feed has {last_seq} events, {held} are held")]
    Missing {
        /// The last number of the feed.
        last_seq: u64,
        /// Events held.
        held: u64,
    },
    /// The same number of events, but not the same ones: evidence of equivocation.
    #[error("the events held are not those of the signed head")]
    Different,
}

/// The RFC 6962 Merkle root over the events' digests, 32 bytes each, in the order of their numbers.
pub fn feed_root(digests: &[Digest]) -> Digest {
    let leaves: Vec<_> = digests.iter().map(|digest| leaf_hash(digest.as_bytes())).collect();
    Digest::from_bytes(*root_of_leaves(&leaves).as_bytes())
}

/// Takes a feed head from its source, for us.
///
/// # Errors
/// As a token of that member, or [`Code::AudienceWrong`].
pub fn accept_feed_head(bytes: &[u8], source: &VerifiedMember, us: &EntityId) -> Result<Attested<FeedHead>, Code> {
    let head = Attested::<FeedHead>::verify(bytes, source).map_err(|error| error.code())?;
    authorize_audience(&head.claims().aud, us).map_err(|error| error.code())?;
    Ok(head)
}

/// Compares the events held, by digest in the order of their numbers, with a head. Events beyond the head, which came
/// after it was signed, are not judged.
///
/// # Errors
/// [`FeedMismatch`].
pub fn check_feed(head: &FeedHead, held: &[Digest]) -> Result<(), FeedMismatch> {
    let count = usize::try_from(head.last_seq).ok().and_then(|last| held.get(..last));
    let missing = FeedMismatch::Missing { last_seq: head.last_seq, held: held.len() as u64 };
    let held = count.ok_or(missing)?;
    if feed_root(held) == head.root { Ok(()) } else { Err(FeedMismatch::Different) }
}
