//! The presentation on its way: sealed by the wallet to the provider, carried by the consumer, who cannot open it.

use schemas::{consent::BindingPresentation, id::CompactJwe};
use serde::{Deserialize, Serialize};

use super::BindingError;
use crate::{
    credential::VerifiedConsent,
    seal::{Binding, DecryptionKey, EncryptionKey, JweError, Limits, SealFailed, open, seal},
};

/// What is sealed: the text of the binding where nothing else goes with it, else the whole structure.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Body {
    Binding(String),
    Whole(BindingPresentation),
}

/// Seals a presentation to the provider, for one consent and no other.
///
/// # Errors
/// If OpenSSL fails.
pub fn seal_presentation(
    presentation: &str,
    consent: &VerifiedConsent,
    provider: &EncryptionKey,
) -> Result<CompactJwe, SealFailed> {
    seal(provider, &place(consent), &presentation)
}

/// Seals a presentation with its proofs of presence and guardianship, for one consent and no other.
///
/// # Errors
/// If OpenSSL fails.
pub fn seal_presented(
    presented: &BindingPresentation,
    consent: &VerifiedConsent,
    provider: &EncryptionKey,
) -> Result<CompactJwe, SealFailed> {
    if presented.live.is_none() && presented.guardianship.is_none() {
        return seal_presentation(&presented.binding, consent, provider);
    }
    seal(provider, &place(consent), presented)
}

/// Opens what came with a consent, with whichever of the provider's keys it was sealed to.
///
/// # Errors
/// If it was sealed to none of them, or for another consent.
pub fn open_presentation(
    sealed: &CompactJwe,
    consent: &VerifiedConsent,
    keys: &[DecryptionKey],
) -> Result<BindingPresentation, BindingError> {
    let place = place(consent);
    let opened = keys.iter().map(|key| open(sealed, key, &place, Limits::BINDING));
    let mut tried = opened.skip_while(|result| matches!(result, Err(JweError::OtherKey)));
    Ok(match tried.next().unwrap_or(Err(JweError::OtherKey))? {
        Body::Binding(binding) => BindingPresentation { binding, live: None, guardianship: None },
        Body::Whole(presented) => presented,
    })
}

fn place(consent: &VerifiedConsent) -> Binding {
    Binding::presentation(consent.issuer(), &consent.terms().provider, consent.id())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{credential::vc, testing::World};

    fn verified(world: &World, jws: &schemas::id::CompactJws) -> VerifiedConsent {
        vc::verify(jws, &world.authority.entity).unwrap()
    }

    #[test]
    fn a_presentation_opens_with_an_old_key_among_several() {
        let world = World::new();
        let signed = world.citizen("RID-0001").consent(&world.terms());
        let consent = verified(&world, &signed.jws);
        let (old, new) = (world.provider.encryption.clone(), DecryptionKey::generate().unwrap());
        assert!(open_presentation(&signed.binding, &consent, &[new.clone(), old]).is_ok());
        let refused = open_presentation(&signed.binding, &consent, &[new]).unwrap_err();
        assert_eq!(refused, BindingError::Sealed(JweError::OtherKey));
        assert!(open_presentation(&signed.binding, &consent, &[]).is_err());
    }

    #[test]
    fn a_presentation_of_one_consent_does_not_open_for_another() {
        let world = World::new();
        let asha = world.citizen("RID-0001");
        let (one, other) = (asha.consent(&world.terms()), asha.consent(&world.terms()));
        let keys = [world.provider.encryption.clone()];
        let moved = open_presentation(&one.binding, &verified(&world, &other.jws), &keys).unwrap_err();
        assert_eq!(moved, BindingError::Sealed(JweError::Moved));
    }
}
