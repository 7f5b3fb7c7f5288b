//! Subscriptions that both sides signed, and follow lists under them.

use schemas::{
    event::{DEATH_REGISTERED, FollowList, Followed, SubscriptionScope},
    problem::Code,
};

use super::super::{fixture::*, *};
use crate::{
    exchange::{MemberClaims, fixture::edited},
    federation::testing::{NOW, entity},
    seal::{JweError, random},
    testing::name,
};

#[test]
fn a_subscription_is_in_force_when_both_signed_the_same_terms() {
    let scene = Scene::new();
    let subscription = scene.subscription();
    assert!(subscription.covers(&name(DEATH_REGISTERED), name("2027-11-20")));
    assert!(!subscription.covers(&name(DEATH_REGISTERED), name("2027-11-21")));
    assert!(!subscription.covers(&name("in.vinimay.birth.registered.v1"), name("2026-11-21")));
}

#[test]
fn copies_that_differ_or_are_signed_by_others_make_no_subscription() {
    let scene = Scene::new();
    let terms = scene.terms();
    let civil = sign_subscription(&terms, &entity("civil"), &scene.civil.signing, NOW).unwrap();
    let social = sign_subscription(&terms, &entity("social"), &scene.social.signing, NOW).unwrap();
    type Edit = fn(&mut schemas::event::Subscription);
    let edits: [Edit; 4] = [
        |copy| copy.until = name("2030-01-01"),
        |copy| copy.scope = SubscriptionScope::Population,
        |copy| copy.id = copy.jti.clone(),
        |copy| copy.types.push(name("in.vinimay.birth.registered.v1")),
    ];
    let accepted = |civil: &str, social: &str| {
        accept_subscription(civil.as_bytes(), social.as_bytes(), &scene.source(), &scene.receiver())
    };
    let (ours, theirs) = (civil.jws().as_str(), social.jws().as_str());
    assert!(accepted(ours, theirs).is_ok());
    for edit in edits {
        let other = edited(&social, &scene.social.signing, edit);
        assert_eq!(accepted(ours, other.jws().as_str()).unwrap_err(), SubscriptionInvalid::Terms);
    }
    assert!(matches!(accepted(theirs, theirs).unwrap_err(), SubscriptionInvalid::Source(_)));
    assert!(matches!(accepted(ours, ours).unwrap_err(), SubscriptionInvalid::Subscriber(_)));
    let foreign = edited(&civil, &scene.civil.signing, |copy| copy.source = entity("food"));
    assert_eq!(accepted(foreign.jws().as_str(), theirs).unwrap_err(), SubscriptionInvalid::Parties);
}

#[test]
fn a_source_without_the_role_for_a_type_cannot_subscribe_anybody_to_it() {
    let scene = Scene::new();
    for types in [vec![], vec![name("in.vinimay.birth.registered.v1")]] {
        let terms = SubscriptionTerms { types, ..scene.terms() };
        let civil = sign_subscription(&terms, &entity("civil"), &scene.civil.signing, NOW).unwrap();
        let social = sign_subscription(&terms, &entity("social"), &scene.social.signing, NOW).unwrap();
        let (civil, social) = (civil.jws().as_str().as_bytes(), social.jws().as_str().as_bytes());
        let error = accept_subscription(civil, social, &scene.source(), &scene.receiver()).unwrap_err();
        assert_eq!((error.clone(), error.code()), (SubscriptionInvalid::Role, Code::RoleMissing));
    }
}

fn list(scene: &Scene) -> FollowList {
    FollowList { add: vec![Followed { sub: scene.sub.clone(), until: name("2027-11-20") }], remove: vec![] }
}

#[test]
fn the_source_alone_reads_whom_a_subscriber_follows() {
    let scene = Scene::new();
    let subscription = scene.subscription();
    let key = scene.civil.encryption.public();
    let request = scene.signs_for_social().follow(&entity("civil"), key, &subscription.terms().id, &list(&scene), NOW);
    let request = accept_follow(request.unwrap().jws().as_str().as_bytes(), &scene.receiver()).unwrap();
    assert_eq!(authorize_follow(&request, &subscription, &entity("civil"), NOW), Ok(()));
    assert_eq!(open_follow(&request, std::slice::from_ref(&scene.civil.encryption)).unwrap(), list(&scene));
    let others = [scene.social.encryption.clone()];
    assert_eq!(open_follow(&request, &others).unwrap_err(), JweError::OtherKey);
    for (us, now, code) in [
        (entity("food"), NOW, Code::AudienceWrong),
        (entity("civil"), NOW.plus(71), Code::Stale),
        (entity("civil"), NOW.plus(-11), Code::Stale),
    ] {
        assert_eq!(authorize_follow(&request, &subscription, &us, now), Err(code));
    }
    let another = scene.subscription();
    assert_eq!(authorize_follow(&request, &another, &entity("civil"), NOW), Err(Code::AccessDenied));
}

#[test]
fn ten_thousand_people_fit_into_one_request_and_one_more_does_not() {
    let scene = Scene::new();
    let of = |count: usize| FollowList { add: vec![], remove: vec![scene.sub.clone(); count] };
    let key = scene.civil.encryption.public();
    let sent = |count: usize| {
        let id = random::message_id(NOW);
        let request = scene.signs_for_social().follow(&entity("civil"), key, &id, &of(count), NOW).unwrap();
        assert!(request.jws().as_str().len() <= schemas::event::FollowRequest::LIMITS.bytes);
        let request = accept_follow(request.jws().as_str().as_bytes(), &scene.receiver()).unwrap();
        open_follow(&request, std::slice::from_ref(&scene.civil.encryption)).map(|list| list.remove.len())
    };
    assert_eq!(sent(MAX_FOLLOWED), Ok(MAX_FOLLOWED));
    assert!(sent(MAX_FOLLOWED + 1).is_err());
}
