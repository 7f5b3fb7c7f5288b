//! A law bounds what a query may have without consent: each bound, each code.

use schemas::{
    federation::{Disclosure, LawQuota, Mask},
    query::{Basis, Query},
};

use super::*;

#[track_caller]
fn refused(code: Code, why: &str, bend: impl FnOnce(&mut LawCase)) {
    assert!(LawCase::new().decide().is_ok(), "a good decision before");
    let mut case = LawCase::new();
    bend(&mut case);
    assert_eq!(case.decide().map_or_else(Refusal::code, |_| panic!("{why}: granted")), code, "{why}");
    assert!(LawCase::new().decide().is_ok(), "a good decision after");
}

#[test]
fn a_grant_under_a_law_says_exactly_what_the_law_says() {
    let (case, law) = (LawCase::new(), &law_world().law);
    let register = case.basis.law.register();
    let grant = case.decide().unwrap();
    assert_eq!((grant.consumer(), grant.provider()), (&law.consumer, &law.provider));
    assert_eq!((grant.dataset(), grant.purpose()), (&law.allowed.dataset, &law.purpose));
    assert_eq!(grant.fields().iter().collect::<Vec<_>>(), law.allowed.fields.iter().collect::<Vec<_>>());
    assert_eq!(grant.predicates(), law.predicates);
    assert_eq!(grant.subject(), &law_world().registry.subject("RID-0001", &law_world().provider.sector));
    assert_eq!((grant.data_range(), grant.status_checked()), (None, None));
    assert_eq!(grant.retention().duration, law_world().purpose.max_retention, "kept as long as the purpose allows");
    let Claim::Law(claim) = grant.claim() else { panic!("a law's quota") };
    assert_eq!((&claim.law, claim.day, claim.quota), (&law.id, name("2026-11-21"), law.quota));
    assert_eq!((claim.officer.as_str(), &claim.subject), ("o-17", grant.subject()));
    let named = ReceiptBasis::Law { id: law.id.clone(), version: Some(name("2026-10")), digest: register };
    assert_eq!(grant.receipt_basis(), named);
    assert!(!format!("{grant:?} {claim:?}").contains(grant.subject().as_str()));
}

#[test]
fn parties_purpose_items_and_time_are_bounded_by_the_law() {
    type Bend = fn(&mut LawCase);
    let cases: [(&str, Bend); 17] = [
        ("another asker", |c| c.query.iss = name("https://food.gov.example")),
        ("another answerer", |c| c.query.aud = name("https://food.gov.example")),
        ("no case", |c| c.query.case = None),
        ("another case", |c| c.query.case = Some(name("CG-2026-119"))),
        ("no officer", |c| c.query.agent.officer = None),
        ("another officer", |c| c.query.agent.officer = Some(name("o-18"))),
        ("another purpose", |c| c.query.query.purpose = name("social.other")),
        ("another dataset", |c| c.query.query.dataset = name("revenue.land")),
        ("one item more", |c| c.query.query.fields.push(name("assessed_on"))),
        ("nothing at all", |c| {
            c.query.query.fields.clear();
            c.query.query.predicates.clear();
        }),
        ("a question with another bound", |c| c.query.query.predicates[0].value = "200001".to_owned()),
        ("a question the other way round", |c| c.query.query.predicates[0].op = PredicateOp::Gte),
        ("a question twice", |c| {
            let asked = c.query.query.predicates[0].clone();
            c.query.query.predicates.push(asked);
        }),
        ("the value of what may only be asked about", |c| c.query.query.fields.push(name("annual_income"))),
        ("a day after its last", |c| c.now = name("2028-03-31T18:30:00Z")),
        ("a purpose that is not registered", |c| c.purpose = None),
        ("the entry of another purpose", |c| c.purpose.as_mut().unwrap().code = name("social.other")),
    ];
    for (why, bend) in cases {
        refused(Code::LawScopeExceeded, why, bend);
    }
    let mut last_day = LawCase::new();
    last_day.now = name("2028-03-31T18:29:59Z");
    assert!(last_day.decide().is_ok(), "its last day, in India");
}

#[test]
fn a_law_is_bounded_by_its_registered_purpose() {
    refused(Code::LawScopeExceeded, "an item that the purpose does not have", |c| {
        c.purpose.as_mut().unwrap().allowed[0].fields.retain(|field| field.as_str() != "annual_income_band");
    });
    refused(Code::LawScopeExceeded, "a question about such an item", |c| {
        c.purpose.as_mut().unwrap().allowed[0].fields.retain(|field| field.as_str() != "annual_income");
    });
    refused(Code::LawScopeExceeded, "a value where the purpose has questions only", |c| {
        c.purpose.as_mut().unwrap().predicates_only = vec![name("annual_income_band")];
    });
}

#[test]
fn a_query_that_names_another_law_or_a_consent_is_refused() {
    refused(Code::LawNotRegistered, "another law", |c| {
        let Basis::Law { id, .. } = &mut c.query.basis else { panic!("a law") };
        *id = name("another-law");
    });
    refused(Code::LawNotRegistered, "a consent", |c| {
        let asha = law_world().citizen("RID-0001");
        let consent = asha.consent(&law_world().terms());
        c.query.basis = law_world().query(&consent).basis;
    });
}

#[test]
fn each_quota_is_refused_at_its_limit_and_granted_below() {
    type Bend = fn(&mut LawUse);
    let limits: [(&str, Bend, Bend); 3] = [
        ("the day's", |used| used.per_day = 10, |used| used.per_day = 9),
        ("the officer's", |used| used.per_officer = 4, |used| used.per_officer = 3),
        ("the person's", |used| used.per_subject = 2, |used| used.per_subject = 1),
    ];
    for (why, at, below) in limits {
        let state = |bend: Bend| {
            let mut used = LawUse::default();
            bend(&mut used);
            State::Law(used)
        };
        refused(Code::LawQuotaExceeded, why, |c| c.state = state(at));
        let mut left = LawCase::new();
        left.state = state(below);
        assert!(left.decide().is_ok(), "{why} last");
    }
    refused(Code::LawQuotaExceeded, "a quota of nothing", |c| {
        c.with_law(|law| law.quota = LawQuota { per_day: 0, per_officer: 0, per_subject: 0 });
    });
    refused(Code::LawQuotaExceeded, "a state that is a consent's", |c| {
        c.state = State::Consent(ConsentState::fresh());
    });
}

#[test]
fn what_the_provider_does_not_offer_is_unknown_under_a_law_too() {
    refused(Code::DatasetUnknown, "no such dataset", |c| c.dataset = None);
    refused(Code::DatasetUnknown, "not for this purpose", |c| c.dataset.as_mut().unwrap().purposes.clear());
    refused(Code::DatasetUnknown, "none of the items is mapped", |c| c.dataset.as_mut().unwrap().fields.clear());
    let mut masked = LawCase::new();
    masked.dataset.as_mut().unwrap().fields[0].mask = Some(Mask::Initial);
    let masks = masked.decide().unwrap().masks().clone();
    assert_eq!(masks, [(name("annual_income_band"), Mask::Initial)].into());
}

#[test]
fn a_law_for_emergencies_tells_the_citizen_at_once_or_is_not_in_force() {
    let world = law_world();
    let mut law = world.law.clone();
    law.break_glass = true;
    law.disclosure = Disclosure::Delayed(7);
    let verify = |law| {
        let signed = world.authority.laws(2, &[law]);
        crate::federation::verify_register(&signed, &world.authority.verified(), world.now)
    };
    assert!(verify(law.clone()).is_err());
    law.disclosure = Disclosure::Immediate;
    assert!(verify(law).is_ok());
}

fn verified(bend: impl FnOnce(&mut Query)) -> Result<VerifiedBasis, Code> {
    let mut query = law_world().law_query("RID-0001");
    bend(&mut query);
    law_world().basis_of(Asked::of(&query)).map_err(Refusal::code)
}

#[test]
fn a_person_is_reached_only_through_the_registry_and_for_this_asker() {
    assert!(verified(|_| ()).is_ok());
    let food = || name("https://food.gov.example");
    let with = |query: &mut Query, sealed| {
        let Basis::Law { subject, .. } = &mut query.basis else { panic!("a law") };
        *subject = sealed;
    };
    let nobody = Err(Code::NotFoundOrNotPermitted);
    let code = |bend: &dyn Fn(&mut Query)| verified(|query| bend(query)).map(|_| ());
    assert_eq!(code(&|q| with(q, law_world().named("RID-0001", &food()))), nobody, "named for another asker");
    assert_eq!(code(&|q| with(q, name("e30..AA.AA.AA"))), nobody, "no sealed name at all");
    let forged = || {
        let world = law_world();
        let (sub, key) =
            (world.registry.subject("RID-0001", &world.provider.sector), world.provider.encryption.public());
        let social = &world.consumer.entity;
        let itself = crate::event::NamingRegistry { entity: social, signing: &world.consumer.signing };
        itself.name((&world.provider.entity, key), social, sub, world.now).unwrap()
    };
    assert_eq!(code(&|q| with(q, forged())), nobody, "named by a member that is no registry");
    assert_eq!(code(&|q| q.iss = food()), Err(Code::LawScopeExceeded), "another asker, before the name is opened");
    assert_eq!(code(&|q| q.case = None), Err(Code::LawScopeExceeded), "no case");
    assert_eq!(code(&|q| q.agent.officer = None), Err(Code::LawScopeExceeded), "no officer");
}

#[test]
fn a_law_that_nobody_registered_is_refused_first() {
    let refused = verified(|query| {
        let Basis::Law { id, subject } = &mut query.basis else { panic!("a law") };
        *id = name("no-such-law");
        *subject = name("e30..AA.AA.AA");
    });
    assert_eq!(refused.map(|_| ()), Err(Code::LawNotRegistered));
}
