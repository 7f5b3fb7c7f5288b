//! Whom an identity registry is asked to name, sealed by the asker to the registry.
//!
//! Guarantees: nobody but the registry learns whom the asker asks about; the order opens only inside a message that its sealer
//! signed. It is sealed before the query around it has an id, so it is bound to the signer and not to one message: only the signer
//! could repeat it, who could as well seal it again. Deliberately absent: whether anybody may be named; that is a law's to say.

use schemas::{
    id::{CompactJwe, EntityId},
    naming::NamingOrder,
};

use super::first_opened;
use crate::seal::{Binding, DecryptionKey, EncryptionKey, JweError, Limits, SealFailed, open, seal};

/// Seals an order to the registry.
///
/// # Errors
/// If OpenSSL fails.
pub fn seal_naming(
    asker: &EntityId,
    registry: &EntityId,
    registry_key: &EncryptionKey,
    order: &NamingOrder,
) -> Result<CompactJwe, SealFailed> {
    seal(registry_key, &Binding::naming(asker, registry), order)
}

/// Opens an order inside a query that `asker` signed. `keys` are all our decryption keys, old ones included.
///
/// # Errors
/// If it is not for us, or was sealed by another.
pub fn open_naming(
    jwe: &CompactJwe,
    us: &EntityId,
    keys: &[DecryptionKey],
    asker: &EntityId,
) -> Result<NamingOrder, JweError> {
    let binding = Binding::naming(asker, us);
    first_opened(keys.iter().map(|key| open(jwe, key, &binding, Limits::QUERY)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::name;

    #[test]
    fn an_order_opens_at_the_registry_inside_its_sealers_messages_alone() {
        let (key, other) = (DecryptionKey::generate().unwrap(), DecryptionKey::generate().unwrap());
        let entity = |text: &str| name::<EntityId>(&format!("https://{text}.gov.example"));
        let (asker, registry) = (entity("social"), entity("civil"));
        let subjects = vec![name("3cbisiTQ_YIWaSAiWDhpNvyc4omeIV7sYyK5X43ZbWo"); schemas::naming::PEOPLE];
        let order = NamingOrder { receiver: entity("revenue"), subjects };
        let sealed = seal_naming(&asker, &registry, key.public(), &order).unwrap();
        let keys = [other, key];
        assert_eq!(open_naming(&sealed, &registry, &keys, &asker), Ok(order), "an old key still opens");
        assert_eq!(open_naming(&sealed, &registry, &keys, &entity("food")), Err(JweError::Moved));
        assert_eq!(open_naming(&sealed, &entity("other"), &keys, &asker), Err(JweError::Moved));
        assert_eq!(open_naming(&sealed, &registry, &keys[..1], &asker), Err(JweError::OtherKey));
    }
}
