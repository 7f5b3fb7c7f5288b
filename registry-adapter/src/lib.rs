//! The department's own database, as the gateway may see it: read through a mapping, proven unwritable, changed by decisions.
//!
//! Guarantees: SQL text is made of literals of this crate and of names that the database itself listed when the
//! mapping was loaded; values are always bound; only a `Grant` opens a dataset, and only its fields are selected; the
//! reader's role was seen to fail at writing; a change of a roll and its journal row are one transaction, and nobody is removed
//! without the warrant of a delivered notice. Deliberately absent: HTTP, consent, schemes.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod ageing;
pub mod catalogue;
pub mod changes;
mod connection;
pub mod guardians;
pub mod identity;
pub mod install;
pub mod journal;
pub mod key;
pub mod mapping;
pub mod matching;
mod postgres;
pub mod registry;
pub mod roll;
mod row;
pub mod source;
mod sqlite;
mod statement;
pub mod statement_log;

#[cfg(test)]
mod testing;
