//! Who is eligible for what, and why: facts of a person, schemes with their clauses, and what follows from both.
//!
//! Guarantees: everything here is a pure function of its arguments: any order of arrival gives the same facts, a missing fact is
//! *unknown* and never removes anybody, and no type here reaches a removal but through a notice and its window. Deliberately
//! absent: the clock, I/O, signatures and storage; the gateway brings them.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod age;
pub mod backtest;
pub mod benefit;
pub mod clause;
pub mod effect;
pub mod evaluate;
pub mod examples;
pub mod expression;
pub mod fact;
pub mod fold;
pub mod lifecycle;
pub mod lint;
pub mod propose;
pub mod scheme;
pub mod truth;
pub mod vocabulary;
