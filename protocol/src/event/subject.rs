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
    seal::{Binding, DecryptionKey, EncryptionKey, JweError, Limits, SealFailed, open, seal},
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
