//! Holding and presenting: the wallet's side.

use std::collections::BTreeSet;

use schemas::{consent::BindingClaims, id::Sector, time::NumericDate};

use super::{BindingError, KeyBindingClaims, RegistryKeys, SUBJECT_PREFIX, verify};
use crate::{
    credential::sd_jwt::{Parts, Revealed},
    seal::{KeyReference, Limits, SealFailed, SigningKey, Typ, VerifyingKey, sign_as},
};

/// A binding that its holder checked when it came.
#[derive(Clone)]
pub struct HeldBinding {
    token: String,
    claims: BindingClaims,
    concealed: Revealed,
}

/// To whom, for what and when a binding is presented.
#[derive(Clone, Debug)]
pub struct KeyBinding {
    /// The receiver: an entity id, or the client id of an OpenID4VP request.
    pub aud: String,
    /// The receiver's nonce, or the digest of the consent.
    pub nonce: String,
    /// Now.
    pub iat: NumericDate,
    /// Hashes of OpenID4VP `transaction_data`, base64url of SHA-256; empty beside a consent.
    pub transaction_data_hashes: Vec<String>,
}

/// A binding cannot be presented.
#[derive(Debug, thiserror::Error)]
pub enum PresentError {
    /// It lacks a claim that was to be shown, or cannot be read.
    #[error("the binding cannot show that")]
    Binding(#[from] BindingError),
    /// It is bound to another key.
    #[error("the binding belongs to another key")]
    OtherKey,
    /// Signing failed.
    #[error("the presentation could not be signed")]
    Seal(#[from] SealFailed),
}

impl HeldBinding {
    /// Checks a binding that came from the identity registry: its signature, and that it is for this key.
    ///
    /// # Errors
    /// If the registry is unknown, the token malformed, or the key another one.
    pub fn receive(token: &str, registries: &impl RegistryKeys, holder: &VerifyingKey) -> Result<Self, BindingError> {
        let parts = Parts::parse(token, Limits::BINDING)?;
        if parts.key_binding().is_some() {
            return Err(BindingError::Malformed("it is already bound"));
        }
        let (claims, key) = verify::issuer_signed(parts, registries, Some(holder))?;
        if key != *holder {
            return Err(BindingError::NotBound("it names another key"));
        }
        let concealed = parts.reveal()?;
        Ok(Self { token: token.to_owned(), claims, concealed })
    }

    /// The clear claims.
    pub fn claims(&self) -> &BindingClaims {
        &self.claims
    }

    /// A concealed claim, for the holder's own eyes.
    pub fn concealed(&self, name: &str) -> Option<&str> {
        self.concealed.get(name)?.as_str()
    }

    /// The token as it came, for the wallet's own store.
    pub fn as_str(&self) -> &str {
        &self.token
    }

    /// Presents the pseudonym of one sector and nothing else: what goes with a consent.
    ///
    /// # Errors
    /// As [`present`](Self::present).
    pub fn present_subject(&self, sector: &Sector, to: &KeyBinding, key: &SigningKey) -> Result<String, PresentError> {
        self.present(&[&format!("{SUBJECT_PREFIX}{sector}")], to, key)
    }

    /// Presents those concealed claims, bound to a receiver by the holder's key.
    ///
    /// # Errors
    /// If a claim is not there, the key is another one, or OpenSSL fails.
    pub fn present(&self, disclose: &[&str], to: &KeyBinding, key: &SigningKey) -> Result<String, PresentError> {
        if super::super::citizen_key(&self.claims.cnf.jwk).as_ref() != Ok(key.public()) {
            return Err(PresentError::OtherKey);
        }
        let names: BTreeSet<&str> = disclose.iter().copied().collect();
        let parts = Parts::parse(&self.token, Limits::BINDING).map_err(BindingError::from)?;
        let mut shown = parts.retaining(&names).map_err(BindingError::from)?;
        let sd_hash = Parts::parse(&shown, Limits::BINDING).map_err(BindingError::from)?.sd_hash();
        let hashes = to.transaction_data_hashes.clone();
        let claims = KeyBindingClaims {
            iat: to.iat,
            aud: to.aud.clone(),
            nonce: to.nonce.clone(),
            sd_hash,
            transaction_data_hashes_alg: (!hashes.is_empty()).then(|| super::SD_ALG.to_owned()),
            transaction_data_hashes: hashes,
        };
        shown.push_str(sign_as(Typ::KeyBinding, key, KeyReference::Absent, &claims)?.as_str());
        Ok(shown)
    }
}

impl std::fmt::Debug for HeldBinding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HeldBinding({})", self.claims.iss)
    }
}
