//! Comparing two rolls so that each side learns only whom both have: private set intersection by commuting blinding on P-256.
//!
//! Both sides hash the same identifier of each person, under the context of this one comparison, to a point and blind it by a secret
//! of their own. Each blinds the other's points once more **in the order in which they came** and gives them back; a point that both
//! blinded is equal on both sides exactly where the identifiers are.
//!
//! ```text
//!   A                                              B
//!   a, points H(x)·a, shuffled      ────────▶      keeps none of them beyond the comparison
//!              ◀────────  H(x)·a·b in their order, and H(y)·b, shuffled
//!   H(y)·b·a in their order         ────────▶
//!   x is common where H(x)·a·b is among H(y)·b·a;  y is common where H(y)·b·a is among H(x)·a·b
//! ```
//!
//! Guarantees, against a side that follows the protocol and keeps everything it sees: of a person whom the other does not have
//! it learns nothing but that there is one (the sizes); it cannot try out identifiers off line, for every test needs the other's secret.
//! Deliberately absent: protection against a side that puts people into its set who are not on its roll; a law, its quota, and the
//! receipts of both sides are for that.

use std::collections::{BTreeMap, BTreeSet};

use schemas::{
    digest::Digest,
    id::{EntityId, LawId},
};

use crate::seal::{
    SealFailed,
    blinding::{Blinded, Blinding},
    random,
};

/// People of one comparison at most on one side.
pub const MOST: usize = 1_000_000;
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
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum OverlapError {
    /// More people than one comparison takes.
    #[error("more than {MOST} people on one side")]
    TooMany,
    /// One identifier stands for two people: an answer could not say which of them is meant.
    #[error("two people of this side have one identifier")]
    NotDistinct,
    /// The other side gave back fewer or more points than it got, or one twice.
    #[error("the other side did not give back each point once")]
    NotOurs,
}

/// One side of one comparison: its secret, and its people in the order in which their points go out. Dropped, nothing of it can be
/// made again.
pub struct Side<T> {
    secret: Blinding,
    people: Vec<(T, Blinded)>,
}

impl<T> std::fmt::Debug for Side<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Side({} people)", self.people.len())
    }
}

/// This side's people by name, the common identifier of each, canonical.
pub type People<T> = Vec<(T, Vec<u8>)>;

/// Why a side cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// Its people.
    #[error(transparent)]
    People(#[from] OverlapError),
    /// OpenSSL.
    #[error(transparent)]
    Seal(#[from] SealFailed),
}

impl<T> Side<T> {
    /// Draws a secret and blinds everybody, in an order by chance, so that a point's place says nothing.
    ///
    /// # Errors
    /// Too many people, one identifier for two of them, or OpenSSL.
    pub fn begin(context: &Context, people: People<T>) -> Result<Self, BeginError> {
        if people.len() > MOST {
            return Err(OverlapError::TooMany.into());
        }
        let distinct: BTreeSet<&[u8]> = people.iter().map(|(_, identifier)| identifier.as_slice()).collect();
        if distinct.len() != people.len() {
            return Err(OverlapError::NotDistinct.into());
        }
        let secret = Blinding::generate()?;
        let mut placed = BTreeMap::new();
        for (name, identifier) in people {
            // 128 random bits a person: no two are equal, and no order shows through.
            placed.insert(random::bytes::<16>(), (name, secret.of(&context.0, &identifier)?));
        }
        Ok(Self { secret, people: placed.into_values().collect() })
    }

    /// Our points, in the order in which they go out.
    pub fn points(&self) -> impl Iterator<Item = Blinded> {
        self.people.iter().map(|(_, point)| *point)
    }

    /// The other side's points, blinded again in their order: what it gets back.
    ///
    /// # Errors
    /// Too many, one twice, or OpenSSL.
    pub fn again(&self, theirs: &[Blinded]) -> Result<Vec<Blinded>, BeginError> {
        if theirs.len() > MOST {
            return Err(OverlapError::TooMany.into());
        }
        if theirs.iter().collect::<BTreeSet<_>>().len() != theirs.len() {
            return Err(OverlapError::NotOurs.into());
        }
        Ok(theirs.iter().map(|point| self.secret.again(point)).collect::<Result<_, _>>()?)
    }

    /// Whom both have, by our names. `ours`: our points as the other blinded them again, in our order; `theirs`: theirs, blinded
    /// again by us.
    ///
    /// # Errors
    /// [`OverlapError::NotOurs`].
    pub fn common(self, ours: &[Blinded], theirs: &[Blinded]) -> Result<Vec<T>, OverlapError> {
        let distinct: BTreeSet<&Blinded> = ours.iter().collect();
        if ours.len() != self.people.len() || distinct.len() != ours.len() {
            return Err(OverlapError::NotOurs);
        }
        let theirs: BTreeSet<&Blinded> = theirs.iter().collect();
        let named = self.people.into_iter().zip(ours);
        Ok(named.filter(|(_, point)| theirs.contains(point)).map(|((name, _), _)| name).collect())
    }
}

#[cfg(test)]
mod tests;
