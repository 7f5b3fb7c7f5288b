//! Perfect subtrees, and how any range that a proof needs is put together from them.
//!
//! Storage only ever has perfect subtrees (tiles are made of them); the ragged right edge is
//! folded here, in one place, for roots and both kinds of proof.

use super::{EMPTY_ROOT, Hash, MAX_TREE_SIZE, MerkleError, ProveError, node_hash, root_of_leaves};

/// A perfect subtree: leaves `index << level` up to `(index + 1) << level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId {
    /// Height above the leaves; 0 is a leaf.
    pub level: u8,
    /// Position among the nodes of this level.
    pub index: u64,
}

impl NodeId {
    /// First leaf after this subtree; `None` where that is beyond [`MAX_TREE_SIZE`].
    pub fn end(self) -> Option<u64> {
        let end = u128::from(self.index).checked_add(1)?.checked_shl(u32::from(self.level))?;
        let fits = self.level <= 62 && end <= u128::from(MAX_TREE_SIZE);
        if fits { u64::try_from(end).ok() } else { None }
    }
}

/// Where hashes of perfect subtrees come from: stored tiles, or leaves in memory.
pub trait HashReader {
    /// What goes wrong when a hash cannot be delivered.
    type Error;

    /// The hash of one perfect subtree of the tree being read.
    ///
    /// # Errors
    /// The reader's own; a subtree outside its tree is an error too.
    fn node(&self, node: NodeId) -> Result<Hash, Self::Error>;
}

/// A [`HashReader`] over leaf hashes in memory, for small trees and self-checks.
#[derive(Debug, Clone, Copy)]
pub struct LeafHashes<'a>(pub &'a [Hash]);

/// A subtree outside the tree was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("level {} node {} is outside the tree", .0.level, .0.index)]
pub struct OutsideTree(pub NodeId);

impl HashReader for LeafHashes<'_> {
    type Error = OutsideTree;

    fn node(&self, node: NodeId) -> Result<Hash, OutsideTree> {
        let outside = OutsideTree(node);
        let end = node.end().and_then(|end| usize::try_from(end).ok()).ok_or(outside)?;
        let start = end - (1_usize << node.level);
        self.0.get(start..end).map(root_of_leaves).ok_or(outside)
    }
}

/// Root of the tree of `size` leaves, from stored subtrees.
///
/// # Errors
/// [`ProveError::Question`] for a size above [`MAX_TREE_SIZE`], else the reader's.
pub fn tree_root<R: HashReader>(size: u64, reader: &R) -> Result<Hash, ProveError<R::Error>> {
    check_size(size).map_err(ProveError::Question)?;
    if size == 0 {
        return Ok(EMPTY_ROOT);
    }
    range_hash(0, size, reader).map_err(ProveError::Read)
}

/// Perfect subtrees that cover `start..end`, left to right, where `start` is a multiple of a
/// power of two not below `end - start` (true of every range in a proof).
pub(super) fn perfect_subtrees(start: u64, end: u64) -> Vec<NodeId> {
    let mut nodes = Vec::new();
    let mut from = start;
    while from < end {
        let level = 63 - (end - from).leading_zeros();
        nodes.push(NodeId { level: level as u8, index: from >> level });
        from += 1 << level;
    }
    nodes
}

/// MTH(D[start:end]) of RFC 6962 for a range as in [`perfect_subtrees`].
pub(super) fn range_hash<R: HashReader>(start: u64, end: u64, reader: &R) -> Result<Hash, R::Error> {
    let nodes = perfect_subtrees(start, end).into_iter();
    let hashes = nodes.map(|node| reader.node(node)).collect::<Result<Vec<_>, _>>()?;
    Ok(fold_peaks(&hashes))
}

/// Root over perfect subtrees of falling size: the smaller ones hang to the right.
pub(super) fn fold_peaks(peaks: &[Hash]) -> Hash {
    let folded = peaks.iter().rev().copied().reduce(|right, left| node_hash(&left, &right));
    folded.unwrap_or(EMPTY_ROOT)
}

/// Refuses sizes for which shifts could overflow.
pub(super) fn check_size(size: u64) -> Result<(), MerkleError> {
    if size > MAX_TREE_SIZE { Err(MerkleError::TreeTooLarge(size)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::leaf_hash;

    #[test]
    fn nodes_outside_the_tree_are_errors_and_no_shift_overflows() {
        let leaves: Vec<_> = (0..5_u8).map(|i| leaf_hash(&[i])).collect();
        let reader = LeafHashes(&leaves);
        assert_eq!(reader.node(NodeId { level: 0, index: 4 }), Ok(leaves[4]));
        for (level, index) in
            [(0, 5), (1, 2), (2, 1), (3, 0), (62, 0), (62, 1), (63, 0), (255, u64::MAX), (0, u64::MAX)]
        {
            let node = NodeId { level, index };
            assert_eq!(reader.node(node), Err(OutsideTree(node)));
        }
        assert_eq!(NodeId { level: 62, index: 0 }.end(), Some(MAX_TREE_SIZE));
    }

    #[test]
    fn the_root_from_subtrees_is_the_root_from_leaves() {
        let leaves: Vec<_> = (0..70_u8).map(|i| leaf_hash(&[i])).collect();
        for size in 0..=leaves.len() {
            let root = tree_root(size as u64, &LeafHashes(&leaves)).unwrap();
            assert_eq!(root, root_of_leaves(&leaves[..size]));
        }
        assert!(matches!(tree_root(71, &LeafHashes(&leaves)), Err(ProveError::Read(_))));
        assert!(matches!(tree_root(u64::MAX, &LeafHashes(&leaves)), Err(ProveError::Question(_))));
    }
}
