//! From one scheme to the next: the one that ends is on hold while the next one pays, and at no other time.

use std::collections::BTreeSet;

use registry_adapter::journal::UnpaidMonth;
use schemas::{
    benefits::{BenefitAnswer, ObjectionTaken},
    decision::{AppealRoute, DecisionAction, DecisionRecord},
    event::EventKind,
    notice::DecisionStep,
    scheme::DecisionState,
    time::CivilDate,
};

use super::{leaving::steps, world::*};
use crate::{
    decisions::{records, run, settle},
    store::decisions::cases::{Decided, Waits},
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
    widowed_where(false, "").await
}

/// A clause by which nobody draws two pensions.
const ONE_ONLY: &str = r#"
[[clause]]
id = "X1"
kind = "exclude"
enrolled = { class = "pension", other_than_self = true }
on_conflict = "officer"
text = { en = "Draws another pension", hi = "दूसरी पेंशन" }
ref = "Test rules, para 2"
[paid_by]
pension = ["T-MARRIED", "T-WIDOWS"]
[benefit]"#;

/// The same, where an officer may have to confirm that the first one ends, and with more clauses of the second.
async fn widowed_where(officer: bool, more: &str) -> World {
    let world = department(officer, more).await;
    loses_her_husband(&world).await;
    world
}

async fn loses_her_husband(world: &World) {
    world.hears(&world.married("sushila", "2026-01-01")).await;
    world.hears(&world.widowed("sushila", "D-9")).await;
}

async fn department(officer: bool, more: &str) -> World {
    let married = WIDOWS.replace("T-WIDOWS", "T-MARRIED").replace("[\"widowed\"]", "[\"married\"]").replace(
        "clause_false = { notice_days = 30, officer = true }",
        &format!("clause_false = {{ notice_days = 30, officer = {officer} }}"),
    );
    let widows = WIDOWS.replace("[[clause]]", "[transition]\npredecessor = \"T-MARRIED\"\n[[clause]]");
    let widows = if more.is_empty() { widows } else { widows.replace("\n[benefit]", more) };
    World::by_schemes(&source(), &[(&married, "social.pension"), (&widows, "social.widows")]).await
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

/// The months whose first day, on which these rolls pay, lies after one day and not after another.
fn months(after: CivilDate, until: CivilDate) -> Vec<String> {
    let days = std::iter::successors(after.date().tomorrow().ok(), |day| day.tomorrow().ok());
    let firsts = days.take_while(|day| *day <= until.date()).filter(|day| day.day() == 1);
    firsts.map(|day| format!("{:04}-{:02}", day.year(), day.month())).collect()
}

/// The months in arrears by the last such entry of the journal.
fn arrears(world: &World, entry: &str) -> Vec<String> {
    let last = format!("SELECT arrears FROM vinimay_journal WHERE {entry} ORDER BY seq DESC LIMIT 1");
    let listed: Vec<UnpaidMonth> = serde_json::from_str(&world.look(&last)).unwrap();
    listed.into_iter().map(|unpaid| unpaid.month).collect()
}

/// Reviews that ask an officer which of two benefits ends.
async fn asked_about_both(world: &World) -> Vec<Decided> {
    let both = |decided: &Decided| decided.matter.cause.key.ends_with("and what follows");
    world.decisions("sushila").await.into_iter().filter(both).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_officers_keep_while_the_next_one_pays_is_shown_to_an_officer_once() {
    let (world, ending) = told_and_come_over().await;
    objects(&world, &ending).await;
    two_find_her_right(&world, &ending).await;
    assert_eq!(world.look(BOTH), "ACTIVE ACTIVE");
    let asked = asked_about_both(&world).await;
    assert_eq!((asked.len(), asked[0].action, asked[0].state), (1, DecisionAction::Review, DecisionState::Proposed));
    let listed = world.app.review_list().await.unwrap();
    let shown = listed.iter().find(|item| item.decision == asked[0].id).unwrap();
    assert!(shown.why["en"].contains("both being paid") && shown.why["hi"].contains("दोनों"), "{:?}", shown.why);
    world.days(2).await;
    let officer = world.officer("chandra", "p-chandra").await;
    world.app.review_decide(&officer, &asked[0].id, false).await.unwrap();
    world.days(2).await;
    assert_eq!(asked_about_both(&world).await.len(), 1, "what an officer has seen does not come again");
    assert_eq!(world.look(BOTH), "ACTIVE ACTIVE", "and nobody else ends one of them");
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_an_officer_keeps_is_not_offered_what_follows() {
    for kept in [true, false] {
        let world = department(true, ONE_ONLY).await;
        let both = world.app.decisions().given().unwrap();
        world.app.decisions().give(both.iter().filter(|scheme| scheme.id.as_str() == "T-MARRIED").cloned().collect());
        loses_her_husband(&world).await;
        let ending = find(&world, DecisionAction::Remove).await;
        if kept {
            let officer = world.officer("anita", "p-anita").await;
            world.app.review_decide(&officer, &ending.id, false).await.unwrap();
        }
        world.app.decisions().give(both);
        world.days(1).await;
        assert_eq!(world.look(BOTH), "ACTIVE -");
        let actions: Vec<_> = world.decisions("sushila").await.into_iter().map(|decided| decided.action).collect();
        let next = if kept { DecisionAction::Review } else { DecisionAction::Offer };
        assert_eq!(
            actions,
            [DecisionAction::Remove, next],
            "one pension at any time: an officer looks, or it is offered"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proposal_that_an_officer_is_to_confirm_lets_nothing_be_paid_twice_meanwhile() {
    for upheld in [true, false] {
        let world = widowed_where(true, "").await;
        accepts(&world).await;
        let ending = find(&world, DecisionAction::Remove).await;
        assert_eq!((world.look(BOTH).as_str(), ending.state), ("HOLD ACTIVE", DecisionState::Held));
        assert_eq!((ending.waits, &ending.notice), (Some(Waits::Officer), &None), "nobody has confirmed it");
        world.days(60).await;
        assert_eq!(world.look(BOTH), "HOLD ACTIVE", "and no window runs");
        let officer = world.officer("anita", "p-anita").await;
        world.app.review_decide(&officer, &ending.id, upheld).await.unwrap();
        world.days(0).await;
        let ending = find(&world, DecisionAction::Remove).await;
        let told = steps(&world.notices("sushila").await);
        let replaced = told.iter().filter(|step| **step == DecisionStep::Replaced).count();
        assert_eq!(replaced, 1, "told once");
        if !upheld {
            assert_eq!((ending.state, world.look(BOTH).as_str()), (DecisionState::Released, "ACTIVE ACTIVE"));
            assert_eq!(asked_about_both(&world).await.len(), 1);
            continue;
        }
        assert_eq!((ending.state, ending.waits), (DecisionState::Held, None));
        assert_eq!(told.last(), Some(&DecisionStep::Hold), "the notice that starts her window");
        let holds =
            world.records(&ending.id).await.0.into_iter().filter(|record| record.action == DecisionAction::Hold);
        assert_eq!(holds.map(|record| record.effects.len()).collect::<Vec<_>>(), [0, 1], "ordered once, done once");
        world.wallet_fetches("sushila").await;
        world.days(31).await;
        assert_eq!(world.look(BOTH), "REMOVED ACTIVE");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn news_of_another_kind_lets_nothing_be_paid_twice_either() {
    let (world, ending) = told_and_come_over().await;
    let payload = r#"{"registration_number":null,"from":{"state":"22","district":"387","local_body":null},
        "to":{"state":"27","district":"490","local_body":null},"kind":"out_of_state","temporary":false}"#;
    world.hears(&world.event("sushila", EventKind::ResidenceMoved, "case-mv", payload)).await;
    for _ in 0..3 {
        world.days(1).await;
        assert_eq!(world.look(BOTH), "HOLD ACTIVE", "the next one pays");
    }
    world.days(31).await;
    let now = find(&world, DecisionAction::Remove).await;
    assert_eq!(
        (&now.id, now.waits),
        (&ending.id, Some(Waits::Officer)),
        "an officer looks before anybody is taken off"
    );
    assert_eq!(world.look(BOTH), "HOLD ACTIVE");
    world.enter("UPDATE widow_beneficiary SET payment_status = 'REMOVED' WHERE ppo_no = 101");
    world.days(1).await;
    assert_eq!(world.look(BOTH), "ACTIVE REMOVED", "and she is paid as soon as the next one pays no more");
}

#[tokio::test(flavor = "multi_thread")]
async fn days_on_which_nobody_looked_owe_nothing_that_the_next_one_paid() {
    let (world, ending) = told_and_come_over().await;
    objects(&world, &ending).await;
    world.days(75).await;
    two_find_her_right(&world, &ending).await;
    assert_eq!(world.look("SELECT arrears FROM vinimay_journal WHERE outcome = 'released'"), "[]");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_right_after_the_removal_is_owed_what_the_next_one_did_not_pay() {
    let (world, ending) = told_and_come_over().await;
    world.days(31).await;
    assert_eq!(world.look(BOTH), "REMOVED ACTIVE");
    world.days(35).await;
    let gone = world.today();
    // The department itself ends the other row, and tells nobody.
    world.enter(&format!(
        "UPDATE widow_beneficiary SET payment_status = 'SUSPENDED', status_since = '{gone}' WHERE ppo_no = 101"
    ));
    world.days(75).await;
    objects(&world, &ending).await;
    two_find_her_right(&world, &ending).await;
    let unpaid = months(gone, world.today());
    assert_eq!(arrears(&world, "outcome = 'restored'"), unpaid, "what the next one paid is not among them");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_death_while_the_next_one_pays_owes_each_month_once() {
    let (world, _) = told_and_come_over().await;
    let died = world.today();
    world.hears(&world.death("sushila", "D-1")).await;
    assert_eq!(world.look(BOTH), "HOLD HOLD");
    for _ in 0..65 {
        world.days(1).await;
    }
    world.hears(&world.annulled("sushila", "D-1")).await;
    world.days(0).await;
    assert_eq!(world.look(BOTH), "HOLD ACTIVE", "one pension, as before");
    let released = "outcome = 'released' AND reason = 'DEATH_ANNULLED' AND roll";
    let of = |roll: &str| arrears(&world, &format!("{released} = '{roll}'"));
    let owed = (Vec::new(), months(died, world.today()));
    assert_eq!((of("social.pension"), of("social.widows")), owed, "owed by the one that was to pay");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_waits_for_the_answer_to_whatever_follows() {
    let world = widowed().await;
    world.wallet_fetches("sushila").await;
    let offer = find(&world, DecisionAction::Offer).await;
    assert!(offer.until.unwrap() >= world.today());
    // Her offer is answered in time, but the roll takes nobody just then.
    world.enter("ALTER TABLE widow_beneficiary RENAME TO away");
    let taken = world.app.answer_of(&world.person("sushila"), &offer.id, BenefitAnswer::Accept).await;
    assert_eq!(taken.unwrap(), DecisionState::Accepted);
    world.app.decisions().go_ahead(31 * DAY);
    run(&world.app).await.unwrap();
    let paid = "SELECT payment_status FROM pension_beneficiary WHERE ppo_no = 101";
    assert_eq!(world.look(paid), "ACTIVE", "no unpaid day");
    world.enter("ALTER TABLE away RENAME TO widow_beneficiary");
    world.days(1).await;
    world.days(1).await;
    assert_eq!(world.look(BOTH), "REMOVED ACTIVE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_could_not_be_lifted_is_lifted_when_an_officer_says_once_more() {
    let (world, ending) = told_and_come_over().await;
    world.enter("UPDATE pension_beneficiary SET amount = 600 WHERE ppo_no = 101");
    world.enter("UPDATE widow_beneficiary SET payment_status = 'REMOVED' WHERE ppo_no = 101");
    world.days(1).await;
    let stuck = find(&world, DecisionAction::Remove).await;
    assert_eq!((&stuck.id, stuck.waits, world.look(BOTH).as_str()), (&ending.id, Some(Waits::Officer), "HOLD REMOVED"));
    let told = world.notices("sushila").await.len();
    // The department puts its row right.
    world.enter("UPDATE pension_beneficiary SET amount = 500, payment_status = 'ACTIVE' WHERE ppo_no = 101");
    let officer = world.officer("anita", "p-anita").await;
    world.app.review_decide(&officer, &ending.id, true).await.unwrap();
    world.days(0).await;
    assert_eq!(world.look(BOTH), "ACTIVE REMOVED");
    let now = find(&world, DecisionAction::Remove).await;
    assert_eq!((now.matter.hold, now.matter.undone, now.waits), (None, None, None), "and may be held again");
    let steps = steps(&world.notices("sushila").await);
    assert_eq!((steps.len(), steps.last()), (told + 1, Some(&DecisionStep::Resumed)), "she is told what is so");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proposal_whose_hold_could_not_be_lifted_is_still_to_be_confirmed() {
    let world = widowed_where(true, "").await;
    accepts(&world).await;
    world.enter("UPDATE pension_beneficiary SET amount = 600 WHERE ppo_no = 101");
    world.enter("UPDATE widow_beneficiary SET payment_status = 'REMOVED' WHERE ppo_no = 101");
    world.days(1).await;
    let stuck = find(&world, DecisionAction::Remove).await;
    assert_eq!((stuck.waits, stuck.matter.undone.is_some()), (Some(Waits::Officer), true));
    world.enter("UPDATE pension_beneficiary SET amount = 500, payment_status = 'ACTIVE' WHERE ppo_no = 101");
    let officer = world.officer("anita", "p-anita").await;
    world.app.review_decide(&officer, &stuck.id, true).await.unwrap();
    world.days(0).await;
    let waits = find(&world, DecisionAction::Remove).await;
    assert_eq!((waits.state, waits.waits, &waits.notice), (DecisionState::Proposed, Some(Waits::Officer), &None));
    world.app.review_decide(&officer, &waits.id, true).await.unwrap();
    assert_eq!(steps(&world.notices("sushila").await).last(), Some(&DecisionStep::Removal), "told by her own notice");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_next_one_stopped_to_pay_while_a_death_was_wrong_is_in_arrears() {
    let (world, _) = told_and_come_over().await;
    let died = world.today();
    world.hears(&world.death("sushila", "D-1")).await;
    assert_eq!(world.look(BOTH), "HOLD HOLD");
    // The department ends the next one by hand, and tells nobody.
    world.enter("UPDATE widow_beneficiary SET payment_status = 'REMOVED' WHERE ppo_no = 101");
    for _ in 0..65 {
        world.days(1).await;
    }
    world.hears(&world.annulled("sushila", "D-1")).await;
    world.days(0).await;
    assert_eq!(world.look(BOTH), "ACTIVE REMOVED");
    let of_it = "outcome = 'released' AND roll = 'social.pension' AND reason = 'DEATH_ANNULLED'";
    assert_eq!(arrears(&world, of_it), months(died, world.today()), "nobody paid them");
}

/// She draws what follows, and the roll of the first was closed when she was to be held there; meanwhile the department gave her row a
/// word of its own. She may have been told before.
async fn could_not_be_held(told: bool) -> (World, Decided) {
    let world = widowed().await;
    if told {
        world.wallet_fetches("sushila").await;
        run(&world.app).await.unwrap();
    }
    world.enter(
        "CREATE TRIGGER closed BEFORE UPDATE ON pension_beneficiary WHEN NEW.payment_status = 'HOLD' \
         BEGIN SELECT RAISE(ABORT, 'closed'); END",
    );
    accepts(&world).await;
    world.enter("DROP TRIGGER closed; UPDATE pension_beneficiary SET payment_status = 'INQUIRY' WHERE ppo_no = 101");
    // What was tried is tried again within a quarter of an hour.
    world.app.decisions().go_ahead(900);
    run(&world.app).await.unwrap();
    let ending = find(&world, DecisionAction::Remove).await;
    assert_eq!(ending.state, if told { DecisionState::Noticed } else { DecisionState::Proposed });
    assert_eq!((&ending.matter.hold, ending.waits, ending.todo), (&None, Some(Waits::Officer), None));
    assert_eq!(ending.matter.undone.as_ref().map(|undone| undone.reason.as_str()), Some("NOT_HELD"));
    let asked = world.decisions("sushila").await.into_iter().filter(|one| one.action == DecisionAction::Review);
    assert_eq!(asked.count(), 1, "an officer is asked, once");
    assert!(!steps(&world.notices("sushila").await).contains(&DecisionStep::Replaced), "she is told of no hold");
    (world, ending)
}

/// The orders to hold her that are on record, each as it was ordered and as it was answered.
async fn holds_of(world: &World, ending: &Decided) -> BTreeSet<String> {
    let records = world.records(&ending.id).await.0;
    let holds = records.into_iter().filter(|record| record.action == DecisionAction::Hold);
    holds.map(|record| record.decision.to_string()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_the_roll_does_not_hold_is_held_again_only_after_an_officer_looked() {
    for told in [true, false] {
        let (world, ending) = could_not_be_held(told).await;
        let refused = holds_of(&world, &ending).await;
        assert_eq!(refused.len(), 1, "what was ordered and not done is on record, as one order");
        assert!(!refused.contains(ending.id.as_str()), "and not as if it had been the removal");
        world.enter("UPDATE pension_beneficiary SET payment_status = 'ACTIVE' WHERE ppo_no = 101");
        world.days(3).await;
        assert_eq!(world.look(BOTH), "ACTIVE ACTIVE", "nobody orders by himself what was refused");
        assert_eq!(holds_of(&world, &ending).await, refused);
        let officer = world.officer("anita", "p-anita").await;
        world.app.review_decide(&officer, &ending.id, true).await.unwrap();
        world.days(1).await;
        assert_eq!(world.look(BOTH), "HOLD ACTIVE", "told: {told}");
        let held = find(&world, DecisionAction::Remove).await;
        assert_eq!((held.matter.undone.is_none(), held.waits), (true, None));
        assert!(!refused.contains(held.matter.hold.unwrap().as_str()), "by an order of its own");
        world.enter("UPDATE widow_beneficiary SET payment_status = 'REMOVED' WHERE ppo_no = 101");
        world.days(1).await;
        assert_eq!(world.look(BOTH), "ACTIVE REMOVED", "and lifted like any other");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_an_officer_frees_although_the_roll_did_not_hold_her_is_told() {
    let (world, ending) = could_not_be_held(true).await;
    let told = world.notices("sushila").await.len();
    let officer = world.officer("anita", "p-anita").await;
    world.app.review_decide(&officer, &ending.id, false).await.unwrap();
    world.days(1).await;
    let freed = find(&world, DecisionAction::Remove).await;
    assert!(matches!(freed.state, DecisionState::Released | DecisionState::Withdrawn), "{:?}", freed.state);
    assert_eq!(world.notices("sushila").await.len(), told + 1, "that it is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_objection_looks_at_what_could_not_be_held() {
    let (world, ending) = could_not_be_held(true).await;
    world.enter("UPDATE pension_beneficiary SET payment_status = 'ACTIVE' WHERE ppo_no = 101");
    objects(&world, &ending).await;
    for (name, person) in [("anita", "p-anita"), ("binod", "p-binod")] {
        let officer = world.officer(name, person).await;
        world.app.review_decide(&officer, &ending.id, true).await.unwrap();
    }
    world.days(0).await;
    assert_eq!(world.look(BOTH), "HOLD ACTIVE", "she was heard, and draws one of them until her time is over");
}
