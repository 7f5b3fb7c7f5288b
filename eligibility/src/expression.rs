//! Expressions for what structured clauses do not reach: one a clause, behind a trait, bounded in size and so in time.
//!
//! Guarantees: an expression has at most [`MAX_BYTES`] bytes, [`MAX_NODES`] nodes and [`MAX_DEPTH`] levels, no loop and no call but
//! `max`, `min`, `sum`; so one evaluation takes a bounded number of steps and needs no clock. It is checked against the kinds of its
//! facts before it is kept; a fact that is missing makes its part unknown in Kleene's sense, and nothing tests whether a fact is
//! there, so that forgetting a fact can make a result unknown and never turns it round. Deliberately absent: which language; that is
//! one file ([`cel`]).

mod cel;

use std::{borrow::Cow, fmt, ops::Range, sync::Arc};

use crate::{fact::Value, truth::Truth};

pub use cel::CommonExpressions;

/// Longest expression, in bytes.
pub const MAX_BYTES: usize = 500;
/// Most names, constants and operators in one.
pub const MAX_NODES: usize = 64;
/// Deepest nesting.
pub const MAX_DEPTH: u16 = 10;
/// Longest list that a fact may bring; a longer one is unknown.
pub const MAX_LIST: usize = 64;

/// What an expression must give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// True or false: a clause.
    Truth,
    /// Whole rupees: a formula.
    Amount,
}

/// What is wrong with an expression, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Bytes of the expression.
    pub at: Range<usize>,
    /// What is wrong.
    pub what: String,
    /// How to mend it.
    pub help: String,
}

/// A language of expressions.
pub trait Expressions {
    /// Reads and checks an expression.
    ///
    /// # Errors
    /// Each fault with its place.
    fn compile(&self, source: &str, wanted: Wanted) -> Result<Arc<dyn Compiled>, Vec<Fault>>;
}

/// Where an expression finds its facts.
pub trait Lookup: Send + Sync {
    /// The value under a name; `None`: unknown.
    fn value(&self, name: &str) -> Option<Cow<'_, Value>>;
}

/// An expression that was read and checked.
pub trait Compiled: fmt::Debug + Send + Sync {
    /// As it was written.
    fn source(&self) -> &str;

    /// The facts it names, each once.
    fn names(&self) -> &[String];

    /// What a clause says; unknown where a fact that matters is missing.
    fn truth(&self, lookup: &dyn Lookup) -> Truth;

    /// What a formula gives; `None` where a fact that matters is missing, or beyond what a number can hold.
    fn amount(&self, lookup: &dyn Lookup) -> Option<i64>;
}
