//! The demonstration.
pub mod population;
