//! One exchange between two real members: social asks revenue about a citizen who consented.

use std::collections::BTreeMap;

use schemas::{
    answer::FieldValue,
    id::{FieldName, KeyId},
    problem::Code,
    query::{Basis, Query, QueryTerms},
    receipt::Receipt,
    time::Timestamp,
};

use super::*;
use crate::{
    consent::Grant,
    federation::{
        VerifiedMember,
        testing::{Authority, NOW, Party, set},
    },
    seal::SigningKey,
    testing::{Department, SignedConsent, World, name},
};

/// Both parties, and the consent of a citizen.
pub struct Scene {
    pub world: World,
    pub authority: Authority,
    pub social: Party,
    pub revenue: Party,
    pub consent: SignedConsent,
}

/// A party of the federation with the keys of a department.
pub fn party(department: &Department) -> Party {
    let mut party = Party::member(department.sector.as_str());
    party.signing = department.signing.clone();
    party.encryption = department.encryption.clone();
    let signing = set(&[&party.signing]);
    let encryption = party.encryption.public().jwk().clone();
    party.gateway().signing_jwks = signing;
    party.gateway().encryption_jwks.keys = vec![encryption];
    party
}

impl Scene {
    pub fn new() -> Self {
        let world = World::new();
        let citizen = world.citizen("RID-0001");
        let consent = citizen.consent(&world.terms());
        let (social, revenue) = (party(&world.consumer), party(&world.provider));
        Self { authority: Authority::new(), social, revenue, consent, world }
    }

    pub fn consumer(&self) -> VerifiedMember {
        self.authority.admit(&self.social, &["consumer:social"])
    }

    pub fn provider(&self) -> VerifiedMember {
        self.authority.admit(&self.revenue, &["provider"])
    }

    pub fn signs_for_social(&self) -> Consumer<'_> {
        let Department { entity, signing, subject_mac, .. } = &self.world.consumer;
        Consumer { entity, signing, subject_mac }
    }

    pub fn signs_for_revenue(&self) -> Provider<'_> {
        let Department { entity, signing, subject_mac, .. } = &self.world.provider;
        Provider { entity, signing, subject_mac }
    }

    pub fn question(&self) -> Question {
        let terms = &self.consent.terms;
        Question {
            provider: self.world.provider.entity.clone(),
            terms: QueryTerms {
                dataset: terms.dataset.clone(),
                fields: terms.fields.clone(),
                predicates: vec![],
                purpose: terms.purpose.code.clone(),
            },
            basis: Basis::Consent { consent: self.consent.jws.clone(), binding: self.consent.binding.clone() },
            agent: schemas::query::Agent { system: name("pension-portal"), officer: None },
            case: None,
        }
    }

    pub fn ask(&self) -> Attested<Query> {
        self.signs_for_social().ask(self.question(), 60, NOW).unwrap()
    }

    /// The query with its claims edited, signed by social all the same.
    pub fn ask_edited(&self, edit: impl FnOnce(&mut Query)) -> Attested<Query> {
        let mut claims = self.ask().claims().clone();
        edit(&mut claims);
        Attested::sign(claims, &self.world.consumer.signing).unwrap()
    }

    pub fn accept(&self, query: &Attested<Query>) -> PeerQuery {
        accept(query.jws().as_str().as_bytes(), &self.consumer()).unwrap()
    }

    pub fn grant(&self, query: &PeerQuery) -> Grant {
        self.world.authorize(query.claims()).unwrap()
    }

    pub fn evidence(&self, grant: &Grant) -> Evidence {
        Evidence {
            basis: Some(grant.receipt_basis()),
            subject: Some(grant.subject().clone()),
            status_checked: grant.status_checked(),
            directory_size: 7,
        }
    }

    pub fn answer_with(&self, query: &PeerQuery, rows: Vec<BTreeMap<FieldName, FieldValue>>) -> SignedAnswer {
        let (revenue, grant) = (self.signs_for_revenue(), self.grant(query));
        let asker = self.consumer().encryption_key().clone();
        let record = revenue.seal_record(query, &asker, &grant, grant.disclose(rows), NOW).unwrap();
        revenue.answer(query, Ok(record), &self.evidence(&grant), NOW).unwrap()
    }

    pub fn answer(&self, query: &PeerQuery) -> SignedAnswer {
        self.answer_with(query, vec![row()])
    }

    pub fn refuse(&self, query: &PeerQuery, code: Code) -> SignedAnswer {
        let evidence = Evidence { directory_size: 7, ..Evidence::default() };
        self.signs_for_revenue().answer(query, Err(code), &evidence, NOW).unwrap()
    }

    pub fn open(&self, answer: &SignedAnswer, query: &Attested<Query>) -> Result<VerifiedAnswer, AnswerInvalid> {
        self.open_bytes(answer.answer.jws().as_str().as_bytes(), query, NOW)
    }

    pub fn open_bytes(
        &self,
        bytes: &[u8],
        query: &Attested<Query>,
        now: Timestamp,
    ) -> Result<VerifiedAnswer, AnswerInvalid> {
        open_answer(bytes, query, &self.provider(), std::slice::from_ref(&self.world.consumer.encryption), now)
    }

    /// The consumer's receipt for what it got.
    pub fn receipt(&self, query: &Attested<Query>, answer: &SignedAnswer) -> Attested<Receipt> {
        let opened = self.open(answer, query).unwrap();
        let evidence = Evidence { status_checked: None, ..self.evidence_of(answer) };
        self.signs_for_social().receipt(query, &opened, &evidence, NOW).unwrap()
    }

    fn evidence_of(&self, answer: &SignedAnswer) -> Evidence {
        Evidence { basis: answer.receipt.claims().basis.clone(), directory_size: 7, ..Evidence::default() }
    }
}

/// What revenue has on file: more than was asked for.
pub fn row() -> BTreeMap<FieldName, FieldValue> {
    BTreeMap::from([
        (name("annual_income_band"), FieldValue::Text("below-1-lakh".into())),
        (name("annual_income"), FieldValue::Integer(84_000)),
    ])
}

/// Claims signed again with a key, after an edit.
pub fn edited<T: MemberClaims + Clone>(of: &Attested<T>, key: &SigningKey, edit: impl FnOnce(&mut T)) -> Attested<T> {
    let mut claims = of.claims().clone();
    edit(&mut claims);
    Attested::sign(claims, key).unwrap()
}

/// A party whose signing key is listed with dates or a revocation.
pub fn with_dated_key(party: &mut Party, edit: impl FnOnce(&mut schemas::federation::Jwk)) -> KeyId {
    let jwk = &mut party.gateway().signing_jwks.keys[0];
    edit(jwk);
    jwk.kid.clone().unwrap()
}
