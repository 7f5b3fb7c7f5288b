//! Compact JWE, bound to the message that carries it (RFC 7516 §7.1; protocol, "JWE").
//!
//! Guarantees: ECDH-ES on P-256 with A256GCM and nothing else; the header's members are exactly `alg`, `enc`, `epk`,
//! `kid`, `cty`; iv and tag have their full lengths; issuer, audience and id inside the ciphertext equal those
//! outside, so that no ciphertext can be moved into another message.
//! Deliberately absent: RSA, key wrapping, PBES2, compression, several recipients. josekit seals; opening is built
//! from OpenSSL's parts, which halves its cost (ADR 0131), and tests hold both against each other.

mod agreement;
mod binding;
mod front;
mod plain;

pub use binding::Binding;
pub use plain::{open_plain, seal_plain};

use std::sync::LazyLock;

use josekit::jwe::{JweContext, JweHeader};
use openssl::symm::{Cipher, decrypt_aead};
use schemas::{
    id::{CompactJwe, EntityId},
    problem::Code,
    version::V1,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use super::{DecryptionKey, EncryptionKey, Limits, SealFailed, key::p256_point, strict_json};

const ENC: &str = "A256GCM";
const ALG: &str = "ECDH-ES";

/// A JWE could not be opened. No variant tells what was inside.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum JweError {
    /// Not the compact form, or a header member that is not accepted.
    #[error("the sealed part is malformed: {0}")]
    Malformed(&'static str),
    /// Sealed to another key.
    #[error("the sealed part is for another key")]
    OtherKey,
    /// The tag does not verify.
    #[error("the sealed part does not open")]
    NotOpened,
    /// The content has another form.
    #[error("the sealed content is not {0}")]
    Content(&'static str),
    /// Sealed for another message.
    #[error("the sealed part belongs to another message")]
    Moved,
}

impl JweError {
    /// The code of refusal: whoever sealed it sent a token that is no use.
    pub const fn code(&self) -> Code {
        match self {
            Self::Malformed(_) | Self::OtherKey | Self::NotOpened | Self::Content(_) | Self::Moved => {
                Code::TokenMalformed
            }
        }
    }
}

#[derive(Serialize)]
struct Sealed<'a, B> {
    v: V1,
    iss: &'a str,
    aud: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<&'a str>,
    #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
    asker: Option<&'a str>,
    body: &'a B,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, bound = "B: DeserializeOwned")]
struct Opened<B> {
    #[serde(rename = "v")]
    _v: V1,
    iss: String,
    aud: String,
    #[serde(default)]
    jti: Option<String>,
    #[serde(default, rename = "for")]
    asker: Option<String>,
    body: B,
}

/// Seals a body to one receiver, for one message.
///
/// # Errors
/// If the body cannot be written as JSON, or OpenSSL fails.
pub fn seal(recipient: &EncryptionKey, binding: &Binding, body: &impl Serialize) -> Result<CompactJwe, SealFailed> {
    let (iss, aud) = (binding.iss(), binding.aud());
    let content = Sealed { v: V1, iss, aud, jti: binding.jti(), asker: binding.asker(), body };
    encrypt(recipient, binding.content_type(), &json(&content)?)
}

/// Opens what was sealed to us, for exactly this message.
///
/// # Errors
/// If form, key, tag, content or binding is not as expected.
pub fn open<B: DeserializeOwned>(
    jwe: &CompactJwe,
    key: &DecryptionKey,
    expected: &Binding,
    limits: Limits,
) -> Result<B, JweError> {
    bound(content(jwe, key, expected.content_type(), limits)?, expected)
}

/// Opens a person named to us for the messages of an asker, by whichever registry says so: the caller must know it for
/// one that names people to us.
///
/// # Errors
/// As [`open`].
pub fn open_named<B: DeserializeOwned>(
    jwe: &CompactJwe,
    key: &DecryptionKey,
    (us, asker): (&EntityId, &EntityId),
    limits: Limits,
) -> Result<(EntityId, B), JweError> {
    let opened: Opened<B> = content(jwe, key, binding::SUBJECT, limits)?;
    let registry: EntityId = opened.iss.parse().map_err(|_| JweError::Moved)?;
    let expected = Binding::subject(&registry, us, asker);
    bound(opened, &expected).map(|body| (registry, body))
}

fn content<B: DeserializeOwned>(
    jwe: &CompactJwe,
    key: &DecryptionKey,
    content_type: &str,
    limits: Limits,
) -> Result<Opened<B>, JweError> {
    let content = decrypt(jwe, key, Some(content_type), limits)?;
    serde_json::from_slice(&content).map_err(|_| JweError::Content(std::any::type_name::<B>()))
}

fn bound<B>(opened: Opened<B>, expected: &Binding) -> Result<B, JweError> {
    let same = opened.iss == expected.iss()
        && opened.aud == expected.aud()
        && opened.jti.as_deref() == expected.jti()
        && opened.asker.as_deref() == expected.asker();
    if same { Ok(opened.body) } else { Err(JweError::Moved) }
}

fn json(content: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, SealFailed> {
    serde_json::to_vec(content).map(Zeroizing::new).map_err(SealFailed::to("write a body as JSON"))
}

/// Knows the algorithms; building it costs a quarter of sealing.
static CONTEXT: LazyLock<JweContext> = LazyLock::new(JweContext::new);

fn encrypt(recipient: &EncryptionKey, content_type: &str, content: &[u8]) -> Result<CompactJwe, SealFailed> {
    let mut header = JweHeader::new();
    header.set_content_encryption(ENC);
    header.set_key_id(recipient.kid().as_str());
    header.set_content_type(content_type);
    let compact = CONTEXT.serialize_compact(content, &header, recipient.encrypter());
    compact.map_err(SealFailed::to("encrypt"))?.parse().map_err(SealFailed::to("write a sealed part"))
}

fn decrypt(
    jwe: &CompactJwe,
    key: &DecryptionKey,
    content_type: Option<&str>,
    limits: Limits,
) -> Result<Zeroizing<Vec<u8>>, JweError> {
    let parts = front::check(jwe, key.kid(), content_type, limits)?;
    let ephemeral = p256_point(&parts.epk).map_err(|_| JweError::Malformed("the ephemeral point is not valid"))?;
    let key = agreement::content_key(key.scalar(), &ephemeral, &parts.parties).map_err(|_| JweError::NotOpened)?;
    let (iv, aad) = (Some(parts.iv.as_slice()), parts.header.as_bytes());
    let content = decrypt_aead(Cipher::aes_256_gcm(), &*key, iv, aad, &parts.content, &parts.tag)
        .map(Zeroizing::new)
        .map_err(|_| JweError::NotOpened)?;
    strict_json::check(&content, limits).map_err(|_| JweError::Content("strict JSON"))?;
    Ok(content)
}

#[cfg(test)]
mod tests;
