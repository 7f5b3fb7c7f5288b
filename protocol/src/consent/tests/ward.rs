//! A guardian decides for a ward: through one credential, for her key, her purposes and her time.

use schemas::consent::DataSubject;

use super::*;
use crate::credential::guardianship::{self, GuardianshipDraft};

/// Asha decides for the child RID-0007; `edit` bends what the registry signs.
fn for_ward(case: &mut Case, edit: impl FnOnce(&mut GuardianshipDraft)) {
    let mut draft = case.world.registry.guardianship("RID-0007", case.citizen.key.public());
    edit(&mut draft);
    let token = case.world.registry.appoint(&draft);
    let digest = guardianship::verify(&token, &case.world.registry.keys(), None).unwrap().digest();
    case.draft.terms.data_subject = DataSubject::Ward { guardianship_sha256: digest };
    case.proofs.guardianship = Some(token);
}

#[track_caller]
fn refused(code: Code, why: &str, edit: impl FnOnce(&mut GuardianshipDraft)) {
    assert_refused(code, why, |case| for_ward(case, edit));
}

#[test]
fn a_guardian_reaches_her_ward_and_nobody_else() {
    let mut case = Case::new();
    for_ward(&mut case, |_| ());
    let (ward, sector) = (case.world.registry.subject("RID-0007", &case.sector), case.sector.clone());
    assert_eq!(case.basis().subject(&sector), Some(ward.clone()));
    let grant = case.decide().unwrap();
    assert_eq!(*grant.subject(), ward);
}

#[test]
fn a_ward_needs_the_guardianship_that_the_consent_names() {
    assert_refused(Code::GuardianshipInvalid, "none was presented", |case| {
        for_ward(case, |_| ());
        case.proofs.guardianship = None;
    });
    assert_refused(Code::GuardianshipInvalid, "another one was presented", |case| {
        for_ward(case, |_| ());
        let named = case.draft.terms.data_subject.clone();
        for_ward(case, |_| ());
        case.draft.terms.data_subject = named;
    });
    assert_refused(Code::GuardianshipInvalid, "one without a ward", |case| {
        for_ward(case, |_| ());
        case.draft.terms.data_subject = DataSubject::Own {};
    });
}

#[test]
fn a_guardianship_is_for_one_key_some_purposes_and_until_majority() {
    let meena = World::new().citizen("RID-0002").key.public().clone();
    refused(Code::GuardianshipInvalid, "another guardian's key", |draft| draft.guardian = meena);
    refused(Code::GuardianshipInvalid, "another family of purposes", |draft| draft.purposes = vec![name("health")]);
    refused(Code::GuardianshipInvalid, "a purpose with the same beginning", |draft| {
        draft.purposes = vec![name("social.old-age-pension.elig")];
    });
    refused(Code::GuardianshipInvalid, "no purpose at all", |draft| draft.purposes.clear());
    let now = World::new().now.numeric();
    refused(Code::GuardianshipInvalid, "the ward came of age this second", |draft| draft.exp = now);
    refused(Code::GuardianshipInvalid, "it begins in eleven seconds", |draft| draft.iat = now.plus(11));
    let mut exact = Case::new();
    for_ward(&mut exact, |draft| {
        draft.purposes = vec![name("social.old-age-pension.eligibility")];
        draft.exp = now.plus(1);
    });
    assert!(exact.decide().is_ok(), "the very purpose, in the last second");
}

#[test]
fn a_guardian_of_herself_or_without_a_name_here_is_refused() {
    let world = World::new();
    refused(Code::GuardianshipInvalid, "no pseudonym of this sector", |draft| {
        draft.ward.iter_mut().for_each(|(sector, _)| *sector = name(&format!("{sector}x")));
        draft.ward[1].0 = world.provider.sector.clone();
        draft.ward[1].1 = draft.ward[0].1.clone();
        draft.purposes = vec![name("food")];
    });
    assert_refused(Code::GuardianshipInvalid, "over oneself", |case| {
        let own = case.world.registry.subject("RID-0001", &case.sector);
        for_ward(case, |draft| draft.ward.iter_mut().for_each(|(_, sub)| *sub = own.clone()));
    });
}

#[test]
fn a_guardianship_by_nobody_of_this_federation_does_not_verify() {
    let mut case = Case::new();
    let stranger = crate::testing::IdentityRegistry::new(&["revenue"], case.world.now);
    for_ward(&mut case, |_| ());
    case.proofs.guardianship = Some(stranger.appoint(&stranger.guardianship("RID-0007", case.citizen.key.public())));
    let query = case.query().clone();
    assert_eq!(case.world.verify_basis(&query).map(|_| ()).map_err(Refusal::code), Err(Code::GuardianshipInvalid));
}

#[test]
fn the_status_of_the_guardianship_counts_as_that_of_the_binding() {
    let ended = |case: &mut Case, status: Status, age: i64| {
        for_ward(case, |_| ());
        let ward = case.basis().guardianship.clone().unwrap();
        case.world.registry.set_status(ward.guardianship.status(), status);
        let list = case.world.registry.status_list(case.world.now.plus(-age));
        let known = list.status_of(ward.guardianship.status()).unwrap();
        case.basis().guardianship.as_mut().unwrap().status = Some(known);
    };
    assert_refused(Code::GuardianshipInvalid, "revoked", |case| ended(case, Status::Invalid, 0));
    assert_refused(Code::GuardianshipInvalid, "suspended", |case| ended(case, Status::Suspended, 0));
    assert_refused(Code::BindingStatusUnavailable, "too old", |case| ended(case, Status::Valid, 4 * 3600 + 1));
    assert_refused(Code::BindingStatusUnavailable, "not known", |case| {
        for_ward(case, |_| ());
        case.basis().guardianship.as_mut().unwrap().status = None;
    });
    assert_refused(Code::BindingStatusUnavailable, "the status of the binding in its place", |case| {
        for_ward(case, |_| ());
        let other = case.basis().status.clone();
        case.basis().guardianship.as_mut().unwrap().status = other;
    });
    let mut older = Case::new();
    ended(&mut older, Status::Valid, 3600);
    let now = older.now;
    assert_eq!(older.decide().unwrap().status_checked(), Some(now.plus(-3600)), "the older of the two look-ups");
}
