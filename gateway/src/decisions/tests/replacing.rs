//! From one scheme to the next: the one that ends is on hold while the next one pays, and at no other time.

use schemas::{
    benefits::{BenefitAnswer, ObjectionTaken},
    decision::{AppealRoute, DecisionAction, DecisionRecord},
    notice::DecisionStep,
    scheme::DecisionState,
};

use super::{leaving::steps, world::*};
use crate::{
    decisions::{records, run, settle},
    store::decisions::cases::Decided,
    testing::Source,
};

/// The roll of widows, beside the one of the pension.
const TABLE: &str = "CREATE TABLE widow_beneficiary (ppo_no INTEGER PRIMARY KEY, payment_status TEXT NOT NULL, status_reason TEXT, \
                     status_since TEXT, until_day TEXT, amount INTEGER, full_name TEXT, dob TEXT);";
const BOTH: &str = "SELECT (SELECT payment_status FROM pension_beneficiary WHERE ppo_no = 101) || ' ' || \
                    coalesce((SELECT payment_status FROM widow_beneficiary WHERE ppo_no = 101), '-')";

fn source() -> Source {
    let roll = SOCIAL.mapping.split_once("[[roll]]").unwrap().1;
    let second = roll.replace("social.pension", "social.widows").replace("pension_beneficiary", "widow_beneficiary");
    let second = second.replace("number = \"next\"", "number = \"subject\"");
    Source {
        sql: Box::leak(format!("{}{TABLE}", SOCIAL.sql).into_boxed_str()),
        mapping: Box::leak(format!("{}\n[[roll]]{second}", SOCIAL.mapping).into_boxed_str()),
    }
}

/// Sushila draws a pension of the married; her husband dies, and the one of widows follows on it.
async fn widowed() -> World {
    let married = WIDOWS.replace("T-WIDOWS", "T-MARRIED").replace("[\"widowed\"]", "[\"married\"]").replace(
        "clause_false = { notice_days = 30, officer = true }",
        "clause_false = { notice_days = 30, officer = false }",
    );
    let widows = WIDOWS.replace("[[clause]]", "[transition]\npredecessor = \"T-MARRIED\"\n[[clause]]");
    let world = World::by_schemes(&source(), &[(&married, "social.pension"), (&widows, "social.widows")]).await;
    world.hears(&world.married("sushila", "2026-01-01")).await;
    world.hears(&world.widowed("sushila", "D-9")).await;
    world
}

async fn find(world: &World, action: DecisionAction) -> Decided {
    let mut of_it = world.decisions("sushila").await.into_iter().filter(|decided| decided.action == action);
    let found = of_it.next_back();
    found.unwrap_or_else(|| panic!("no {action:?}"))
}

async fn accepts(world: &World) {
    let offer = find(world, DecisionAction::Offer).await;
    world.app.answer_of(&world.person("sushila"), &offer.id, BenefitAnswer::Accept).await.unwrap();
}

/// She was told of the end, has taken the next one, and the window runs.
async fn told_and_come_over() -> (World, Decided) {
    let world = widowed().await;
    world.wallet_fetches("sushila").await;
    accepts(&world).await;
    run(&world.app).await.unwrap();
    let ending = find(&world, DecisionAction::Remove).await;
    (world, ending)
}

/// Her objection is entered at the counter.
async fn objects(world: &World, ending: &Decided) -> ObjectionTaken {
    let deepak = world.officer("deepak", "p-deepak").await;
    let said = (AppealRoute::Counter, "My husband lives.");
    world.app.objection_enter(&deepak, &ending.id, said).await.unwrap()
}

async fn two_find_her_right(world: &World, ending: &Decided) {
    for (name, person) in [("anita", "p-anita"), ("binod", "p-binod")] {
        let officer = world.officer(name, person).await;
        world.app.review_decide(&officer, &ending.id, false).await.unwrap();
    }
    settle(&world.app, &world.person("sushila")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_benefit_that_is_followed_by_another_is_on_hold_from_the_next_ones_first_payment_and_no_day_before() {
    let world = widowed().await;
    assert_eq!(world.look(BOTH), "ACTIVE -", "offered, not accepted: no unpaid day");
    let ending = find(&world, DecisionAction::Remove).await;
    assert_eq!((ending.state, ending.matter.hold.is_some()), (DecisionState::Proposed, false));
    world.wallet_fetches("sushila").await;
    run(&world.app).await.unwrap();
    accepts(&world).await;
    assert_eq!(world.look(BOTH), "HOLD ACTIVE", "one pension at any time");
    let ending = find(&world, DecisionAction::Remove).await;
    assert_eq!((ending.state, ending.todo), (DecisionState::Noticed, None), "its window goes on as it began");
    let told = steps(&world.notices("sushila").await);
    let mut of_the_end = told.iter().filter(|step| !matches!(step, DecisionStep::Offer | DecisionStep::Enrolled));
    assert_eq!(
        (of_the_end.next(), of_the_end.next(), of_the_end.next()),
        (Some(&DecisionStep::Removal), Some(&DecisionStep::Replaced), None)
    );
    let (records, _) = world.records(&ending.id).await;
    let held = records.iter().rfind(|record| record.action == DecisionAction::Hold).unwrap();
    assert_eq!((Some(&held.decision), held.effects.len()), (ending.matter.hold.as_ref(), 1));
    world.days(31).await;
    assert_eq!(world.look(BOTH), "REMOVED ACTIVE");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_notice_that_arrives_after_the_hold_starts_the_same_window() {
    let world = widowed().await;
    accepts(&world).await;
    let ending = find(&world, DecisionAction::Remove).await;
    assert_eq!((world.look(BOTH).as_str(), ending.state), ("HOLD ACTIVE", DecisionState::Held));
    world.days(40).await;
    assert_eq!(world.look(BOTH), "HOLD ACTIVE", "she was not told");
    world.wallet_fetches("sushila").await;
    world.days(30).await;
    assert_eq!(world.look(BOTH), "HOLD ACTIVE");
    world.days(1).await;
    assert_eq!(world.look(BOTH), "REMOVED ACTIVE");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_paid_by_the_next_one_no_more_is_paid_again_the_next_day_whatever_became_of_it() {
    let world = widowed().await;
    accepts(&world).await;
    let first = find(&world, DecisionAction::Remove).await;
    assert_eq!((world.look(BOTH).as_str(), first.state), ("HOLD ACTIVE", DecisionState::Held));
    for status in ["HOLD", "REMOVED", "SUSPENDED"] {
        // The department itself does it, and tells nobody.
        world.enter(&format!("UPDATE widow_beneficiary SET payment_status = '{status}' WHERE ppo_no = 101"));
        world.days(1).await;
        assert_eq!(world.look(BOTH), format!("ACTIVE {status}"), "nobody draws nothing for another one's sake");
        let goes_on = find(&world, DecisionAction::Remove).await;
        assert_eq!((&goes_on.id, goes_on.state, goes_on.todo), (&first.id, DecisionState::Proposed, None));
        assert_eq!((goes_on.matter.hold, goes_on.notice), (None, first.notice.clone()), "what was proposed stands");
        assert_eq!(steps(&world.notices("sushila").await).last(), Some(&DecisionStep::Resumed), "after {status}");
        world.enter("UPDATE widow_beneficiary SET payment_status = 'ACTIVE' WHERE ppo_no = 101");
        world.days(1).await;
        assert_eq!(world.look(BOTH), "HOLD ACTIVE", "and the next day if it pays again");
        assert_eq!(steps(&world.notices("sushila").await).last(), Some(&DecisionStep::Replaced), "told each time");
        let again = find(&world, DecisionAction::Remove).await;
        assert_eq!((&again.id, again.state), (&first.id, DecisionState::Held));
    }
    world.wallet_fetches("sushila").await;
    world.days(30).await;
    assert_eq!(world.look(BOTH), "HOLD ACTIVE", "the window began with the delivery");
    world.days(1).await;
    assert_eq!(world.look(BOTH), "REMOVED ACTIVE");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_objects_is_paid_while_she_is_heard_once_the_next_one_pays_no_more() {
    let (world, ending) = told_and_come_over().await;
    let deepak = world.officer("deepak", "p-deepak").await;
    let said = (AppealRoute::Counter, "My husband lives.");
    world.app.objection_enter(&deepak, &ending.id, said).await.unwrap();
    world.enter("UPDATE widow_beneficiary SET payment_status = 'REMOVED' WHERE ppo_no = 101");
    world.days(1).await;
    assert_eq!(world.look(BOTH), "ACTIVE REMOVED");
    let heard = find(&world, DecisionAction::Remove).await;
    assert_eq!((&heard.id, heard.state, heard.matter.hold.is_some()), (&ending.id, DecisionState::Contested, false));
    let slip = world.app.objection_enter(&deepak, &ending.id, said).await.unwrap();
    let record = records::claims_of::<DecisionRecord>(&slip.record).unwrap();
    assert_eq!((&record.decision, record.state), (&ending.id, DecisionState::Contested), "the slip's own record");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_cannot_be_lifted_drops_no_objection() {
    let (world, ending) = told_and_come_over().await;
    objects(&world, &ending).await;
    // Somebody else wrote to the row since: what stood before our hold is not put over it.
    world.enter("UPDATE pension_beneficiary SET amount = 600 WHERE ppo_no = 101");
    world.enter("UPDATE widow_beneficiary SET payment_status = 'REMOVED' WHERE ppo_no = 101");
    for _ in 0..3 {
        world.days(1).await;
    }
    assert_eq!(world.look(BOTH), "HOLD REMOVED", "not ours to write");
    let of_her = world.decisions("sushila").await;
    let removals: Vec<_> = of_her.iter().filter(|one| one.action == DecisionAction::Remove).collect();
    assert_eq!(
        (removals.len(), removals[0].state, removals[0].todo),
        (1, DecisionState::Contested, None),
        "it is heard"
    );
    let looks = of_her.iter().filter(|one| one.action == DecisionAction::Review).count();
    assert_eq!(looks, 1, "an officer looks at the roll, once");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_pays_without_rules_in_force_pays_all_the_same() {
    let world = widowed().await;
    accepts(&world).await;
    let married = world.app.decisions().given().unwrap().into_iter().filter(|scheme| scheme.id.as_str() == "T-MARRIED");
    world.app.decisions().give(married.collect());
    world.days(2).await;
    assert_eq!(world.look(BOTH), "HOLD ACTIVE", "the roll pays, whatever is published");
    world.enter("UPDATE widow_beneficiary SET payment_status = 'REMOVED' WHERE ppo_no = 101");
    world.days(1).await;
    assert_eq!(world.look(BOTH), "ACTIVE REMOVED");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_right_after_the_removal_is_owed_no_month_that_was_paid() {
    let (world, ending) = told_and_come_over().await;
    for _ in 0..31 {
        world.days(1).await;
    }
    assert_eq!(world.look(BOTH), "REMOVED ACTIVE");
    world.days(90).await;
    objects(&world, &ending).await;
    two_find_her_right(&world, &ending).await;
    assert_eq!(world.look(BOTH), "ACTIVE ACTIVE");
    let listed = world.look("SELECT arrears FROM vinimay_journal WHERE outcome = 'restored'");
    assert_eq!(listed, "[]");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_two_people_have_holds_nobodys_payment_for_what_the_other_draws() {
    let world = widowed().await;
    world.link("somebody", "101").await;
    accepts(&world).await;
    assert_eq!(find(&world, DecisionAction::Remove).await.matter.hold, None);
    assert_eq!(world.look("SELECT payment_status FROM pension_beneficiary WHERE ppo_no = 101"), "ACTIVE");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_objection_that_was_right_puts_her_back_in_payment_and_owes_no_month_that_was_paid() {
    let (world, ending) = told_and_come_over().await;
    objects(&world, &ending).await;
    // Two days of payment pass; the next one pays on both.
    for _ in 0..62 {
        world.days(1).await;
    }
    assert_eq!(world.look(BOTH), "HOLD ACTIVE", "while it is heard");
    two_find_her_right(&world, &ending).await;
    assert_eq!(find(&world, DecisionAction::Remove).await.state, DecisionState::Reversed);
    assert_eq!(world.look(BOTH), "ACTIVE ACTIVE", "the other one is for officers to end");
    assert_eq!(
        world.look("SELECT arrears FROM vinimay_journal WHERE outcome = 'released'"),
        "[]",
        "no month is owed twice"
    );
}
