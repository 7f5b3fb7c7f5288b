//! Each way in which a basis does not verify, and which of two faults is told.

use schemas::{consent::Predicate, query::Query};

use super::*;
use crate::testing::{SignedConsent, World, name};

/// A good query and somebody else's consent for the same provider.
struct Scene {
    world: World,
    query: Query,
    other: SignedConsent,
}

impl Scene {
    fn new() -> Self {
        let world = World::new();
        let consent = world.citizen("RID-0001").consent(&world.terms());
        let other = world.citizen("RID-0002").consent(&world.terms());
        Self { query: world.query(&consent), other, world }
    }

    fn refused(bend: impl FnOnce(&mut Self)) -> Code {
        let mut scene = Self::new();
        assert!(scene.world.verify_basis(&scene.query).is_ok(), "a good basis");
        bend(&mut scene);
        scene.world.basis_of(Asked::of(&scene.query)).map_or_else(Refusal::code, |_| panic!("verified"))
    }

    fn with(&mut self, consent: Option<CompactJws>, binding: Option<CompactJwe>) {
        if let Basis::Consent { consent: c, binding: b } = &mut self.query.basis {
            *c = consent.unwrap_or_else(|| c.clone());
            *b = binding.unwrap_or_else(|| b.clone());
        }
    }
}

#[test]
fn a_basis_that_does_not_verify_tells_its_code() {
    type Bend = fn(&mut Scene);
    let cases: [(&str, Code, Bend); 7] = [
        ("no JWS of ours", Code::TokenMalformed, |s| s.with(Some(name("e30.e30.AA")), None)),
        ("signed by another key", Code::SignatureInvalid, |s| {
            let Basis::Consent { consent, .. } = &s.query.basis else { panic!("a consent") };
            let signed = consent.as_str().rsplit_once('.').unwrap().0;
            let signature = s.other.jws.as_str().rsplit_once('.').unwrap().1;
            s.with(Some(name(&format!("{signed}.{signature}"))), None);
        }),
        ("a query is no consent", Code::ConsentWrongSubject, |s| {
            let query = s.world.sealed(&s.query);
            s.with(Some(query), None);
        }),
        ("another asker", Code::ConsentWrongConsumer, |s| s.query.iss = name("https://food.gov.example")),
        ("another answerer, before the binding is tried", Code::ConsentWrongProvider, |s| {
            s.query.aud = name("https://food.gov.example");
            s.with(None, Some(s.other.binding.clone()));
        }),
        ("the binding of another consent", Code::BindingInvalid, |s| s.with(None, Some(s.other.binding.clone()))),
        ("the consent of another binding", Code::BindingInvalid, |s| s.with(Some(s.other.jws.clone()), None)),
    ];
    for (why, code, bend) in cases {
        assert_eq!(Scene::refused(bend), code, "{why}");
    }
}

#[test]
fn a_presentation_for_another_consent_is_refused_even_when_sealed_for_this_one() {
    let code = Scene::refused(|scene| {
        let asha = scene.world.citizen("RID-0003");
        let consent = asha.consent(&scene.world.terms());
        let shown = asha.present(&scene.world.provider.entity, "another-nonce");
        scene.query = scene.world.query(&asha.attach(consent.jws, &shown));
    });
    assert_eq!(code, Code::BindingInvalid);
}

#[test]
fn a_binding_by_a_registry_that_nobody_knows_is_refused() {
    let code = Scene::refused(|scene| {
        let registry = crate::testing::IdentityRegistry::new(&["revenue"], scene.world.now);
        let mut asha = scene.world.citizen("RID-0003");
        asha.binding = registry.bind("RID-0003", asha.key.public());
        scene.query = scene.world.query(&asha.consent(&scene.world.terms()));
    });
    assert_eq!(code, Code::BindingInvalid);
}

#[test]
fn the_status_is_unknown_until_it_is_looked_up() {
    let scene = Scene::new();
    let registries = scene.world.registry.keys();
    let keys = std::slice::from_ref(&scene.world.provider.encryption);
    let reader = BasisReader { anchor: &scene.world.authority.entity, keys, registries: &registries, laws: None };
    let basis = VerifiedBasis::verify(Asked::of(&scene.query), &reader, scene.world.now).unwrap();
    assert!(matches!(basis, VerifiedBasis::Consent(basis) if basis.status.is_none()));
}

#[test]
fn without_a_register_no_law_is_registered() {
    let scene = Scene::new();
    let query = scene.world.law_query("RID-0001");
    assert!(scene.world.authorize(&query).is_ok(), "with one it is");
    let registries = scene.world.registry.keys();
    let keys = std::slice::from_ref(&scene.world.provider.encryption);
    let reader = BasisReader { anchor: &scene.world.authority.entity, keys, registries: &registries, laws: None };
    let refused = VerifiedBasis::verify(Asked::of(&query), &reader, scene.world.now).map(|_| ());
    assert_eq!(refused.map_err(Refusal::code), Err(Code::LawNotRegistered));
}

#[test]
fn a_whole_query_that_asks_too_much_is_refused_by_the_decision() {
    let mut scene = Scene::new();
    let value = "1".to_owned();
    let predicate = Predicate { field: name("annual_income"), op: schemas::consent::PredicateOp::Gte, value };
    scene.query.query.predicates.push(predicate);
    assert_eq!(scene.world.authorize(&scene.query).unwrap_err().code(), Code::ConsentScopeExceeded);
}
