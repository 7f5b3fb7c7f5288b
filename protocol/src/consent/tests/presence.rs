//! One-time, sensitive and marked purposes need her now: the same binding over a nonce that the provider gave.

use super::*;

const NONCE: &str = "a-nonce-of-revenue";

fn once(case: &mut Case) {
    case.draft.terms.frequency =
        Frequency { mode: FrequencyMode::OneTime, max_uses: 1, period: None, uses_per_period: None };
}

fn sensitive(case: &mut Case) {
    case.purpose.as_mut().unwrap().sensitive = true;
}

fn marked(case: &mut Case) {
    case.purpose.as_mut().unwrap().required_presence = true;
}

#[test]
fn what_needs_presence_is_granted_with_a_proof_and_refused_without() {
    for (why, needs) in [("one time", once as fn(&mut Case)), ("sensitive", sensitive), ("marked", marked)] {
        assert_refused(Code::LiveNonceRequired, why, needs);
        let mut case = Case::new();
        needs(&mut case);
        case.proofs.live = Some(NONCE.to_owned());
        let grant = case.decide().unwrap();
        assert_eq!(use_of(&grant).live.as_ref().map(LiveNonce::as_str), Some(NONCE), "{why}: handed on to be spent");
    }
}

#[test]
fn a_proof_that_nobody_needs_is_not_spent() {
    let mut case = Case::new();
    case.proofs.live = Some(NONCE.to_owned());
    assert_eq!(use_of(&case.decide().unwrap()).live, None);
}

#[test]
fn a_proof_of_another_person_binding_receiver_or_time_is_refused() {
    let with = |case: &mut Case, bend: &dyn Fn(&mut Case) -> String| {
        once(case);
        case.proofs.live = Some(NONCE.to_owned());
        case.basis();
        let shown = bend(case);
        let (registries, provider) = (case.world.registry.keys(), case.draft.terms.provider.clone());
        let key = case.citizen.key.public();
        let live = crate::credential::binding::verify_live(&shown, &registries, key, &provider, case.now);
        let live = live.unwrap_or_else(|error| panic!("{error}"));
        drop(registries);
        case.basis().live = Some(live);
    };
    assert_refused(Code::LiveNonceRequired, "another person's", |case| {
        with(case, &|case| {
            let meena = case.world.citizen("RID-0002");
            meena.present(&case.draft.terms.provider, NONCE)
        });
    });
    assert_refused(Code::LiveNonceRequired, "another binding of the same key", |case| {
        with(case, &|case| {
            let to = case.draft.terms.provider.clone();
            case.citizen.binding = case.world.registry.bind("RID-0001", case.citizen.key.public());
            case.citizen.present(&to, NONCE)
        });
    });
    assert_refused(Code::LiveNonceRequired, "the presentation of the consent once more", |case| {
        once(case);
        let again = case.basis().binding.clone();
        case.basis().live = Some(again);
    });
    assert_refused(Code::LiveNonceRequired, "eleven minutes before the card was shown", |case| {
        with(case, &|case| {
            let (to, long_ago) = (&case.draft.terms.provider, case.draft.notice.shown_at.plus(-11 * 60));
            case.citizen.present_at(to, NONCE, long_ago)
        });
    });
}

#[test]
fn a_proof_for_another_receiver_or_by_another_key_does_not_verify() {
    let world = World::new();
    let asha = world.citizen("RID-0001");
    let registries = world.registry.keys();
    let verify = |shown: &str, key, to: &str| {
        crate::credential::binding::verify_live(shown, &registries, key, &name(to), world.now).map(|live| {
            assert_eq!(live.nonce(), NONCE);
        })
    };
    let shown = asha.present(&world.provider.entity, NONCE);
    let key = asha.key.public();
    assert!(verify(&shown, key, "https://revenue.gov.example").is_ok());
    assert!(verify(&shown, key, "https://food.gov.example").is_err(), "another receiver");
    let unbound = shown.rsplit_once('~').map(|(unbound, _)| format!("{unbound}~")).unwrap();
    assert!(verify(&unbound, key, "https://revenue.gov.example").is_err(), "without a key binding");
    let empty = asha.present(&world.provider.entity, "");
    assert!(
        crate::credential::binding::verify_live(&empty, &registries, key, &world.provider.entity, world.now).is_err()
    );
}

#[test]
fn a_proof_that_does_not_verify_is_refused_with_its_own_code() {
    let mut case = Case::new();
    once(&mut case);
    let world = &case.world;
    let consent = case.citizen.sign(case.draft.clone());
    let binding =
        case.citizen.present(&consent.terms.provider, &crate::credential::vc::presentation_nonce(&consent.jws));
    let live = Some(case.citizen.present(&name("https://food.gov.example"), NONCE));
    let presented = schemas::consent::BindingPresentation { binding, live, guardianship: None };
    let query = world.query(&case.citizen.attach_all(consent.jws, &presented));
    assert_eq!(world.verify_basis(&query).map(|_| ()).map_err(Refusal::code), Err(Code::LiveNonceRequired));
}

#[test]
fn a_sensitive_purpose_needs_a_fresher_status_too() {
    assert_refused(Code::BindingStatusUnavailable, "a status of 61 seconds", |case| {
        sensitive(case);
        case.proofs.live = Some(NONCE.to_owned());
        case.with_status(Status::Valid, 61);
    });
    let mut fresh = Case::new();
    sensitive(&mut fresh);
    fresh.proofs.live = Some(NONCE.to_owned());
    fresh.with_status(Status::Valid, 60);
    assert!(fresh.decide().is_ok(), "a status of 60 seconds");
    assert_refused(Code::LiveNonceRequired, "nobody present", |case| {
        sensitive(case);
        case.with_status(Status::Valid, 60);
    });
}
