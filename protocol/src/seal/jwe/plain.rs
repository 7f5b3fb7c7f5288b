//! A JWE whose binding the OpenID4VP response itself carries (`nonce`, `state` inside the presentation).
//!
//! Source: OpenID4VP 1.0 §8.3, response mode `direct_post.jwt`.

use schemas::id::CompactJwe;
use serde::{Serialize, de::DeserializeOwned};

use super::{DecryptionKey, EncryptionKey, JweError, Limits, SealFailed, decrypt, encrypt, json};

/// Seals an OpenID4VP response to the key that the request named.
///
/// # Errors
/// If the response cannot be written as JSON, or OpenSSL fails.
pub fn seal_plain(recipient: &EncryptionKey, response: &impl Serialize) -> Result<CompactJwe, SealFailed> {
    encrypt(recipient, "json", &json(response)?)
}

/// Opens an OpenID4VP response. Its header may lack `cty`: other wallets do not write it.
///
/// # Errors
/// If form, key, tag or content is not as expected.
pub fn open_plain<T: DeserializeOwned>(jwe: &CompactJwe, key: &DecryptionKey, limits: Limits) -> Result<T, JweError> {
    let content = decrypt(jwe, key, None, limits)?;
    serde_json::from_slice(&content).map_err(|_| JweError::Content(std::any::type_name::<T>()))
}
