//! An operator's help stands inside what is signed, is given by a member that may, and can be refused where it matters.

use schemas::consent::{Assistance, AssistanceMethod, AssistedBy};

use super::*;
use crate::{
    credential::binding::{self, Expected},
    testing::Department,
};

const SESSION: &str = "01936b1e-5b2f-7c3d-8e4f-000000000031";

/// What the registry says of the session at the centre.
fn session(case: &Case) -> AssistedBy {
    AssistedBy {
        operator: name("https://centres.gov.example"),
        session: name(SESSION),
        person: name("op-7"),
        until: case.world.now.plus(3600).numeric(),
    }
}

/// Bound by the registry for a session, as it has been bent.
fn bound(case: &mut Case, bend: impl FnOnce(&mut AssistedBy)) {
    let mut by = session(case);
    bend(&mut by);
    let mut draft = case.world.registry.draft("RID-0001", case.citizen.key.public());
    draft.mode = BindingMode::Assisted;
    draft.assisted = Some(by);
    case.citizen.binding = case.world.registry.hold(&draft);
}

/// The citizen is bound for a session at the centre, and the consent says so.
fn assisted(case: &mut Case) {
    bound(case, |_| ());
    case.draft.notice.assistance = Some(Assistance {
        operator: name("https://centres.gov.example"),
        session: name(SESSION),
        method: AssistanceMethod::OtpReadOut,
    });
    case.operator = Some(operator(case, "centres", vec![schemas::federation::Role::AssistedOperator]));
}

fn operator(case: &Case, sector: &str, roles: Vec<schemas::federation::Role>) -> crate::federation::VerifiedMember {
    case.world.authority.admit(&Department::new(sector, roles, case.world.now))
}

#[test]
fn a_consent_with_an_operators_help_is_granted() {
    let mut case = Case::new();
    assisted(&mut case);
    assert!(case.decide().is_ok());
}

#[test]
fn binding_and_consent_both_say_that_somebody_helped() {
    assert_refused(Code::BindingInvalid, "an assisted session that names no operator", |case| {
        assisted(case);
        case.draft.notice.assistance = None;
    });
    assert_refused(Code::BindingInvalid, "an operator beside a binding of her own", |case| {
        assisted(case);
        case.citizen.binding = case.world.registry.bind("RID-0001", case.citizen.key.public());
    });
}

/// The device could write any of these into what she signs; the registry's signature is not the device's to make.
#[test]
fn a_device_cannot_name_another_helper_than_the_registry_did() {
    let named = |case: &mut Case, bend: fn(&mut Assistance)| {
        assisted(case);
        bend(case.draft.notice.assistance.as_mut().unwrap());
    };
    assert_refused(Code::BindingInvalid, "another member that may help as well", |case| {
        named(case, |helped| helped.operator = name("https://cafes.gov.example"));
        case.operator = Some(operator(case, "cafes", vec![schemas::federation::Role::AssistedOperator]));
    });
    assert_refused(Code::BindingInvalid, "another session of the same member", |case| {
        named(case, |helped| helped.session = name("01936b1e-5b2f-7c3d-8e4f-000000000032"));
    });
    assert_refused(Code::BindingInvalid, "the registry bound her for another centre", |case| {
        assisted(case);
        bound(case, |by| by.operator = name("https://cafes.gov.example"));
    });
    assert_refused(Code::BindingInvalid, "assisted, but the registry does not say by whom", |case| {
        assisted(case);
        let mut draft = case.world.registry.draft("RID-0001", case.citizen.key.public());
        draft.mode = BindingMode::Assisted;
        case.citizen.binding = case.world.registry.hold(&draft);
    });
    assert_refused(Code::BindingInvalid, "a helper beside a binding for her own phone", |case| {
        assisted(case);
        let mut draft = case.world.registry.draft("RID-0001", case.citizen.key.public());
        draft.assisted = Some(session(case));
        case.citizen.binding = case.world.registry.hold(&draft);
    });
}

#[test]
fn a_consent_outlives_the_session_and_none_is_given_after_it() {
    let mut before = Case::new();
    assisted(&mut before);
    bound(&mut before, |by| by.until = by.until.plus(-3600));
    assert!(before.decide().is_ok(), "presented twenty seconds before the session ended, used after it");
    // Whatever it is presented for, it is made before the end; over a nonce of just now, the end is not past either.
    let verified = |ended: i64| {
        let mut case = Case::new();
        assisted(&mut case);
        bound(&mut case, |by| by.until = by.until.plus(-3600 - crate::seal::freshness::SKEW - ended));
        let provider = case.draft.terms.provider.clone();
        let (shown, keys, key) =
            (case.citizen.present(&provider, "nonce"), case.world.registry.keys(), case.citizen.key.public());
        let expected = Expected { audience: provider.as_str(), nonce: "nonce", holder: None };
        let fresh = binding::verify(&shown, &keys, expected, case.now);
        (fresh.is_ok(), binding::verify_live(&shown, &keys, key, &provider, case.now).is_ok())
    };
    assert_eq!(verified(0), (true, true), "the clocks may differ");
    assert_eq!(verified(20), (false, true), "presented as it ended, and shown later");
    assert_eq!(verified(21), (false, false), "presented after the end");
}

#[test]
fn help_is_by_a_member_with_that_role() {
    assert_refused(Code::BindingInvalid, "no such member", |case| {
        assisted(case);
        case.operator = None;
    });
    assert_refused(Code::BindingInvalid, "a member without the role", |case| {
        assisted(case);
        case.operator = Some(operator(case, "centres", vec![schemas::federation::Role::Provider]));
    });
    assert_refused(Code::BindingInvalid, "another member with the role", |case| {
        assisted(case);
        case.operator = Some(operator(case, "cafes", vec![schemas::federation::Role::AssistedOperator]));
    });
}

#[test]
fn a_provider_may_refuse_help_for_sensitive_purposes() {
    let sensitive = |case: &mut Case| {
        assisted(case);
        case.purpose.as_mut().unwrap().sensitive = true;
        case.proofs.live = Some("a-nonce-of-revenue".to_owned());
    };
    assert_refused(Code::BindingAssuranceTooLow, "sensitive, and refused there", |case| {
        sensitive(case);
        case.dataset.as_mut().unwrap().refuse_assisted = true;
    });
    let mut allowed = Case::new();
    sensitive(&mut allowed);
    assert!(allowed.decide().is_ok(), "sensitive, and not refused");
    let mut harmless = Case::new();
    assisted(&mut harmless);
    harmless.dataset.as_mut().unwrap().refuse_assisted = true;
    assert!(harmless.decide().is_ok(), "refused only where it is sensitive");
    let mut alone = Case::new();
    alone.dataset.as_mut().unwrap().refuse_assisted = true;
    assert!(alone.decide().is_ok(), "nobody helped");
}
