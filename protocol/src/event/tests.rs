//! Events, acknowledgements, feeds, subscriptions and follow lists with real keys, and what spoils each.

mod delivery;
mod feed;
mod subscription;
