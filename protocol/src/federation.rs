//! Who is a member, with which keys and roles; which purposes and laws are in force (OpenID Federation 1.1).
//!
//! Guarantees: a member exists only as the end of a chain of signatures from the pinned fingerprint of the trust
//! anchor; its roles and standing are the anchor's word, its endpoints and keys its own word as the log has it; what
//! is expired or goes back is refused; a register counts when two different officers signed equal content.
//! Deliberately absent: fetching, storing, the clock, and trust-mark or metadata policies, which are not used.

mod anchor;
mod chain;
mod directory;
mod error;
mod keys;
mod mark;
mod member;
mod register;
mod statement;

pub use anchor::VerifiedAnchor;
pub use chain::{resolved_chain, verify_chain};
pub use directory::Directory;
pub use error::FederationError;
pub use keys::{Officers, SigningKeys};
pub use mark::{Mark, WentBack};
pub use member::VerifiedMember;
pub use register::{RegisteredLaw, VerifiedLaws, VerifiedPurposes, VerifiedRegister, register_digest, verify_register};
pub use statement::{
    VerifiedConfiguration, sign_configuration, sign_register, sign_resolve_response, sign_statement, verify_applicant,
};

/// Longest life of a subordinate statement, seconds (protocol, "Federation"): a suspension bites after it at worst.
pub const STATEMENT_LIFE: i64 = 24 * 3600;
/// Longest life of an entity configuration, seconds: its key is kept off line, so that it cannot be renewed daily.
/// What ends a membership is the subordinate statement, which names the configuration by digest.
pub const CONFIGURATION_LIFE: i64 = 400 * 24 * 3600;

#[cfg(test)]
pub(crate) mod testing;
