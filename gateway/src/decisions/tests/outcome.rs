//! The roll does otherwise than decided: nobody is told what is not so, and an officer looks.

use schemas::{decision::DecisionAction, notice::DecisionStep, scheme::DecisionState};

use super::{leaving::steps, world::*};
use crate::store::decisions::cases::Decided;

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
