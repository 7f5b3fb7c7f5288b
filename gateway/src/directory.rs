//! Who is a member, as this gateway knows it: a snapshot in memory, refreshed every minute, kept in the database.
//!
//! Guarantees: what is in the snapshot was verified from the pinned fingerprint down; nothing ever goes back, across restarts
//! and processes (`statement_seen`, `register_seen`); a member whose refresh failed stays as it was until its statements end;
//! what has ended is refused as `directory-outdated`. Deliberately absent: any word of a member about another.

mod load;
mod refresh;
mod snapshot;

pub use load::{LoadError, load};
pub use refresh::{RefreshError, Refreshed, refresh};
pub use snapshot::DirectorySnapshot;

#[cfg(test)]
mod tests;
