//! Inclusion proofs: built by RFC 6962 §2.1.1, verified by the steps of RFC 9162 §2.1.3.2.

use super::{
    Hash, HashReader, MerkleError, ProveError,
    node::{check_size, range_hash},
    node_hash, split,
};

/// The sibling hashes of one leaf, the leaf's own sibling first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InclusionProof(Vec<Hash>);

impl InclusionProof {
    /// Takes hashes as received; nothing is checked before [`Self::verify`].
    pub fn from_hashes(hashes: Vec<Hash>) -> Self {
        Self(hashes)
    }

    /// The hashes, leaf sibling first.
    pub fn hashes(&self) -> &[Hash] {
        &self.0
    }

    /// Proof that leaf `index` is in the tree of `size` leaves that `reader` holds.
    ///
    /// # Errors
    /// [`ProveError::Question`] for an index outside the tree, else the reader's.
    pub fn build<R: HashReader>(index: u64, size: u64, reader: &R) -> Result<Self, ProveError<R::Error>> {
        check(index, size).map_err(ProveError::Question)?;
        let siblings = sibling_ranges(index, size).into_iter().rev();
        let hashes = siblings.map(|(start, end)| range_hash(start, end, reader)).collect::<Result<_, _>>();
        hashes.map(Self).map_err(ProveError::Read)
    }

    /// Verifies that `leaf` is at `index` of the tree with this size and root.
    ///
    /// # Errors
    /// [`MerkleError`]: an index outside the tree, a wrong number of hashes, another root.
    pub fn verify(&self, leaf: &Hash, index: u64, size: u64, root: &Hash) -> Result<(), MerkleError> {
        check(index, size)?;
        let length = MerkleError::ProofLength { found: self.0.len() };
        let (mut position, mut last, mut hash) = (index, size - 1, *leaf);
        for sibling in &self.0 {
            if last == 0 {
                return Err(length);
            }
            if position & 1 == 1 || position == last {
                hash = node_hash(sibling, &hash);
                // On the right edge a node without sibling rises unchanged.
                while position & 1 == 0 && position != 0 {
                    (position, last) = (position >> 1, last >> 1);
                }
            } else {
                hash = node_hash(&hash, sibling);
            }
            (position, last) = (position >> 1, last >> 1);
        }
        match (last, hash == *root) {
            (0, true) => Ok(()),
            (0, false) => Err(MerkleError::RootMismatch),
            _ => Err(length),
        }
    }
}

/// Ranges whose hashes make the path, the root's child first.
fn sibling_ranges(index: u64, size: u64) -> Vec<(u64, u64)> {
    let (mut start, mut end) = (0, size);
    let mut ranges = Vec::new();
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            ranges.push((middle, end));
            end = middle;
        } else {
            ranges.push((start, middle));
            start = middle;
        }
    }
    ranges
}

fn check(index: u64, size: u64) -> Result<(), MerkleError> {
    check_size(size)?;
    if index >= size { Err(MerkleError::IndexOutsideTree { index, size }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::{LeafHashes, leaf_hash, root_of_leaves};

    fn leaves(count: u64) -> Vec<Hash> {
        (0..count).map(|i| leaf_hash(&i.to_be_bytes())).collect()
    }

    #[test]
    fn every_leaf_of_every_small_tree_is_proven_and_only_at_its_place() {
        for size in 1..40_u64 {
            let leaves = leaves(size);
            let root = root_of_leaves(&leaves);
            for index in 0..size {
                let proof = InclusionProof::build(index, size, &LeafHashes(&leaves)).unwrap();
                for other in 0..size {
                    let verdict = proof.verify(&leaves[index as usize], other, size, &root);
                    assert_eq!(verdict.is_ok(), other == index, "{index} at {other} of {size}");
                }
            }
        }
    }

    #[test]
    fn proofs_of_a_wrong_shape_are_refused() {
        let leaves = leaves(11);
        let root = root_of_leaves(&leaves);
        let proof = InclusionProof::build(5, 11, &LeafHashes(&leaves)).unwrap();
        let verify = |hashes: &[Hash], index, size| {
            InclusionProof::from_hashes(hashes.to_vec()).verify(&leaves[5], index, size, &root)
        };
        let mut longer = proof.hashes().to_vec();
        longer.push(root);
        let long = vec![root; 100_000];
        assert_eq!(verify(&proof.0[..3], 5, 11), Err(MerkleError::ProofLength { found: 3 }));
        assert_eq!(verify(&longer, 5, 11), Err(MerkleError::ProofLength { found: 5 }));
        assert_eq!(verify(&long, 5, 11), Err(MerkleError::ProofLength { found: 100_000 }));
        assert_eq!(verify(&proof.0, 11, 11), Err(MerkleError::IndexOutsideTree { index: 11, size: 11 }));
        assert_eq!(verify(&proof.0, 0, 0), Err(MerkleError::IndexOutsideTree { index: 0, size: 0 }));
        assert_eq!(verify(&proof.0, 5, u64::MAX), Err(MerkleError::TreeTooLarge(u64::MAX)));
        assert_eq!(proof.verify(&leaves[6], 5, 11, &root), Err(MerkleError::RootMismatch));
    }

    #[test]
    fn no_proof_is_built_for_a_leaf_that_is_not_there() {
        let leaves = leaves(3);
        let build = |index, size| InclusionProof::build(index, size, &LeafHashes(&leaves));
        assert!(matches!(build(3, 3), Err(ProveError::Question(_))));
        assert!(matches!(build(0, 0), Err(ProveError::Question(_))));
        assert!(matches!(build(0, 4), Err(ProveError::Read(_))));
    }
}
