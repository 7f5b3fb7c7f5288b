//! The wire types against their JSON Schemas and their golden vectors.
//!
//! Guarantees: `schemas/json/` is what the types generate; every valid vector is read by serde, allowed by the schema
//! and printed back unchanged; every invalid one is refused by serde, and by the schema wherever a schema can.
//! Deliberately absent: signatures and meaning; those are tested where they are verified.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod drift;
mod types;
mod vectors;
