//! The note itself: parsing, signing, and verification against trusted keys.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    key::{KeyError, KeyId, SigningKey, VerifyingKey},
    name::KeyName,
};

/// Largest note read, bytes: 16 post-quantum signatures of 5 kB and their text fit.
pub const MAX_NOTE_BYTES: usize = 128 * 1024;

/// Most signature lines read.
pub const MAX_SIGNATURES: usize = 64;

/// Start of a signature line: em dash, space.
const DASH: &str = "\u{2014} ";

/// One signature line, not verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    name: KeyName,
    id: KeyId,
    signature: Vec<u8>,
}

/// A well-formed note whose signatures nobody has verified. Prints as the bytes it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// A note with at least one good signature of a trusted key and no bad one. Made by
/// [`SignedNote::verify`] alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedNote {
    note: SignedNote,
    signers: Vec<VerifyingKey>,
}

/// Why a note was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Over [`MAX_NOTE_BYTES`] or [`MAX_SIGNATURES`].
    #[error("the note is larger than is read")]
    TooLarge,
    /// Not UTF-8, a control character, or no final newline.
    #[error("the note's text is malformed")]
    MalformedText,
    /// No blank line before the signatures, or a malformed signature line.
    #[error("the note's signature lines are malformed")]
    MalformedSignatures,
    /// The signature of a trusted key does not verify.
    #[error("the signature of {name}+{id} does not verify")]
    BadSignature {
        /// Name of the trusted key.
        name: KeyName,
        /// Its identifier.
        id: KeyId,
    },
    /// No trusted key has signed.
    #[error("no trusted key has signed the note")]
    NoTrustedSignature,
    /// Two different trusted keys share name and identifier.
    #[error("two trusted keys are named {name}+{id}")]
    AmbiguousKey {
        /// Their name.
        name: KeyName,
        /// Their identifier.
        id: KeyId,
    },
    /// A key could not be used.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl NoteSignature {
    /// Name of the key that claims to have signed.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// Identifier of that key.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Signature bytes after the key identifier.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    fn parse(line: &str) -> Option<Self> {
        let (name, signature) = line.strip_prefix(DASH)?.split_once(' ')?;
        let bytes = STANDARD.decode(signature).ok()?;
        let (id, signature) = bytes.split_first_chunk()?;
        // Four bytes of identifier alone sign nothing.
        if signature.is_empty() {
            return None;
        }
        Some(Self { name: name.parse().ok()?, id: KeyId::from_bytes(*id), signature: signature.to_vec() })
    }

    fn is_by(&self, key: &VerifyingKey) -> bool {
        self.name == *key.name() && self.id == key.id()
    }
}

impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.id.as_bytes()[..], &self.signature].concat();
        writeln!(f, "{DASH}{} {}", self.name, STANDARD.encode(bytes))
    }
}

impl SignedNote {
    /// Reads a note. Strict: every accepted input prints as itself.
    ///
    /// # Errors
    /// [`NoteError::TooLarge`], [`NoteError::MalformedText`], [`NoteError::MalformedSignatures`].
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_NOTE_BYTES {
            return Err(NoteError::TooLarge);
        }
        let whole = str::from_utf8(bytes).map_err(|_| NoteError::MalformedText)?;
        check_text(whole)?;
        // Signature lines are never empty, so the last empty line ends the text.
        let blank = whole.rfind("\n\n").ok_or(NoteError::MalformedSignatures)?;
        let (text, lines) = (&whole[..=blank], &whole[blank + 2..]);
        check_text(text)?;
        let lines = lines.strip_suffix('\n').ok_or(NoteError::MalformedSignatures)?;
        if lines.split('\n').count() > MAX_SIGNATURES {
            return Err(NoteError::TooLarge);
        }
        let signatures = lines.split('\n').map(NoteSignature::parse).collect::<Option<_>>();
        let signatures = signatures.ok_or(NoteError::MalformedSignatures)?;
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// Signs `text`, which must end in a newline and hold no other control character.
    ///
    /// # Errors
    /// [`NoteError::MalformedText`], [`NoteError::TooLarge`], [`NoteError::Key`].
    pub fn sign(text: &str, key: &SigningKey) -> Result<Self, NoteError> {
        check_text(text)?;
        if text.len() > MAX_NOTE_BYTES / 2 {
            return Err(NoteError::TooLarge);
        }
        let by = key.verifying_key();
        let signature = NoteSignature { name: by.name().clone(), id: by.id(), signature: key.sign(text.as_bytes())? };
        Ok(Self { text: text.to_owned(), signatures: vec![signature] })
    }

    /// Verifies against trusted keys; lines of other keys are ignored.
    ///
    /// # Errors
    /// [`NoteError::BadSignature`] when any line of a trusted key fails,
    /// [`NoteError::NoTrustedSignature`] when there is none, [`NoteError::AmbiguousKey`], and
    /// [`NoteError::Key`] when a trusted key is not a note key.
    pub fn verify(&self, trusted: &[VerifyingKey]) -> Result<VerifiedNote, NoteError> {
        let mut signers = Vec::new();
        for signature in &self.signatures {
            let Some(key) = pick(trusted, signature)? else { continue };
            if !key.verify(self.text.as_bytes(), &signature.signature)? {
                return Err(NoteError::BadSignature { name: key.name().clone(), id: key.id() });
            }
            if !signers.contains(key) {
                signers.push(key.clone());
            }
        }
        if signers.is_empty() {
            return Err(NoteError::NoTrustedSignature);
        }
        Ok(VerifiedNote { note: self.clone(), signers })
    }

    /// The text, final newline included, that nobody has verified.
    pub fn unverified_text(&self) -> &str {
        &self.text
    }

    /// The signature lines in their order.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// The same note with the lines of one key alone: what a time stamp covers, so that later
    /// cosignatures do not break it. `None` when that key has no line.
    pub fn only_signed_by(&self, key: &VerifyingKey) -> Option<Self> {
        let signatures: Vec<_> = self.signatures.iter().filter(|line| line.is_by(key)).cloned().collect();
        if signatures.is_empty() { None } else { Some(Self { text: self.text.clone(), signatures }) }
    }
}

impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| signature.fmt(f))
    }
}

impl VerifiedNote {
    /// The verified text, final newline included.
    pub fn text(&self) -> &str {
        &self.note.text
    }

    /// The trusted keys whose signatures verified, each once.
    pub fn signers(&self) -> &[VerifyingKey] {
        &self.signers
    }

    /// The whole note, unknown signatures included.
    pub fn note(&self) -> &SignedNote {
        &self.note
    }
}

fn pick<'a>(trusted: &'a [VerifyingKey], signature: &NoteSignature) -> Result<Option<&'a VerifyingKey>, NoteError> {
    let mut matching = trusted.iter().filter(|key| signature.is_by(key));
    let Some(first) = matching.next() else { return Ok(None) };
    if matching.any(|other| other != first) {
        return Err(NoteError::AmbiguousKey { name: first.name().clone(), id: first.id() });
    }
    Ok(Some(first))
}

fn check_text(text: &str) -> Result<(), NoteError> {
    let control = |c: char| c < ' ' && c != '\n';
    if !text.ends_with('\n') || text.contains(control) { Err(NoteError::MalformedText) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str, seed: u8) -> SigningKey {
        SigningKey::from_seed(name.parse().unwrap(), &[seed; 32]).unwrap()
    }

    fn signed(text: &str, keys: &[&SigningKey]) -> SignedNote {
        let lines = keys.iter().flat_map(|key| SignedNote::sign(text, key).unwrap().signatures);
        SignedNote { text: text.to_owned(), signatures: lines.collect() }
    }

    #[test]
    fn the_text_ends_at_the_last_empty_line() {
        let key = key("a.example", 1);
        let note = signed("one\n\n\n\u{2014} two three\n\nfour\n", &[&key]);
        let read = SignedNote::parse(note.to_string().as_bytes()).unwrap();
        assert_eq!(read, note);
        let verified = read.verify(&[key.verifying_key().clone()]).unwrap();
        assert_eq!(verified.text(), "one\n\n\n\u{2014} two three\n\nfour\n");
        assert_eq!(verified.note(), &note);
    }

    #[test]
    fn unknown_keys_are_ignored_and_failing_known_ones_are_not() {
        let (ours, other) = (key("a.example", 1), key("b.example", 2));
        let known = |key: &SigningKey| key.verifying_key().clone();
        let both = signed("text\n", &[&other, &ours, &ours]);
        assert_eq!(both.verify(&[known(&ours)]).unwrap().signers(), [known(&ours)]);
        assert_eq!(both.verify(&[known(&ours), known(&other)]).unwrap().signers().len(), 2);
        assert_eq!(both.verify(&[]), Err(NoteError::NoTrustedSignature));
        assert_eq!(both.verify(&[known(&key("a.example", 3))]), Err(NoteError::NoTrustedSignature));

        let mut bad = both.clone();
        bad.signatures[0].signature[9] ^= 1;
        assert!(bad.verify(&[known(&ours)]).is_ok());
        let refused = NoteError::BadSignature { name: "b.example".parse().unwrap(), id: known(&other).id() };
        assert_eq!(bad.verify(&[known(&ours), known(&other)]), Err(refused));
    }

    #[test]
    fn sixteen_signatures_are_taken_and_sixty_five_are_not() {
        let keys: Vec<_> = (0..65_u8).map(|i| key(&format!("k{i}.example"), i)).collect();
        let parse = |count| {
            SignedNote::parse(signed("text\n", &keys[..count].iter().collect::<Vec<_>>()).to_string().as_bytes())
        };
        for count in [1, 16, 64] {
            let note = parse(count).unwrap();
            assert!(note.verify(&[keys[count - 1].verifying_key().clone()]).is_ok());
        }
        assert_eq!(parse(65), Err(NoteError::TooLarge));
        assert_eq!(SignedNote::parse(&[b'a'; MAX_NOTE_BYTES + 1]), Err(NoteError::TooLarge));
    }

    #[test]
    fn malformed_notes_are_refused() {
        let good = signed("text\n", &[&key("a.example", 1)]).to_string();
        let line = good.strip_prefix("text\n\n").unwrap();
        let wrong = [
            (good.replace("text\n\n", "text\n"), NoteError::MalformedSignatures),
            (good.replace("text\n\n", "\n"), NoteError::MalformedSignatures),
            ("text\n\n".to_owned(), NoteError::MalformedSignatures),
            ("text\n\n\n".to_owned(), NoteError::MalformedSignatures),
            (String::new(), NoteError::MalformedText),
            (good.trim_end().to_owned(), NoteError::MalformedText),
            (format!("{good}\n"), NoteError::MalformedSignatures),
            (format!("{good}x\n"), NoteError::MalformedSignatures),
            (good.replace('\n', "\r\n"), NoteError::MalformedText),
            (good.replace("text", "te\txt"), NoteError::MalformedText),
            (good.replace("text", "te\0xt"), NoteError::MalformedText),
            (good.replace('\u{2014}', "-"), NoteError::MalformedSignatures),
            (good.replace("\u{2014} ", "\u{2014}  "), NoteError::MalformedSignatures),
            (good.replace("a.example ", "a.example  "), NoteError::MalformedSignatures),
            (good.replace("a.example", "a+example"), NoteError::MalformedSignatures),
            (good.replace("a.example", "a\u{a0}example"), NoteError::MalformedSignatures),
            (good.replace("=\n", "\n"), NoteError::MalformedSignatures),
            ("text\n\n\u{2014} a.example AAAAAA==\n".to_owned(), NoteError::MalformedSignatures),
            ("text\n\n\u{2014} a.example AAAAAAB=\n".to_owned(), NoteError::MalformedSignatures),
            (line.to_owned(), NoteError::MalformedSignatures),
        ];
        for (text, error) in wrong {
            assert_eq!(SignedNote::parse(text.as_bytes()), Err(error), "{text:?}");
        }
        assert_eq!(SignedNote::parse(b"te\xffxt\n\n"), Err(NoteError::MalformedText));
    }

    #[test]
    fn two_trusted_keys_of_one_name_and_identifier_are_an_error() {
        let ours = key("a.example", 1);
        let note = signed("text\n", &[&ours]);
        let known = ours.verifying_key().clone();
        assert!(note.verify(&[known.clone(), known.clone()]).is_ok());
        assert!(matches!(note.verify(&[known.clone(), known.colliding()]), Err(NoteError::AmbiguousKey { .. })));
    }

    #[test]
    fn text_that_is_no_note_is_not_signed() {
        let key = key("a.example", 1);
        for text in ["", "text", "te\rxt\n"] {
            assert_eq!(SignedNote::sign(text, &key), Err(NoteError::MalformedText));
        }
        assert_eq!(SignedNote::sign(&"a\n".repeat(40_000), &key), Err(NoteError::TooLarge));
    }

    #[test]
    fn a_note_is_cut_to_the_lines_of_one_key() {
        let (ours, other) = (key("a.example", 1), key("b.example", 2));
        let both = signed("text\n", &[&ours, &other]);
        assert_eq!(both.only_signed_by(ours.verifying_key()), Some(signed("text\n", &[&ours])));
        assert_eq!(both.only_signed_by(key("c.example", 3).verifying_key()), None);
    }
}
