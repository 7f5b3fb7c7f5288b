//! Stops in between, and two processes on one database: every step comes once.

use schemas::event::EventResult;

use super::world::*;
use crate::triggers::{TriggerError, apply, capture, delivery, returns};

/// Whatever waits may be tried again at once.
async fn no_pause(world: &World) {
    world.social.tamper("UPDATE inbox_work SET next_ms = 0").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_between_the_events_and_the_registers_outbox_tells_nobody_twice() {
    for engine in ENGINES {
        let world = World::following(engine).await;
        // The register's outbox cannot be emptied, as if the process had stopped after its own commit.
        world
            .civil
            .enter("CREATE TRIGGER stopped BEFORE DELETE ON vinimay_outbox BEGIN SELECT RAISE(ABORT, 'stopped'); END");
        world.death(1, "D-1", "R-1");
        assert!(matches!(capture::once(&world.civil.app).await, Err(TriggerError::Changes(_))));
        assert_eq!(world.feed().await.len(), 1, "the events are durable; {engine:?}");
        world.civil.enter("DROP TRIGGER stopped");
        world.source_works().await;
        world.subscriber_works().await;
        assert_eq!((world.feed().await.len(), world.journal().as_str()), (1, "1"));
        assert_eq!(world.civil.look("SELECT COUNT(*) FROM vinimay_outbox"), "0");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_before_the_events_are_durable_loses_no_change_and_no_number() {
    let world = World::following(Engine::Sqlite).await;
    world
        .civil
        .tamper("CREATE TRIGGER stopped BEFORE INSERT ON feed_delivery BEGIN SELECT RAISE(ABORT, 'stopped'); END")
        .await;
    world.death(1, "D-1", "R-1");
    assert!(capture::once(&world.civil.app).await.is_err());
    assert_eq!((world.feed().await.len(), world.civil.rows("captured").await), (0, 0));
    world.civil.tamper("DROP TRIGGER stopped").await;
    world.source_works().await;
    assert_eq!(world.feed().await.iter().map(|event| event.seq).collect::<Vec<_>>(), [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_between_the_hold_and_its_record_holds_once_and_records_then() {
    let world = World::following(Engine::Sqlite).await;
    world.give(&world.events(&["R-1"]).await).await;
    world
        .social
        .tamper("CREATE TRIGGER stopped BEFORE INSERT ON event_record WHEN NEW.kind = 'applied' BEGIN SELECT RAISE(ABORT, 'stopped'); END")
        .await;
    apply::run(&world.social.app).await.unwrap();
    assert_eq!((world.roll().as_str(), world.journal().as_str()), ("101=HOLD 102=ACTIVE 103=ACTIVE 104=STOPPED", "1"));
    assert_eq!(
        (world.social.rows("inbox_work").await, world.social.rows("event_record").await),
        (1, 1),
        "held, and not yet told"
    );
    world.social.tamper("DROP TRIGGER stopped").await;
    no_pause(&world).await;
    world.subscriber_works().await;
    assert_eq!(
        (world.journal().as_str(), world.social.rows("event_record").await),
        ("1", 2),
        "no second journal entry"
    );
    assert_eq!((world.social.rows("inbox_work").await, world.social.rows("inbox_return").await), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roll_that_is_away_delays_its_events_and_loses_none() {
    let world = World::following(Engine::Sqlite).await;
    world.give(&world.events(&["R-1"]).await).await;
    world.social.enter("ALTER TABLE pension_beneficiary RENAME TO moved");
    apply::run(&world.social.app).await.unwrap();
    assert_eq!((world.social.rows("inbox_work").await, world.social.rows("event_record").await), (1, 1));
    world.social.enter("ALTER TABLE moved RENAME TO pension_beneficiary");
    no_pause(&world).await;
    world.subscriber_works().await;
    assert_eq!(world.roll(), "101=HOLD 102=ACTIVE 103=ACTIVE 104=STOPPED");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_one_database_tell_number_and_apply_each_death_once() {
    let world = World::following(Engine::Postgres).await;
    let (civil, social) = (world.civil.department.open(), world.social.department.open());
    for round in 0..3 {
        for person in 1..=3 {
            world.death(round * 10 + person, &format!("D-{round}-{person}"), &format!("R-{person}"));
        }
        // Who does not get the lease leaves the work to the other; a pass that lost it stores nothing.
        let _ = tokio::join!(capture::once(&world.civil.app), capture::once(&civil));
        let _ = tokio::join!(delivery::run(&world.civil.app), delivery::run(&civil));
        let _ = tokio::join!(apply::run(&world.social.app), apply::run(&social));
        let _ = tokio::join!(returns::run(&world.social.app), returns::run(&social));
    }
    world.source_works().await;
    no_pause(&world).await;
    world.subscriber_works().await;
    let numbers: Vec<u64> = world.feed().await.iter().map(|event| event.seq).collect();
    assert_eq!(numbers, (1..=9).collect::<Vec<_>>(), "no gap, no double");
    assert_eq!((world.civil.rows("feed_delivery").await, world.social.rows("inbox_event").await), (0, 9));
    assert_eq!(world.journal(), "3", "a person dies once: one hold each, whatever else is registered");
    assert_eq!(
        (world.civil.rows("event_record").await, world.social.rows("event_record").await),
        (18, 18),
        "no duplicate was sent"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_taken_by_two_processes_at_once_is_received_once() {
    let world = World::following(Engine::Postgres).await;
    let events = world.events(&["R-1", "R-2", "R-3"]).await;
    let other = world.social.department.open();
    let source = world.civil.app.entity().clone();
    let (one, two) = tokio::join!(world.give(&events), other.receive_events(&source, &events));
    assert_eq!(two.unwrap().len(), 3);
    let received = one.iter().filter(|ack| ack.result == EventResult::Received).count();
    assert!(received == 0 || received == 3, "one process stored them all");
    assert_eq!(world.social.rows("inbox_event").await, 3);
    world.subscriber_works().await;
    assert_eq!(world.journal(), "3");
}

/// In any order, with a fifth of the events doubled and one acknowledgement in twenty lost, the roll ends the same.
#[tokio::test(flavor = "multi_thread")]
async fn any_order_with_doubles_and_losses_ends_in_the_same_roll() {
    let world = World::following(Engine::Sqlite).await;
    let events = world.events(&["R-3", "R-1", "R-2"]).await;
    for order in [[2, 0, 1], [1, 2, 0], [0, 2, 1]] {
        for place in order {
            world.give(&events[place..=place]).await;
            apply::run(&world.social.app).await.unwrap();
        }
    }
    delivery::run(&world.civil.app).await.unwrap();
    world.subscriber_works().await;
    assert_eq!((world.roll().as_str(), world.journal().as_str()), ("101=HOLD 102=HOLD 103=HOLD 104=STOPPED", "3"));
}
