//! The key that signs: josekit's signer over an OpenSSL private key.

use std::{fmt, sync::Arc};

use josekit::jws::{ES256, EdDSA, JwsSigner};
use openssl::{
    ec::EcKey,
    pkey::{PKey, Private},
};
use schemas::id::KeyId;
use zeroize::Zeroizing;

use super::{Algorithm, KeyError, VerifyingKey, verifying::p256};
use crate::seal::SealFailed;

/// A private key that signs with exactly one algorithm. OpenSSL wipes it when the last clone goes.
#[derive(Clone)]
pub struct SigningKey(Arc<Inner>);

struct Inner {
    private: PKey<Private>,
    signer: Box<dyn JwsSigner>,
    public: VerifyingKey,
}

impl SigningKey {
    /// A new key.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        Self::of(match algorithm {
            Algorithm::Es256 => new_p256()?,
            Algorithm::EdDsa => PKey::generate_ed25519().map_err(|_| KeyError::Failed)?,
        })
    }

    /// Reads an unencrypted PKCS#8 PEM file, as [`to_pem`](Self::to_pem) writes it.
    ///
    /// # Errors
    /// If it is not PEM, or a key of another kind.
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        Self::of(read_private_pem(pem)?)
    }

    /// The Ed25519 key of a 32-byte seed (RFC 8032 §5.1.5).
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn from_ed25519_seed(seed: &[u8; 32]) -> Result<Self, KeyError> {
        Self::of(PKey::private_key_from_raw_bytes(seed, openssl::pkey::Id::ED25519).map_err(|_| KeyError::Unreadable)?)
    }

    fn of(private: PKey<Private>) -> Result<Self, KeyError> {
        let public = VerifyingKey::of(&private)?;
        let der = Zeroizing::new(private.private_key_to_pkcs8().map_err(|_| KeyError::Failed)?);
        let signer: Box<dyn JwsSigner> = match public.algorithm() {
            Algorithm::Es256 => Box::new(ES256.signer_from_der(&der).map_err(|_| KeyError::Unreadable)?),
            Algorithm::EdDsa => Box::new(EdDSA.signer_from_der(&der).map_err(|_| KeyError::Unreadable)?),
        };
        Ok(Self(Arc::new(Inner { private, signer, public })))
    }

    /// The key as PKCS#8 PEM for a file that only its owner can read.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn to_pem(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        write_private_pem(&self.0.private)
    }

    /// The public half.
    pub fn public(&self) -> &VerifyingKey {
        &self.0.public
    }

    /// The RFC 7638 thumbprint.
    pub fn kid(&self) -> &KeyId {
        self.0.public.kid()
    }

    /// The one algorithm of this key.
    pub fn algorithm(&self) -> Algorithm {
        self.0.public.algorithm()
    }

    /// The 64-byte signature of JOSE over those bytes: `r ‖ s` for ES256 (RFC 7518 §3.4), RFC 8032 for EdDSA.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn sign_bytes(&self, message: &[u8]) -> Result<Vec<u8>, SealFailed> {
        self.0.signer.sign(message).map_err(SealFailed::to("sign"))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({} {})", self.algorithm().as_str(), self.kid())
    }
}

pub(in crate::seal) fn new_p256() -> Result<PKey<Private>, KeyError> {
    let key = EcKey::generate(p256()?).map_err(|_| KeyError::Failed)?;
    PKey::from_ec_key(key).map_err(|_| KeyError::Failed)
}

/// An encrypted file is refused rather than asked about: OpenSSL would prompt on the terminal.
pub(in crate::seal) fn read_private_pem(pem: &[u8]) -> Result<PKey<Private>, KeyError> {
    PKey::private_key_from_pem_callback(pem, |_| Ok(0)).map_err(|_| KeyError::Unreadable)
}

pub(in crate::seal) fn write_private_pem(key: &PKey<Private>) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    key.private_key_to_pem_pkcs8().map(Zeroizing::new).map_err(|_| KeyError::Failed)
}
