//! From the basis that a query carries to what the decision is made from.
//!
//! Guarantees: consent first, then the parties, then the sealed binding; law first, then the parties, then the sealed
//! subject: whoever is not meant learns that, and not that something would not open. What comes out of a consent may be
//! remembered by the bytes that went in, until the directory changes: all that time changes is judged again by
//! [`super::Grant::authorize`]. Deliberately absent: the status of binding and guardianship, which the caller adds from
//! what it last fetched, and whether the nonce of a live proof is ours.

use schemas::{
    consent::BindingPresentation,
    id::{CompactJwe, CompactJws, EntityId, LawId},
    problem::Code,
    query::Basis,
    time::Timestamp,
};

use super::{Asked, ConsentBasis, LawBasis, Refusal, VerifiedBasis, WardBasis, law, rules};
use crate::{
    credential::{
        VerifiedConsent,
        binding::{RegistryKeys, open_presentation, verify_for_consent, verify_live},
        guardianship, vc,
    },
    event::open_subject,
    federation::VerifiedLaws,
    seal::DecryptionKey,
};

/// What a provider verifies a basis with.
#[derive(Clone, Copy, Debug)]
pub struct BasisReader<'a, K> {
    /// The trust anchor, whose context a consent must name.
    pub anchor: &'a EntityId,
    /// Our decryption keys, past ones included.
    pub keys: &'a [DecryptionKey],
    /// Who may issue bindings and name people in our sector.
    pub registries: &'a K,
    /// The register of laws in force; `None` if there is none.
    pub laws: Option<&'a VerifiedLaws>,
}

impl VerifiedBasis {
    /// Verifies the basis of a query to us. The status of binding and guardianship is still unknown.
    ///
    /// # Errors
    /// The refusal: of the consent's token, of its parties, of its binding; or of the law, of its parties, of the person.
    pub fn verify<K: RegistryKeys>(
        asked: Asked<'_>,
        reader: &BasisReader<'_, K>,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        match &asked.query().basis {
            Basis::Law { id, subject } => reader.law(asked, id, subject, now).map(Box::new).map(Self::Law),
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
        let refused = |code, because| move |_| Refusal::new(code, because);
        let presented = open_presentation(binding, &consent, self.keys)
            .map_err(refused(Code::BindingInvalid, "the sealed binding does not open"))?;
        let BindingPresentation { binding, live, guardianship } = &presented;
        let provider = &consent.terms().provider;
        let binding = verify_for_consent(binding, self.registries, &consent, provider, now)
            .map_err(refused(Code::BindingInvalid, "the binding does not verify"))?;
        let live = live.as_deref().map(|live| verify_live(live, self.registries, consent.key(), provider, now));
        let live = live
            .transpose()
            .map_err(refused(Code::LiveNonceRequired, "the proof over a live nonce does not verify"))?;
        let guardianship = guardianship.as_deref().map(|shown| self.ward(shown, &consent)).transpose()?;
        Ok(ConsentBasis { consent, binding, status: None, live, guardianship })
    }

    fn ward(&self, shown: &str, consent: &VerifiedConsent) -> Result<WardBasis, Refusal> {
        let guardianship = guardianship::verify(shown, self.registries, Some(consent.key()))
            .map_err(|_| Refusal::new(Code::GuardianshipInvalid, "the guardianship does not verify"))?;
        Ok(WardBasis { guardianship, status: None })
    }

    fn law(&self, asked: Asked<'_>, id: &LawId, subject: &CompactJwe, now: Timestamp) -> Result<LawBasis, Refusal> {
        let query = asked.query();
        let law = self.laws.and_then(|laws| laws.registered(id));
        let law = law.ok_or(Refusal::new(Code::LawNotRegistered, "no such law"))?;
        law::parties(query, law.law())?;
        let named = |what: &'static str| Refusal::new(Code::LawScopeExceeded, what);
        let case = query.case.clone().ok_or(named("a law needs a case"))?;
        let officer = query.agent.officer.clone().ok_or(named("a law needs an officer"))?;
        // The same for a person whom nobody named to us: what is sealed tells nothing.
        let nobody = |_| Refusal::new(Code::NotFoundOrNotPermitted, "nobody is named to us for this asker");
        let named = open_subject(subject, &query.aud, self.keys, &query.iss, self.registries, now.numeric());
        Ok(LawBasis { law, subject: named.map_err(nobody)?.into_subject(), case, officer })
    }
}

#[cfg(test)]
mod tests;
