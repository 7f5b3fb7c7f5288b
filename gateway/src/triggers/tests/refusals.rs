//! Each refusal of a delivery, through HTTP between two good ones, and that nothing changed by it.

use protocol::{
    event::Receiver,
    seal::{self, Typ, random},
};
use schemas::{
    digest::Digest,
    event::{AppliedResult, EventAck, EventAckBatch, EventBatch, EventResult},
    federation::Standing,
    id::CompactJws,
    problem::{Code, Problem},
};
use service_kit::{db::DatabaseError, http_client::Reply};

use super::world::*;
use crate::{
    configuration::path,
    store::triggers::{
        PersonIndex,
        feeds::{FeedEvent, NewEvent, feed_events_insert, feed_next},
        stored_claims,
    },
    triggers::{
        delivery,
        feed::FeedPage,
        heartbeat::FEED_HEAD,
        receive_applied::{AppliedBatch, AppliedTaken},
        subscribe::SUBSCRIPTION,
    },
};

/// Posts to the subscriber's listener with the source's certificate.
async fn post(from: &Member, to: &Member, path: &str, media_type: &str, body: Vec<u8>) -> Reply {
    let client = from.app.peer_client(to.app.entity()).unwrap();
    client.post(&format!("{}{path}", to.app.config().public.peers), media_type, body).await.unwrap()
}

async fn deliver(world: &World, events: &[CompactJws]) -> Reply {
    let batch = serde_json::to_vec(&EventBatch { events: events.to_vec() }).unwrap();
    post(&world.civil, &world.social, path::EVENTS, "application/json", batch).await
}

fn code(reply: &Reply) -> Code {
    let problem: Problem = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(reply.status, problem.code.status());
    problem.code
}

fn acks(reply: &Reply) -> Vec<EventAck> {
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    let batch: EventAckBatch = serde_json::from_slice(&reply.body).unwrap();
    batch.acks.iter().map(|ack| stored_claims(ack.as_str()).unwrap()).collect()
}

/// What a refusal must leave alone: stored events, work, evidence, held payments.
async fn state(world: &World) -> (i64, i64, i64, String) {
    let rows = async |table| world.social.rows(table).await;
    (rows("inbox_event").await, rows("inbox_work").await, rows("equivocation").await, world.roll())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_is_known_to_have_signed_is_a_plain_problem_between_two_good_deliveries() {
    let world = World::following(Engine::Sqlite).await;
    let events = world.events(&["R-1", "R-2"]).await;
    assert_eq!(acks(&deliver(&world, &events[..1]).await)[0].result, EventResult::Received);
    let [header, payload, signature] = events[1].as_str().split('.').collect::<Vec<_>>().try_into().unwrap();
    let spoilt = |jws: String| jws.parse::<CompactJws>().unwrap();
    let flipped = if signature.starts_with('A') { "B" } else { "A" };
    let keys = world.civil.app.keys();
    let claims: serde_json::Value = serde_json::from_slice(&seal::decode_base64url(payload).unwrap()).unwrap();
    let signed = |typ, change: fn(&mut serde_json::Value)| {
        let mut claims = claims.clone();
        change(&mut claims);
        seal::sign(typ, &keys.signing, &claims).unwrap()
    };
    let refused = [
        (vec![spoilt(format!("{header}.{payload}.{flipped}{}", &signature[1..]))], Code::SignatureInvalid),
        (vec![signed(Typ::EventAck, |_| {})], Code::TokenTypeWrong),
        (vec![signed(Typ::Event, |claims| claims["v"] = 2.into())], Code::VersionUnsupported),
        (vec![signed(Typ::Event, |claims| claims["more"] = 1.into())], Code::TokenMalformed),
        (
            vec![signed(Typ::Event, |claims| claims["iss"] = "https://social.localhost".into())],
            Code::PeerCertificateMismatch,
        ),
        (vec![], Code::RequestMalformed),
        (vec![events[1].clone(); 101], Code::RequestTooLarge),
    ];
    let before = state(&world).await;
    for (batch, expected) in refused {
        assert_eq!(code(&deliver(&world, &batch).await), expected);
        assert_eq!(state(&world).await, before, "{expected}");
    }
    let wrong_type = post(&world.civil, &world.social, path::EVENTS, "text/plain", b"{}".to_vec()).await;
    assert_eq!(code(&wrong_type), Code::MediaTypeUnsupported);
    let no_json = post(&world.civil, &world.social, path::EVENTS, "application/json", b"{\"events\":".to_vec()).await;
    assert_eq!(code(&no_json), Code::RequestMalformed);
    assert_eq!(state(&world).await, before);
    assert_eq!(acks(&deliver(&world, &events[1..]).await)[0].result, EventResult::Received);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_its_source_signed_and_may_not_send_is_refused_with_a_signature_beside_good_events() {
    let world = World::following(Engine::Sqlite).await;
    let events = world.events(&["R-1", "R-2", "R-3"]).await;
    let (good, bad) = (&events[..2], &events[2]);
    let other_part = world.verified(&events[0]).claims().data.clone();
    let refused = [
        (
            world.resigned(bad, |claims| claims.r#type = "in.vinimay.birth.registered.v1".parse().unwrap()),
            Code::RoleMissing,
        ),
        (world.resigned(bad, |claims| claims.aud = "https://food.localhost".parse().unwrap()), Code::AudienceWrong),
        (world.resigned(bad, |claims| claims.iat = claims.iat.plus(3_600)), Code::Stale),
        (world.resigned(bad, |claims| claims.seq = 0), Code::AccessDenied),
        // A sealed part of another event.
        (world.resigned(bad, |claims| claims.data = other_part), Code::TokenMalformed),
    ];
    for (bad, expected) in refused {
        let before = state(&world).await;
        let ack = acks(&deliver(&world, &[bad]).await).remove(0);
        assert_eq!((ack.result, ack.refusal), (EventResult::Refused, Some(expected)));
        assert_eq!(state(&world).await, before, "{expected}");
    }
    let both = acks(&deliver(&world, good).await);
    assert!(both.iter().all(|ack| ack.result == EventResult::Received));
    assert_eq!(acks(&deliver(&world, &events[2..]).await)[0].result, EventResult::Received, "itself it is good");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_without_a_subscription_is_refused() {
    let world = World::following(Engine::Sqlite).await;
    let events = world.events(&["R-1"]).await;
    let stranger = World::joined(Engine::Sqlite).await;
    // The same event, made by a source to which this subscriber never subscribed.
    let theirs = stranger.resigned_by_civil(&world, &events[0]);
    let ack = stranger.give(&[theirs]).await.remove(0);
    assert_eq!((ack.result, ack.refusal), (EventResult::Refused, Some(Code::AccessDenied)));
    assert_eq!(stranger.social.rows("inbox_event").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_source_and_a_suspended_subscriber_get_nothing() {
    let world = World::following(Engine::Sqlite).await;
    let events = world.events(&["R-1"]).await;
    suspend(&world, "https://civil.localhost", Standing::Suspended);
    world.social.app.refresh_directory().await.unwrap();
    let refused = world.social.app.receive_events(world.civil.app.entity(), &events).await.unwrap_err();
    assert_eq!(refused.code(), Code::PeerSuspended);
    suspend(&world, "https://civil.localhost", Standing::Active);
    suspend(&world, "https://social.localhost", Standing::Suspended);
    world.civil.app.refresh_directory().await.unwrap();
    assert!(delivery::run(&world.civil.app).await.is_err());
    assert_eq!((world.civil.rows("feed_delivery").await, world.social.rows("inbox_event").await), (1, 0), "it waits");
}

fn suspend(world: &World, entity: &str, standing: Standing) {
    let mut state = world.anchor.state();
    let member = state.members.get_mut(&entity.parse().unwrap()).unwrap();
    (member.standing, member.changed) = (standing, true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_kept_at_the_source_and_parks_the_event() {
    let world = World::following(Engine::Sqlite).await;
    let event = world.events(&["R-1"]).await.remove(0);
    let wrong = world.resigned(&event, |claims| {
        claims.jti = random::message_id(world.civil.app.now());
        (claims.seq, claims.r#type) = (2, "in.vinimay.birth.registered.v1".parse().unwrap());
    });
    let (subscriber, app) = (world.social.app.entity().clone(), world.civil.app.clone());
    let stored = FeedEvent { seq: 2, jti: world.verified(&wrong).claims().jti.clone(), jws: wrong };
    let inserted = world.civil.app.db().write(move |conn| {
        assert_eq!(feed_next(conn, &subscriber)?, 2);
        let (digest, person) = (Digest::of(stored.jws.as_str()), PersonIndex::of_resident(app.keys(), "R-2"));
        let new = NewEvent { subscriber, event: stored, digest, person, urgent: false };
        Ok::<_, DatabaseError>(feed_events_insert(conn, &[new], 0)?)
    });
    inserted.await.unwrap();
    world.civil.tamper("UPDATE feed_delivery SET since_ms = (SELECT MAX(since_ms) FROM feed_delivery)").await;
    delivery::run(&world.civil.app).await.unwrap();
    assert_eq!(world.civil.look_gateway("SELECT group_concat(seq || state) FROM feed_delivery"), "2parked");
    assert_eq!(
        world.civil.look_gateway("SELECT group_concat(kind, ' ') FROM (SELECT kind FROM event_record ORDER BY kind)"),
        "received refused"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_the_heartbeat_and_the_applications_take_only_what_is_theirs() {
    let world = World::following(Engine::Sqlite).await;
    let event = world.events(&["R-1"]).await.remove(0);
    let client = world.social.app.peer_client(world.civil.app.entity()).unwrap();
    let feed = format!("{}{}", world.civil.app.config().public.peers, path::FEED);
    let page: FeedPage =
        serde_json::from_slice(&client.fetch(&feed, &[("after", "0"), ("limit", "5")]).await.unwrap().body).unwrap();
    assert_eq!(page.events, std::slice::from_ref(&event));
    assert_eq!(client.fetch(&feed, &[("before", "0")]).await.unwrap().status, 400);

    // The source's own head of the feed to the subscriber is taken from the source, and from nobody else.
    let head = page.head.as_str().as_bytes().to_vec();
    assert_eq!(post(&world.civil, &world.social, path::FEED, FEED_HEAD, head.clone()).await.status, 204);
    assert_eq!(
        code(&post(&world.social, &world.civil, path::FEED, FEED_HEAD, head).await),
        Code::PeerCertificateMismatch
    );
    assert_eq!(
        code(&post(&world.civil, &world.social, path::FEED, FEED_HEAD, b"a.b.c".to_vec()).await),
        Code::TokenMalformed
    );

    let us = Receiver { entity: world.social.app.entity(), signing: &world.social.app.keys().signing };
    let foreign =
        world.verified(&world.resigned(&event, |claims| claims.jti = random::message_id(world.civil.app.now())));
    let other_bytes = world.verified(&world.resigned(&event, |claims| claims.seq = 7));
    for (about, expected) in [(&foreign, Code::NotFound), (&other_bytes, Code::Conflict)] {
        let applied = us.applied(about, AppliedResult::Settled, world.social.app.now()).unwrap().jws().clone();
        let body = serde_json::to_vec(&AppliedBatch { applied: vec![applied] }).unwrap();
        let reply = post(&world.social, &world.civil, path::APPLIED, "application/json", body).await;
        let taken: AppliedTaken = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!((taken.taken, taken.refused[0].code), (0, expected));
        assert_eq!(world.civil.rows("event_record").await, 0);
    }
    let subscription = post(&world.social, &world.civil, path::SUBSCRIPTIONS, SUBSCRIPTION, b"a.b.c".to_vec()).await;
    assert_eq!(code(&subscription), Code::TokenMalformed);
}
