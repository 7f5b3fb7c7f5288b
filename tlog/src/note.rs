//! Signed notes (C2SP signed-note v1.0.0): text, key names and identifiers, Ed25519 signatures.
//!
//! Guarantees: a parsed note prints as the very bytes it was read from; signatures of unknown
//! keys are ignored, a failing signature of a known key refuses the whole note, and text is only
//! to be believed from a [`VerifiedNote`]. Deliberately absent: making or checking cosignatures
//! (type 0x04); their keys are parsed so that a policy can name them.

mod key;
mod name;
mod signed;

pub use key::{KeyError, KeyId, SignatureType, SigningKey, VerifyingKey};
pub use name::{KeyName, KeyNameError};
pub use signed::{MAX_NOTE_BYTES, MAX_SIGNATURES, NoteError, NoteSignature, SignedNote, VerifiedNote};
