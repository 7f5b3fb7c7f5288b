//! The transparency log as pure rules: Merkle tree, tiles, signed notes, checkpoints, inclusion
//! proofs, our 42-byte entries, and RFC 3161 time stamps.
//!
//! Nothing here does I/O, reads a clock or draws randomness: stored tiles come through
//! [`tile::TileReader`], time, keys, nonces and serial numbers are arguments. Parsers are strict,
//! bounded and never panic; what was parsed and what was verified are different types.
//!
//! Deliberately absent: cosignatures and witness rules, HTTP, storage, the sequencer.
//!
//! Sources: C2SP signed-note v1.0.0, tlog-checkpoint v1.0.0, tlog-tiles v0.1.0, tlog-proof;
//! RFC 6962, RFC 9162, RFC 3161, RFC 5652, RFC 5816.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod checkpoint;
mod decimal;
pub mod entry;
pub mod merkle;
pub mod note;
pub mod proof;
pub mod tile;
pub mod timestamp;
