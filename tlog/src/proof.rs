//! `tlog-proof` (C2SP draft, v1): index, inclusion proof and checkpoint of one entry in one text.
//!
//! Guarantees: an accepted text prints as itself; verification needs the log's key from outside,
//! never from the proof. The `extra` bytes are not authenticated. Deliberately absent: policies
//! with several logs and witnesses; lines of witnesses are ignored here.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    checkpoint::{CheckpointError, SignedCheckpoint, VerifiedCheckpoint},
    decimal,
    entry::{Entry, EntryError},
    merkle::{Hash, InclusionProof, MerkleError, leaf_hash},
    note::{MAX_NOTE_BYTES, VerifyingKey},
};

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// Most hashes in a proof: the height of the largest tree.
const MAX_HASHES: usize = 63;

/// Most bytes in an `extra` line.
pub const MAX_EXTRA_BYTES: usize = 1024;

/// Largest proof read, bytes.
pub const MAX_PROOF_BYTES: usize = MAX_NOTE_BYTES + 8 * 1024;

/// A well-formed proof that nobody has verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    extra: Option<Vec<u8>>,
    index: u64,
    inclusion: InclusionProof,
    checkpoint: SignedCheckpoint,
}

/// An entry shown to be at an index under a checkpoint its log has signed. Made by
/// [`TlogProof::verify`] alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedInclusion {
    index: u64,
    leaf: Hash,
    checkpoint: VerifiedCheckpoint,
}

/// Why a proof was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Over [`MAX_PROOF_BYTES`], [`MAX_EXTRA_BYTES`] or 63 hashes.
    #[error("the proof is larger than is read")]
    TooLarge,
    /// The first line is not that of version 1.
    #[error("not a tlog-proof of version 1")]
    Header,
    /// A malformed line of the given kind.
    #[error("the proof's {0} is malformed")]
    Malformed(&'static str),
    /// The `extra` bytes and the record do not make an entry.
    #[error("the record and the proof's extra line do not make an entry")]
    Entry(#[from] EntryError),
    /// The checkpoint was refused.
    #[error("the proof's checkpoint was refused")]
    Checkpoint(#[from] CheckpointError),
    /// The entry is not at that index of the checkpointed tree.
    #[error("the entry is not at that place in the log")]
    Inclusion(#[from] MerkleError),
}

impl TlogProof {
    /// Puts a proof together.
    ///
    /// # Errors
    /// [`ProofError::TooLarge`] for what [`Self::parse`] would not take.
    pub fn new(
        extra: Option<Vec<u8>>,
        index: u64,
        inclusion: InclusionProof,
        checkpoint: SignedCheckpoint,
    ) -> Result<Self, ProofError> {
        let long = extra.as_ref().is_some_and(|extra| extra.len() > MAX_EXTRA_BYTES);
        if long || inclusion.hashes().len() > MAX_HASHES {
            return Err(ProofError::TooLarge);
        }
        Ok(Self { extra, index, inclusion, checkpoint })
    }

    /// Reads a proof. Strict: every accepted input prints as itself.
    ///
    /// # Errors
    /// [`ProofError`] by what is malformed.
    pub fn parse(bytes: &[u8]) -> Result<Self, ProofError> {
        if bytes.len() > MAX_PROOF_BYTES {
            return Err(ProofError::TooLarge);
        }
        let text = str::from_utf8(bytes).map_err(|_| ProofError::Malformed("text"))?;
        let (head, note) = text.split_once("\n\n").ok_or(ProofError::Malformed("empty line"))?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(HEADER) {
            return Err(ProofError::Header);
        }
        let extra = lines.next_if(|line| line.starts_with("extra ")).map(parse_extra).transpose()?;
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).and_then(decimal::parse);
        let index = index.ok_or(ProofError::Malformed("index"))?;
        let hashes = lines.map(str::parse).collect::<Result<_, _>>().map_err(|_| ProofError::Malformed("hash"))?;
        let checkpoint = SignedCheckpoint::parse(note.as_bytes())?;
        Self::new(extra, index, InclusionProof::from_hashes(hashes), checkpoint)
    }

    /// Verifies that `entry` (the logged bytes) is in the log whose key is given.
    ///
    /// # Errors
    /// [`ProofError::Checkpoint`], [`ProofError::Inclusion`].
    pub fn verify(&self, entry: &[u8], log: &VerifyingKey) -> Result<VerifiedInclusion, ProofError> {
        let checkpoint = self.checkpoint.verify(log)?;
        let leaf = leaf_hash(entry);
        let head = checkpoint.checkpoint();
        self.inclusion.verify(&leaf, self.index, head.size, &head.root)?;
        Ok(VerifiedInclusion { index: self.index, leaf, checkpoint })
    }

    /// Verifies that a record (the exact bytes of a JWS) is in the log: rebuilds the entry from
    /// the `extra` line, which this authenticates, and returns it.
    ///
    /// # Errors
    /// [`ProofError::Entry`], and those of [`Self::verify`].
    pub fn verify_record(&self, record: &[u8], log: &VerifyingKey) -> Result<(Entry, VerifiedInclusion), ProofError> {
        let entry = Entry::from_extra(self.extra.as_deref().unwrap_or_default(), record)?;
        Ok((entry, self.verify(&entry.to_bytes(), log)?))
    }

    /// The bytes of the `extra` line, which nothing authenticates.
    pub fn unverified_extra(&self) -> Option<&[u8]> {
        self.extra.as_deref()
    }

    /// The index that the proof claims.
    pub fn unverified_index(&self) -> u64 {
        self.index
    }

    /// The checkpoint note, not verified.
    pub fn signed_checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.inclusion.hashes().iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

impl VerifiedInclusion {
    /// Zero-based index of the entry.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Leaf hash of the entry.
    pub fn leaf(&self) -> Hash {
        self.leaf
    }

    /// The checkpoint that covers it.
    pub fn checkpoint(&self) -> &VerifiedCheckpoint {
        &self.checkpoint
    }
}

fn parse_extra(line: &str) -> Result<Vec<u8>, ProofError> {
    let encoded = line.strip_prefix("extra ").unwrap_or_default();
    STANDARD.decode(encoded).map_err(|_| ProofError::Malformed("extra line"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        checkpoint::Checkpoint,
        entry::{EntryType, RecordDigest},
        merkle::{LeafHashes, root_of_leaves},
        note::SigningKey,
    };

    fn log() -> SigningKey {
        SigningKey::from_seed("a.example/log".parse().unwrap(), &[7; 32]).unwrap()
    }

    fn entry(record: &[u8]) -> Entry {
        Entry { entry_type: EntryType::ExchangeReceipt, received_ms: 5, digest: RecordDigest::of(record) }
    }

    /// Proof for record `index` of eleven.
    fn proof(index: u64) -> TlogProof {
        let entries: Vec<_> = (0..11_u8).map(|i| entry(&[i])).collect();
        let leaves: Vec<_> = entries.iter().map(Entry::leaf_hash).collect();
        let checkpoint =
            Checkpoint { origin: "a.example/log".parse().unwrap(), size: 11, root: root_of_leaves(&leaves) };
        let inclusion = InclusionProof::build(index, 11, &LeafHashes(&leaves)).unwrap();
        let extra = entries[index as usize].extra().to_vec();
        TlogProof::new(Some(extra), index, inclusion, checkpoint.sign(&log()).unwrap()).unwrap()
    }

    #[test]
    fn a_record_is_proven_from_text_alone() {
        for index in 0..11 {
            let read = TlogProof::parse(proof(index).to_string().as_bytes()).unwrap();
            assert_eq!(read, proof(index));
            let (entry, verified) = read.verify_record(&[index as u8], log().verifying_key()).unwrap();
            assert_eq!(entry, self::entry(&[index as u8]));
            assert_eq!((verified.index(), verified.leaf()), (index, entry.leaf_hash()));
            assert_eq!(verified.checkpoint().checkpoint().size, 11);
        }
    }

    #[test]
    fn another_record_index_or_log_is_refused() {
        let key = log();
        let verify = |proof: &TlogProof| proof.verify_record(&[4], key.verifying_key()).map(|_| ());
        assert_eq!(verify(&proof(4)), Ok(()));
        assert_eq!(verify(&proof(5)), Err(ProofError::Inclusion(MerkleError::RootMismatch)));
        assert!(matches!(verify(&TlogProof { index: 5, ..proof(4) }), Err(ProofError::Inclusion(_))));
        assert!(matches!(verify(&TlogProof { extra: None, ..proof(4) }), Err(ProofError::Entry(_))));
        let later = TlogProof { extra: Some(Entry { received_ms: 6, ..entry(&[4]) }.extra().into()), ..proof(4) };
        assert!(matches!(verify(&later), Err(ProofError::Inclusion(_))));
        let stranger = SigningKey::from_seed("a.example/log".parse().unwrap(), &[8; 32]).unwrap();
        let refused = proof(4).verify_record(&[4], stranger.verifying_key());
        assert!(matches!(refused, Err(ProofError::Checkpoint(_))));
    }

    #[test]
    fn other_spellings_are_refused() {
        let good = proof(4).to_string();
        let first_hash = proof(4).inclusion.hashes()[0].to_string();
        for (text, error) in [
            (good.replace("@v1", "@v2"), ProofError::Header),
            (format!("\n{good}"), ProofError::Header),
            (good.replace("\n\n", "\n"), ProofError::Malformed("empty line")),
            (good.replace("index 4", "index 04"), ProofError::Malformed("index")),
            (good.replace("index 4", "index  4"), ProofError::Malformed("index")),
            (good.replace("index 4\n", ""), ProofError::Malformed("index")),
            (good.replace("extra ", "extra  "), ProofError::Malformed("extra line")),
            (good.replace("extra AQ", "extra Aq="), ProofError::Malformed("extra line")),
            (good.replace("extra ", "extra AAAA\nextra "), ProofError::Malformed("index")),
            (good.replace(&first_hash, &first_hash[..40]), ProofError::Malformed("hash")),
            (good.replace(&first_hash, &format!("{first_hash} ")), ProofError::Malformed("hash")),
            (good.replace(&first_hash, &format!("{first_hash}\n").repeat(64)), ProofError::Malformed("hash")),
            (good.replace(&first_hash, &[&*first_hash; 64].join("\n")), ProofError::TooLarge),
            ("a".repeat(MAX_PROOF_BYTES + 1), ProofError::TooLarge),
        ] {
            let found = TlogProof::parse(text.as_bytes());
            // Doubled newlines move the end of the head, so what follows is no checkpoint.
            let moved = text.contains("\n\n\n") || text.matches("\n\n").count() > 2;
            assert!(found == Err(error) || moved && found.is_err(), "{text:?}: {found:?}");
        }
        assert_eq!(TlogProof::parse(b"\xff\n\n"), Err(ProofError::Malformed("text")));
        let extra = Some(vec![0; MAX_EXTRA_BYTES + 1]);
        let proof = proof(4);
        assert_eq!(TlogProof::new(extra, 4, proof.inclusion, proof.checkpoint), Err(ProofError::TooLarge));
    }
}
