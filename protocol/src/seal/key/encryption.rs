//! The pair of keys for ECDH-ES on P-256 (RFC 7518 §4.6): what seals and what opens.

use std::{fmt, sync::Arc};

use josekit::jwe::{ECDH_ES, alg::ecdh_es::EcdhEsJweEncrypter};
use openssl::pkey::{PKey, PKeyRef, Private};
use schemas::id::KeyId;
use zeroize::Zeroizing;

use super::{
    Jwk, KeyError,
    signing::{new_p256, read_private_pem, write_private_pem},
    verifying::{check_id, check_use, p256_jwk, p256_point},
};

const ALG: &str = "ECDH-ES";

/// A receiver's public key.
#[derive(Clone)]
pub struct EncryptionKey(Arc<Sealing>);

struct Sealing {
    encrypter: EcdhEsJweEncrypter,
    jwk: Jwk,
    kid: KeyId,
}

impl EncryptionKey {
    /// Checks a JWK and takes it for sealing.
    ///
    /// # Errors
    /// If its kind, point, `use`, `alg` or `kid` is wrong.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        if jwk.kty != "EC" || jwk.crv != "P-256" {
            return Err(KeyError::Unsupported);
        }
        check_use(jwk, "enc", ALG)?;
        let key = p256_point(jwk)?;
        let kid = check_id(jwk)?;
        let jwk = Jwk { kid: Some(kid.clone()), ..jwk.clone() };
        let der = key.public_key_to_der().map_err(|_| KeyError::Failed)?;
        let encrypter = ECDH_ES.encrypter_from_der(der).map_err(|_| KeyError::InvalidPoint)?;
        Ok(Self(Arc::new(Sealing { encrypter, jwk, kid })))
    }

    /// The public half of a private key, as it is published.
    fn of(key: &PKeyRef<Private>) -> Result<Self, KeyError> {
        let jwk = Jwk { use_: Some("enc".into()), alg: Some(ALG.into()), ..p256_jwk(key)? };
        Self::from_jwk(&jwk)
    }

    /// The RFC 7638 thumbprint.
    pub fn kid(&self) -> &KeyId {
        &self.0.kid
    }

    /// The key as it is published.
    pub fn jwk(&self) -> &Jwk {
        &self.0.jwk
    }

    pub(in crate::seal) fn encrypter(&self) -> &EcdhEsJweEncrypter {
        &self.0.encrypter
    }
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncryptionKey({})", self.0.kid)
    }
}

/// A receiver's private key. OpenSSL wipes it when the last clone goes.
#[derive(Clone)]
pub struct DecryptionKey(Arc<Opening>);

struct Opening {
    private: PKey<Private>,
    public: EncryptionKey,
}

impl DecryptionKey {
    /// A new P-256 key.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn generate() -> Result<Self, KeyError> {
        Self::of(new_p256()?)
    }

    /// Reads an unencrypted PKCS#8 PEM file, as [`to_pem`](Self::to_pem) writes it.
    ///
    /// # Errors
    /// If it is not PEM, or not P-256.
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        Self::of(read_private_pem(pem)?)
    }

    fn of(private: PKey<Private>) -> Result<Self, KeyError> {
        let public = EncryptionKey::of(&private)?;
        Ok(Self(Arc::new(Opening { private, public })))
    }

    /// The key as PKCS#8 PEM for a file that only its owner can read.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn to_pem(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        write_private_pem(&self.0.private)
    }

    /// The public half.
    pub fn public(&self) -> &EncryptionKey {
        &self.0.public
    }

    /// The RFC 7638 thumbprint.
    pub fn kid(&self) -> &KeyId {
        self.0.public.kid()
    }

    pub(in crate::seal) fn scalar(&self) -> &PKeyRef<Private> {
        &self.0.private
    }
}

impl fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DecryptionKey({})", self.kid())
    }
}
