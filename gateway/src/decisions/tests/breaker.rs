//! A flood of removals stops, whoever comes meanwhile waits and is counted, and two persons let so many go on as they name.

use std::sync::mpsc;

use diesel::{RunQueryDsl as _, sql_query};
use schemas::{problem::Code, scheme::DecisionState};
use service_kit::db::AnyConnection;

use super::world::*;
use crate::{
    decisions::{DecisionError, breaker, plan::plans, run},
    store::decisions::{
        breakers::{Stopped, breaker_lock},
        cases::Todo,
    },
};

const RULE: &str = "death-hold@1";

async fn stopped(world: &World) -> Stopped {
    let mut stopped = world.app.breakers().await.unwrap();
    assert_eq!(stopped.len(), 1, "{stopped:?}");
    stopped.remove(0)
}

/// Two persons sign for so many people.
async fn sign(world: &World, scheme: &str, people: u64) {
    let (anita, binod) = (world.officer("anita", "p-anita").await, world.officer("binod", "p-binod").await);
    assert!(!world.app.breaker_release(&anita, scheme, people).await.unwrap());
    assert!(world.app.breaker_release(&binod, scheme, people).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_would_remove_8_percent_stops_at_the_breaker_nothing_applied_two_signatures_to_go_on() {
    let world = World::by_scheme(WIDOWS).await;
    world.populate(200..300).await;
    world.die(200..212).await;
    assert_eq!(world.held(), 9, "the tenth stops it");
    let stopped = stopped(&world).await;
    assert_eq!((stopped.scheme.as_str(), stopped.removals, stopped.roll_size), ("T-WIDOWS", 10, 103));
    assert_eq!(stopped.waiting, 3, "who comes while it is stopped is counted");
    let p211 = world.only("p211").await;
    assert_eq!((p211.state, p211.todo, world.notices("p211").await.len()), (DecisionState::Proposed, None, 0));
    let (anita, also_anita, binod) = (
        world.officer("anita", "p-anita").await,
        world.officer("anita2", "p-anita").await,
        world.officer("binod", "p-binod").await,
    );
    assert_eq!(world.app.breaker_release(&anita, "T-WIDOWS", 0).await.unwrap_err().code(), Code::Conflict);
    assert!(!world.app.breaker_release(&anita, "T-WIDOWS", 3).await.unwrap());
    let same_person = world.app.breaker_release(&also_anita, "T-WIDOWS", 3).await.unwrap_err();
    assert_eq!(same_person.code(), Code::FourEyesRequired);
    assert!(!world.app.breaker_release(&binod, "T-WIDOWS", 4).await.unwrap(), "another number is signed anew");
    assert_eq!(world.held(), 9);
    assert!(world.app.breaker_release(&anita, "T-WIDOWS", 4).await.unwrap());
    assert_eq!(world.held(), 9, "it goes on by pages, not in the signature");
    run(&world.app).await.unwrap();
    assert_eq!(world.held(), 12);
    assert_eq!(world.app.breaker_release(&anita, "T-WIDOWS", 4).await.unwrap_err().code(), Code::Conflict);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rule_for_deaths_has_a_breaker_on_both_engines() {
    for postgres in [false, true] {
        let world = World::by_rule_on(postgres).await;
        world.populate(200..300).await;
        world.die(200..211).await;
        assert_eq!(world.held(), 9, "as a scheme's, of which it has none to name");
        assert_eq!((stopped(&world).await.scheme.as_str(), stopped(&world).await.waiting), (RULE, 2));
        world.days(3).await;
        assert_eq!(world.held(), 9, "nothing goes on by itself");
        assert_eq!(world.notices("p210").await.len(), 0);
        sign(&world, RULE, 2).await;
        run(&world.app).await.unwrap();
        assert_eq!(world.held(), 11);
        assert_eq!(world.app.breakers().await.unwrap().len(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_more_than_two_signed_for_stops_it_again() {
    let world = World::by_rule().await;
    world.populate(200..300).await;
    world.die(200..213).await;
    assert_eq!((world.held(), stopped(&world).await.waiting), (9, 4));
    sign(&world, RULE, 3).await;
    run(&world.app).await.unwrap();
    assert_eq!(world.held(), 12, "three went on");
    let again = stopped(&world).await;
    assert_eq!(
        (again.waiting, again.first_by, again.ceiling, again.passed),
        (1, None, None, 0),
        "and it is signed anew"
    );
    world.days(0).await;
    assert_eq!(world.held(), 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_while_it_goes_on_is_one_of_those_who_were_signed_for() {
    let world = World::by_rule().await;
    world.populate(200..300).await;
    world.die(200..210).await;
    sign(&world, RULE, 2).await;
    run(&world.app).await.unwrap();
    assert_eq!(world.held(), 10, "who waited is the first");
    world.die(210..211).await;
    assert_eq!(world.held(), 11, "the second");
    world.die(211..212).await;
    assert_eq!((world.held(), stopped(&world).await.waiting), (11, 1), "two signatures are no blank cheque");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_day_two_signatures_are_worth_nothing() {
    let world = World::by_rule().await;
    world.populate(200..300).await;
    world.die(200..210).await;
    sign(&world, RULE, 50).await;
    world.days(1).await;
    assert_eq!((world.held(), stopped(&world).await.waiting), (9, 1), "who still waited is stopped again");
    world.die(210..211).await;
    assert_eq!((world.held(), stopped(&world).await.waiting), (9, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lives_after_all_does_not_go_on_when_the_others_do() {
    let world = World::by_rule().await;
    world.populate(200..300).await;
    world.die(200..211).await;
    world.hears(&world.annulled("p210", "D-210")).await;
    assert_eq!(world.only("p210").await.state, DecisionState::Withdrawn);
    assert_eq!(stopped(&world).await.waiting, 1);
    sign(&world, RULE, 5).await;
    run(&world.app).await.unwrap();
    assert_eq!((world.held(), world.notices("p210").await.len()), (10, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_waited_go_on_by_pages() {
    let world = World::by_rule().await;
    world.populate(200..290).await;
    world.die(200..270).await;
    assert_eq!((world.held(), stopped(&world).await.waiting), (9, 61));
    sign(&world, RULE, 61).await;
    run(&world.app).await.unwrap();
    assert_eq!(world.held(), 59, "a page of fifty");
    run(&world.app).await.unwrap();
    assert_eq!((world.held(), world.app.breakers().await.unwrap().len()), (70, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_to_be_taken_off_stays_when_her_scheme_stops_before_the_roll_is_told() {
    let world = World::by_rule().await;
    world.populate(200..300).await;
    world.hears(&world.death("sushila", "D-1")).await;
    world.wallet_fetches("sushila").await;
    world.lets_nobody_be_removed();
    world.days(31).await;
    let ordered = world.only("sushila").await;
    assert_eq!((ordered.state, ordered.todo), (DecisionState::Noticed, Some(Todo::Remove)), "her window is over");
    world.die(200..210).await;
    assert_eq!(stopped(&world).await.waiting, 1);
    world.enter("DROP TRIGGER closed");
    let hers = || world.look("SELECT payment_status FROM pension_beneficiary WHERE ppo_no = 101");
    world.days(1).await;
    world.days(1).await;
    assert_eq!(hers(), "HOLD", "nobody of a stopped scheme is taken off");
    assert_eq!(world.only("sushila").await.todo, Some(Todo::Remove), "and she is not forgotten");
    sign(&world, RULE, 1).await;
    run(&world.app).await.unwrap();
    world.days(1).await;
    assert_eq!(hers(), "REMOVED");
}

/// Asks, and waits for nobody longer than this.
async fn answers<T: Send + 'static>(
    world: &World,
    ask: impl FnOnce(&mut AnyConnection) -> Result<T, DecisionError> + Send + 'static,
) -> bool {
    let asked = world.app.db().write(move |conn| {
        sql_query("SET LOCAL lock_timeout = '50ms'").execute(conn)?;
        ask(conn)
    });
    asked.await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_counts_removals_or_asks_whether_they_are_stopped_waits_for_who_counts() {
    let world = World::by_rule_on(true).await;
    let mut plans = plans(&world.app, world.today()).await.unwrap();
    let (plan, now_ms) = (plans.remove(0), world.app.decided_at_ms());
    assert_eq!(plan.key(), RULE);
    let counts = {
        let plan = plan.clone();
        move |conn: &mut AnyConnection| breaker::stops(conn, (&plan, Some(100)), now_ms)
    };
    let asks = |conn: &mut AnyConnection| breaker::is_stopped(conn, RULE);
    assert!(answers(&world, counts.clone()).await && answers(&world, asks).await);
    let (locked, was_locked) = tokio::sync::oneshot::channel();
    let (end, ended) = mpsc::channel();
    let app = world.app.clone();
    let other = tokio::spawn(async move {
        let held = app.db().write(move |conn| {
            breaker_lock(conn, RULE)?;
            locked.send(()).unwrap();
            ended.recv().unwrap();
            Ok::<_, DecisionError>(())
        });
        held.await.unwrap();
    });
    was_locked.await.unwrap();
    assert!(!answers(&world, counts.clone()).await, "two counted at once");
    assert!(!answers(&world, asks).await, "what was answered may not be so any more");
    assert!(answers(&world, |conn| breaker::is_stopped(conn, "another")).await, "others wait for nobody");
    end.send(()).unwrap();
    other.await.unwrap();
    assert!(answers(&world, counts).await && answers(&world, asks).await);
}
