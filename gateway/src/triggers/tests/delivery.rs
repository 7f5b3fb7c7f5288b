//! Delivery against everything that networks do: repeats, losses, disorder, absence, contradiction.

use protocol::seal::random;
use schemas::{
    digest::Digest,
    event::{DEATH_REGISTERED, Event, EventResult, FeedHead},
    id::{CompactJws, EntityId, MessageId},
    problem::Code,
};
use service_kit::db::DatabaseError;

use super::world::*;
use crate::{
    store::triggers::{
        PersonIndex, Side,
        feeds::{FeedEvent, NewEvent, deliveries_count, feed_events_insert, feed_next},
        heads::head_latest,
        inbox::{equivocation_count, inbox_contiguous, inbox_run_end},
        overview::Band,
        stored_claims,
    },
    triggers::{delivery, heartbeat, pull, turns::Task, watch},
};

async fn contiguous(world: &World) -> u64 {
    let source = world.civil.app.entity().clone();
    world.social.app.db().read(move |conn| Ok::<_, DatabaseError>(inbox_contiguous(conn, &source)?)).await.unwrap()
}

async fn waiting_and_parked(world: &World) -> (u64, u64) {
    world.civil.app.db().read(|conn| Ok::<_, DatabaseError>(deliveries_count(conn)?)).await.unwrap()
}

/// The endpoint may be tried again at once.
async fn no_pause(world: &World) {
    world.civil.tamper("UPDATE feed SET next_ms = 0").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_again_is_a_duplicate_with_one_acknowledgement_and_one_effect() {
    for engine in ENGINES {
        let world = World::following(engine).await;
        let events = world.events(&["R-1"]).await;
        assert_eq!(world.give(&events).await[0].result, EventResult::Received);
        let (first, second) = (world.give(&events).await, world.give(&events).await);
        assert_eq!(first[0].result, EventResult::Duplicate);
        assert_eq!(first, second, "the same bytes as before; {engine:?}");
        world.subscriber_works().await;
        world.give(&events).await;
        world.subscriber_works().await;
        assert_eq!((world.social.rows("inbox_event").await, world.journal().as_str()), (1, "1"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_acknowledgement_costs_a_repeat_and_nothing_else() {
    for engine in ENGINES {
        let world = World::following(engine).await;
        let events = world.events(&["R-1", "R-2"]).await;
        world.give(&events).await;
        assert_eq!(waiting_and_parked(&world).await, (2, 0), "the source heard nothing");
        delivery::run(&world.civil.app).await.unwrap();
        world.subscriber_works().await;
        assert_eq!(waiting_and_parked(&world).await, (0, 0));
        assert_eq!(
            (world.journal().as_str(), world.roll().as_str()),
            ("2", "101=HOLD 102=HOLD 103=ACTIVE 104=STOPPED"),
            "{engine:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_out_of_order_are_stored_as_they_come_and_the_mark_waits_for_the_gap() {
    for engine in ENGINES {
        let world = World::following(engine).await;
        let events = world.events(&["R-1", "R-2", "R-3"]).await;
        let mut marks = Vec::new();
        for place in [2, 1, 0] {
            marks.push(world.give(&events[place..=place]).await[0].contiguous);
        }
        assert_eq!(marks, [0, 0, 3], "{engine:?}");
        world.subscriber_works().await;
        assert_eq!(world.roll(), "101=HOLD 102=HOLD 103=HOLD 104=STOPPED");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_is_filled_from_the_feed_under_its_signed_head() {
    for engine in ENGINES {
        let world = World::following(engine).await;
        let events = world.events(&["R-1", "R-2", "R-3"]).await;
        world.give(&events[2..]).await;
        assert_eq!(contiguous(&world).await, 0);
        pull::run(&world.social.app).await.unwrap();
        assert_eq!((contiguous(&world).await, world.social.rows("inbox_event").await), (3, 3), "{engine:?}");
        pull::run(&world.social.app).await.unwrap();
        assert_eq!(
            (world.social.rows("feed_head").await, world.civil.rows("feed_head").await),
            (1, 1),
            "nothing new, no new head"
        );
        // The source learns of it when it delivers.
        delivery::run(&world.civil.app).await.unwrap();
        assert_eq!(waiting_and_parked(&world).await, (0, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_gap_is_found_from_any_number() {
    for engine in ENGINES {
        let world = World::following(engine).await;
        let mut events = world.events(&["R-1", "R-2", "R-3"]).await;
        events.extend(world.events(&["R-1", "R-2"]).await);
        for place in [1, 2, 4] {
            world.give(&events[place..=place]).await;
        }
        let source = world.civil.app.entity().clone();
        let ends = move |conn: &mut _| {
            let ends: Result<Vec<u64>, _> = (0..=6).map(|from| inbox_run_end(conn, &source, from)).collect();
            Ok::<_, DatabaseError>(ends?)
        };
        let ends = world.social.app.db().read(ends).await.unwrap();
        assert_eq!(ends, [0, 3, 3, 3, 5, 5, 6], "{engine:?}: 2, 3 and 5 are here");
    }
}

/// Another event stands in the feed; the next number is its.
async fn told_as_well(world: &World, jws: CompactJws) {
    let (app, subscriber) = (world.civil.app.clone(), world.social.app.entity().clone());
    let inserted = world.civil.app.db().write(move |conn| {
        let seq = feed_next(conn, &subscriber)?;
        let jti = stored_claims::<Event>(jws.as_str()).unwrap().jti;
        let (digest, person) = (Digest::of(jws.as_str()), PersonIndex::of_resident(app.keys(), "R-9"));
        let new = NewEvent { subscriber, event: FeedEvent { seq, jti, jws }, digest, person, urgent: false };
        Ok::<_, DatabaseError>(feed_events_insert(conn, &[new], app.now_ms())?)
    });
    inserted.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_refused_keeps_no_later_page_of_a_feed_from_being_read() {
    for engine in ENGINES {
        let world = World::following(engine).await;
        let first = world.events(&["R-1"]).await.remove(0);
        let [second, fourth] = [2, 4].map(|number| {
            world.resigned(&first, |claims| {
                (claims.seq, claims.iat) = (number, claims.iat.plus(3_600));
                claims.jti = random::message_id(world.civil.app.now());
            })
        });
        // Each is from the future, and refused.
        told_as_well(&world, second).await;
        world.events(&["R-2"]).await;
        told_as_well(&world, fourth).await;
        world.events(&["R-3"]).await;
        let social = &world.social.app;
        let lease = social.lease("a test's").await.unwrap().unwrap();
        pull::by_pages(social, world.civil.app.entity(), &lease, 1).await.unwrap();
        assert_eq!(contiguous(&world).await, 1, "{engine:?}: the second stays missing");
        let here = ("inbox_event", "inbox_event WHERE seq IN (1, 3, 5)");
        assert_eq!((world.social.rows(here.0).await, world.social.rows(here.1).await), (3, 3), "{engine:?}");
    }
}

/// The clock of whoever tells next is a day behind.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_events_of_a_feed_the_later_has_the_greater_id_whatever_the_clock_says() {
    for engine in ENGINES {
        let world = World::following(engine).await;
        let first = world.events(&["R-1"]).await.remove(0);
        let ahead = world.civil.app.now().plus(86_400);
        let told =
            world.resigned(&first, |claims| (claims.seq, claims.jti) = (2, random::message_id_in_turn(ahead, 2)));
        told_as_well(&world, told).await;
        world.events(&["R-2", "R-3"]).await;
        let feed = world.feed().await;
        let ids: Vec<&MessageId> = feed.iter().map(|event| &event.jti).collect();
        assert!(ids.len() == 4 && ids.is_sorted(), "{engine:?}: {ids:?}");
        let said: Event = stored_claims(feed[3].jws.as_str()).unwrap();
        assert!(said.iat <= world.civil.app.now().numeric(), "what it says of its time is the clock's own");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_is_not_read_while_its_source_delivers_without_gaps() {
    for engine in ENGINES {
        let world = World::following(engine).await;
        let events = world.events(&["R-1", "R-2", "R-3"]).await;
        world.give(&events[..1]).await;
        pull::run(&world.social.app).await.unwrap();
        assert_eq!(contiguous(&world).await, 1, "{engine:?}: the rest is on its way");
        delivery::run(&world.civil.app).await.unwrap();
        assert_eq!(contiguous(&world).await, 3);
        let duplicates = || world.social.rows("event_record WHERE kind = 'duplicate'");
        assert_eq!(duplicates().await, 1, "what was given before, and nothing that was read as well");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_delivers_nothing_new_does_not_keep_its_feed_from_being_read() {
    for engine in ENGINES {
        let world = World::following(engine).await;
        let events = world.events(&["R-1", "R-2"]).await;
        pull::run(&world.social.app).await.unwrap();
        assert_eq!(contiguous(&world).await, 2, "{engine:?}: nobody had delivered anything");
        world.events(&["R-3"]).await;
        world.give(&events).await;
        pull::run(&world.social.app).await.unwrap();
        assert_eq!(contiguous(&world).await, 3, "{engine:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_falls_silent_is_flagged_and_a_heartbeat_counts_what_was_told() {
    for engine in ENGINES {
        let world = World::following(engine).await;
        world.events(&["R-1", "R-2"]).await;
        heartbeat::run(&world.civil.app).await.unwrap();
        let (social, now_ms) = (&world.social.app, world.social.app.now_ms());
        assert!(watch::flagged(social, now_ms).await.unwrap().is_empty(), "{engine:?}");
        let source = world.civil.app.entity().clone();
        let head = world
            .social
            .app
            .db()
            .read(move |conn| Ok::<_, DatabaseError>(head_latest(conn, Side::Subscriber, &source)?));
        let head: FeedHead = stored_claims(head.await.unwrap().unwrap().as_str()).unwrap();
        let counted: Vec<_> = head.counts.unwrap().into_iter().map(|(kind, count)| (kind.to_string(), count)).collect();
        assert_eq!(counted, [(DEATH_REGISTERED.to_owned(), 2)]);
        let flagged = watch::flagged(social, now_ms + 25 * 3_600_000).await.unwrap();
        assert_eq!(flagged.iter().map(|view| view.band).collect::<Vec<_>>(), [Band::Silent]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_tells_the_head_once_in_a_quarter_of_an_hour_even_of_an_empty_feed() {
    let world = World::following(Engine::Sqlite).await;
    heartbeat::run(&world.civil.app).await.unwrap();
    heartbeat::run(&world.civil.app).await.unwrap();
    assert_eq!((world.civil.rows("feed_head").await, world.social.rows("feed_head").await), (1, 1));
    world.civil.tamper("UPDATE feed SET head_ms = head_ms - 900001").await;
    world.events(&["R-1"]).await;
    heartbeat::run(&world.civil.app).await.unwrap();
    assert_eq!((world.civil.rows("feed_head").await, world.social.rows("feed_head").await), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_contents_under_one_id_or_number_are_kept_as_evidence_and_the_first_one_counts() {
    for engine in ENGINES {
        let world = World::following(engine).await;
        let events = world.events(&["R-1"]).await;
        world.give(&events).await;
        let same_id = world.resigned(&events[0], |claims| claims.effective = "2020-01-01".parse().unwrap());
        // The sealed parts belong to the id, so that another id can only be had with an event made anew.
        let same_number = {
            let second = world.events(&["R-2"]).await;
            world.resigned(&second[0], |claims| claims.seq = 1)
        };
        for other in [same_id, same_number] {
            let ack = world.give(&[other]).await.remove(0);
            assert_eq!((ack.result, ack.refusal), (EventResult::Refused, Some(Code::Replayed)), "{engine:?}");
        }
        let source = world.civil.app.entity().clone();
        let kept = world
            .social
            .app
            .db()
            .read(move |conn| Ok::<_, DatabaseError>(equivocation_count(conn, &source)?))
            .await
            .unwrap();
        assert_eq!((kept, world.social.rows("inbox_event").await), (2, 1));
        world.subscriber_works().await;
        assert_eq!(world.roll(), "101=HOLD 102=ACTIVE 103=ACTIVE 104=STOPPED");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absent_subscriber_is_tried_later_parked_after_three_days_and_served_when_replayed() {
    for engine in ENGINES {
        let mut world = World::following(engine).await;
        world.social.go_away().await;
        world.events(&["R-1", "R-2"]).await;
        assert!(delivery::run(&world.civil.app).await.is_err());
        assert_eq!(waiting_and_parked(&world).await, (2, 0));
        world.civil.tamper("UPDATE feed SET next_ms = 9000000000000").await;
        delivery::run(&world.civil.app).await.unwrap();
        world.civil.tamper("UPDATE feed_delivery SET since_ms = since_ms - 259200001").await;
        delivery::park(&world.civil.app).await.unwrap();
        no_pause(&world).await;
        delivery::run(&world.civil.app).await.unwrap();
        assert_eq!(waiting_and_parked(&world).await, (0, 2), "parked, and in the feed still; {engine:?}");
        assert_eq!(world.feed().await.len(), 2);
        world.social.serve();
        no_pause(&world).await;
        assert_eq!(delivery::replay(&world.civil.app, world.social.app.entity()).await.unwrap(), 2);
        delivery::run(&world.civil.app).await.unwrap();
        world.subscriber_works().await;
        assert_eq!(waiting_and_parked(&world).await, (0, 0));
        assert_eq!(world.roll(), "101=HOLD 102=HOLD 103=ACTIVE 104=STOPPED");
    }
}

/// Something waits for a subscriber; what it says, nobody will ever read.
async fn something_waits_for(world: &World, subscriber: &EntityId, like: &CompactJws) {
    let (app, jws, subscriber) = (world.civil.app.clone(), like.clone(), subscriber.clone());
    let inserted = world.civil.app.db().write(move |conn| {
        let seq = feed_next(conn, &subscriber)?;
        let (digest, person) = (Digest::of(jws.as_str()), PersonIndex::of_resident(app.keys(), "R-1"));
        let event = FeedEvent { seq, jti: random::message_id(app.now()), jws };
        let new = NewEvent { subscriber, event, digest, person, urgent: true };
        Ok::<_, DatabaseError>(feed_events_insert(conn, &[new], app.now_ms())?)
    });
    inserted.await.unwrap();
}

/// All that were begun, to their end.
async fn ended(tasks: Vec<Task>) {
    for task in tasks {
        task.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_that_takes_connections_and_never_answers_delays_nobody() {
    for engine in ENGINES {
        let world = World::following(engine).await;
        let (first, hole) = (world.events(&["R-1"]).await, world.joins("hole").await);
        let source = &world.civil.app;
        ended(delivery::begin(source).await.unwrap()).await;
        world.civil.has_patience_with(hole.app.entity());
        let calls = hole.takes_calls().await;
        something_waits_for(&world, hole.app.entity(), &first[0]).await;
        let mut held = delivery::begin(source).await.unwrap();
        assert_eq!(held.len(), 1, "{engine:?}");
        let (line, _) = calls.accept().await.unwrap();
        for (resident, stored) in [("R-2", 2), ("R-3", 3)] {
            world.events(&[resident]).await;
            ended(delivery::begin(source).await.unwrap()).await;
            assert_eq!(world.social.rows("inbox_event").await, stored, "{resident}");
        }
        let held = held.remove(0);
        assert!(!held.is_finished(), "the line is held still");
        drop((line, calls));
        assert!(held.await.unwrap().is_err());
        assert_eq!(world.civil.rows("feed WHERE failures > 0").await, 1, "the back-off is the hole's alone");
        assert_eq!(waiting_and_parked(&world).await, (1, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_refused_parks_its_persons_lane_and_nobody_elses() {
    let world = World::following(Engine::Sqlite).await;
    world.events(&["R-1", "R-2"]).await;
    // The subscriber does not take this one: as if its subscription had ended before the source's.
    let foreign = "UPDATE feed_delivery SET state = 'parked' WHERE seq = 1";
    world.civil.tamper(foreign).await;
    world.death(91, "D-91", "R-1");
    world.source_works().await;
    assert_eq!(waiting_and_parked(&world).await, (1, 1), "the second event of R-1 waits behind the first");
    assert_eq!(world.social.rows("inbox_event").await, 1, "that of R-2 went");
    delivery::replay(&world.civil.app, world.social.app.entity()).await.unwrap();
    delivery::run(&world.civil.app).await.unwrap();
    world.subscriber_works().await;
    assert_eq!((world.social.rows("inbox_event").await, contiguous(&world).await), (3, 3));
}
