//! What must last of exchanges: claims, uses of consents, receipts, stored answers, our own questions.
//!
//! Guarantees: each write is one statement over many rows, decided by an index (`ON CONFLICT DO NOTHING`) or by a condition
//! (`UPDATE … WHERE`), never by an SQL error; rows are written in the order of their keys, so that two processes cannot
//! wait for each other; receipts and claims are insert-only (triggers refuse the rest). Deliberately absent: rules.

pub mod answers;
pub mod asks;
pub mod claims;
pub mod consent_state;
pub mod known;
pub mod law_uses;
pub mod live_nonces;
pub mod receipts;
pub mod returns;
pub(in crate::store) mod statement;
#[cfg(test)]
mod tests;
pub mod transparency;

pub use consent_state::{
    ConsentChange, ConsentIndex, ConsentRow, OrderEffect, consent_find, consent_index, consent_order, issuer_index,
};
pub use receipts::{ReceiptRow, receipts_of_consent_issuer, receipts_of_subject};
