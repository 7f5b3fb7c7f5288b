//! Subscriptions and follow lists: what the source signs, what it refuses, and that nothing changes when it refuses.

use protocol::{
    event::{Receiver, SubscriptionTerms, sign_subscription},
    seal::random,
};
use schemas::{
    event::{DEATH_REGISTERED, EventBasis, FollowList, Followed, SubscriptionProfile, SubscriptionScope},
    federation::RegisterContent,
    id::MessageId,
    problem::Code,
};
use service_kit::db::DatabaseError;

use super::world::*;
use crate::{
    store::triggers::{Side, subscriptions::subscriptions_with},
    triggers::follow,
};

fn terms(world: &World) -> SubscriptionTerms {
    SubscriptionTerms {
        id: random::message_id(world.social.app.now()),
        source: world.civil.app.entity().clone(),
        subscriber: world.social.app.entity().clone(),
        types: vec![DEATH_REGISTERED.parse().unwrap()],
        purpose: PURPOSE.parse().unwrap(),
        basis: EventBasis::Law { id: LAW.parse().unwrap() },
        profile: SubscriptionProfile::Minimal,
        scope: SubscriptionScope::Follow,
        filter: None,
        until: "2030-01-01".parse().unwrap(),
    }
}

/// Proposes these terms, as the subscriber's gateway would.
async fn propose(world: &World, terms: &SubscriptionTerms) -> Result<String, Code> {
    let social = &world.social.app;
    let copy = sign_subscription(terms, social.entity(), &social.keys().signing, social.now()).unwrap();
    let signed = world.civil.app.countersign(social.entity(), copy.jws().as_str().as_bytes()).await;
    signed.map(|jws| jws.to_string()).map_err(|rejected| rejected.code())
}

#[tokio::test(flavor = "multi_thread")]
async fn both_sides_hold_both_copies_and_log_their_own() {
    for engine in ENGINES {
        let world = World::following(engine).await;
        let (source, subscriber) = (world.civil.app.entity().clone(), world.social.app.entity().clone());
        let theirs = world
            .civil
            .app
            .db()
            .read(move |c| Ok::<_, DatabaseError>(subscriptions_with(c, Side::Source, &subscriber)?))
            .await
            .unwrap();
        let ours = world
            .social
            .app
            .db()
            .read(move |c| Ok::<_, DatabaseError>(subscriptions_with(c, Side::Subscriber, &source)?))
            .await
            .unwrap();
        assert_eq!((theirs.len(), ours.len()), (1, 1), "{engine:?}");
        assert_eq!(
            (&theirs[0].source_copy, &theirs[0].subscriber_copy),
            (&ours[0].source_copy, &ours[0].subscriber_copy)
        );
        assert!(theirs[0].in_force(world.civil.app.now().civil_day()));
        assert_eq!((world.civil.rows("outbox").await, world.social.rows("outbox").await), (1, 1));
        // Another process, with nothing in memory, finds it in force and the list told.
        let claims = world.civil.rows("follow_claim").await;
        follow::run(&world.social.department.open()).await.unwrap();
        assert_eq!((world.civil.rows("subscription").await, world.civil.rows("follow_claim").await), (1, claims));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proposal_that_comes_again_gets_the_same_signature_and_another_under_its_id_none() {
    let world = World::joined(Engine::Sqlite).await;
    let terms = terms(&world);
    let social = &world.social.app;
    let copy = sign_subscription(&terms, social.entity(), &social.keys().signing, social.now()).unwrap();
    let civil = &world.civil.app;
    let first = civil.countersign(social.entity(), copy.jws().as_str().as_bytes()).await.unwrap();
    assert_eq!(civil.countersign(social.entity(), copy.jws().as_str().as_bytes()).await.unwrap(), first);
    assert_eq!(propose(&world, &terms).await, Err(Code::Conflict), "signed anew: other bytes");
    assert_eq!(world.civil.rows("subscription_copy").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_a_registered_law_allows_is_signed() {
    let world = World::joined(Engine::Sqlite).await;
    let other = |change: fn(&mut SubscriptionTerms)| {
        let mut terms = terms(&world);
        change(&mut terms);
        terms
    };
    let refused = [
        (other(|t| t.source = "https://food.localhost".parse().unwrap()), Code::AudienceWrong),
        (other(|t| t.basis = EventBasis::Law { id: "no-such-law".parse().unwrap() }), Code::LawNotRegistered),
        (other(|t| t.purpose = "social.other".parse().unwrap()), Code::LawScopeExceeded),
        (other(|t| t.until = "2040-04-01".parse().unwrap()), Code::LawScopeExceeded),
        (other(|t| t.until = "2020-04-01".parse().unwrap()), Code::LawScopeExceeded),
        (other(|t| t.types = vec![]), Code::RoleMissing),
        (other(|t| t.types = vec!["in.vinimay.birth.registered.v1".parse().unwrap()]), Code::RoleMissing),
        (other(|t| t.types = vec![schemas::event::AGE_ATTAINED.parse().unwrap()]), Code::AccessDenied),
        (other(|t| t.profile = SubscriptionProfile::Signal), Code::AccessDenied),
        (other(|t| t.subscriber = "https://food.localhost".parse().unwrap()), Code::LawNotRegistered),
    ];
    for (terms, code) in refused {
        let before = world.civil.rows("audit_trail").await;
        assert_eq!(propose(&world, &terms).await, Err(code), "{terms:?}");
        assert_eq!(world.civil.rows("subscription").await, 0);
        assert_eq!(world.civil.rows("audit_trail").await, before + 1, "a refused action is a row of the audit trail");
    }
    assert!(propose(&world, &terms(&world)).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_law_about_something_else_or_for_somebody_else_allows_nothing() {
    let world = World::joined(Engine::Sqlite).await;
    let (civil, social, food) = ("https://civil.localhost", "https://social.localhost", "https://food.localhost");
    let mut about_births = law(civil, social);
    about_births.allowed.dataset = "civil.birth".parse().unwrap();
    for (version, law, code) in
        [(2, about_births, Code::LawScopeExceeded), (3, law(civil, food), Code::LawNotRegistered)]
    {
        world.anchor.register(version, &RegisterContent::Laws(vec![law]), world.civil.app.now());
        world.civil.app.refresh_directory().await.unwrap();
        assert_eq!(propose(&world, &terms(&world)).await, Err(code));
    }
    assert_eq!(world.civil.rows("subscription").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_not_told_under_a_law_that_is_registered_no_more() {
    let world = World::following(Engine::Sqlite).await;
    world.anchor.register(2, &RegisterContent::Laws(vec![]), world.civil.app.now());
    world.civil.app.refresh_directory().await.unwrap();
    world.death(1, "D-1", "R-1");
    world.source_works().await;
    assert_eq!(world.feed().await.len(), 0);
}

/// Sends a follow list, as the subscriber's gateway would.
async fn list(world: &World, subscription: &MessageId, later: i64) -> Result<usize, Code> {
    let social = &world.social.app;
    let directory = social.directory();
    let key = directory.members().member(world.civil.app.entity()).unwrap().encryption_key();
    let list = FollowList {
        add: vec![Followed { sub: world.subject("R-4"), until: "2030-01-01".parse().unwrap() }],
        remove: vec![world.subject("R-1")],
    };
    let us = Receiver { entity: social.entity(), signing: &social.keys().signing };
    let request = us.follow(world.civil.app.entity(), key, subscription, &list, social.now().plus(later)).unwrap();
    let taken = world.civil.app.take_follow(social.entity(), request.jws().as_str().as_bytes()).await;
    taken.map(|taken| taken.added + taken.removed).map_err(|rejected| rejected.code())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_subscriber_of_a_subscription_in_force_changes_its_list_and_only_while_the_request_is_fresh() {
    for engine in ENGINES {
        let world = World::following(engine).await;
        let subscriber = world.social.app.entity().clone();
        let rows = world
            .civil
            .app
            .db()
            .read(move |c| Ok::<_, DatabaseError>(subscriptions_with(c, Side::Source, &subscriber)?))
            .await
            .unwrap();
        let nobodys = random::message_id(world.social.app.now());
        assert_eq!(list(&world, &nobodys, 0).await, Err(Code::AccessDenied));
        assert_eq!(list(&world, &rows[0].id, -300).await, Err(Code::Stale));
        assert_eq!(list(&world, &rows[0].id, 300).await, Err(Code::Stale));
        assert_eq!(world.civil.rows("follow").await, 3);
        assert_eq!(list(&world, &rows[0].id, 0).await, Ok(2), "one came, one left; {engine:?}");
        assert_eq!((world.civil.rows("follow").await, world.civil.rows("pseudonym").await), (3, 4));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_born_after_the_pseudonyms_were_made_is_found_too() {
    let world = World::following(Engine::Sqlite).await;
    world.civil.enter("INSERT INTO residents VALUES ('R-9', 'Asha', 'Netam', '2026-10-01', 'day', 388, 1)");
    world.social.enter("INSERT INTO pension_beneficiary VALUES (109, 'ACTIVE', NULL, NULL)");
    world.link("R-9", "109").await;
    world.follow().await;
    assert_eq!((world.civil.rows("pseudonym").await, world.civil.rows("follow").await), (5, 4));
}
