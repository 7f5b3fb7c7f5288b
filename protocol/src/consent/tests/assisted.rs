//! An operator's help stands inside what is signed, is given by a member that may, and can be refused where it matters.

use schemas::consent::{Assistance, AssistanceMethod};

use super::*;
use crate::testing::Department;

/// The citizen is bound for a session at the centre, and the consent says so.
fn assisted(case: &mut Case) {
    let mut draft = case.world.registry.draft("RID-0001", case.citizen.key.public());
    draft.mode = BindingMode::Assisted;
    case.citizen.binding = case.world.registry.hold(&draft);
    case.draft.notice.assistance = Some(Assistance {
        operator: name("https://centres.gov.example"),
        session: name("01936b1e-5b2f-7c3d-8e4f-000000000031"),
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
