//! The whole road of an event, step by step and with every job running.

use std::time::Duration;

use schemas::{bundle::BundleKind, event::AppliedResult};
use service_kit::db::DatabaseError;
use tlog::entry::EntryType;

use super::world::*;
use crate::{
    run,
    store::encrypted::Encrypted,
    store::triggers::{bundle_records, inbox::inbox_newest, stored_claims},
    triggers::{capture, follow},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_registered_death_is_told_held_acknowledged_and_returned() {
    for engine in ENGINES {
        let world = World::following(engine).await;
        world.death(1, "D-1", "R-1");
        world.source_works().await;
        assert_eq!(world.roll(), "101=ACTIVE 102=ACTIVE 103=ACTIVE 104=STOPPED", "received is not applied");
        world.subscriber_works().await;
        assert_eq!(world.roll(), "101=HOLD 102=ACTIVE 103=ACTIVE 104=STOPPED", "{engine:?}");
        assert_eq!(
            world.social.look("SELECT status_reason FROM pension_beneficiary WHERE ppo_no = 101"),
            "DEATH_REGISTERED"
        );
        assert_eq!(world.journal(), "1");
        assert_eq!(
            world.civil.look("SELECT COUNT(*) FROM vinimay_outbox"),
            "0",
            "the change is taken off the register's outbox"
        );
        for (side, waits) in
            [(&world.civil, "feed_delivery"), (&world.social, "inbox_work"), (&world.social, "inbox_return")]
        {
            assert_eq!(side.rows(waits).await, 0, "{waits}");
        }
        let event = world.feed().await.remove(0);
        for side in [&world.civil, &world.social] {
            let id = event.jti.clone();
            let records = side.app.db().read(move |conn| bundle_records(conn, &id)).await.unwrap().unwrap();
            assert_eq!(
                (records.kind, records.records.len()),
                (BundleKind::Trigger, 3),
                "both sides have all three records"
            );
            assert!(records.records.iter().all(|(kind, _)| *kind == EntryType::Trigger));
            let applied: schemas::event::EventApplied = stored_claims(records.records[2].1.as_str()).unwrap();
            assert_eq!(applied.result, AppliedResult::Settled);
        }
        // Subscription and event at the source; subscription, acknowledgement and application at the subscriber, and there the
        // decisions to hold and to remove, and what the hold did.
        assert_eq!((world.civil.rows("outbox").await, world.social.rows("outbox").await), (2, 6));
        let listed = world.social.app.db().read(|conn| Ok::<_, DatabaseError>(inbox_newest(conn, 10)?)).await.unwrap();
        assert_eq!((listed.len(), listed[0].state.as_str(), &listed[0].event), (1, "settled", &event.jti));
        assert_eq!(
            world.social.rows("notice").await,
            1,
            "whose payments are held is told, in case the report is wrong"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_event_says_of_a_person_only_its_subscriber_can_read() {
    let world = World::following(Engine::Sqlite).await;
    let events = world.events(&["R-1", "R-2"]).await;
    for hidden in ["R-1", "Sushila", "D-10", &world.subject("R-1").to_string()] {
        let payload = protocol::seal::decode_base64url(events[0].as_str().split('.').nth(1).unwrap()).unwrap();
        assert!(!String::from_utf8(payload).unwrap().contains(hidden), "{hidden}");
    }
    let event = world.verified(&events[0]);
    let keys = &world.social.app.keys().encryption;
    let directory = world.social.app.directory();
    let registry = directory.members().member(world.civil.app.entity()).unwrap();
    let opened = protocol::event::open_event::<schemas::event::DeathRegistered>(&event, registry, keys).unwrap();
    assert_eq!(
        (opened.subject, opened.about.name.as_str(), opened.about.birth_year),
        (world.subject("R-1"), "Sushila Sahu", Some(1954))
    );
    assert_eq!(opened.data.registration_number, "D-10");
    assert_ne!(event.claims().subject_ref, world.verified(&events[1]).claims().subject_ref);
    assert_eq!((event.claims().seq, event.claims().person_seq), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_registration_number_in_another_row_has_no_second_effect() {
    for engine in ENGINES {
        let world = World::following(engine).await;
        world.death(1, "D-1", "R-1");
        world.source_works().await;
        world.subscriber_works().await;
        world.death(2, "D-1", "R-1");
        world.source_works().await;
        world.subscriber_works().await;
        assert_eq!((world.feed().await.len(), world.journal().as_str()), (1, "1"), "{engine:?}");
        assert_eq!(world.civil.look("SELECT COUNT(*) FROM vinimay_outbox"), "0");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_of_who_is_not_followed_and_an_unlinked_person_changes_nothing() {
    let world = World::following(Engine::Sqlite).await;
    world.death(4, "D-4", "R-4");
    world.civil.enter("INSERT INTO deaths VALUES (5, 'D-5', NULL, '2026-11-18', 'day', NULL, NULL)");
    world.source_works().await;
    assert_eq!(world.feed().await.len(), 0, "R-4 is on no list, D-5 names nobody");
    assert_eq!(world.civil.look("SELECT COUNT(*) FROM vinimay_outbox"), "0");
    world.death(1, "D-1", "R-1");
    world.source_works().await;
    world.social.tamper("DELETE FROM subject_link").await;
    world.subscriber_works().await;
    assert_eq!(
        (world.roll().as_str(), world.journal().as_str()),
        ("101=ACTIVE 102=ACTIVE 103=ACTIVE 104=STOPPED", "0")
    );
    let listed = world.social.app.db().read(|conn| Ok::<_, DatabaseError>(inbox_newest(conn, 10)?)).await.unwrap();
    assert_eq!(listed[0].state, "unmatched");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_cannot_be_told_waits_for_an_officer_and_blocks_nobody() {
    let world = World::following(Engine::Sqlite).await;
    world.civil.enter("INSERT INTO deaths VALUES (1, 'D-1', 'R-1', 'in winter', 'day', NULL, NULL)");
    world.death(2, "D-2", "R-2");
    world.source_works().await;
    assert_eq!((world.feed().await.len(), world.civil.look("SELECT COUNT(*) FROM vinimay_outbox").as_str()), (1, "1"));
    world.civil.enter("UPDATE deaths SET date_of_death = '2026-01-10' WHERE entry_no = 1");
    world.source_works().await;
    assert_eq!((world.feed().await.len(), world.civil.look("SELECT COUNT(*) FROM vinimay_outbox").as_str()), (2, "0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_death_suspends_the_dead_persons_bindings_in_the_same_commit_and_nobody_elses() {
    let world = World::following(Engine::Sqlite).await;
    let app = world.civil.app.clone();
    let bound = world.civil.app.db().write(move |conn| {
        for (place, resident) in ["R-4", "R-1"].into_iter().enumerate() {
            let index = Encrypted { table: "binding", column: "resident" }.index(app.keys(), resident);
            let insert = format!("INSERT INTO binding (list, idx, key, resident_index, status, expires_at) VALUES (1, {place}, '{resident}', '{index}', 0, 0)");
            diesel::RunQueryDsl::execute(diesel::sql_query(insert), conn)?;
        }
        Ok::<_, DatabaseError>(())
    });
    bound.await.unwrap();
    // No subscriber is needed for it: the register itself is the authority.
    world.death(4, "D-4", "R-4");
    capture::once(&world.civil.app).await.unwrap();
    assert_eq!(world.feed().await.len(), 0);
    assert_eq!(
        world
            .civil
            .look_gateway("SELECT group_concat(key || '=' || status, ' ') FROM (SELECT * FROM binding ORDER BY idx)"),
        "R-4=2 R-1=0"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn with_every_job_running_a_death_is_heard_held_and_logged() {
    for engine in ENGINES {
        let mut world = World::joined(engine).await;
        for member in [&mut world.civil, &mut world.social] {
            member.go_away().await;
        }
        let mut running = Vec::new();
        for member in [&world.civil, &world.social] {
            running.push(run::start(member.department.config(), member.department.clock.clone(), None).await.unwrap());
        }
        soon(|| async { world.civil.rows("follow").await == 3 }).await;
        world.death(1, "D-1", "R-1");
        soon(|| async { world.roll().starts_with("101=HOLD") }).await;
        soon(|| async { world.civil.rows("event_record").await == 2 }).await;
        assert_eq!((world.journal().as_str(), world.social.rows("event_record").await), ("1", 2), "{engine:?}");
        soon(|| async { world.civil.rows("outbox").await == 0 && world.social.rows("outbox").await == 0 }).await;
        let logged =
            world.anchor.state().log.iter().filter(|entry| entry.r#type == u8::from(EntryType::Trigger)).count();
        assert_eq!(logged, 3, "event, acknowledgement, application");
        for gateway in running {
            gateway.stop().await.unwrap();
        }
    }
}

/// Waits until it holds. How long that takes is the benchmark's question; the bound only ends a test that would wait for ever.
async fn soon<F: Future<Output = bool>>(holds: impl Fn() -> F) {
    let waited = tokio::time::timeout(Duration::from_secs(120), async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    waited.await.expect("it should hold by now");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_follow_list_is_the_roll_as_far_as_it_is_linked_and_follows_its_changes() {
    for engine in ENGINES {
        let world = World::following(engine).await;
        // Held still is followed: news that the hold was wrong must reach the roll.
        world.social.enter("UPDATE pension_beneficiary SET payment_status = 'HOLD' WHERE ppo_no = 101");
        world.social.enter("UPDATE pension_beneficiary SET payment_status = 'STOPPED' WHERE ppo_no = 102");
        world.social.enter("INSERT INTO pension_beneficiary VALUES (105, 'ACTIVE', NULL, NULL)");
        world.link("R-4", "105").await;
        world.follow().await;
        assert_eq!(
            (world.civil.rows("follow").await, world.social.rows("followed").await),
            (3, 3),
            "102 left, 105 came; {engine:?}"
        );
        let before = world.civil.rows("follow_claim").await;
        follow::run(&world.social.department.open()).await.unwrap();
        assert_eq!(world.civil.rows("follow_claim").await, before, "compared again: no change, no request");
        world.death(1, "D-1", "R-2");
        world.death(2, "D-2", "R-4");
        world.source_works().await;
        assert_eq!(world.feed().await.len(), 1, "who left is followed no longer");
    }
}
