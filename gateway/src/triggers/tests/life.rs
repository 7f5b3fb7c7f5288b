//! What follows from one registration: annulments, spouses, hearsay; and who hears of it.

use protocol::{
    event::{OpenedEvent, SubscriptionTerms, open_any_event, sign_subscription},
    seal::random,
};
use schemas::{
    event::{
        DEATH_ANNULLED, DEATH_REGISTERED, DEATH_REPORTED, EventAssurance, EventBasis, EventFilter, EventPayload,
        MARRIAGE_ENDED, MARRIAGE_REGISTERED, MarriageEnd, Relation, SubscriptionProfile, SubscriptionScope,
    },
    id::{CompactJws, MessageId},
};
use service_kit::db::DatabaseError;

use super::world::*;
use crate::{
    store::triggers::{
        PersonIndex, Side,
        follows::follow_put,
        subscriptions::{subscription_copy_insert, subscription_insert},
    },
    triggers::capture,
};

/// What a test subscribes to.
pub struct Wanted<'a> {
    pub law: &'a str,
    pub types: &'a [&'a str],
    pub scope: SubscriptionScope,
    pub filter: Option<EventFilter>,
}

impl Wanted<'_> {
    pub fn of<'a>(law: &'a str, types: &'a [&'a str]) -> Wanted<'a> {
        Wanted { law, types, scope: SubscriptionScope::Follow, filter: None }
    }
}

/// A subscription signed by both, with these residents on its follow list.
pub async fn subscribe(world: &World, wanted: Wanted<'_>, residents: &[&str]) -> MessageId {
    let (civil, social) = (&world.civil.app, &world.social.app);
    let terms = SubscriptionTerms {
        id: random::message_id(social.now()),
        source: civil.entity().clone(),
        subscriber: social.entity().clone(),
        types: wanted.types.iter().map(|kind| kind.parse().unwrap()).collect(),
        purpose: PURPOSE.parse().unwrap(),
        basis: EventBasis::Law { id: wanted.law.parse().unwrap() },
        profile: SubscriptionProfile::Minimal,
        scope: wanted.scope,
        filter: wanted.filter,
        until: "2030-01-01".parse().unwrap(),
    };
    let copy = sign_subscription(&terms, social.entity(), &social.keys().signing, social.now()).unwrap();
    let ours = copy.jws().clone();
    let theirs = civil.countersign(social.entity(), ours.as_str().as_bytes()).await.map_err(|r| r.code()).unwrap();
    let people: Vec<_> =
        residents.iter().map(|resident| (PersonIndex::of_resident(civil.keys(), resident), terms.until)).collect();
    let id = terms.id.clone();
    let followed = id.clone();
    civil.db().write(move |conn| Ok::<_, DatabaseError>(follow_put(conn, &followed, &people)?)).await.unwrap();
    let kept = social.db().write(move |conn| {
        subscription_insert(conn, Side::Subscriber, &terms)?;
        subscription_copy_insert(conn, &terms.id, Side::Source, &theirs)?;
        Ok::<_, DatabaseError>(subscription_copy_insert(conn, &terms.id, Side::Subscriber, &ours)?)
    });
    kept.await.unwrap();
    id
}

/// Everything that changed in the register, told.
pub async fn capture_all(world: &World) {
    capture::once(&world.civil.app).await.unwrap();
}

/// The feed as its receiver opens it.
pub async fn opened(world: &World) -> Vec<OpenedEvent> {
    let events: Vec<CompactJws> = world.feed().await.into_iter().map(|event| event.jws).collect();
    let directory = world.social.app.directory();
    let registry = directory.members().member(world.civil.app.entity()).unwrap();
    let keys = &world.social.app.keys().encryption;
    events.iter().map(|event| open_any_event(&world.verified(event), registry, keys).unwrap()).collect()
}

fn kinds(events: &[OpenedEvent]) -> Vec<&str> {
    events.iter().map(|event| event.claims.r#type.as_str()).collect()
}

const MARRIED: &str = "INSERT INTO marriages VALUES ('M-1', 'R-2', 'R-1', '1970-05-01', NULL, NULL)";
const LIVES: &str = "UPDATE deaths SET cancelled_on = '2026-11-20', cancel_reason = 'NEVER_DIED' WHERE entry_no = 1";

#[tokio::test(flavor = "multi_thread")]
async fn an_annulment_names_the_event_it_annuls_in_the_same_case_and_lifts_the_suspension() {
    for engine in ENGINES {
        let world = World::joined(engine).await;
        subscribe(&world, Wanted::of("law-death", &[DEATH_REGISTERED, DEATH_ANNULLED]), &["R-1"]).await;
        world.death(1, "D-1", "R-1");
        capture_all(&world).await;
        world.civil.enter(LIVES);
        capture_all(&world).await;
        let events = opened(&world).await;
        assert_eq!(kinds(&events), [DEATH_REGISTERED, DEATH_ANNULLED], "{engine:?}");
        assert_eq!(events[1].claims.supersedes.as_ref(), Some(&events[0].claims.jti));
        assert_eq!(events[1].claims.case, events[0].claims.case);
        assert_eq!((events[0].claims.person_seq, events[1].claims.person_seq), (1, 2));
        // The receiver takes both, whatever it does about them.
        let taken = world.give(&world.feed().await.into_iter().map(|e| e.jws).collect::<Vec<_>>()).await;
        assert!(taken.iter().all(|ack| ack.refusal.is_none()), "{taken:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_parties_of_a_marriage_are_told_in_one_case_each_of_the_other() {
    let world = World::joined(Engine::Sqlite).await;
    let types = [MARRIAGE_REGISTERED, MARRIAGE_ENDED];
    subscribe(&world, Wanted::of("law-marriage", &types), &["R-1", "R-2"]).await;
    world.civil.enter(MARRIED);
    capture_all(&world).await;
    let events = opened(&world).await;
    assert_eq!(kinds(&events), [MARRIAGE_REGISTERED; 2]);
    assert_eq!(events[0].claims.case, events[1].claims.case);
    assert_eq!((&events[0].subject, &events[1].subject), (&world.subject("R-2"), &world.subject("R-1")));
    assert_eq!(events[0].related, [(Relation::Spouse, world.subject("R-1"))]);
    assert_eq!(events[1].related, [(Relation::Spouse, world.subject("R-2"))]);
    world.civil.enter("UPDATE marriages SET ended_on = '2026-11-19', how = 'divorce' WHERE reg_no = 'M-1'");
    capture_all(&world).await;
    let ended = opened(&world).await.split_off(2);
    assert_eq!(kinds(&ended), [MARRIAGE_ENDED; 2]);
    let EventPayload::MarriageEnded(divorce) = &ended[0].payload else { panic!() };
    assert_eq!((divorce.reason, ended[0].claims.case.clone()), (MarriageEnd::Divorce, events[0].claims.case.clone()));
}

#[tokio::test(flavor = "multi_thread")]
async fn husband_dies_the_widow_is_told_in_the_case_of_the_death_and_of_its_annulment_too() {
    for engine in ENGINES {
        let world = World::joined(engine).await;
        subscribe(&world, Wanted::of("law-marriage", &[MARRIAGE_REGISTERED, MARRIAGE_ENDED]), &["R-1"]).await;
        world.civil.enter(MARRIED);
        world.death(1, "D-1", "R-2");
        capture_all(&world).await;
        let events = opened(&world).await;
        assert_eq!(
            kinds(&events),
            [MARRIAGE_REGISTERED, MARRIAGE_ENDED],
            "of the death itself nobody asked; {engine:?}"
        );
        let EventPayload::MarriageEnded(ended) = &events[1].payload else { panic!() };
        assert_eq!(
            (ended.reason, ended.death_registration_number.as_deref()),
            (MarriageEnd::DeathOfSpouse, Some("D-1"))
        );
        assert_ne!(events[1].claims.case, events[0].claims.case, "the case is that of the death");
        world.civil.enter(LIVES);
        capture_all(&world).await;
        let again = opened(&world).await.split_off(2);
        assert_eq!(kinds(&again), [MARRIAGE_REGISTERED]);
        assert_eq!(again[0].claims.supersedes.as_ref(), Some(&events[1].claims.jti));
        assert_eq!((&again[0].claims.case, &again[0].subject), (&events[1].claims.case, &world.subject("R-1")));
        capture_all(&world).await;
        assert_eq!(world.feed().await.len(), 3, "once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn death_of_the_spouse_is_registered_before_the_marriage_after_both_she_is_told_that_it_ended() {
    let world = World::joined(Engine::Sqlite).await;
    subscribe(&world, Wanted::of("law-marriage", &[MARRIAGE_REGISTERED, MARRIAGE_ENDED]), &["R-1"]).await;
    world.death(1, "D-1", "R-2");
    capture_all(&world).await;
    assert!(world.feed().await.is_empty(), "no marriage is known");
    world.civil.enter(MARRIED);
    capture_all(&world).await;
    let events = opened(&world).await;
    assert_eq!(kinds(&events), [MARRIAGE_REGISTERED, MARRIAGE_ENDED]);
    assert_eq!(events[1].claims.effective.to_string(), "2026-11-18");
}

#[tokio::test(flavor = "multi_thread")]
async fn death_reported_by_an_anganwadi_worker_only_is_hearsay_and_holds_nothing() {
    let world = World::following(Engine::Sqlite).await;
    subscribe(&world, Wanted::of("law-death", &[DEATH_REPORTED]), &["R-1"]).await;
    world.civil.enter("INSERT INTO reports VALUES ('T-1', 'R-1', '2026-11-18', 'Anganwadi')");
    world.source_works().await;
    let events = opened(&world).await;
    assert_eq!(events[0].claims.assurance, EventAssurance::Reported);
    world.subscriber_works().await;
    assert_eq!(world.roll(), "101=ACTIVE 102=ACTIVE 103=ACTIVE 104=STOPPED");
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_told_of_only_after_the_data_owner_has_approved() {
    for engine in ENGINES {
        let world = World::joined(engine).await;
        let wanted = Wanted { scope: SubscriptionScope::Population, ..Wanted::of("law-death", &[DEATH_REGISTERED]) };
        let id = subscribe(&world, wanted, &[]).await;
        world.death(1, "D-1", "R-4");
        capture_all(&world).await;
        assert!(world.feed().await.is_empty(), "{engine:?}");
        world.civil.app.approve_subscription(&id, "data-owner").await.unwrap();
        world.death(2, "D-2", "R-3");
        capture_all(&world).await;
        assert_eq!(opened(&world).await[0].subject, world.subject("R-3"));
        world.civil.app.end_subscription(&id, "data-owner", "the law was repealed").await.unwrap();
        world.death(3, "D-3", "R-2");
        capture_all(&world).await;
        assert_eq!(world.feed().await.len(), 1, "ended");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn annulments_go_first_between_persons_and_never_within_one() {
    let world = World::joined(Engine::Sqlite).await;
    subscribe(&world, Wanted::of("law-death", &[DEATH_REGISTERED, DEATH_ANNULLED]), &["R-1", "R-2", "R-3"]).await;
    for (entry, resident) in [(2, "R-2"), (1, "R-1"), (3, "R-3")] {
        world.death(entry, &format!("D-{entry}"), resident);
    }
    capture_all(&world).await;
    world.civil.enter(LIVES);
    capture_all(&world).await;
    let subscriber = world.social.app.entity().clone();
    let due = world.civil.app.db().read(move |conn| {
        Ok::<_, DatabaseError>(crate::store::triggers::feeds::deliveries_due(conn, &subscriber, 100)?)
    });
    let order: Vec<u64> = due.await.unwrap().iter().map(|event| event.seq).collect();
    assert_eq!(order, [2, 4], "the death and its annulment, before anybody else");
}
