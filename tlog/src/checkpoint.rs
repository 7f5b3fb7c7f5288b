//! Checkpoints (C2SP tlog-checkpoint v1.0.0): the signed statement of a log's size and root.
//!
//! Guarantees: one spelling each, no extension lines (cosignatures of newer kinds do not cover
//! them), a log key named like its origin. A [`Checkpoint`] says nothing by itself; only a
//! [`VerifiedCheckpoint`] was signed. Deliberately absent: quorums of witnesses, freshness.

use std::{fmt, str::FromStr};

use crate::{
    decimal,
    merkle::{EMPTY_ROOT, Hash, MAX_TREE_SIZE},
    note::{KeyName, NoteError, SignatureType, SignedNote, SigningKey, VerifyingKey},
};

/// Size and root of one log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name, by our rule also the name of its key.
    pub origin: KeyName,
    /// Number of entries.
    pub size: u64,
    /// Root hash of the tree of that size.
    pub root: Hash,
}

/// A note whose text is a checkpoint; no signature was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    note: SignedNote,
    checkpoint: Checkpoint,
}

/// A checkpoint whose log signature was verified. Made by [`SignedCheckpoint::verify`] alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedCheckpoint {
    signed: SignedCheckpoint,
    log_note: SignedNote,
}

/// Why a checkpoint was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The note around it was refused.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Not exactly the lines origin, size, root.
    #[error("a checkpoint has exactly three lines: origin, size, root")]
    Lines,
    /// The origin is not a key name.
    #[error("the checkpoint's origin is malformed")]
    Origin,
    /// The size is not a canonical decimal, or beyond the supported size.
    #[error("the checkpoint's size is malformed")]
    Size,
    /// The root is not canonical base64 of 32 bytes.
    #[error("the checkpoint's root is malformed")]
    Root,
    /// Size 0 with another root than that of the empty tree.
    #[error("the checkpoint of an empty log has a root that is not the empty one")]
    EmptyRoot,
    /// The key is not a note key named like the origin.
    #[error("the log key {key} is not for the log {origin}")]
    ForeignLog {
        /// Name of the key given.
        key: KeyName,
        /// Origin in the checkpoint.
        origin: KeyName,
    },
}

impl Checkpoint {
    /// Signs with the log's key, in memory.
    ///
    /// # Errors
    /// [`CheckpointError::ForeignLog`] for a key of another name, [`CheckpointError::Size`] and
    /// [`CheckpointError::EmptyRoot`] for what no reader would take, [`CheckpointError::Note`].
    pub fn sign(&self, key: &SigningKey) -> Result<SignedCheckpoint, CheckpointError> {
        self.check()?;
        check_key(&self.origin, key.verifying_key())?;
        let note = SignedNote::sign(&self.to_string(), key)?;
        Ok(SignedCheckpoint { note, checkpoint: self.clone() })
    }

    fn check(&self) -> Result<(), CheckpointError> {
        match self.size {
            0 if self.root != EMPTY_ROOT => Err(CheckpointError::EmptyRoot),
            size if size > MAX_TREE_SIZE => Err(CheckpointError::Size),
            _ => Ok(()),
        }
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let lines: Vec<_> = text.strip_suffix('\n').ok_or(CheckpointError::Lines)?.splitn(4, '\n').collect();
        let [origin, size, root] = lines[..] else { return Err(CheckpointError::Lines) };
        let checkpoint = Self {
            origin: origin.parse().map_err(|_| CheckpointError::Origin)?,
            size: decimal::parse(size).ok_or(CheckpointError::Size)?,
            root: root.parse().map_err(|_| CheckpointError::Root)?,
        };
        checkpoint.check().map(|()| checkpoint)
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, self.root)
    }
}

impl SignedCheckpoint {
    /// Reads a checkpoint note. Strict: every accepted input prints as itself.
    ///
    /// # Errors
    /// [`CheckpointError`] by what is malformed.
    pub fn parse(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let note = SignedNote::parse(bytes)?;
        let checkpoint = note.unverified_text().parse()?;
        Ok(Self { note, checkpoint })
    }

    /// Verifies the log's own signature; lines of other keys are ignored.
    ///
    /// # Errors
    /// [`CheckpointError::ForeignLog`] for a key of another log, [`CheckpointError::Note`].
    pub fn verify(&self, log: &VerifyingKey) -> Result<VerifiedCheckpoint, CheckpointError> {
        check_key(&self.checkpoint.origin, log)?;
        self.note.verify(std::slice::from_ref(log))?;
        let log_note = self.note.only_signed_by(log).ok_or(NoteError::NoTrustedSignature)?;
        Ok(VerifiedCheckpoint { signed: self.clone(), log_note })
    }

    /// What the note claims.
    pub fn unverified(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The note with all its lines.
    pub fn note(&self) -> &SignedNote {
        &self.note
    }
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.note.fmt(f)
    }
}

impl VerifiedCheckpoint {
    /// The verified origin, size and root.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.signed.checkpoint
    }

    /// The note with all its lines, as received.
    pub fn signed(&self) -> &SignedCheckpoint {
        &self.signed
    }

    /// The note with the log's line alone: the bytes of its text form are what a time stamp
    /// covers.
    pub fn log_note(&self) -> &SignedNote {
        &self.log_note
    }
}

fn check_key(origin: &KeyName, key: &VerifyingKey) -> Result<(), CheckpointError> {
    if key.name() != origin || key.signature_type() != SignatureType::Ed25519 {
        return Err(CheckpointError::ForeignLog { key: key.name().clone(), origin: origin.clone() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::leaf_hash;

    fn key(name: &str) -> SigningKey {
        SigningKey::from_seed(name.parse().unwrap(), &[7; 32]).unwrap()
    }

    fn checkpoint() -> Checkpoint {
        Checkpoint { origin: "a.example/log".parse().unwrap(), size: 12, root: leaf_hash(b"x") }
    }

    #[test]
    fn a_signed_checkpoint_is_read_back_and_verified() {
        let key = key("a.example/log");
        let signed = checkpoint().sign(&key).unwrap();
        let read = SignedCheckpoint::parse(signed.to_string().as_bytes()).unwrap();
        assert_eq!(read, signed);
        let verified = read.verify(key.verifying_key()).unwrap();
        assert_eq!(verified.checkpoint(), &checkpoint());
        assert_eq!(verified.log_note(), signed.note());
        assert_eq!(verified.signed(), &signed);
    }

    #[test]
    fn later_signatures_do_not_change_what_is_stamped() {
        let (log, witness) = (key("a.example/log"), key("w.example"));
        let signed = checkpoint().sign(&log).unwrap().to_string();
        let witnessed = SignedNote::sign(&checkpoint().to_string(), &witness).unwrap();
        let both = format!("{signed}{}", witnessed.signatures()[0]);
        let verified = SignedCheckpoint::parse(both.as_bytes()).unwrap().verify(log.verifying_key()).unwrap();
        assert_eq!(verified.log_note().to_string(), signed);
    }

    #[test]
    fn other_spellings_are_refused() {
        let good = checkpoint().to_string();
        assert_eq!(good.parse(), Ok(checkpoint()));
        for (text, error) in [
            (String::new(), CheckpointError::Lines),
            (good.trim_end().to_owned(), CheckpointError::Lines),
            (format!("{good}extension\n"), CheckpointError::Lines),
            (format!("{good}\n"), CheckpointError::Lines),
            (format!("\n{good}"), CheckpointError::Lines),
            (good.replace("a.example/log", ""), CheckpointError::Origin),
            (good.replace("a.example/log", "a log"), CheckpointError::Origin),
            (good.replace("12", "012"), CheckpointError::Size),
            (good.replace("12", "+12"), CheckpointError::Size),
            (good.replace("12", ""), CheckpointError::Size),
            (good.replace("12", "9223372036854775807"), CheckpointError::Size),
            (good.replace("=\n", "\n"), CheckpointError::Root),
            (good.replace("12", "0"), CheckpointError::EmptyRoot),
        ] {
            assert_eq!(text.parse::<Checkpoint>(), Err(error), "{text:?}");
        }
    }

    #[test]
    fn a_log_signs_and_verifies_only_under_its_own_name() {
        let (ours, other) = (key("a.example/log"), key("b.example/log"));
        assert!(matches!(checkpoint().sign(&other), Err(CheckpointError::ForeignLog { .. })));
        let signed = checkpoint().sign(&ours).unwrap();
        assert!(matches!(signed.verify(other.verifying_key()), Err(CheckpointError::ForeignLog { .. })));
        let stranger = SigningKey::from_seed("a.example/log".parse().unwrap(), &[8; 32]).unwrap();
        let unsigned = signed.verify(stranger.verifying_key());
        assert_eq!(unsigned, Err(CheckpointError::Note(NoteError::NoTrustedSignature)));
        let cosigner = VerifyingKey::new("a.example/log".parse().unwrap(), SignatureType::CosignatureV1, [9; 32]);
        if let Ok(cosigner) = cosigner {
            assert!(matches!(signed.verify(&cosigner), Err(CheckpointError::ForeignLog { .. })));
        }
    }

    #[test]
    fn nonsense_is_not_signed() {
        let key = key("a.example/log");
        let huge = Checkpoint { size: u64::MAX, ..checkpoint() };
        assert_eq!(huge.sign(&key), Err(CheckpointError::Size));
        let empty = Checkpoint { size: 0, ..checkpoint() };
        assert_eq!(empty.sign(&key), Err(CheckpointError::EmptyRoot));
        let genesis = Checkpoint { root: EMPTY_ROOT, ..empty };
        assert!(genesis.sign(&key).unwrap().verify(key.verifying_key()).is_ok());
    }
}
