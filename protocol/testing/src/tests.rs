//! The fixtures themselves.

use super::*;
use protocol::seal::{Limits, UnverifiedJws, VerifyingKey};

#[test]
fn a_consent_of_the_world_becomes_a_grant() {
    let world = World::new();
    let asha = world.citizen("RID-0001");
    let consent = asha.consent(&world.terms());
    let grant = world.grant(&consent);
    assert_eq!(*grant.subject(), world.registry.subject("RID-0001", &world.provider.sector));
    assert_eq!(grant.fields().iter().collect::<Vec<_>>(), ["annual_income_band"].map(name).iter().collect::<Vec<_>>());
}

#[test]
fn a_sealed_query_verifies_with_the_consumers_key() {
    let world = World::new();
    let consent = world.citizen("RID-0001").consent(&world.terms());
    let query = world.query(&consent);
    let token = UnverifiedJws::of(&world.sealed(&query), Limits::QUERY).unwrap();
    let verified = token.verify(Typ::Query, world.consumer.signing.public()).unwrap();
    assert_eq!(verified.claims::<Query>().unwrap(), query);
}

#[test]
fn statements_and_registers_are_signed_by_those_who_should() {
    let world = World::new();
    let check = |jws: &CompactJws, typ, key: &VerifyingKey| {
        UnverifiedJws::of(jws, Limits::STATEMENT).unwrap().verify(typ, key).unwrap();
    };
    check(&world.authority.entity_configuration(), Typ::EntityStatement, world.authority.federation.public());
    check(&world.authority.statement(&world.provider), Typ::EntityStatement, world.authority.federation.public());
    check(&world.provider.entity_configuration(), Typ::EntityStatement, world.provider.federation.public());
    let register = world.authority.purposes(1, std::slice::from_ref(&world.purpose));
    for (jws, officer) in register.signatures.iter().zip(&world.authority.officers) {
        check(jws, Typ::Register, officer.public());
    }
}

#[test]
fn the_directory_and_the_purposes_verify_from_the_pinned_root() {
    let world = World::new();
    let directory = world.directory();
    let provider = directory.peer(&world.provider.entity, world.now).unwrap();
    assert_eq!(provider.dataset(&world.dataset.id), Some(&world.dataset));
    let listed = world.provider.tls.certificate().to_der().unwrap();
    assert!(directory.certificates().any(|(der, owner)| der == listed && *owner == world.provider.entity));
    assert_eq!(world.purposes().purpose(&world.purpose.code, &world.purpose.version), Some(&world.purpose));
}
