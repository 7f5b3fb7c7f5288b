//! Life events between a source and its subscribers: event, acknowledgement, application, feed head, subscription.
//!
//! Guarantees: what is inside an event can be opened only for the event that carries it; an acknowledgement belongs to
//! the exact bytes that were sent; a subscription is in force only when both sides signed equal terms.
//! Deliberately absent: numbering, delivery, retries, and what a department does about an event.
//! Source: triggers, "Events", "Delivery".

mod feed;
#[cfg(test)]
pub(crate) mod fixture;
mod follow;
mod opened;
mod receive;
mod send;
mod subject;
mod subscription;
#[cfg(test)]
mod tests;

pub use feed::{FeedMismatch, accept_feed_head, check_feed, feed_root};
pub use follow::{MAX_FOLLOWED, PeerFollow, accept_follow, authorize_follow, open_follow};
pub use opened::{EventUnusable, OpenedEvent, open_any_event};
pub use receive::{EventContents, EventUnreadable, PeerEvent, Receiver, accept_event, authorize_event, open_event};
pub use send::{NotAboutEvent, Occurrence, Source, accept_ack, accept_applied, ack_is_about, applied_is_about};
pub use subject::{NAME_LIFE, NameInvalid, NamedPerson, NamingRegistry, open_subject};
pub use subscription::{
    SubscriptionInvalid, SubscriptionTerms, VerifiedSubscription, accept_subscription, sign_subscription,
};
