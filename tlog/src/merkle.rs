//! The Merkle tree of RFC 6962 §2.1: hashing, the right edge, inclusion and consistency proofs.
//!
//! Guarantees: no input makes a function panic or loop, all sizes and indices are `u64`, and a
//! proof of the wrong length is refused before its hashes are compared. Deliberately absent:
//! where hashes are stored (a [`HashReader`] says), and who signed a root.

mod consistency;
mod frontier;
mod hash;
mod inclusion;
mod node;

pub use consistency::ConsistencyProof;
pub use frontier::Frontier;
pub use hash::{EMPTY_ROOT, HASH_BYTES, Hash, HashTextError, leaf_hash, node_hash, root_of_leaves};
pub use inclusion::InclusionProof;
pub use node::{HashReader, LeafHashes, NodeId, OutsideTree, tree_root};

/// Largest tree this crate works with, 2^62 entries: every index, size and shift stays in `u64`.
pub const MAX_TREE_SIZE: u64 = 1 << 62;

/// Why a proof, a root or a right edge was refused. Carries positions, never hashes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MerkleError {
    /// The leaf's index is not in a tree of that size.
    #[error("index {index} is outside a tree of {size} entries")]
    IndexOutsideTree {
        /// Zero-based leaf index.
        index: u64,
        /// Tree size in leaves.
        size: u64,
    },
    /// The older tree is larger than the newer one.
    #[error("the older tree has {old} entries, the newer one only {new}")]
    OldTreeLarger {
        /// Size of the older tree.
        old: u64,
        /// Size of the newer tree.
        new: u64,
    },
    /// The size is above [`MAX_TREE_SIZE`].
    #[error("a tree of {0} entries is beyond the supported size")]
    TreeTooLarge(u64),
    /// The number of hashes is not the one the two numbers ask for.
    #[error("the proof has {found} hashes, which does not fit the sizes it is for")]
    ProofLength {
        /// Hashes in the proof.
        found: usize,
    },
    /// The proof leads to another root than the one given.
    #[error("the proof does not lead to the given root")]
    RootMismatch,
    /// A consistency proof does not lead to the older root.
    #[error("the proof does not lead to the older root")]
    OldRootMismatch,
    /// The number of peaks of a right edge is not the number of one bits of its size.
    #[error("a right edge of {size} entries cannot have {peaks} peaks")]
    FrontierShape {
        /// Tree size in leaves.
        size: u64,
        /// Peaks given.
        peaks: usize,
    },
}

/// Why a proof could not be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProveError<E> {
    /// The question has no answer: an index or size outside the tree.
    #[error("no such proof")]
    Question(#[source] MerkleError),
    /// The storage could not deliver a hash.
    #[error("a stored hash could not be read")]
    Read(#[source] E),
}

/// Largest power of two strictly below `n` (`n` ≥ 2): where RFC 6962 splits a tree.
pub(crate) fn split(n: u64) -> u64 {
    1 << (63 - (n - 1).leading_zeros())
}
