//! A citizen with the key and the binding that her wallet keeps for one consumer.

use schemas::{
    consent::{BindingPresentation, ConsentNotice, ConsentTerms},
    digest::Digest,
    id::{CompactJwe, CompactJws, EntityId, Sector},
    time::Timestamp,
};

use super::World;
use protocol::{
    credential::{
        HeldBinding, KeyBinding,
        binding::seal_presented,
        guardianship::show,
        vc::{ConsentDraft, issue, presentation_nonce, verify},
    },
    seal::{Algorithm, EncryptionKey, SigningKey, random},
};

/// A person, her key and her binding.
pub struct Citizen {
    /// Her number in the civil register.
    pub resident_id: String,
    /// Her key for the consumer.
    pub key: SigningKey,
    /// Her binding for that key.
    pub binding: HeldBinding,
    anchor: EntityId,
    provider: (Sector, EncryptionKey),
    now: Timestamp,
}

/// What goes with a consent beside her binding.
#[derive(Clone, Default)]
pub struct Proofs {
    /// A nonce of the provider, over which she proves to be present.
    pub live: Option<String>,
    /// A guardianship as the identity registry issued it.
    pub guardianship: Option<String>,
}

/// A consent with its binding presentation, as a wallet hands them to the consumer.
#[derive(Clone, Debug)]
pub struct SignedConsent {
    /// The consent.
    pub jws: CompactJws,
    /// The presentation, sealed to the provider.
    pub binding: CompactJwe,
    /// The terms in the consent.
    pub terms: ConsentTerms,
}

impl Citizen {
    pub(super) fn new(world: &World, resident_id: &str) -> Self {
        let key = SigningKey::generate(Algorithm::Es256).expect("a key is made");
        Self {
            resident_id: resident_id.to_owned(),
            binding: world.registry.bind(resident_id, key.public()),
            key,
            anchor: world.authority.entity.clone(),
            provider: (world.provider.sector.clone(), world.provider.encryption.public().clone()),
            now: world.now,
        }
    }

    /// What she is about to sign: valid from a minute ago for ninety days.
    pub fn draft(&self, terms: &ConsentTerms) -> ConsentDraft {
        let valid_from = self.now.plus(-60);
        ConsentDraft {
            id: random::consent_id(self.now),
            valid_from,
            valid_until: valid_from.plus(90 * 86_400),
            terms: terms.clone(),
            notice: ConsentNotice {
                r#type: "ConsentNotice".to_owned(),
                notice: Digest::of("card"),
                locale: "hi".to_owned(),
                request: Digest::of("request"),
                shown_at: self.now.plus(-90),
                wallet: Digest::of("wallet build"),
                assistance: None,
            },
        }
    }

    /// Agrees to the terms.
    pub fn consent(&self, terms: &ConsentTerms) -> SignedConsent {
        self.sign(self.draft(terms))
    }

    /// Signs a draft and presents her binding for it to the provider.
    pub fn sign(&self, draft: ConsentDraft) -> SignedConsent {
        self.sign_with(draft, &Proofs::default())
    }

    /// The same with a proof over a nonce of the provider, or with a guardianship.
    pub fn sign_with(&self, draft: ConsentDraft, proofs: &Proofs) -> SignedConsent {
        let provider = draft.terms.provider.clone();
        let jws = issue(draft, &self.anchor, &self.key).expect("a consent is signed");
        let shown = |token: &String| show(token, &self.provider.0).expect("the ward's pseudonym is there");
        let presented = BindingPresentation {
            binding: self.present(&provider, &presentation_nonce(&jws)),
            live: proofs.live.as_ref().map(|nonce| self.present(&provider, nonce)),
            guardianship: proofs.guardianship.as_ref().map(shown),
        };
        self.attach_all(jws, &presented)
    }

    /// Presents the provider's pseudonym, bound to a receiver and a nonce, twenty seconds ago.
    pub fn present(&self, to: &EntityId, nonce: &str) -> String {
        self.present_at(to, nonce, self.now.plus(-20))
    }

    /// The same at another time.
    pub fn present_at(&self, to: &EntityId, nonce: &str, at: Timestamp) -> String {
        let to = KeyBinding {
            aud: to.to_string(),
            nonce: nonce.to_owned(),
            iat: at.numeric(),
            transaction_data_hashes: Vec::new(),
        };
        self.binding.present_subject(&self.provider.0, &to, &self.key).expect("the binding is presented")
    }

    /// Seals a presentation for a consent.
    pub fn attach(&self, jws: CompactJws, presentation: &str) -> SignedConsent {
        let presented = BindingPresentation { binding: presentation.to_owned(), live: None, guardianship: None };
        self.attach_all(jws, &presented)
    }

    /// Seals a presentation with its proofs for a consent.
    pub fn attach_all(&self, jws: CompactJws, presented: &BindingPresentation) -> SignedConsent {
        let consent = verify(&jws, &self.anchor).expect("her own consent");
        let terms = consent.terms().clone();
        let binding = seal_presented(presented, &consent, &self.provider.1).expect("a presentation is sealed");
        SignedConsent { jws, binding, terms }
    }
}
