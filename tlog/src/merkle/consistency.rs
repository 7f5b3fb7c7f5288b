//! Consistency proofs: built by RFC 6962 §2.1.2, verified by the steps of RFC 9162 §2.1.4.2.

use super::{
    EMPTY_ROOT, Hash, HashReader, MerkleError, ProveError,
    node::{check_size, range_hash},
    node_hash, split,
};

/// Hashes that show an older tree to be a prefix of a newer one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsistencyProof(Vec<Hash>);

impl ConsistencyProof {
    /// Takes hashes as received; nothing is checked before [`Self::verify`].
    pub fn from_hashes(hashes: Vec<Hash>) -> Self {
        Self(hashes)
    }

    /// The hashes in the order of RFC 6962.
    pub fn hashes(&self) -> &[Hash] {
        &self.0
    }

    /// Proof that the first `old` leaves of the tree of `new` leaves in `reader` were not
    /// changed. Empty for `old` 0 and for `old == new`.
    ///
    /// # Errors
    /// [`ProveError::Question`] for `old > new`, else the reader's.
    pub fn build<R: HashReader>(old: u64, new: u64, reader: &R) -> Result<Self, ProveError<R::Error>> {
        check(old, new).map_err(ProveError::Question)?;
        let ranges = proof_ranges(old, new).into_iter().rev();
        let hashes = ranges.map(|(start, end)| range_hash(start, end, reader)).collect::<Result<_, _>>();
        hashes.map(Self).map_err(ProveError::Read)
    }

    /// Verifies that the older tree is a prefix of the newer one.
    ///
    /// With `old` 0 the older root must be [`EMPTY_ROOT`]; with equal sizes the roots must be
    /// equal; in both cases the proof must be empty.
    ///
    /// # Errors
    /// [`MerkleError`]: reversed sizes, a wrong number of hashes, one of the roots differs.
    pub fn verify(&self, old: u64, old_root: &Hash, new: u64, new_root: &Hash) -> Result<(), MerkleError> {
        check(old, new)?;
        if old == 0 || old == new {
            return self.verify_trivial(old, old_root, new, new_root);
        }
        let length = MerkleError::ProofLength { found: self.0.len() };
        let skipped = (old - 1).trailing_ones();
        let (mut position, mut last) = ((old - 1) >> skipped, (new - 1) >> skipped);
        // An older tree that is one perfect subtree is its own first hash.
        let (first, rest) = match self.0.split_first() {
            Some(_) if old.is_power_of_two() => (*old_root, &self.0[..]),
            Some((first, rest)) => (*first, rest),
            None => return Err(length),
        };
        let (mut old_hash, mut new_hash) = (first, first);
        for hash in rest {
            if last == 0 {
                return Err(length);
            }
            if position & 1 == 1 || position == last {
                old_hash = node_hash(hash, &old_hash);
                new_hash = node_hash(hash, &new_hash);
                while position & 1 == 0 && position != 0 {
                    (position, last) = (position >> 1, last >> 1);
                }
            } else {
                new_hash = node_hash(&new_hash, hash);
            }
            (position, last) = (position >> 1, last >> 1);
        }
        match (last, old_hash == *old_root, new_hash == *new_root) {
            (0, true, true) => Ok(()),
            (0, false, _) => Err(MerkleError::OldRootMismatch),
            (0, true, false) => Err(MerkleError::RootMismatch),
            _ => Err(length),
        }
    }

    fn verify_trivial(&self, old: u64, old_root: &Hash, new: u64, new_root: &Hash) -> Result<(), MerkleError> {
        if !self.0.is_empty() {
            return Err(MerkleError::ProofLength { found: self.0.len() });
        }
        if old == 0 && *old_root != EMPTY_ROOT {
            return Err(MerkleError::OldRootMismatch);
        }
        if old == new && old_root != new_root {
            return Err(MerkleError::RootMismatch);
        }
        Ok(())
    }
}

/// SUBPROOF of RFC 6962 §2.1.2 as ranges, the root's child first.
fn proof_ranges(old: u64, new: u64) -> Vec<(u64, u64)> {
    let (mut start, mut end) = (0, new);
    let mut ranges = Vec::new();
    if old == 0 {
        return ranges;
    }
    while old != end {
        let middle = start + split(end - start);
        if old <= middle {
            ranges.push((middle, end));
            end = middle;
        } else {
            ranges.push((start, middle));
            start = middle;
        }
    }
    // Where the older tree's edge is a subtree of its own, the verifier cannot know it.
    if start != 0 {
        ranges.push((start, end));
    }
    ranges
}

fn check(old: u64, new: u64) -> Result<(), MerkleError> {
    check_size(new)?;
    if old > new { Err(MerkleError::OldTreeLarger { old, new }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::{LeafHashes, leaf_hash, root_of_leaves};

    fn leaves(count: u64) -> Vec<Hash> {
        (0..count).map(|i| leaf_hash(&i.to_be_bytes())).collect()
    }

    #[test]
    fn every_pair_of_small_trees_is_proven_and_no_other_pair() {
        let leaves = leaves(24);
        let root = |size: u64| root_of_leaves(&leaves[..size as usize]);
        for new in 0..=24 {
            for old in 0..=new {
                let proof = ConsistencyProof::build(old, new, &LeafHashes(&leaves)).unwrap();
                assert_eq!(proof.verify(old, &root(old), new, &root(new)), Ok(()), "{old} to {new}");
                let forged = leaf_hash(b"forged");
                assert!(proof.verify(old, &forged, new, &root(new)).is_err());
                if old != 0 {
                    assert!(proof.verify(old, &root(old), new, &forged).is_err());
                }
                for other in (1..=new).filter(|other| *other != old && old != 0) {
                    assert!(proof.verify(other, &root(old), new, &root(new)).is_err());
                }
            }
        }
    }

    #[test]
    fn proofs_of_a_wrong_shape_are_refused() {
        let leaves = leaves(15);
        let root = |size: usize| root_of_leaves(&leaves[..size]);
        let proof = ConsistencyProof::build(7, 15, &LeafHashes(&leaves)).unwrap();
        let verify = |hashes: &[Hash], old: u64, new: u64| {
            ConsistencyProof::from_hashes(hashes.to_vec()).verify(old, &root(7), new, &root(15))
        };
        let mut longer = proof.0.clone();
        longer.push(root(1));
        assert_eq!(verify(&[], 7, 15), Err(MerkleError::ProofLength { found: 0 }));
        assert_eq!(verify(&proof.0[..4], 7, 15), Err(MerkleError::ProofLength { found: 4 }));
        assert_eq!(verify(&longer, 7, 15), Err(MerkleError::ProofLength { found: 6 }));
        assert_eq!(verify(&proof.0, 15, 15), Err(MerkleError::ProofLength { found: 5 }));
        assert_eq!(verify(&[], 15, 15), Err(MerkleError::RootMismatch));
        assert_eq!(verify(&[], 0, 15), Err(MerkleError::OldRootMismatch));
        assert_eq!(verify(&proof.0, 16, 15), Err(MerkleError::OldTreeLarger { old: 16, new: 15 }));
        assert_eq!(verify(&proof.0, 7, u64::MAX), Err(MerkleError::TreeTooLarge(u64::MAX)));
    }
}
