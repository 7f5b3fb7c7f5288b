//! Verifier keys (`vkey`) and signer keys (`skey`) in their text forms, and Ed25519 by OpenSSL.
//!
//! The private half never prints by accident: [`SigningKey::to_skey`] is the one way out.

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::STANDARD};
use openssl::{
    pkey::{Id, PKey, Private},
    sign::{Signer, Verifier},
};
use sha2::{Digest, Sha256};

use super::name::{KeyName, KeyNameError};

const SKEY_PREFIX: &str = "PRIVATE+KEY+";

/// First four bytes of SHA-256(name || 0x0A || type || public key). Not a strong hash: with the
/// name it only picks the key to try.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId([u8; 4]);

/// Kinds of signature a note key can make, as far as this crate knows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum SignatureType {
    /// Ed25519 over the note's text.
    Ed25519 = 0x01,
    /// Timestamped Ed25519 cosignature of a witness (tlog-cosignature).
    CosignatureV1 = 0x04,
}

/// A public key that may be trusted to sign notes. Prints as `vkey`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct VerifyingKey {
    name: KeyName,
    id: KeyId,
    signature_type: SignatureType,
    public: [u8; 32],
}

/// An Ed25519 key that signs notes under a name.
#[derive(Clone)]
pub struct SigningKey {
    verifying: VerifyingKey,
    private: PKey<Private>,
}

/// Why a key text was refused, or a key could not be used. Never carries key material.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not `name+id+base64`, or not canonical base64 of a type byte and 32 bytes.
    #[error("malformed note key")]
    Malformed,
    /// The name is not a key name.
    #[error(transparent)]
    Name(#[from] KeyNameError),
    /// A signature type this crate does not know, or one that cannot sign notes.
    #[error("signature type 0x{0:02x} is not supported here")]
    SignatureType(u8),
    /// The identifier is not that of name, type and public key.
    #[error("the key identifier does not belong to name and key")]
    IdMismatch,
    /// OpenSSL refused the key or could not sign.
    #[error("the key was refused by the cryptographic library")]
    Library,
}

impl KeyId {
    /// The four bytes.
    pub fn as_bytes(self) -> [u8; 4] {
        self.0
    }

    pub(super) fn from_bytes(bytes: [u8; 4]) -> Self {
        Self(bytes)
    }

    fn of(name: &KeyName, signature_type: SignatureType, public: &[u8]) -> Self {
        let hasher = Sha256::new_with_prefix(name.as_str()).chain_update([b'\n', signature_type as u8]);
        let [a, b, c, d, ..] = <[u8; 32]>::from(hasher.chain_update(public).finalize());
        Self([a, b, c, d])
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl TryFrom<u8> for SignatureType {
    type Error = KeyError;

    fn try_from(byte: u8) -> Result<Self, KeyError> {
        match byte {
            0x01 => Ok(Self::Ed25519),
            0x04 => Ok(Self::CosignatureV1),
            other => Err(KeyError::SignatureType(other)),
        }
    }
}

impl VerifyingKey {
    /// A key from its parts; the identifier is computed.
    ///
    /// # Errors
    /// [`KeyError::Library`] when OpenSSL does not take the 32 bytes.
    pub fn new(name: KeyName, signature_type: SignatureType, public: [u8; 32]) -> Result<Self, KeyError> {
        PKey::public_key_from_raw_bytes(&public, Id::ED25519).map_err(|_| KeyError::Library)?;
        let id = KeyId::of(&name, signature_type, &public);
        Ok(Self { name, id, signature_type, public })
    }

    /// The key's name.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The key's short identifier.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// What its signatures mean.
    pub fn signature_type(&self) -> SignatureType {
        self.signature_type
    }

    /// Ed25519 public key (RFC 8032).
    pub fn public_bytes(&self) -> &[u8; 32] {
        &self.public
    }

    /// Whether this is an Ed25519 note signature of this key over `text`.
    ///
    /// # Errors
    /// [`KeyError::SignatureType`] for a cosignature key, [`KeyError::Library`] for a failure of
    /// OpenSSL that is not a verdict.
    pub fn verify(&self, text: &[u8], signature: &[u8]) -> Result<bool, KeyError> {
        if self.signature_type != SignatureType::Ed25519 {
            return Err(KeyError::SignatureType(self.signature_type as u8));
        }
        if signature.len() != 64 {
            return Ok(false);
        }
        let key = PKey::public_key_from_raw_bytes(&self.public, Id::ED25519).map_err(|_| KeyError::Library)?;
        let mut verifier = Verifier::new_without_digest(&key).map_err(|_| KeyError::Library)?;
        // Some malformed signatures are a library error, not a verdict; both refuse.
        Ok(verifier.verify_oneshot(signature, text).unwrap_or(false))
    }
}

impl FromStr for VerifyingKey {
    type Err = KeyError;

    fn from_str(vkey: &str) -> Result<Self, KeyError> {
        let (name, id, signature_type, public) = parse_key(vkey)?;
        let key = Self::new(name, signature_type, public)?;
        if key.id == id { Ok(key) } else { Err(KeyError::IdMismatch) }
    }
}

impl fmt::Display for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}+{}", self.name, self.id, encode(self.signature_type, &self.public))
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({self})")
    }
}

impl SigningKey {
    /// A note-signing key from its 32-byte Ed25519 seed (RFC 8032).
    ///
    /// # Errors
    /// [`KeyError::Library`] when OpenSSL does not take the seed.
    pub fn from_seed(name: KeyName, seed: &[u8; 32]) -> Result<Self, KeyError> {
        let private = PKey::private_key_from_raw_bytes(seed, Id::ED25519).map_err(|_| KeyError::Library)?;
        let public = private.raw_public_key().map_err(|_| KeyError::Library)?;
        let public = public.try_into().map_err(|_| KeyError::Library)?;
        Ok(Self { verifying: VerifyingKey::new(name, SignatureType::Ed25519, public)?, private })
    }

    /// The public half.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// The secret text form `PRIVATE+KEY+<name>+<id>+<base64>`, for a key file of its own.
    ///
    /// # Errors
    /// [`KeyError::Library`].
    pub fn to_skey(&self) -> Result<String, KeyError> {
        let seed = self.private.raw_private_key().map_err(|_| KeyError::Library)?;
        let VerifyingKey { name, id, signature_type, .. } = &self.verifying;
        Ok(format!("{SKEY_PREFIX}{name}+{id}+{}", encode(*signature_type, &seed)))
    }

    /// Ed25519 signature, 64 bytes, over `text`.
    ///
    /// # Errors
    /// [`KeyError::Library`].
    pub(super) fn sign(&self, text: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mut signer = Signer::new_without_digest(&self.private).map_err(|_| KeyError::Library)?;
        signer.sign_oneshot_to_vec(text).map_err(|_| KeyError::Library)
    }
}

impl FromStr for SigningKey {
    type Err = KeyError;

    fn from_str(skey: &str) -> Result<Self, KeyError> {
        let (name, id, signature_type, seed) = parse_key(skey.strip_prefix(SKEY_PREFIX).ok_or(KeyError::Malformed)?)?;
        if signature_type != SignatureType::Ed25519 {
            return Err(KeyError::SignatureType(signature_type as u8));
        }
        let key = Self::from_seed(name, &seed)?;
        if key.verifying.id == id { Ok(key) } else { Err(KeyError::IdMismatch) }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.verifying)
    }
}

fn encode(signature_type: SignatureType, key: &[u8]) -> String {
    STANDARD.encode([&[signature_type as u8], key].concat())
}

fn parse_key(text: &str) -> Result<(KeyName, KeyId, SignatureType, [u8; 32]), KeyError> {
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(id_text), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(KeyError::Malformed);
    };
    let mut id = [0; 4];
    hex::decode_to_slice(id_text, &mut id).map_err(|_| KeyError::Malformed)?;
    let bytes = STANDARD.decode(key).map_err(|_| KeyError::Malformed)?;
    let (signature_type, key) = bytes.split_first().ok_or(KeyError::Malformed)?;
    let signature_type = SignatureType::try_from(*signature_type)?;
    let key = key.try_into().map_err(|_| KeyError::Malformed)?;
    if hex::encode(id) != id_text {
        return Err(KeyError::Malformed);
    }
    Ok((name.parse()?, KeyId(id), signature_type, key))
}

#[cfg(test)]
impl VerifyingKey {
    /// Another key under the same name and identifier, as a collision would make it.
    pub(super) fn colliding(&self) -> Self {
        let mut other = self.clone();
        other.public[0] ^= 1;
        other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SKEY: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const VKEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    #[test]
    fn keys_print_as_the_text_they_were_read_from() {
        let key: SigningKey = SKEY.parse().unwrap();
        assert_eq!(key.to_skey().unwrap(), SKEY);
        assert_eq!(key.verifying_key().to_string(), VKEY);
        assert_eq!(VKEY.parse::<VerifyingKey>().unwrap(), *key.verifying_key());
        assert_eq!(key.verifying_key().id().as_bytes(), [0xc7, 0x4f, 0x20, 0xa3]);
        assert!(!format!("{key:?}").contains("AYEKFALV"));
    }

    #[test]
    fn a_cosignature_key_is_read_but_verifies_no_note() {
        let vkey = "mirror.example.org+3fb148ef+BAAjjch9GyYz0sJsJx7ALhbdAtz2ov0unbzSl1vMp94O";
        let key: VerifyingKey = vkey.parse().unwrap();
        assert_eq!(key.signature_type(), SignatureType::CosignatureV1);
        assert_eq!(key.to_string(), vkey);
        assert_eq!(key.verify(b"text\n", &[0; 64]), Err(KeyError::SignatureType(4)));
        let skey = SKEY.replace("AYEKFALV", "BIEKFALV");
        assert_eq!(skey.parse::<SigningKey>().unwrap_err(), KeyError::SignatureType(4));
    }

    #[test]
    fn damaged_key_texts_are_refused() {
        for (vkey, error) in [
            (String::new(), KeyError::Malformed),
            ("PeterNeumann+c74f20a3".into(), KeyError::Malformed),
            (VKEY.replace("c74f20a3", "C74F20A3"), KeyError::Malformed),
            (VKEY.replace("c74f20a3", "c74f20a"), KeyError::Malformed),
            (VKEY.replace("c74f20a3", "c74f20a4"), KeyError::IdMismatch),
            (VKEY.replace("Peter", "Meter"), KeyError::IdMismatch),
            (VKEY.replace("Peter", "Pe ter"), KeyError::Name(KeyNameError)),
            (VKEY.replace("PeterNeumann", ""), KeyError::Name(KeyNameError)),
            (VKEY.replace("+ARpc", "+Apc"), KeyError::Malformed),
            (VKEY.replace("+ARpc", "+AhpcARpc"), KeyError::SignatureType(2)),
            (format!("{VKEY}AA"), KeyError::Malformed),
            (format!("{VKEY}AAAA"), KeyError::Malformed),
            (format!("{VKEY}\n"), KeyError::Malformed),
        ] {
            assert_eq!(vkey.parse::<VerifyingKey>().unwrap_err(), error, "{vkey}");
        }
        assert_eq!(VKEY.parse::<SigningKey>().unwrap_err(), KeyError::Malformed);
        assert_eq!(SKEY.replace("c74f20a3", "c74f20a4").parse::<SigningKey>().unwrap_err(), KeyError::IdMismatch);
    }

    #[test]
    fn a_signature_of_another_text_key_or_length_is_no_signature() {
        let key: SigningKey = SKEY.parse().unwrap();
        let signature = key.sign(b"text\n").unwrap();
        let verifying = key.verifying_key();
        assert_eq!(verifying.verify(b"text\n", &signature), Ok(true));
        assert_eq!(verifying.verify(b"text", &signature), Ok(false));
        assert_eq!(verifying.verify(b"text\n", &signature[..63]), Ok(false));
        assert_eq!(verifying.verify(b"text\n", &[0; 64]), Ok(false));
        assert_eq!(verifying.verify(b"text\n", &[0xff; 64]), Ok(false));
        assert_eq!(verifying.verify(b"text\n", &[]), Ok(false));
    }
}
