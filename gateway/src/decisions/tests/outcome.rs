//! The roll does otherwise than decided: nobody is told what is not so, and an officer looks.

use schemas::{
    decision::DecisionAction,
    event::{AgeConvention, AgeThreshold},
    notice::DecisionStep,
    scheme::DecisionState,
};

use super::{leaving::steps, world::*};
use crate::{
    decisions::perform,
    store::{
        decisions::cases::{Decided, Todo},
        triggers::ages::watermark_move,
    },
};

/// The review that asks an officer to look at the roll.
async fn review(world: &World, name: &str) -> Decided {
    let reviews = world.decisions(name).await.into_iter().filter(|decided| decided.action == DecisionAction::Review);
    let mut reviews: Vec<Decided> = reviews.collect();
    assert_eq!(reviews.len(), 1, "{reviews:?}");
    reviews.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_others_changed_is_not_called_released_and_an_officer_looks() {
    let world = World::by_rule().await;
    world.hears(&world.death("sushila", "D-1")).await;
    world.enter("UPDATE pension_beneficiary SET amount = 700 WHERE ppo_no = 101");
    world.hears(&world.annulled("sushila", "D-1")).await;
    assert_eq!(world.roll(), "101=HOLD 102=ACTIVE 103=ACTIVE", "what others wrote is left alone");
    let decided = world.decisions("sushila").await.remove(0);
    assert_eq!((decided.state, decided.todo), (DecisionState::Withdrawn, None));
    assert_eq!(steps(&world.notices("sushila").await), [DecisionStep::Hold], "she is not told what is not so");
    world.days(2).await;
    let review = review(&world, "sushila").await;
    assert_eq!(review.state, DecisionState::Proposed, "it stays until somebody looked");
    let listed = world.app.review_list().await.unwrap();
    assert_eq!((listed.len(), &listed[0].decision), (1, &review.id));
    assert!(listed[0].why["en"].contains("did not do what was decided") && listed[0].why["hi"].len() > 20);
    let officer = world.officer("anita", "p-anita").await;
    world.app.review_decide(&officer, &review.id, false).await.unwrap();
    world.days(1).await;
    assert_eq!(world.app.review_list().await.unwrap().len(), 0, "what an officer has seen does not come again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_others_changed_after_the_removal_is_not_called_restored() {
    let world = World::by_rule().await;
    world.hears(&world.death("sushila", "D-1")).await;
    world.wallet_fetches("sushila").await;
    world.days(31).await;
    world.enter("UPDATE pension_beneficiary SET amount = 700 WHERE ppo_no = 101");
    world.hears(&world.annulled("sushila", "D-1")).await;
    let decided = world.decisions("sushila").await.remove(0);
    assert_eq!((decided.state, decided.todo), (DecisionState::Removed, None));
    assert_eq!(steps(&world.notices("sushila").await), [DecisionStep::Hold, DecisionStep::Removed]);
    world.days(2).await;
    assert_eq!(review(&world, "sushila").await.state, DecisionState::Proposed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_others_changed_in_the_window_is_not_called_removed() {
    let world = World::by_rule().await;
    world.hears(&world.death("sushila", "D-1")).await;
    world.wallet_fetches("sushila").await;
    world.enter("UPDATE pension_beneficiary SET amount = 700 WHERE ppo_no = 101");
    world.days(31).await;
    let decided = world.decisions("sushila").await.remove(0);
    assert_eq!((decided.state, decided.todo), (DecisionState::Noticed, None));
    assert_eq!(steps(&world.notices("sushila").await), [DecisionStep::Hold]);
    world.days(2).await;
    assert_eq!(review(&world, "sushila").await.state, DecisionState::Proposed);
    assert_eq!(world.roll(), "101=HOLD 102=ACTIVE 103=ACTIVE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_ordered_from_a_stale_reading_is_taken_back() {
    let world = World::by_rule().await;
    world.hears(&world.death("sushila", "D-1")).await;
    world.wallet_fetches("sushila").await;
    let mut stale = world.only("sushila").await;
    stale.todo = Some(Todo::Remove);
    world.hears(&world.annulled("sushila", "D-1")).await;
    world.app.decisions().go_ahead(31 * DAY);
    assert!(perform::carry_out(&world.app, stale).await.unwrap());
    world.days(0).await;
    assert_eq!(world.roll(), "101=ACTIVE 102=ACTIVE 103=ACTIVE");
    let restored = world.only("sushila").await;
    assert_eq!((restored.state, restored.todo), (DecisionState::Restored, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheme_that_is_withdrawn_in_the_window_removes_nobody_and_lifts_its_hold() {
    let world = World::by_scheme(WIDOWS).await;
    world.hears(&world.death("sushila", "D-1")).await;
    world.wallet_fetches("sushila").await;
    assert_eq!(world.roll(), "101=HOLD 102=ACTIVE 103=ACTIVE");
    world.app.decisions().give(Vec::new());
    world.days(31).await;
    assert_eq!(world.roll(), "101=ACTIVE 102=ACTIVE 103=ACTIVE");
    assert_eq!(world.only("sushila").await.state, DecisionState::Released);
    world.days(3).await;
    assert_eq!(world.decisions("sushila").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_death_annulled_after_the_scheme_is_withdrawn_still_restores() {
    let world = World::by_scheme(WIDOWS).await;
    world.hears(&world.death("sushila", "D-1")).await;
    world.wallet_fetches("sushila").await;
    world.days(31).await;
    assert_eq!(world.roll(), "101=REMOVED 102=ACTIVE 103=ACTIVE");
    world.app.decisions().give(Vec::new());
    world.hears(&world.annulled("sushila", "D-1")).await;
    assert_eq!(world.roll(), "101=ACTIVE 102=ACTIVE 103=ACTIVE");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_cannot_be_done_keeps_no_annulment_from_being_heard() {
    let world = World::by_rule().await;
    world.enter("CREATE TRIGGER closed BEFORE UPDATE ON pension_beneficiary BEGIN SELECT RAISE(ABORT, 'closed'); END;");
    let lease = world.app.lease(crate::triggers::APPLY).await.unwrap().unwrap();
    let concerned = crate::decisions::hear(&world.app, &world.death("sushila", "D-1"), &lease).await.unwrap();
    world.app.release(lease).await.unwrap();
    assert!(crate::decisions::settle(&world.app, &concerned.persons[0]).await.is_err());
    assert_eq!(world.only("sushila").await.todo, Some(Todo::Hold));
    world.hears(&world.annulled("sushila", "D-1")).await;
    let released = world.only("sushila").await;
    assert_eq!((released.state, released.todo), (DecisionState::Released, None));
    assert_eq!(world.roll(), "101=ACTIVE 102=ACTIVE 103=ACTIVE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_set_back_ends_no_window() {
    let world = World::by_rule().await;
    world.hears(&world.death("sushila", "D-1")).await;
    world.wallet_fetches("sushila").await;
    let age = AgeThreshold { years: 60, convention: AgeConvention::Anniversary };
    let passed = move |conn: &mut _| {
        let moved = watermark_move(conn, age, None, "2999-01-01".parse().unwrap())?;
        Ok::<_, service_kit::db::DatabaseError>(moved)
    };
    assert!(world.app.db().write(passed).await.unwrap());
    world.days(31).await;
    assert_eq!(world.roll(), "101=HOLD 102=ACTIVE 103=ACTIVE");
    assert_eq!(world.only("sushila").await.state, DecisionState::Noticed);
}
