//! One exchange as pure functions: every signed and sealed message of it, made by the project's own code without any I/O.
//!
//! Guarantees: the messages are real (a citizen's consent, the query, the answer, both receipts), so that the floor is measured over
//! bytes of the sizes that travel. Deliberately absent: databases, HTTP, caches.

use std::collections::BTreeMap;

use anyhow::Context;
use protocol::{
    consent::{BasisReader, ConsentState, Grant, State, VerifiedBasis},
    credential::BindingStatus,
    exchange::{
        Attested, Consumer, Evidence, PeerQuery, Provider, Question, SignedAnswer, accept, accept_counterpart,
        authorize_peer, open_answer,
    },
    federation::VerifiedMember,
};
use protocol_testing::{Department, SignedConsent, World, name};
use schemas::{
    answer::FieldValue,
    query::{Agent, Basis, Query, QueryTerms},
    receipt::Receipt,
};

/// Both departments and a citizen who consented.
pub struct Scene {
    world: World,
    consumer: VerifiedMember,
    provider: VerifiedMember,
    consent: SignedConsent,
    /// Looked up once, as gateways do in the background.
    status: Option<BindingStatus>,
}

/// What was signed and sealed on the way.
pub struct Messages {
    /// The query.
    pub query: Attested<Query>,
    /// The answer and the receipt within it.
    pub answer: SignedAnswer,
    /// The consumer's receipt.
    pub receipt: Attested<Receipt>,
    /// The citizen's consent, and the binding sealed to the provider.
    pub consent: SignedConsent,
}

fn consumer(department: &Department) -> Consumer<'_> {
    let Department { entity, signing, subject_mac, .. } = department;
    Consumer { entity, signing, subject_mac }
}

fn provider(department: &Department) -> Provider<'_> {
    let Department { entity, signing, subject_mac, .. } = department;
    Provider { entity, signing, subject_mac }
}

impl Scene {
    /// Makes keys, members and consent.
    pub fn new() -> Self {
        let world = World::new();
        let (consumer, provider) = (world.authority.admit(&world.consumer), world.authority.admit(&world.provider));
        let consent = world.citizen("RID-0001").consent(&world.terms());
        let status = match world.basis(&world.query(&consent)) {
            VerifiedBasis::Consent(basis) => basis.status,
            VerifiedBasis::Law(_) => None,
        };
        Self { world, consumer, provider, consent, status }
    }

    /// Everything that both gateways compute for one exchange, in the order in which they do.
    ///
    /// # Errors
    /// If a step refuses what the step before made.
    pub fn exchange(&self) -> anyhow::Result<Messages> {
        let now = self.world.now;
        let query = consumer(&self.world.consumer).ask(self.question(), 60, now)?;
        let accepted = accept(query.jws().as_str().as_bytes(), &self.consumer)?;
        let grant = self.decide(&accepted)?;
        let answer = self.answer(&accepted, &grant)?;
        let keys = std::slice::from_ref(&self.world.consumer.encryption);
        let opened = open_answer(answer.answer.jws().as_str().as_bytes(), &query, &self.provider, keys, now)?;
        let evidence = Evidence { basis: Some(grant.receipt_basis()), directory_size: 7, ..Evidence::default() };
        let receipt = consumer(&self.world.consumer).receipt(&query, &opened, &evidence, now)?;
        accept_counterpart(receipt.jws().as_str().as_bytes(), &answer.receipt, &self.consumer)?;
        Ok(Messages { query, answer, receipt, consent: self.consent.clone() })
    }

    fn question(&self) -> Question {
        let SignedConsent { jws, binding, terms } = &self.consent;
        Question {
            provider: terms.provider.clone(),
            terms: QueryTerms {
                dataset: terms.dataset.clone(),
                fields: terms.fields.clone(),
                predicates: Vec::new(),
                purpose: terms.purpose.code.clone(),
            },
            basis: Basis::Consent { consent: jws.clone(), binding: binding.clone() },
            agent: Agent { system: name("portal"), officer: None },
            case: None,
        }
    }

    fn decide(&self, query: &PeerQuery) -> anyhow::Result<Grant> {
        let asked =
            authorize_peer(query, &self.consumer, self.provider.entity()).ok().context("the peer is refused")?;
        let asked = asked.fresh(self.world.now).ok().context("the query is stale")?;
        let (registries, keys) = (self.world.registry.keys(), std::slice::from_ref(&self.world.provider.encryption));
        let reader = BasisReader { anchor: &self.world.authority.entity, keys, registries: &registries, laws: None };
        let mut basis = VerifiedBasis::verify(asked, &reader, self.world.now).ok().context("the basis is refused")?;
        if let VerifiedBasis::Consent(basis) = &mut basis {
            basis.status.clone_from(&self.status);
        }
        let state = State::Consent(ConsentState::fresh());
        Grant::authorize(asked, &basis, &self.world.offer(), &state, self.world.now).ok().context("nothing is granted")
    }

    fn answer(&self, query: &PeerQuery, grant: &Grant) -> anyhow::Result<SignedAnswer> {
        let row = BTreeMap::from([(name("annual_income_band"), FieldValue::Text("below-1-lakh".to_owned()))]);
        let (signs, now) = (provider(&self.world.provider), self.world.now);
        let record = signs.seal_record(query, self.consumer.encryption_key(), grant, grant.disclose(vec![row]), now)?;
        let evidence = Evidence {
            basis: Some(grant.receipt_basis()),
            subject: Some(grant.subject().clone()),
            status_checked: grant.status_checked(),
            directory_size: 7,
        };
        Ok(signs.answer(query, Ok(record), &evidence, now)?)
    }
}
