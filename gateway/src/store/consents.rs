//! What must last of consents at the asking and at the answering side: requests, held consents, acknowledged orders, what
//! was spent, status lists that were seen.
//!
//! Guarantees: consents are encrypted; one decision a request, one spending a nonce, decided by an index or a condition.
//! Deliberately absent: uses and revocation, whose one row is `store::exchange::consent_state`.

pub mod forwards;
pub mod held;
pub mod orders;
pub mod requests;
pub mod spent;
pub mod status_lists;

#[cfg(test)]
mod tests;
