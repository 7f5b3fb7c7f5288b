//! The right edge of a growing tree (compact range): enough to append leaves and know the root.
//!
//! Deliberately absent: proofs; they need hashes that the edge has forgotten.

use super::{
    Hash, HashReader, MerkleError, ProveError,
    node::{check_size, fold_peaks, perfect_subtrees},
    node_hash,
};

/// Roots of the perfect subtrees of a tree, largest first: one for each one bit of the size.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The edge of the empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// An edge from its stored parts.
    ///
    /// # Errors
    /// [`MerkleError::FrontierShape`] when the number of peaks does not fit the size.
    pub fn from_parts(size: u64, peaks: Vec<Hash>) -> Result<Self, MerkleError> {
        check_size(size)?;
        if peaks.len() != size.count_ones() as usize {
            return Err(MerkleError::FrontierShape { size, peaks: peaks.len() });
        }
        Ok(Self { size, peaks })
    }

    /// The edge of a stored tree of `size` leaves.
    ///
    /// # Errors
    /// As [`super::tree_root`].
    pub fn load<R: HashReader>(size: u64, reader: &R) -> Result<Self, ProveError<R::Error>> {
        check_size(size).map_err(ProveError::Question)?;
        let nodes = perfect_subtrees(0, size).into_iter();
        let peaks = nodes.map(|node| reader.node(node)).collect::<Result<_, _>>().map_err(ProveError::Read)?;
        Ok(Self { size, peaks })
    }

    /// Appends one leaf hash at index [`Self::size`].
    pub fn append(&mut self, leaf: Hash) {
        let mut carry = leaf;
        for _ in 0..self.size.trailing_ones() {
            // One peak exists for each trailing one bit, by the invariant of the type.
            let Some(left) = self.peaks.pop() else { break };
            carry = node_hash(&left, &carry);
        }
        self.peaks.push(carry);
        self.size += 1;
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The peaks, largest subtree first.
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// Root of the tree.
    pub fn root(&self) -> Hash {
        fold_peaks(&self.peaks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::{LeafHashes, leaf_hash, root_of_leaves};

    #[test]
    fn appending_gives_the_root_of_all_leaves_at_every_size() {
        let mut edge = Frontier::new();
        let mut leaves = Vec::new();
        for i in 0..600_u16 {
            assert_eq!(edge.root(), root_of_leaves(&leaves));
            assert_eq!(Frontier::load(edge.size(), &LeafHashes(&leaves)).as_ref(), Ok(&edge));
            let leaf = leaf_hash(&i.to_be_bytes());
            edge.append(leaf);
            leaves.push(leaf);
        }
    }

    #[test]
    fn an_edge_is_stored_and_read_back_only_in_its_shape() {
        let mut edge = Frontier::new();
        (0..7_u8).for_each(|i| edge.append(leaf_hash(&[i])));
        assert_eq!(Frontier::from_parts(7, edge.peaks().to_vec()), Ok(edge.clone()));
        let shape = Err(MerkleError::FrontierShape { size: 8, peaks: 3 });
        assert_eq!(Frontier::from_parts(8, edge.peaks().to_vec()), shape);
        assert_eq!(Frontier::from_parts(u64::MAX, vec![]), Err(MerkleError::TreeTooLarge(u64::MAX)));
    }
}
