//! Comparing two rolls so that each side learns only whom both have: private set intersection by commuting blinding on P-256.
//!
//! Both sides hash the same identifier of each person, under the context of this one comparison, to a point and blind it by a secret
//! of their own. Each blinds the other's points once more **in the order in which they came** and gives them back; a point that both
//! blinded is equal on both sides exactly where the identifiers are. They go a page at a time, both ways at once:
//!
//! ```text
//!   A                                                          B
//!   turn n: points H(x)·a of page n, and H(y)·b·a of page n−1  ────▶
//!           ◀────  H(x)·a·b of page n in its order, and points H(y)·b of page n
//!   x is common where H(x)·a·b is among H(y)·b·a;  y is common where H(y)·b·a is among H(x)·a·b
//! ```
//!
//! Guarantees, against a side that follows the protocol and keeps everything it sees: of a person whom the other does not have
//! it learns nothing but that there is one (the sizes); it cannot try out identifiers off line, for every test needs the other's secret.
//! A side that stops early is at most one page ahead of the other.
//! Deliberately absent: protection against a side that puts people into its set who are not on its roll; a law, its quota, and the
//! receipts of both sides are for that.
//!
//! Whom both have is a reason to look, and nothing else. It is no warrant, and cannot be made one:
//! ```compile_fail,E0277
//! # use protocol::{due_process::RemovalWarrant, overlap::Common};
//! fn remove<T>(common: Common<T>) -> RemovalWarrant {
//!     common.into()
//! }
//! ```

mod comparison;
mod statement;
mod terms;
#[cfg(test)]
mod tests;

use schemas::{
    digest::Digest,
    id::{EntityId, LawId},
};

pub use self::{
    comparison::{Answering, Asking, Ended},
    statement::{NotTaken, Party, accept_message, accept_result},
    terms::{authorize, dataset_of},
};
use crate::seal::{SealFailed, blinding::InvalidBlinded};

/// People of one comparison at most on one side.
pub const MOST: u32 = 1_000_000;
/// Points of one page at most.
pub const PAGE: usize = 1_000;

/// Between whom, under which law and for which request a comparison is: none of its points means anything in another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context(Vec<u8>);

impl Context {
    /// `request`: digest of the signed request, which is another each time.
    pub fn new(law: &LawId, [asker, answerer]: [&EntityId; 2], request: &Digest) -> Self {
        let mut bytes = b"vinimay overlap v1".to_vec();
        for part in [law.as_str(), asker.as_str(), answerer.as_str()] {
            bytes.push(0);
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes.push(0);
        bytes.extend_from_slice(request.as_bytes());
        Self(bytes)
    }
}

/// A comparison cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum OverlapError {
    /// More people than one comparison takes.
    #[error("more than {MOST} people on one side")]
    TooMany,
    /// One identifier stands for two people: an answer could not say which of them is meant.
    #[error("two people of this side have one identifier")]
    NotDistinct,
    /// Another turn than the next one.
    #[error("the other side's message belongs to another turn")]
    OutOfTurn,
    /// A page of another length than agreed, or one point twice.
    #[error("the other side did not give each point once")]
    NotEachOnce,
    /// Something that is no point.
    #[error(transparent)]
    NoPoint(#[from] InvalidBlinded),
    /// OpenSSL.
    #[error(transparent)]
    Seal(#[from] SealFailed),
}

/// This side's people by name, the common identifier of each, canonical.
pub type People<T> = Vec<(T, Vec<u8>)>;

/// Whom both rolls have, by this side's names. It leads to an officer's look and to nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Common<T>(Vec<T>);

impl<T> Common<T> {
    /// How many.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nobody.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Their names.
    pub fn into_names(self) -> Vec<T> {
        self.0
    }
}

/// The one spelling of an identifier: without white space and hyphens, ASCII letters in capitals. `None` where nothing is left.
pub fn canonical(identifier: &str) -> Option<Vec<u8>> {
    let kept = identifier.chars().filter(|c| !c.is_whitespace() && *c != '-');
    let spelt: String = kept.map(|c| c.to_ascii_uppercase()).collect();
    (!spelt.is_empty()).then(|| spelt.into_bytes())
}
