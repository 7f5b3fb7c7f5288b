//! What puts a register in force, and what does not.

use schemas::{federation::*, time::CivilDate};
use serde_json::json;

use super::*;
use crate::federation::{
    FederationError as E, sign_register,
    testing::{Authority, NOW},
};

fn purpose(code: &str, version: &str) -> Purpose {
    serde_json::from_value(json!({
        "code": code, "version": version, "text": { "en": "To decide on a pension.", "hi": "पेंशन हेतु" },
        "dpv": "https://w3id.org/dpv#ServiceProvision",
        "allowed": [{ "dataset": "revenue.income", "fields": ["annual_income_band"] }],
        "max_validity": "P90D", "max_frequency": { "modes": ["recurring"], "max_uses": 4 },
        "max_retention": "P180D", "sensitive": false
    }))
    .unwrap()
}

fn law(id: &str, until: &str, disclosure: Disclosure) -> Law {
    let until: CivilDate = until.parse().unwrap();
    serde_json::from_value(json!({
        "id": id, "version": "1", "title": { "en": "Deaths" }, "statute": "RBD Act 1969", "section": "3A",
        "consumer": "https://social.gov.example", "provider": "https://civil.gov.example", "purpose": "social.pension",
        "allowed": { "dataset": "civil.death", "fields": ["died_on"] }, "until": until,
        "quota": { "per_day": 10, "per_officer": 5, "per_subject": 1 }, "disclosure": disclosure
    }))
    .unwrap()
}

fn purposes() -> RegisterContent {
    RegisterContent::Purposes(vec![purpose("social.pension", "2026-10"), purpose("social.pension", "2026-11")])
}

/// One signature for each of these officers' indices.
fn signed(authority: &Authority, officers: &[usize], content: &RegisterContent) -> SignedRegister {
    let sign = |officer: &usize| {
        sign_register(&authority.officers[*officer], &authority.register(3, content.clone())).unwrap()
    };
    SignedRegister { signatures: officers.iter().map(sign).collect() }
}

#[test]
fn a_register_that_two_officers_signed_is_in_force() {
    let authority = Authority::new();
    let verified = verify_register(&signed(&authority, &[0, 1], &purposes()), &authority.verified(), NOW).unwrap();
    assert_eq!(verified.mark().position, 3);
    let VerifiedRegister::Purposes(purposes) = verified else { panic!("not purposes") };
    let (code, version) = ("social.pension".parse().unwrap(), "2026-10".parse().unwrap());
    assert_eq!(purposes.purpose(&code, &version).unwrap().version, version);
    assert!(purposes.purpose(&code, &"2026-12".parse().unwrap()).is_none());
    assert_eq!((purposes.version(), purposes.iter().count()), (3, 2));
}

#[test]
fn the_mark_is_of_the_content_and_not_of_the_signatures() {
    let (authority, anchor) = (Authority::new(), Authority::new());
    drop(anchor);
    let anchor = authority.verified();
    let one = verify_register(&signed(&authority, &[0, 1], &purposes()), &anchor, NOW).unwrap();
    let two = verify_register(&signed(&authority, &[1, 0], &purposes()), &anchor, NOW).unwrap();
    assert_eq!(one.mark(), two.mark());
}

#[test]
fn one_person_is_not_enough_whatever_her_keys() {
    let mut authority = Authority::new();
    let few = E::NotInForce("fewer than two persons signed");
    for officers in [&[][..], &[0], &[0, 0]] {
        let register = signed(&authority, officers, &purposes());
        assert_eq!(verify_register(&register, &authority.verified(), NOW).unwrap_err(), few);
    }
    let metadata = authority.party.configuration.metadata.trust_anchor.as_mut().unwrap();
    metadata.officer_jwks[1].person = "a".into();
    let register = signed(&authority, &[0, 1], &purposes());
    assert_eq!(verify_register(&register, &authority.verified(), NOW).unwrap_err(), few);
}

#[test]
fn signatures_over_different_contents_do_not_add_up() {
    let authority = Authority::new();
    let mut register = signed(&authority, &[0], &purposes());
    register.signatures.extend(signed(&authority, &[1], &RegisterContent::Laws(vec![])).signatures);
    let error = E::NotInForce("the officers signed different contents");
    assert_eq!(verify_register(&register, &authority.verified(), NOW).unwrap_err(), error);
    let mut register = signed(&authority, &[0], &purposes());
    let later = authority.register(4, purposes());
    register.signatures.push(sign_register(&authority.officers[1], &later).unwrap());
    assert_eq!(verify_register(&register, &authority.verified(), NOW).unwrap_err(), error);
}

#[test]
fn only_officers_for_registers_of_this_authority_count() {
    let mut authority = Authority::new();
    let stranger = sign_register(&authority.party.signing, &authority.register(3, purposes())).unwrap();
    let mut register = signed(&authority, &[0, 1], &purposes());
    register.signatures.push(stranger);
    let error = E::NotInForce("signed by one who is not an officer");
    assert_eq!(verify_register(&register, &authority.verified(), NOW).unwrap_err(), error);
    let mut foreign = authority.register(3, purposes());
    foreign.iss = "https://other.gov.example".parse().unwrap();
    let register = SignedRegister { signatures: vec![sign_register(&authority.officers[0], &foreign).unwrap()] };
    let other = E::NotInForce("of another authority");
    assert_eq!(verify_register(&register, &authority.verified(), NOW).unwrap_err(), other);
    let metadata = authority.party.configuration.metadata.trust_anchor.as_mut().unwrap();
    metadata.officer_jwks[1].role = "scheme".into();
    let register = signed(&authority, &[0, 1], &purposes());
    assert_eq!(verify_register(&register, &authority.verified(), NOW).unwrap_err(), error);
}

#[test]
fn a_register_from_the_future_is_not_in_force() {
    let authority = Authority::new();
    let register = signed(&authority, &[0, 1], &purposes());
    let verdict = verify_register(&register, &authority.verified(), NOW.plus(-3600));
    assert_eq!(verdict.unwrap_err(), E::NotYetValid);
}

#[test]
fn what_stands_twice_is_refused() {
    let authority = Authority::new();
    for content in [
        RegisterContent::Purposes(vec![purpose("a.b", "1"), purpose("a.b", "1")]),
        RegisterContent::Laws(vec![
            law("rbd-1969-s3a", "2027-03-31", Disclosure::Immediate),
            law("rbd-1969-s3a", "2028-03-31", Disclosure::Immediate),
        ]),
    ] {
        let verdict = verify_register(&signed(&authority, &[0, 1], &content), &authority.verified(), NOW);
        assert!(matches!(verdict, Err(E::NotInForce(_))));
    }
}

#[test]
fn a_law_counts_until_its_last_day_and_hides_nothing_for_longer_than_180_days() {
    let authority = Authority::new();
    let verify = |law: Law| {
        let content = RegisterContent::Laws(vec![law]);
        verify_register(&signed(&authority, &[0, 1], &content), &authority.verified(), NOW)
    };
    let VerifiedRegister::Laws(laws) = verify(law("rbd", "2026-11-21", Disclosure::Delayed(180))).unwrap() else {
        panic!("not laws")
    };
    let day: CivilDate = "2026-11-22".parse().unwrap();
    assert!(laws.law(&"rbd".parse().unwrap(), day.start().plus(-1)).is_some());
    assert!(laws.law(&"rbd".parse().unwrap(), day.start()).is_none());
    assert!(laws.law(&"other".parse().unwrap(), NOW).is_none());
    assert_eq!((laws.version(), laws.iter().count()), (3, 1));
    assert!(verify(law("rbd", "2026-11-21", Disclosure::Delayed(181))).is_err());
}
