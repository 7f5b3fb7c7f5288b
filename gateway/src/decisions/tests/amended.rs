//! What was told turns out otherwise: corrected, annulled, entered twice, decided by rules that gave way to others.

use std::sync::Arc;

use eligibility::scheme::Scheme;
use protocol::event::OpenedEvent;
use schemas::{
    decision::DecisionAction,
    event::{EventKind, Relation},
    notice::DecisionStep,
    scheme::DecisionState,
};

use super::{leaving::steps, world::*};
use crate::{decisions::perform, store::decisions::cases::Todo};

const REMOVED: &str = "101=REMOVED 102=ACTIVE 103=ACTIVE";
const HELD: &str = "101=HOLD 102=ACTIVE 103=ACTIVE";
const ALL_ACTIVE: &str = "101=ACTIVE 102=ACTIVE 103=ACTIVE";

/// A benefit for wives: the other way round than the one for widows.
fn wives() -> String {
    WIDOWS.replace("T-WIDOWS", "T-WIVES").replace("marital_status = [\"widowed\"]", "marital_status = [\"married\"]")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrected_day_of_death_lifts_nothing_holds_nothing_anew_and_is_the_day_on_which_she_leaves() {
    let world = World::by_rule().await;
    let wrong = world.death("sushila", "D-1");
    world.hears(&wrong).await;
    let before = world.only("sushila").await;
    let day = "2026-01-05";
    world.hears(&replacing(world.death_on("sushila", "D-1", day), &wrong)).await;
    let after = world.only("sushila").await;
    assert_eq!((world.roll().as_str(), after.state), (HELD, DecisionState::Held));
    assert_eq!(
        (&after.id, after.matter.effective.to_string().as_str(), &after.notice),
        (&before.id, day, &before.notice)
    );
    assert_eq!(steps(&world.notices("sushila").await), [DecisionStep::Hold], "she was told of it once");
    let (records, _) = world.records(&after.id).await;
    let amend = records.last().unwrap();
    assert_eq!((amend.action, amend.effective.to_string().as_str()), (DecisionAction::Amend, day));
    assert_eq!(amend.events.len(), 2, "both events bear it");
    world.wallet_fetches("sushila").await;
    world.days(31).await;
    assert_eq!(world.roll(), REMOVED);
    assert_eq!(world.look("SELECT until_day FROM pension_beneficiary WHERE ppo_no = 101"), day);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_death_corrected_after_the_removal_restores_nobody_and_an_officer_looks_at_what_is_owed() {
    let world = World::by_rule().await;
    let wrong = world.death("sushila", "D-1");
    world.hears(&wrong).await;
    world.wallet_fetches("sushila").await;
    world.days(31).await;
    assert_eq!(world.roll(), REMOVED);
    let corrected = replacing(world.death_on("sushila", "D-1", "2026-01-05"), &wrong);
    world.hears(&corrected).await;
    world.days(1).await;
    assert_eq!(world.roll(), REMOVED);
    let decisions = world.decisions("sushila").await;
    let told: Vec<_> = decisions.iter().map(|decided| (decided.action, decided.state)).collect();
    assert_eq!(
        told,
        [(DecisionAction::Remove, DecisionState::Removed), (DecisionAction::Review, DecisionState::Proposed)]
    );
    assert_eq!(decisions[0].matter.effective.to_string(), "2026-01-05");
    world.hears(&world.annulled("sushila", "D-1")).await;
    assert_eq!(world.roll(), ALL_ACTIVE, "its annulment restores all the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_death_entered_for_the_wrong_person_frees_her_and_holds_the_right_one() {
    let world = World::by_rule().await;
    world.hears(&world.death("sushila", "D-1")).await;
    let payload = r#"{"registration_number":"D-1","reason":"wrong_person"}"#;
    world.hears(&world.event("sushila", EventKind::DeathAnnulled, "case-D-1", payload)).await;
    world.hears(&world.death("budhram", "D-1")).await;
    assert_eq!(world.roll(), "101=ACTIVE 102=HOLD 103=ACTIVE");
    assert_eq!(world.only("sushila").await.state, DecisionState::Released);
    assert_eq!(world.only("budhram").await.state, DecisionState::Held);
}

/// Sushila, a wife, leaves the benefit for wives because her husband has died: by his own event, which names her nowhere.
async fn widowed_and_removed() -> (World, OpenedEvent) {
    let world = World::by_scheme(&wives()).await;
    let husband = world.subject("mangal");
    world.hears(&with_related(world.married("sushila", "1990-05-01"), Relation::Spouse, husband)).await;
    assert_eq!(world.decisions("sushila").await.len(), 0);
    let death = world.death("mangal", "D-9");
    world.hears(&death).await;
    let waiting = world.only("sushila").await;
    assert_eq!(
        (waiting.action, waiting.state),
        (DecisionAction::Remove, DecisionState::Proposed),
        "his death woke her"
    );
    let anita = world.officer("anita", "p-anita").await;
    world.app.review_decide(&anita, &waiting.id, true).await.unwrap();
    world.wallet_fetches("sushila").await;
    world.days(31).await;
    assert_eq!(world.roll(), REMOVED);
    (world, death)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wife_removed_because_of_her_husbands_death_is_restored_and_not_merely_offered_when_it_is_annulled() {
    let (world, _) = widowed_and_removed().await;
    let removed = world.only("sushila").await;
    assert_eq!(removed.case.as_str(), "case-D-9", "it stands in the cascade of his death");
    world.hears(&world.annulled("mangal", "D-9")).await;
    assert_eq!(world.roll(), ALL_ACTIVE);
    let restored = world.only("sushila").await;
    assert_eq!((restored.state, restored.todo), (DecisionState::Restored, None), "nothing is offered");
    let last = *steps(&world.notices("sushila").await).last().unwrap();
    assert_eq!(last, DecisionStep::Restored);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrected_day_of_the_husbands_death_changes_nothing_for_his_widow() {
    let (world, death) = widowed_and_removed().await;
    world.hears(&replacing(world.death_on("mangal", "D-9", "2026-01-05"), &death)).await;
    world.days(1).await;
    assert_eq!(world.roll(), REMOVED);
    assert_eq!(world.only("sushila").await.state, DecisionState::Removed);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_scheme_that_is_published_takes_over_a_hold_of_the_built_in_rule_without_a_second_one() {
    let world = World::by_rule_and_then("T-WIDOWS").await;
    world.hears(&world.widowed("sushila", "D-8")).await;
    world.hears(&world.death("sushila", "D-1")).await;
    let held = world.only("sushila").await;
    assert_eq!((world.roll().as_str(), held.scheme.as_str()), (HELD, "death-hold@1"));
    world.days(0).await;
    world.app.decisions().give(vec![Arc::new(Scheme::parse(WIDOWS).unwrap())]);
    world.days(1).await;
    world.hears(&world.death("sushila", "D-1")).await;
    let only = world.only("sushila").await;
    assert_eq!((world.roll().as_str(), &only.id, only.state), (HELD, &held.id, DecisionState::Held));
    assert_eq!(steps(&world.notices("sushila").await), [DecisionStep::Hold]);
    world.wallet_fetches("sushila").await;
    world.days(31).await;
    assert_eq!((world.roll().as_str(), world.decisions("sushila").await.len()), (REMOVED, 1));
    world.hears(&world.annulled("sushila", "D-1")).await;
    assert_eq!(world.roll(), ALL_ACTIVE, "and undone by the scheme too");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_ordered_from_a_stale_reading_is_taken_back() {
    let world = World::by_rule().await;
    world.enter("CREATE TRIGGER closed BEFORE UPDATE ON pension_beneficiary BEGIN SELECT RAISE(ABORT, 'closed'); END;");
    let lease = world.app.lease(crate::triggers::APPLY).await.unwrap().unwrap();
    let concerned = crate::decisions::hear(&world.app, &world.death("sushila", "D-1"), &lease).await.unwrap();
    world.app.release(lease).await.unwrap();
    assert!(crate::decisions::settle(&world.app, &concerned.persons[0]).await.is_err());
    let stale = world.only("sushila").await;
    assert_eq!(stale.todo, Some(Todo::Hold));
    world.hears(&world.annulled("sushila", "D-1")).await;
    world.enter("DROP TRIGGER closed");
    assert!(perform::carry_out(&world.app, stale).await.unwrap());
    world.days(0).await;
    assert_eq!(world.roll(), ALL_ACTIVE);
    let released = world.only("sushila").await;
    assert_eq!((released.state, released.todo), (DecisionState::Released, None));
}
