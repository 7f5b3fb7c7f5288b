//! What goes wrong for one stops nobody else, is tried ever later, and is listed; what a restart must not lose is kept.

use std::sync::Arc;

use diesel::{RunQueryDsl as _, sql_query};
use eligibility::scheme::Scheme;
use protocol::seal::random;
use schemas::{decision::DeliveryEvidence, notice::DecisionStep, scheme::DecisionState};
use service_kit::db::DatabaseError;

use super::{leaving::steps, world::*};
use crate::{
    decisions::{DecisionError, clock, look::Read, run},
    parked::Kind,
    store::{
        decisions::{cases::Todo, days::decision_day, persons::persons_due},
        triggers::ages::permission_insert,
    },
};

const ALL_ACTIVE: &str = "101=ACTIVE 102=ACTIVE 103=ACTIVE";
const CLOSED: &str =
    "CREATE TRIGGER closed BEFORE UPDATE ON pension_beneficiary BEGIN SELECT RAISE(ABORT, 'closed'); END;";

async fn execute(world: &World, statements: Vec<String>) {
    let write = move |conn: &mut _| {
        for statement in statements {
            sql_query(statement).execute(conn)?;
        }
        Ok::<_, DatabaseError>(())
    };
    world.app.db().write(write).await.unwrap();
}

/// Hears of a death while the department's table takes nothing.
async fn closed(world: &World) {
    world.enter(CLOSED);
    let lease = world.app.lease(crate::triggers::APPLY).await.unwrap().unwrap();
    let concerned = crate::decisions::hear(&world.app, &world.death("sushila", "D-1"), &lease).await.unwrap();
    world.app.release(lease).await.unwrap();
    assert!(crate::decisions::settle(&world.app, &concerned.persons[0]).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_fails_for_three_days_is_parked_listed_and_set_out_anew_on_both_engines() {
    for postgres in [false, true] {
        let world = World::by_rule_on(postgres).await;
        closed(&world).await;
        world.days(1).await;
        world.days(1).await;
        assert_eq!(world.app.parked().await.unwrap().decisions, Vec::new(), "two days are not enough");
        world.days(1).await;
        let parked = world.app.parked().await.unwrap().decisions;
        assert_eq!((parked.len(), parked[0].order.as_deref()), (1, Some("hold")));
        assert_eq!(parked[0].decision, world.only("sushila").await.id);
        world.enter("DROP TRIGGER closed");
        world.days(1).await;
        assert_eq!(world.roll(), ALL_ACTIVE, "it is not tried any more");
        assert_eq!(world.app.replay_parked("command-line", Kind::Decisions).await.unwrap(), 1);
        run(&world.app).await.unwrap();
        assert_eq!(world.roll(), "101=HOLD 102=ACTIVE 103=ACTIVE");
        assert_eq!(world.app.parked().await.unwrap().decisions, Vec::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_annulment_is_done_at_once_whatever_was_parked_before() {
    let world = World::by_rule().await;
    closed(&world).await;
    for _ in 0..3 {
        world.days(1).await;
    }
    assert_eq!(world.app.parked().await.unwrap().decisions.len(), 1);
    world.enter("DROP TRIGGER closed");
    world.hears(&world.annulled("sushila", "D-1")).await;
    let released = world.only("sushila").await;
    assert_eq!((released.state, released.todo), (DecisionState::Released, None));
    assert_eq!(world.app.parked().await.unwrap().decisions, Vec::new());
    assert_eq!(world.roll(), ALL_ACTIVE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_rows_that_cannot_be_read_stop_nobody_on_both_engines() {
    for postgres in [false, true] {
        let world = World::by_scheme_on(postgres, WIDOWS).await;
        world.hears(&world.death("sushila", "D-1")).await;
        world.hears(&world.widowed("rukmini", "D-9")).await;
        let damaged = |like: &str, state: &str| {
            format!(
                "INSERT INTO decision (id, person, scheme, roll, action, reason, state, case_id, body, since_day, until_day, notice, at_ms) \
                 SELECT '{}', 'nobody', scheme, roll, action, reason, '{state}', case_id, body, since_day, '2020-01-01', {like}, 1 \
                 FROM decision WHERE action = '{}' LIMIT 1",
                random::message_id(world.now()),
                if like == "NULL" { "offer" } else { "remove" },
            )
        };
        let mut statements = Vec::new();
        for n in 0..110 {
            // Their notices were fetched, and their bodies are another's: none can be opened.
            statements.push(format!(
                "INSERT INTO notice (id, person, kind, cause, body, at_ms, fetched_ms, state) \
                 SELECT 'n-{n}', 'nobody', kind, 'c-{n}', body, at_ms, 1, state FROM notice LIMIT 1"
            ));
            statements.push(damaged(&format!("'n-{n}'"), "held"));
            statements.push(damaged("NULL", "offered"));
        }
        execute(&world, statements).await;
        world.wallet_fetches("sushila").await;
        world.days(31).await;
        world.days(0).await;
        world.days(0).await;
        assert_eq!(world.only("rukmini").await.state, DecisionState::Expired, "her offer's last day is past");
        assert_eq!(world.roll(), "101=HOLD 102=ACTIVE 103=ACTIVE");
        world.days(31).await;
        world.days(0).await;
        assert_eq!(world.roll(), "101=REMOVED 102=ACTIVE 103=ACTIVE", "her notice arrived, and her window is over");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_linked_is_not_looked_for_until_she_is_on_both_engines() {
    for postgres in [false, true] {
        let world = World::by_rule_on(postgres).await;
        world.enter("INSERT INTO pension_beneficiary VALUES (104, 'ACTIVE', NULL, NULL, NULL, 500, 'Mangal', NULL)");
        world.hears(&world.death("mangal", "D-4")).await;
        let due = |world: &World| {
            let (app, now_ms) = (world.app.clone(), i64::MAX);
            async move { app.db().read(move |conn| persons_due(conn, now_ms, 10)).await.unwrap() }
        };
        assert_eq!(due(&world).await, [], "nobody looks at her again by herself");
        world.link("mangal", "104").await;
        assert_eq!(due(&world).await, [world.person("mangal")], "the link itself says so");
        run(&world.app).await.unwrap();
        assert_eq!(world.roll(), "101=ACTIVE 102=ACTIVE 103=ACTIVE 104=HOLD");
        assert_eq!(due(&world).await, []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_loses_no_look_at_new_rules() {
    let world = World::by_scheme(&WIDOWS.replace("[\"widowed\"]", "[\"divorced\"]")).await;
    world.hears(&world.widowed("rukmini", "D-9")).await;
    run(&world.app).await.unwrap();
    assert_eq!(world.decisions("rukmini").await.len(), 0, "this is for those who are divorced");
    // The process stops; while it is down, another version is published.
    let beside = world.beside();
    beside.decisions().give(vec![Arc::new(Scheme::parse(WIDOWS).unwrap())]);
    run(&beside).await.unwrap();
    assert_eq!(world.only("rukmini").await.state, DecisionState::Offered);
    run(&beside).await.unwrap();
    assert_eq!(world.decisions("rukmini").await.len(), 1, "once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_department_in_which_nobody_ages_has_a_day_of_its_own_on_both_engines() {
    for postgres in [false, true] {
        let world = World::by_rule_on(postgres).await;
        let today = world.app.now().civil_day();
        let at = |days: i64| world.app.now().plus(days * DAY).civil_day();
        let known = |world: &World| {
            let app = world.app.clone();
            async move { app.db().read(decision_day).await.unwrap() }
        };
        assert_eq!(known(&world).await, None);
        run(&world.app).await.unwrap();
        assert_eq!(known(&world).await, Some(today));
        assert!(!clock::pass_on(&world.app, at(-1)).await.unwrap(), "set back");
        assert!(!clock::pass_on(&world.app, at(400)).await.unwrap(), "far ahead of the anchor and of the last pass");
        assert!(
            !clock::may_begin_on(&world.app, at(400)).await,
            "nor does a window begin there, and hold her for a year"
        );
        assert!(clock::may_begin_on(&world.app, at(-1)).await, "set back, it begins on the last day that was passed");
        assert_eq!(known(&world).await, Some(today), "and the day stays");
        assert!(clock::pass_on(&world.app, at(2)).await.unwrap());
        assert_eq!(known(&world).await, Some(at(2)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn by_a_clock_that_was_set_back_no_window_ends_no_offer_expires_and_none_is_shorter() {
    let world = World::by_scheme(WIDOWS).await;
    world.hears(&world.death("sushila", "D-1")).await;
    world.hears(&world.widowed("rukmini", "D-9")).await;
    let ahead = world.app.now().plus(20 * DAY).civil_day();
    execute(&world, vec![format!("INSERT INTO decision_day (place, day) VALUES (1, '{ahead}')")]).await;
    world.wallet_fetches("sushila").await;
    let noticed = world.only("sushila").await;
    assert_eq!(noticed.state, DecisionState::Noticed);
    let counted_from = noticed.until.unwrap().start().seconds() - world.app.now().seconds();
    assert!(counted_from >= 48 * DAY, "her thirty days begin on the last day that was passed: {:?}", noticed.until);
    world.days(60).await;
    assert_eq!(world.only("sushila").await.state, DecisionState::Noticed);
    assert_eq!(world.only("rukmini").await.state, DecisionState::Offered);
    crate::triggers::ageing::go_on(&world.app, "officer-1").await.unwrap();
    world.days(0).await;
    assert_eq!(
        world.only("sushila").await.state,
        DecisionState::Noticed,
        "a day that has passed cannot be allowed again"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_officers_word_about_the_clock_lets_decisions_go_on() {
    let world = World::by_rule().await;
    run(&world.app).await.unwrap();
    let [far, further] = [400, 401].map(|days| world.app.now().plus(days * DAY).civil_day());
    assert!(!clock::pass_on(&world.app, far).await.unwrap());
    let allow = move |conn: &mut _| Ok::<_, DatabaseError>(permission_insert(conn, far, "officer-1", 1)?);
    world.app.db().write(allow).await.unwrap();
    assert!(!clock::pass_on(&world.app, further).await.unwrap(), "no further than she said");
    assert!(clock::pass_on(&world.app, far).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carriers_report_of_a_short_message_starts_the_window_and_stands_in_the_record() {
    let world = World::by_rule().await;
    world.hears(&world.death("sushila", "D-1")).await;
    let (held, now) = (world.only("sushila").await, world.app.now());
    let notice = held.notice.unwrap();
    let sent = format!(
        "INSERT INTO notice_delivery (notice, channel, state, tries, since_ms, next_ms) VALUES ('{notice}', 'sms', 'delivered', 0, {}, 0)",
        now.seconds() * 1000
    );
    execute(&world, vec![sent]).await;
    world.days(0).await;
    assert_eq!(world.only("sushila").await.state, DecisionState::Held, "that it was sent starts nothing");
    world.app.message_arrived(&notice, (&"relay".parse().unwrap(), now)).await.unwrap();
    world.days(0).await;
    assert_eq!(world.only("sushila").await.state, DecisionState::Noticed);
    let (_, notices) = world.records(&held.id).await;
    let delivery = notices[0].delivery.clone().unwrap();
    assert_eq!((delivery.evidence, delivery.by.unwrap().as_str()), (DeliveryEvidence::SmsReport, "relay"));
    world.days(31).await;
    assert_eq!(world.roll(), "101=REMOVED 102=ACTIVE 103=ACTIVE");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_road_is_the_same_on_postgresql() {
    let world = World::by_scheme_on(true, WIDOWS).await;
    world.hears(&world.death("sushila", "D-1")).await;
    assert_eq!(world.roll(), "101=HOLD 102=ACTIVE 103=ACTIVE");
    world.wallet_fetches("sushila").await;
    world.days(31).await;
    assert_eq!(world.roll(), "101=REMOVED 102=ACTIVE 103=ACTIVE");
    world.hears(&world.annulled("sushila", "D-1")).await;
    assert_eq!(world.roll(), ALL_ACTIVE);
    let told = steps(&world.notices("sushila").await);
    assert_eq!(told, [DecisionStep::Hold, DecisionStep::Removed, DecisionStep::Restored]);
    assert_eq!(
        (world.only("sushila").await.state, world.only("sushila").await.todo),
        (DecisionState::Restored, None::<Todo>)
    );
    world.hears(&world.widowed("rukmini", "D-9")).await;
    let offer = world.only("rukmini").await;
    let answer = schemas::benefits::BenefitAnswer::Accept;
    world.app.answer_of(&world.person("rukmini"), &offer.id, answer).await.unwrap();
    assert_eq!(world.roll(), "101=ACTIVE 102=ACTIVE 103=ACTIVE 104=ACTIVE");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_read_her_before_another_decided_decides_nothing_on_both_engines() {
    for postgres in [false, true] {
        let world = World::by_rule_on(postgres).await;
        world.hears(&world.death("sushila", "D-1")).await;
        let read = || async { Read::of(&world.app, &world.person("sushila")).await.unwrap().unwrap() };
        let (early, late) = (read().await, world.annulled("sushila", "D-1"));
        world.hears(&late).await;
        let before = world.only("sushila").await;
        assert_eq!((before.state, world.roll().as_str()), (DecisionState::Released, ALL_ACTIVE));
        let decided = early.decide(&world.app).await;
        assert!(matches!(decided, Err(DecisionError::Overtaken)), "{decided:?}");
        assert_eq!((world.only("sushila").await, world.roll().as_str()), (before, ALL_ACTIVE));
        assert!(read().await.decide(&world.app).await.is_ok(), "and whoever reads her now does");
    }
}

/// As if the process had been killed after the roll's commit and before its own.
async fn forgets_that_the_roll_did_it(world: &World) {
    let removed = world.only("sushila").await;
    let row = world.look("SELECT payment_status FROM pension_beneficiary WHERE ppo_no = 101");
    assert_eq!((removed.state, row.as_str()), (DecisionState::Removed, "REMOVED"));
    execute(world, vec![format!("UPDATE decision SET state = 'noticed', todo = 'remove' WHERE id = '{}'", removed.id)])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_taken_off_before_it_could_be_written_down_is_restored_by_an_annulment_on_both_engines() {
    for postgres in [false, true] {
        let world = World::by_rule_on(postgres).await;
        world.hears(&world.death("sushila", "D-1")).await;
        world.wallet_fetches("sushila").await;
        world.days(31).await;
        forgets_that_the_roll_did_it(&world).await;
        world.hears(&world.annulled("sushila", "D-1")).await;
        let restored = world.only("sushila").await;
        assert_eq!((restored.state, restored.todo), (DecisionState::Restored, None), "{postgres}");
        assert_eq!(world.roll(), ALL_ACTIVE);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_roll_did_is_written_down_although_the_scheme_was_stopped_since() {
    let world = World::by_rule().await;
    world.populate(200..300).await;
    world.hears(&world.death("sushila", "D-1")).await;
    world.wallet_fetches("sushila").await;
    world.days(31).await;
    forgets_that_the_roll_did_it(&world).await;
    world.die(200..210).await;
    assert_eq!(world.app.breakers().await.unwrap().len(), 1);
    run(&world.app).await.unwrap();
    let known = world.only("sushila").await;
    assert_eq!((known.state, known.todo), (DecisionState::Removed, None));
}
