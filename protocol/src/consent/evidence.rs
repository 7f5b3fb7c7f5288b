//! From the basis that a query carries to what the decision is made from.
//!
//! Guarantees: consent first, then the parties, then the sealed binding: whoever is not meant by the consent learns
//! that, and not that a binding would not open. What comes out may be remembered by the bytes that went in, until the
//! directory changes: all that time changes is judged again by [`super::Grant::authorize`]. Deliberately absent: the
//! binding's status, which the caller adds from what it last fetched.

use schemas::{
    id::{CompactJwe, CompactJws, EntityId},
    problem::Code,
    query::Basis,
    time::Timestamp,
};

use super::{Asked, ConsentBasis, Refusal, VerifiedBasis, rules};
use crate::{
    credential::{
        binding::{RegistryKeys, open_presentation, verify_for_consent},
        vc,
    },
    seal::DecryptionKey,
};

/// What a provider verifies a basis with.
#[derive(Clone, Copy, Debug)]
pub struct BasisReader<'a, K> {
    /// The trust anchor, whose context a consent must name.
    pub anchor: &'a EntityId,
    /// Our decryption keys, past ones included.
    pub keys: &'a [DecryptionKey],
    /// Who may issue bindings for our sector.
    pub registries: &'a K,
}

impl VerifiedBasis {
    /// Verifies the basis of a query to us. The status of the binding is still unknown.
    ///
    /// # Errors
    /// The refusal: of the consent's token, of its parties, of its binding, in this order.
    pub fn verify<K: RegistryKeys>(
        asked: Asked<'_>,
        reader: &BasisReader<'_, K>,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        match &asked.query().basis {
            Basis::Law { id, .. } => Ok(Self::Law(id.clone())),
            Basis::Consent { consent, binding } => {
                reader.consent(asked, consent, binding, now).map(Box::new).map(Self::Consent)
            }
        }
    }
}

impl<K: RegistryKeys> BasisReader<'_, K> {
    fn consent(
        &self,
        asked: Asked<'_>,
        consent: &CompactJws,
        binding: &CompactJwe,
        now: Timestamp,
    ) -> Result<ConsentBasis, Refusal> {
        let consent = vc::verify(consent, self.anchor)
            .map_err(|error| Refusal::new(error.code(), "the consent credential does not verify"))?;
        rules::parties(asked, consent.terms())?;
        let invalid = |because| move |_| Refusal::new(Code::BindingInvalid, because);
        let presentation =
            open_presentation(binding, &consent, self.keys).map_err(invalid("the sealed binding does not open"))?;
        let provider = &consent.terms().provider;
        let binding = verify_for_consent(&presentation, self.registries, &consent, provider, now)
            .map_err(invalid("the binding does not verify"))?;
        Ok(ConsentBasis { consent, binding, status: None })
    }
}

#[cfg(test)]
mod tests;
