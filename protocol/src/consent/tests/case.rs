//! One decision, ready to be bent in one place.

use std::cell::OnceCell;

use schemas::{
    federation::{DatasetDescription, Purpose},
    id::Sector,
    problem::Code,
    query::Query,
    time::Timestamp,
};

use crate::{
    consent::{
        Asked, Claim, ConsentBasis, ConsentState, Grant, LawBasis, LawUse, Offer, Refusal, State, UseClaim,
        VerifiedBasis,
    },
    credential::{Status, vc::ConsentDraft},
    federation::VerifiedMember,
    testing::{Citizen, Proofs, World},
};

/// A decision on a consent.
pub struct Case {
    pub world: World,
    pub citizen: Citizen,
    pub draft: ConsentDraft,
    pub proofs: Proofs,
    pub query: Option<Query>,
    pub basis: Option<ConsentBasis>,
    pub state: State,
    pub purpose: Option<Purpose>,
    pub dataset: Option<DatasetDescription>,
    pub operator: Option<VerifiedMember>,
    pub sector: Sector,
    pub now: Timestamp,
}

impl Case {
    pub fn new() -> Self {
        let world = World::new();
        let citizen = world.citizen("RID-0001");
        Self {
            draft: citizen.draft(&world.terms()),
            proofs: Proofs::default(),
            query: None,
            basis: None,
            state: State::Consent(ConsentState::fresh()),
            purpose: Some(world.purpose.clone()),
            dataset: Some(world.dataset.clone()),
            operator: None,
            sector: world.provider.sector.clone(),
            now: world.now,
            world,
            citizen,
        }
    }

    pub fn query(&mut self) -> &mut Query {
        let signed = self.citizen.sign_with(self.draft.clone(), &self.proofs);
        self.query.get_or_insert_with(|| self.world.query(&signed))
    }

    pub fn basis(&mut self) -> &mut ConsentBasis {
        // The parties are judged twice; here the second time is meant.
        let (iss, aud) = (self.draft.terms.consumer.clone(), self.draft.terms.provider.clone());
        let query = Query { iss, aud, ..self.query().clone() };
        let VerifiedBasis::Consent(basis) = self.world.basis(&query) else { panic!("a consent") };
        self.basis.get_or_insert(*basis)
    }

    pub fn consent_state(&mut self) -> &mut ConsentState {
        let State::Consent(state) = &mut self.state else { panic!("the state of a consent") };
        state
    }

    /// The binding as another status list has it.
    pub fn with_status(&mut self, status: Status, age: i64) {
        let reference = self.basis().binding.status().clone();
        self.world.registry.set_status(&reference, status);
        let list = self.world.registry.status_list(self.world.now.plus(-age));
        self.basis().status = Some(list.status_of(&reference).unwrap());
    }

    pub fn decide(mut self) -> Result<Grant, Refusal> {
        self.query();
        let basis = VerifiedBasis::Consent(Box::new(self.basis().clone()));
        let offer = Offer {
            sector: &self.sector,
            purpose: self.purpose.as_ref(),
            dataset: self.dataset.as_ref(),
            operator: self.operator.as_ref(),
        };
        Grant::authorize(Asked::of(self.query.as_ref().unwrap()), &basis, &offer, &self.state, self.now)
    }
}

/// A decision under a law. Keys are made once: nothing here changes the world.
pub struct LawCase {
    pub query: Query,
    pub basis: LawBasis,
    pub state: State,
    pub purpose: Option<Purpose>,
    pub dataset: Option<DatasetDescription>,
    pub now: Timestamp,
}

thread_local!(static WORLD: OnceCell<&'static World> = const { OnceCell::new() });

/// A world with a law that allows one field and one question.
pub fn law_world() -> &'static World {
    WORLD.with(|world| {
        *world.get_or_init(|| {
            let mut world = World::new();
            world.law.predicates = vec![super::over_200_000()];
            Box::leak(Box::new(world))
        })
    })
}

impl LawCase {
    pub fn new() -> Self {
        let world = law_world();
        let query = world.law_query("RID-0001");
        let VerifiedBasis::Law(basis) = world.basis(&query) else { panic!("a law") };
        Self {
            query,
            basis: *basis,
            state: State::Law(LawUse::default()),
            purpose: Some(world.purpose.clone()),
            dataset: Some(world.dataset.clone()),
            now: world.now,
        }
    }

    /// The law with other terms, as two officers would have put it in force.
    pub fn with_law(&mut self, edit: impl FnOnce(&mut schemas::federation::Law)) {
        let mut law = law_world().law.clone();
        edit(&mut law);
        let signed = law_world().authority.laws(2, &[law.clone()]);
        let anchor = law_world().authority.verified();
        let register = crate::federation::verify_register(&signed, &anchor, law_world().now).unwrap();
        let crate::federation::VerifiedRegister::Laws(laws) = register else { panic!("laws") };
        self.basis.law = laws.registered(&law.id).unwrap();
    }

    pub fn decide(self) -> Result<Grant, Refusal> {
        let offer = Offer {
            sector: &law_world().provider.sector,
            purpose: self.purpose.as_ref(),
            dataset: self.dataset.as_ref(),
            operator: None,
        };
        let basis = VerifiedBasis::Law(Box::new(self.basis));
        Grant::authorize(Asked::of(&self.query), &basis, &offer, &self.state, self.now)
    }
}

fn granted() {
    assert!(Case::new().decide().is_ok(), "a good decision before and after");
}

/// Decides between two good decisions.
#[track_caller]
pub fn assert_refused(code: Code, why: &str, bend: impl FnOnce(&mut Case)) {
    granted();
    let mut case = Case::new();
    bend(&mut case);
    let refused = case.decide().map_or_else(Refusal::code, |_| panic!("{why}: granted"));
    granted();
    assert_eq!(refused, code, "{why}");
}

/// The use that a grant on a consent takes.
pub fn use_of(grant: &Grant) -> &UseClaim {
    match grant.claim() {
        Claim::Consent(claim) => claim,
        Claim::Law(_) => panic!("a law"),
    }
}
