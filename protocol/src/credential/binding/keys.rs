//! Whose signature on a binding, a guardianship or a name counts.

use schemas::{
    id::{EntityId, KeyId, Sector},
    time::{NumericDate, Timestamp},
};

use crate::{federation::Directory, seal::VerifyingKey};

/// Keys of identity registries. The implementer checks role and standing.
pub trait RegistryKeys {
    /// The signing key with that id that an identity registry had at that instant; `None` if the entity is not an
    /// identity registry for the sector in question, or the key was not valid or was revoked.
    fn registry_key(&self, registry: &EntityId, kid: &KeyId, at: NumericDate) -> Option<VerifyingKey>;
}

impl<F: Fn(&EntityId, &KeyId, NumericDate) -> Option<VerifyingKey>> RegistryKeys for F {
    fn registry_key(&self, registry: &EntityId, kid: &KeyId, at: NumericDate) -> Option<VerifyingKey> {
        self(registry, kid, at)
    }
}

/// The keys of members in good standing that the anchor lets name people in one sector.
#[derive(Clone, Copy, Debug)]
pub struct DirectoryKeys<'a> {
    /// The directory in use.
    pub directory: &'a Directory,
    /// The sector of the reader.
    pub sector: &'a Sector,
    /// Now.
    pub now: Timestamp,
}

impl RegistryKeys for DirectoryKeys<'_> {
    fn registry_key(&self, registry: &EntityId, kid: &KeyId, at: NumericDate) -> Option<VerifyingKey> {
        let member = self.directory.peer(registry, self.now).ok()?;
        member.authorize_identity_registry(self.sector).ok()?;
        member.signing_key(kid, at, None).ok().cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{World, name};

    #[test]
    fn a_registry_signs_for_the_sectors_that_the_anchor_gave_it() {
        let world = World::new();
        let (directory, kid, now) = (world.directory(), world.registry.signing.kid(), world.now);
        let key = |entity: &EntityId, sector: &str, kid: &KeyId| {
            let keys = DirectoryKeys { directory: &directory, sector: &name(sector), now };
            keys.registry_key(entity, kid, now.numeric())
        };
        let civil = &world.registry.entity;
        assert_eq!(key(civil, "revenue", kid).as_ref(), Some(world.registry.signing.public()));
        assert_eq!(key(civil, "defence", kid), None, "a sector that it does not have");
        assert_eq!(key(civil, "revenue", world.provider.signing.kid()), None, "a key that is not its own");
        let provider = &world.provider;
        assert_eq!(key(&provider.entity, "revenue", provider.signing.kid()), None, "a member without the role");
        assert_eq!(key(&name("https://evil.example"), "revenue", kid), None, "no member");
        let later = DirectoryKeys { directory: &directory, sector: &name("revenue"), now: now.plus(90_000) };
        assert_eq!(later.registry_key(civil, kid, now.numeric()), None, "an expired directory");
    }
}
