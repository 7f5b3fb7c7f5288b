//! Under a registered law: asked is where it decides, once, and what comes counts with its receipt.

use eligibility::propose::Reason;
use schemas::{
    decision::{ClauseResult, DecisionAction},
    scheme::DecisionState,
};

use super::world::{World, rows_of};
use crate::{
    fetching::run,
    store::fetching::{AskState, ask_claim},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_fact_that_decides_is_fetched_and_she_is_offered_the_pension() {
    let mut world = World::new().await;
    world.serve_food().await;
    world.lives("RID-1", "widowed").await;
    assert_eq!(world.decisions("RID-1").await.len(), 0, "unknown offers nothing");
    world.asks().await;
    let [offer] = &world.decisions("RID-1").await[..] else { panic!("not one decision") };
    assert_eq!((offer.action, offer.state), (DecisionAction::Offer, DecisionState::Offered));
    let records = world.records("RID-1").await;
    let clause = records[0].clauses.iter().find(|clause| clause.id.as_str() == "I2").unwrap();
    let (fact, digest) = (&clause.facts[0], digests_of_receipts(&world).await);
    assert_eq!((fact.source.as_str(), clause.result), ("https://food.localhost", ClauseResult::True));
    assert!(digest.contains(&fact.receipt.unwrap()), "the fact names the receipt of its exchange");
    let answered = world.answers().await;
    world.asks().await;
    assert_eq!((world.answers().await, world.rows("RID-1").await[0].state), (answered, AskState::Known));
    world.close().await;
}

async fn digests_of_receipts(world: &World) -> Vec<schemas::digest::Digest> {
    use diesel::{QueryableByName, RunQueryDsl as _, sql_query, sql_types::Binary};
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Binary)]
        digest: Vec<u8>,
    }
    let rows = world.app.db().read(|conn| {
        Ok::<_, service_kit::db::DatabaseError>(sql_query("SELECT digest FROM receipt").load::<Row>(conn)?)
    });
    let rows = rows.await.unwrap();
    rows.into_iter().map(|row| schemas::digest::Digest::from_bytes(row.digest.try_into().unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_about_of_whom_nothing_would_follow() {
    let mut world = World::new().await;
    world.serve_food().await;
    world.lives("RID-1", "married").await;
    world.states("RID-3", "person.sex", "female".into()).await;
    world.asks().await;
    assert_eq!((rows_of(&world.app, "fact_ask").await, world.answers().await), (0, 0));
    world.lives("RID-1", "widowed").await;
    world.lives("RID-1", "married").await;
    world.asks().await;
    assert_eq!(world.rows("RID-1").await[0].state, AskState::Idle, "what nobody needs any more is not asked");
    assert_eq!(world.answers().await, 0);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_ask_once() {
    let mut world = World::new().await;
    world.serve_food().await;
    world.lives("RID-1", "widowed").await;
    let other = world.replica();
    let (one, two) = tokio::join!(run(&world.app), run(&other));
    one.unwrap();
    two.unwrap();
    assert_eq!((world.answers().await, world.decisions("RID-1").await.len()), (1, 1));
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_process_that_died_had_claimed_is_asked_under_the_same_question() {
    let mut world = World::new().await;
    world.serve_food().await;
    world.lives("RID-1", "widowed").await;
    let ask = world.rows("RID-1").await.remove(0);
    let (now, now_ms) = (world.app.decided_at(), world.app.decided_at_ms());
    let question = protocol::seal::random::message_id(now);
    let key = question.clone();
    let claimed = world
        .app
        .db()
        .write(move |conn| ask_claim(conn, (&ask, Some(&key)), (now_ms, now_ms + 60_000), (now.civil_day(), 100)));
    claimed.await.unwrap();
    world.asks().await;
    assert_eq!(world.answers().await, 0, "another process has it");
    world.app.decisions().go_ahead(61);
    assert_eq!(world.rows("RID-1").await[0].question, Some(question));
    world.asks().await;
    assert_eq!((world.answers().await, world.decisions("RID-1").await.len()), (1, 1));
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_has_its_budget_and_the_next_one_its_own() {
    let mut world = World::with("per_day = 1", |_| {}).await;
    world.serve_food().await;
    for resident in ["RID-1", "RID-2"] {
        world.lives(resident, "widowed").await;
    }
    world.asks().await;
    let reasons = [world.reason("RID-1").await, world.reason("RID-2").await];
    let spent = reasons.iter().filter(|reason| reason.as_deref() == Some("BUDGET_SPENT")).count();
    assert_eq!((world.answers().await, spent), (1, 1));
    world.asks().await;
    assert_eq!(world.answers().await, 1);
    world.app.decisions().go_ahead(super::world::DAY);
    world.asks().await;
    assert_eq!(world.answers().await, 2);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_leaves_by_a_fact_that_has_become_too_old_and_why_is_on_record() {
    let mut world = World::new().await;
    world.serve_food().await;
    world.lives("RID-2", "widowed").await;
    world.asks().await;
    let [removal] = &world.decisions("RID-2").await[..] else { panic!("not one decision") };
    assert_eq!((removal.action, removal.matter.cause.reason), (DecisionAction::Remove, Reason::ClauseFalse));
    assert_eq!(world.roll().await, "102=ACTIVE", "an officer looks first");
    // The food department goes off line; half a year later what it said has become too old.
    world.food_goes_off_line().await;
    world.app.decisions().go_ahead(181 * super::world::DAY);
    world.looked_at("RID-2").await;
    let removal = world.decisions("RID-2").await.remove(0);
    assert_eq!(removal.state, DecisionState::Withdrawn);
    let records = world.records("RID-2").await;
    let last = records.last().unwrap();
    assert_eq!((last.action, last.reason.as_str()), (DecisionAction::Withdraw, "FACT_UNKNOWN"));
    let clause = last.clauses.iter().find(|clause| clause.id.as_str() == "I2").unwrap();
    assert_eq!(clause.result, ClauseResult::Unknown);
    assert_eq!((clause.missing[0].fact.as_str(), clause.missing[0].reason.as_str()), ("household.bpl", "TOO_OLD"));
    world.asks().await;
    assert_eq!(world.decisions("RID-2").await.len(), 1, "what nobody answers begins nothing");
    assert_eq!(world.roll().await, "102=ACTIVE");
    let unknown = world.app.facts_unknown(10).await.unwrap();
    assert_eq!((unknown[0].number.as_deref(), unknown[0].fact.as_str()), (Some("102"), "household.bpl"));
    world.close().await;
}
