//! The directory of members: who is in, with which roles and keys, and in what standing.
//!
//! Guarantees: a member counts only after the digest of its entity configuration is in the log; its configuration
//! changes only by its own federation key and only forward in time; a statement never goes back and never has an
//! `iat` twice with other bytes; every change of standing is in the log and in the audit trail.
//! Deliberately absent: judging a member's datasets, and intermediates below this anchor.

pub(crate) mod application;
mod invitation;
mod join;
pub(crate) mod resolve;
mod standing;
mod statement;

pub(crate) use invitation::invite;
pub use invitation::{DEFAULT_LIFE as DEFAULT_INVITATION_LIFE, InviteError, Invited};
pub(crate) use join::{JoinError, join};
pub use standing::StandingError;
pub(crate) use standing::set_standing;
pub(crate) use statement::{StatementError, statement};
