//! A person named to one receiver by the identity registry, for the messages of one asker.
//!
//! Guarantees: the sealed name opens only at the receiver, and only inside a message of the asker it was made for.
//! Deliberately absent: who may ask for a name; that is a query under consent or law.

use schemas::{
    event::NamedSubject,
    id::{CompactJwe, EntityId, SectorSubject},
};

use crate::{
    exchange::first_opened,
    seal::{Binding, DecryptionKey, EncryptionKey, JweError, Limits, SealFailed, open, open_named, seal},
};

/// Seals a receiver's own pseudonym of a person, as the identity registry does.
///
/// # Errors
/// If OpenSSL fails.
pub fn name_subject(
    registry: &EntityId,
    receiver: &EntityId,
    receiver_key: &EncryptionKey,
    asker: &EntityId,
    sub: SectorSubject,
) -> Result<CompactJwe, SealFailed> {
    let body = NamedSubject { sub, r#for: asker.clone() };
    seal(receiver_key, &Binding::subject(registry, receiver, asker), &body)
}

/// Opens a name inside a message that `asker` signed. `keys` are all our decryption keys, old ones included.
///
/// # Errors
/// If it is not for us, or was made for another asker's messages.
pub fn open_subject(
    jwe: &CompactJwe,
    registry: &EntityId,
    us: &EntityId,
    keys: &[DecryptionKey],
    asker: &EntityId,
) -> Result<SectorSubject, JweError> {
    let binding = Binding::subject(registry, us, asker);
    let named: NamedSubject = first_opened(keys.iter().map(|key| open(jwe, key, &binding, Limits::OTHER)))?;
    if named.r#for == *asker { Ok(named.sub) } else { Err(JweError::Moved) }
}

/// The same where the registry is not known beforehand, as in a query under a law: who named the person comes back, and
/// the caller must know it for a registry of its own sector.
///
/// # Errors
/// As [`open_subject`].
pub fn open_named_subject(
    jwe: &CompactJwe,
    us: &EntityId,
    keys: &[DecryptionKey],
    asker: &EntityId,
) -> Result<(EntityId, SectorSubject), JweError> {
    let opened = keys.iter().map(|key| open_named::<NamedSubject>(jwe, key, (us, asker), Limits::OTHER));
    let (registry, named) = first_opened(opened)?;
    if named.r#for == *asker { Ok((registry, named.sub)) } else { Err(JweError::Moved) }
}
