//! Every code of refusal once, between two good decisions; then properties of all grants.

mod assisted;
mod case;
mod law;
mod predicates;
mod presence;
mod properties;
mod ward;

use std::collections::BTreeSet;

use schemas::{
    consent::{BindingMode, ConsentStatus, ConsentTerms, Frequency, FrequencyMode, Predicate, PredicateOp},
    digest::Digest,
    federation::{Assurance, Sensitivity},
    id::FieldName,
    receipt::ReceiptBasis,
};

use self::case::{Case, LawCase, assert_refused, law_world, use_of};
use super::*;
use crate::{
    credential::{Status, vc::ConsentDraft},
    testing::{World, name},
};

/// Whether the yearly income is at most two lakh.
fn over_200_000() -> Predicate {
    Predicate { field: name("annual_income"), op: PredicateOp::Lte, value: "200000".to_owned() }
}

#[test]
fn a_grant_says_exactly_what_the_consent_says() {
    let case = Case::new();
    let (terms, subject) = (case.draft.terms.clone(), case.world.registry.subject("RID-0001", &case.sector));
    let (id, from, now) = (case.draft.id.clone(), case.draft.valid_from, case.now);
    let grant = case.decide().unwrap();
    assert_eq!((grant.consumer(), grant.provider()), (&terms.consumer, &terms.provider));
    assert_eq!((grant.dataset(), grant.purpose()), (&terms.dataset, &terms.purpose.code));
    assert_eq!(grant.fields().iter().collect::<Vec<_>>(), terms.fields.iter().collect::<Vec<_>>());
    assert_eq!((grant.subject(), grant.data_range(), grant.retention()), (&subject, terms.data_range, terms.retention));
    let claim = use_of(&grant);
    assert_eq!((&claim.consent, claim.max_uses), (&id, 4));
    let window = claim.window.unwrap();
    assert_eq!((window.index, window.uses, window.start.civil_day()), (0, 1, from.civil_day()));
    assert_eq!(grant.status_checked(), Some(now));
    assert!(matches!(grant.receipt_basis(), ReceiptBasis::Consent { id: named, .. } if named == id));
    assert!(!format!("{grant:?}").contains(subject.as_str()));
}

#[test]
fn other_parties_are_refused() {
    let food = || name("https://food.gov.example");
    assert_refused(Code::ConsentWrongConsumer, "another asker", |case| case.query().iss = food());
    assert_refused(Code::ConsentWrongProvider, "another answerer", |case| case.query().aud = food());
}

#[test]
fn the_binding_of_another_person_is_refused() {
    assert_refused(Code::ConsentWrongSubject, "another person's whole basis", |case| {
        let meena = case.world.citizen("RID-0002");
        let theirs = case.world.query(&meena.consent(&case.world.terms()));
        let VerifiedBasis::Consent(theirs) = case.world.basis(&theirs) else { panic!("a consent") };
        case.basis().binding = theirs.binding;
    });
}

#[test]
fn a_binding_presented_for_something_else_is_refused() {
    assert_refused(Code::BindingInvalid, "for another consent of the same person", |case| {
        let other = case.world.query(&case.citizen.consent(&case.world.terms()));
        let VerifiedBasis::Consent(other) = case.world.basis(&other) else { panic!("a consent") };
        case.basis().binding = other.binding;
    });
    assert_refused(Code::BindingInvalid, "eleven minutes after the card was shown", |case| {
        case.draft.notice.shown_at = case.now.plus(-20 - 11 * 60);
    });
    assert_refused(Code::BindingInvalid, "the pseudonym of another sector", |case| case.sector = name("food"));
    assert_refused(Code::BindingInvalid, "an assisted session that names no operator", |case| {
        let mut draft = case.world.registry.draft("RID-0001", case.citizen.key.public());
        draft.mode = BindingMode::Assisted;
        case.citizen.binding = case.world.registry.hold(&draft);
    });
    assert_refused(Code::BindingInvalid, "a binding that ended a minute ago", |case| {
        let mut draft = case.world.registry.draft("RID-0001", case.citizen.key.public());
        draft.exp = case.now.numeric().plus(60);
        case.citizen.binding = case.world.registry.hold(&draft);
        case.basis();
        case.now = case.now.plus(120);
    });
}

#[test]
fn an_order_of_the_citizen_is_obeyed() {
    assert_refused(Code::ConsentRevoked, "revoked", |case| case.consent_state().status = ConsentStatus::Revoked);
    assert_refused(Code::ConsentPaused, "paused", |case| case.consent_state().status = ConsentStatus::Paused);
    assert_refused(Code::ConsentExpired, "shortened until now", |case| {
        let now = case.now;
        case.consent_state().until = Some(now);
    });
}

#[test]
fn a_consent_holds_from_its_beginning_to_its_end() {
    assert_refused(Code::ConsentNotYetValid, "begins in eleven seconds", |case| {
        case.draft.valid_from = case.now.plus(11);
    });
    assert_refused(Code::ConsentExpired, "ends this second", |case| case.draft.valid_until = case.now);
    let mut soon = Case::new();
    soon.draft.valid_from = soon.now.plus(10);
    assert!(soon.decide().is_ok(), "within the skew");
    let mut longer = Case::new();
    let end = longer.draft.valid_until;
    longer.consent_state().until = Some(end.plus(86_400));
    longer.draft.valid_until = longer.now;
    assert_eq!(longer.decide().map_err(Refusal::code), Err(Code::ConsentExpired), "no order lengthens a consent");
}

#[test]
fn another_purpose_is_refused() {
    assert_refused(Code::ConsentPurposeMismatch, "another purpose", |case| {
        case.query().query.purpose = name("social.old-age-pension.payment");
    });
}

#[test]
fn a_query_beyond_the_consent_is_refused() {
    assert_refused(Code::ConsentScopeExceeded, "another dataset", |case| {
        case.query().query.dataset = name("revenue.land");
    });
    assert_refused(Code::ConsentScopeExceeded, "one item more", |case| {
        case.query().query.fields.push(name("annual_income"));
    });
    assert_refused(Code::ConsentScopeExceeded, "no item", |case| case.query().query.fields.clear());
    assert_refused(Code::ConsentScopeExceeded, "a predicate that she did not allow", |case| {
        case.query().query.predicates.push(over_200_000());
    });
}

#[test]
fn a_consent_beyond_the_registered_purpose_is_refused() {
    type Bend = fn(&mut Case);
    let cases: [(&str, Bend); 17] = [
        ("a purpose that is not registered", |case| case.purpose = None),
        ("the entry of another purpose", |case| case.purpose.as_mut().unwrap().code = name("social.other")),
        ("another version", |case| case.draft.terms.purpose.version = name("2026-09")),
        ("another text", |case| case.draft.terms.purpose.text = Digest::of("a milder text")),
        ("another term of the vocabulary", |case| case.draft.terms.purpose.dpv.push('x')),
        ("the Hindi text shown as English", |case| case.draft.notice.locale = "en".to_owned()),
        ("a language without a text", |case| case.draft.notice.locale = "ta".to_owned()),
        ("an item that the purpose does not have", |case| case.draft.terms.fields.push(name("land_area"))),
        ("an item of another dataset", |case| case.purpose.as_mut().unwrap().allowed[0].dataset = name("food.card")),
        ("a predicate over such an item", |case| {
            let query = case.world.query(&case.citizen.consent(&case.world.terms())).query;
            let predicate = Predicate { field: name("land_area"), op: PredicateOp::Gte, value: "2".to_owned() };
            case.draft.terms.predicates.push(predicate);
            case.query().query = query;
        }),
        ("valid for a second longer", |case| {
            case.purpose.as_mut().unwrap().max_validity = name("P90D");
            case.draft.valid_until = case.draft.valid_until.plus(1);
        }),
        ("a mode that is not allowed", |case| {
            case.purpose.as_mut().unwrap().max_frequency.modes = vec![FrequencyMode::OneTime];
        }),
        ("one use more", |case| case.purpose.as_mut().unwrap().max_frequency.max_uses = 3),
        ("kept a day longer", |case| case.purpose.as_mut().unwrap().max_retention = name("P179D")),
        ("kept longer in other units", |case| case.purpose.as_mut().unwrap().max_retention = name("P5M")),
        ("kept for years", |case| case.draft.terms.retention.duration = name("P2Y")),
        ("valid for years", |case| case.draft.valid_until = case.draft.valid_from.plus(366 * 86_400)),
    ];
    for (why, bend) in cases {
        assert_refused(Code::ConsentAboveTemplate, why, bend);
    }
}

#[test]
fn a_consent_exactly_at_the_bounds_is_granted() {
    let mut case = Case::new();
    let purpose = case.purpose.as_mut().unwrap();
    purpose.max_validity = name("P90D");
    purpose.max_retention = name("P180D");
    purpose.max_frequency.max_uses = 4;
    assert!(case.decide().is_ok());
}

#[test]
fn what_the_provider_does_not_offer_is_unknown() {
    assert_refused(Code::DatasetUnknown, "no such dataset", |case| case.dataset = None);
    assert_refused(Code::DatasetUnknown, "another dataset", |case| {
        case.dataset.as_mut().unwrap().id = name("revenue.land");
    });
    assert_refused(Code::DatasetUnknown, "not for this purpose", |case| {
        case.dataset.as_mut().unwrap().purposes.clear();
    });
    assert_refused(Code::DatasetUnknown, "none of the items is mapped", |case| {
        case.dataset.as_mut().unwrap().fields.retain(|field| field.name.as_str() != "annual_income_band");
    });
}

#[test]
fn a_person_too_weakly_known_is_refused() {
    assert_refused(Code::BindingAssuranceTooLow, "substantial is below high", |case| {
        case.dataset.as_mut().unwrap().assurance = Assurance::High;
    });
}

#[test]
fn the_status_of_the_binding_decides() {
    assert_refused(Code::BindingRevoked, "revoked", |case| case.with_status(Status::Invalid, 0));
    assert_refused(Code::BindingRevoked, "a value without meaning", |case| case.with_status(Status::Unknown(3), 0));
    assert_refused(Code::BindingSuspended, "suspended", |case| case.with_status(Status::Suspended, 0));
    assert_refused(Code::BindingStatusUnavailable, "not known", |case| case.basis().status = None);
    assert_refused(Code::BindingStatusUnavailable, "a second over four hours", |case| {
        case.with_status(Status::Valid, 4 * 3600 + 1);
    });
    assert_refused(Code::BindingStatusUnavailable, "looked up in the future", |case| {
        case.with_status(Status::Valid, -11);
    });
    assert_refused(Code::BindingStatusUnavailable, "the status of another binding", |case| {
        let mut reference = case.basis().binding.status().clone();
        reference.idx += 1;
        let list = case.world.registry.status_list(case.now);
        case.basis().status = Some(list.status_of(&reference).unwrap());
    });
    let mut old = Case::new();
    old.with_status(Status::Valid, 4 * 3600);
    assert!(old.decide().is_ok(), "four hours to the second");
}

#[test]
fn a_consent_used_up_is_refused() {
    assert_refused(Code::ConsentUsedUp, "all uses are gone", |case| case.consent_state().uses = 4);
    assert_refused(Code::ConsentUsedUp, "this window's use is gone", |case| {
        case.consent_state().uses = 1;
        case.consent_state().window = Some(WindowUse { index: 0, uses: 1 });
    });
    assert_refused(Code::ConsentUsedUp, "the clock stepped back over a window", |case| {
        case.consent_state().uses = 1;
        case.consent_state().window = Some(WindowUse { index: 1, uses: 1 });
    });
    let mut next = Case::new();
    *next.consent_state() =
        ConsentState { uses: 1, window: Some(WindowUse { index: 0, uses: 1 }), ..ConsentState::fresh() };
    next.now = next.now.plus(31 * 86_400);
    let late = next.now;
    let reference = next.basis().binding.status().clone();
    let list = next.world.registry.status_list(late);
    next.basis().status = Some(list.status_of(&reference).unwrap());
    assert_eq!(use_of(&next.decide().unwrap()).window.unwrap().index, 1, "the next month");
}

#[test]
fn only_what_is_consented_requested_and_mapped_is_granted() {
    let mut case = Case::new();
    case.draft.terms.fields = ["annual_income_band", "annual_income", "assessed_on"].map(name).into();
    case.query().query.fields = ["assessed_on", "annual_income"].map(name).into();
    case.dataset.as_mut().unwrap().fields.retain(|field| field.name.as_str() != "assessed_on");
    case.dataset.as_mut().unwrap().fields[0].sensitivity = Sensitivity::Sensitive;
    let grant = case.decide().unwrap();
    assert_eq!(grant.fields().iter().map(FieldName::as_str).collect::<Vec<_>>(), ["annual_income"]);
}
