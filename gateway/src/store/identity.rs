//! What must last of bindings: invitations, access tokens, places in status lists.
//!
//! Guarantees: codes, tokens and resident numbers stand here as keyed hashes or encrypted; a code is used once and dies after
//! five wrong tries, both decided by one conditional UPDATE. Deliberately absent: what is in a binding.

pub mod bindings;
pub mod offers;
pub mod resident_names;
pub mod tokens;

#[cfg(test)]
mod tests;
