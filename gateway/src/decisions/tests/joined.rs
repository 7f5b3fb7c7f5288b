//! Two entries of the register turn out to be one person, and one turns out to be two.

use protocol::event::OpenedEvent;
use schemas::{
    decision::DecisionAction,
    event::{EventKind, Relation},
    scheme::DecisionState,
};

use super::world::*;

const ALL_ACTIVE: &str = "101=ACTIVE 102=ACTIVE 103=ACTIVE";
const REMOVED: &str = "101=REMOVED 102=ACTIVE 103=ACTIVE";

/// The entry `ended` gives way to `survivor`.
fn merged(world: &World, ended: &str, survivor: &str) -> OpenedEvent {
    let payload = r#"{"into":{"name":"Sushila Sahu","birth_year":1954,"subject":null}}"#;
    let event = world.event(ended, EventKind::PersonMerged, "case-merge", payload);
    with_related(event, Relation::Survivor, world.subject(survivor))
}

/// They are two all the same; said an hour later.
fn split(world: &World, stays: &str, other: &str) -> OpenedEvent {
    let payload = r#"{"parted":{"name":"Sushila Sahu","birth_year":1954,"subject":null}}"#;
    let mut event = world.event(stays, EventKind::PersonSplit, "case-merge", payload);
    event.claims.recorded = event.claims.recorded.plus(3600);
    with_related(event, Relation::Parted, world.subject(other))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_death_under_another_entry_of_hers_waits_for_an_officer_and_a_split_takes_it_back() {
    for death_first in [true, false] {
        let world = World::by_rule().await;
        let (death, merge) = (world.death("shushila", "D-1"), merged(&world, "shushila", "sushila"));
        let (first, second) = if death_first { (&death, &merge) } else { (&merge, &death) };
        world.hears(first).await;
        assert_eq!(world.decisions("sushila").await.len(), 0);
        world.hears(second).await;
        assert_eq!(world.roll(), ALL_ACTIVE, "a merge alone holds nobody");
        let waiting = world.only("sushila").await;
        assert_eq!((waiting.action, waiting.state), (DecisionAction::Remove, DecisionState::Proposed));
        assert_eq!(world.app.review_list().await.unwrap().len(), 1);
        world.hears(&split(&world, "sushila", "shushila")).await;
        assert_eq!(world.only("sushila").await.state, DecisionState::Withdrawn, "it was somebody else");
        world.days(1).await;
        assert_eq!((world.roll().as_str(), world.decisions("sushila").await.len()), (ALL_ACTIVE, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_removed_because_of_a_merge_is_restored_by_the_split() {
    let world = World::by_rule().await;
    world.hears(&world.death("shushila", "D-1")).await;
    world.hears(&merged(&world, "shushila", "sushila")).await;
    let anita = world.officer("anita", "p-anita").await;
    let id = world.only("sushila").await.id;
    world.app.review_decide(&anita, &id, true).await.unwrap();
    world.wallet_fetches("sushila").await;
    world.days(31).await;
    assert_eq!(world.roll(), REMOVED);
    world.hears(&split(&world, "sushila", "shushila")).await;
    assert_eq!(world.roll(), ALL_ACTIVE);
    assert_eq!(world.only("sushila").await.state, DecisionState::Restored);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_that_stands_by_a_merge_alone_at_the_end_of_its_window_goes_to_an_officer() {
    let world = World::by_rule().await;
    let death = world.death("sushila", "D-1");
    world.hears(&death).await;
    world.wallet_fetches("sushila").await;
    world.hears(&merged(&world, "shushila", "sushila")).await;
    world.hears(&world.death("shushila", "D-2")).await;
    let payload = r#"{"registration_number":"D-1","reason":"duplicate"}"#;
    world.hears(&world.event("sushila", EventKind::DeathAnnulled, "case-D-1", payload)).await;
    world.days(31).await;
    assert_eq!(world.look("SELECT payment_status FROM pension_beneficiary WHERE ppo_no = 101"), "HOLD");
    let asked = world.decisions("sushila").await.into_iter().filter(|decided| decided.action == DecisionAction::Review);
    assert_eq!(asked.count(), 1, "nobody is removed; somebody looks");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_offered_what_she_draws_under_another_entry_and_an_entry_that_ended_is_offered_nothing() {
    let world = World::by_scheme(WIDOWS).await;
    world.hears(&merged(&world, "shushila", "sushila")).await;
    world.hears(&world.widowed("shushila", "D-9")).await;
    assert_eq!(world.decisions("shushila").await.len(), 0, "she draws it as 101");
    world.hears(&merged(&world, "rukmini", "rukhmani")).await;
    world.hears(&world.widowed("rukmini", "D-8")).await;
    assert_eq!(world.decisions("rukmini").await.len(), 0);
    assert_eq!(world.only("rukhmani").await.state, DecisionState::Offered, "the entry that goes on is offered it");
}
