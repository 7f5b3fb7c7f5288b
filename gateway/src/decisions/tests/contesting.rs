//! Objections early and late: nothing that others enter for her uses up what is hers, and nobody is taken off before her time is over.

use diesel::RunQueryDsl;
use protocol::seal::random;
use schemas::{
    decision::{AppealRoute, DecisionAction, DeliveryEvidence},
    id::{MessageId, SystemName},
    notice::{DecisionStep, NoticeKind},
    problem::Code,
    scheme::DecisionState,
    time::Timestamp,
};
use service_kit::db::{AnyConnection, DatabaseError};

use super::{leaving::steps, world::*};
use crate::{
    decisions::{
        DecisionError, ReviewOutcome,
        contest::{Said, object_now},
        run,
    },
    notices::HandOverError,
    rolls::watch,
    store::{
        decisions::{
            cases::{Decided, Todo, Waits},
            objections::{objection_again, objection_find, objection_first, objection_second},
        },
        notices::deliveries::{Step, delivery_insert, delivery_step},
    },
};

const HELD: &str = "101=HOLD 102=ACTIVE 103=ACTIVE";
const REMOVED: &str = "101=REMOVED 102=ACTIVE 103=ACTIVE";
const ALL_ACTIVE: &str = "101=ACTIVE 102=ACTIVE 103=ACTIVE";

/// Anita and Binod, two persons, say the same.
async fn both_say(world: &World, officers: &[SystemName; 2], id: &MessageId, upheld: bool) -> ReviewOutcome {
    let first = world.app.review_decide(&officers[0], id, upheld).await.unwrap();
    assert_eq!(first, ReviewOutcome::SecondNeeded);
    world.app.review_decide(&officers[1], id, upheld).await.unwrap()
}

async fn officers(world: &World) -> [SystemName; 2] {
    [world.officer("anita", "p-anita").await, world.officer("binod", "p-binod").await]
}

/// Her own words, by her wallet.
async fn her_own(world: &World, id: &MessageId, words: &str) -> Result<String, Code> {
    let (app, id) = (world.app.clone(), id.clone());
    let said = Said { route: AppealRoute::Wallet, words: words.to_owned(), by: None };
    let now = world.now();
    let taken = world.app.db().write(move |conn| object_now(conn, &app, &id, said, now)).await;
    taken.map(|taken| taken.slip).map_err(|error| match error {
        crate::decisions::CitizenError::Refused(refusal) => refusal.code(),
        other => panic!("{other}"),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_objection_that_somebody_entered_for_her_uses_up_nothing_of_hers() {
    let world = World::by_rule().await;
    world.hears(&world.death("sushila", "D-1")).await;
    let (id, officers) = (world.only("sushila").await.id, officers(&world).await);
    let chitra = world.officer("chitra", "p-chitra").await;
    // Nobody has told her of anything; an operator enters an objection without a word, and two officers find it not right.
    let slip = world.app.objection_enter(&chitra, &id, (AppealRoute::Operator, "")).await.unwrap().slip;
    assert_eq!(both_say(&world, &officers, &id, true).await, ReviewOutcome::Decided(DecisionState::Upheld));
    assert_eq!((world.roll().as_str(), world.only("sushila").await.todo), (HELD, None), "nobody is taken off early");
    let again = world.app.objection_enter(&chitra, &id, (AppealRoute::Operator, "")).await.unwrap_err();
    assert_eq!(again.code(), Code::Conflict, "without a new word there is nothing to hear");
    world.days(10).await;
    assert_eq!(her_own(&world, &id, "I live.").await, Ok(slip.clone()), "her own words come on the tenth day");
    let contested = world.only("sushila").await;
    assert_eq!((contested.state, contested.matter.confirmed_by.len()), (DecisionState::Contested, 0));
    world.days(60).await;
    assert_eq!(world.roll(), HELD, "it is open");
    assert_eq!(world.app.review_decide(&officers[0], &id, true).await.unwrap(), ReviewOutcome::SecondNeeded);
    assert_eq!(her_own(&world, &id, "My neighbour died, not I.").await, Ok(slip), "while it is heard she says more");
    let heard = world.app.review_list().await.unwrap().remove(0).objection.unwrap();
    assert_eq!((heard.words.as_str(), heard.first), ("My neighbour died, not I.\n\nI live.", None), "the vote falls");
    assert_eq!(both_say(&world, &officers, &id, false).await, ReviewOutcome::Decided(DecisionState::Reversed));
    assert_eq!(world.roll(), ALL_ACTIVE);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upheld_objection_is_carried_out_when_the_window_is_over_and_says_no_more_then() {
    let world = World::by_rule().await;
    world.hears(&world.death("sushila", "D-1")).await;
    let (id, officers) = (world.only("sushila").await.id, officers(&world).await);
    assert!(her_own(&world, &id, "I live.").await.is_ok());
    both_say(&world, &officers, &id, true).await;
    world.days(30).await;
    assert_eq!(world.roll(), HELD, "the last day is hers");
    world.days(1).await;
    assert_eq!((world.roll().as_str(), world.only("sushila").await.state), (REMOVED, DecisionState::Removed));
    let told = steps(&world.notices("sushila").await);
    assert_eq!(told, [DecisionStep::Hold, DecisionStep::Upheld, DecisionStep::Removed]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_taken_off_objects_afterwards_and_is_put_back_by_two_persons_and_not_taken_off_again() {
    let world = World::by_rule().await;
    world.hears(&world.death("sushila", "D-1")).await;
    world.wallet_fetches("sushila").await;
    world.days(31).await;
    let (id, officers) = (world.only("sushila").await.id, officers(&world).await);
    assert_eq!(world.roll(), REMOVED);
    let nothing = world.app.review_decide(&officers[0], &id, false).await.unwrap_err();
    assert_eq!(nothing.code(), Code::Conflict, "nobody objected");
    let chitra = world.officer("chitra", "p-chitra").await;
    let slip = world.app.objection_enter(&chitra, &id, (AppealRoute::Counter, "I stand here.")).await.unwrap();
    assert_eq!(slip.slip.len(), 8);
    let listed = world.app.review_list().await.unwrap();
    assert_eq!((listed.len(), &listed[0].decision, listed[0].state), (1, &id, DecisionState::Removed));
    assert_eq!(both_say(&world, &officers, &id, true).await, ReviewOutcome::Decided(DecisionState::Removed));
    assert_eq!((world.roll().as_str(), world.app.review_list().await.unwrap().len()), (REMOVED, 0));
    assert_eq!(her_own(&world, &id, "My papers are here now.").await, Ok(slip.slip), "there is no last day for that");
    assert_eq!(both_say(&world, &officers, &id, false).await, ReviewOutcome::Decided(DecisionState::Restored));
    assert_eq!(world.roll(), ALL_ACTIVE);
    let restored = world.only("sushila").await;
    let (records, _) = world.records(&id).await;
    let last = records.last().unwrap();
    assert_eq!((restored.state, restored.todo), (DecisionState::Restored, None));
    assert_eq!(
        (last.action, last.reason.as_str(), last.confirmed_by.len()),
        (DecisionAction::Restore, "OBJECTION_UPHELD", 2)
    );
    assert_eq!(*steps(&world.notices("sushila").await).last().unwrap(), DecisionStep::Restored);
    world.hears(&world.death("sushila", "D-1")).await;
    world.days(1).await;
    assert_eq!((world.roll().as_str(), world.decisions("sushila").await.len()), (ALL_ACTIVE, 1), "decided is decided");
    assert_eq!(her_own(&world, &id, "And more.").await, Err(Code::Conflict));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_roll_did_not_do_is_shown_and_an_officer_frees_her() {
    let world = World::by_rule().await;
    world.hears(&world.death("sushila", "D-1")).await;
    world.wallet_fetches("sushila").await;
    world.enter(
        "CREATE TRIGGER closed BEFORE UPDATE ON pension_beneficiary WHEN NEW.payment_status = 'REMOVED' \
                 BEGIN SELECT RAISE(IGNORE); END;",
    );
    world.enter("UPDATE pension_beneficiary SET amount = 700 WHERE ppo_no = 101");
    world.days(31).await;
    let (id, officers) = (world.decisions("sushila").await.remove(0).id, officers(&world).await);
    let waits = |list: Vec<crate::decisions::ReviewItem>| {
        list.into_iter().filter(|item| item.decision == id && item.asked).count()
    };
    assert_eq!(
        (world.roll().as_str(), waits(world.app.review_list().await.unwrap())),
        (HELD, 1),
        "no hold without an end"
    );
    world.enter("UPDATE pension_beneficiary SET amount = 500 WHERE ppo_no = 101");
    let freed = world.app.review_decide(&officers[0], &id, false).await.unwrap();
    assert_eq!(freed, ReviewOutcome::Decided(DecisionState::Released));
    let state = world.decisions("sushila").await.remove(0).state;
    assert!(matches!(state, DecisionState::Released | DecisionState::Withdrawn), "{state:?}");
    world.days(1).await;
    assert_eq!(waits(world.app.review_list().await.unwrap()), 0);
    assert!(
        world.decisions("sushila").await.iter().filter(|d| d.action == DecisionAction::Remove).count() == 1,
        "nothing begins anew"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_taken_off_by_one_persons_word_and_no_officer_reports_a_message_that_never_went() {
    let world = World::by_scheme(WIDOWS).await;
    world.hears(&world.married("sushila", "2026-01-01")).await;
    let (id, [anita, binod]) = (world.only("sushila").await.id, officers(&world).await);
    let also_anita = world.officer("anita2", "p-anita").await;
    world.app.review_decide(&anita, &id, true).await.unwrap();
    for confirmer in [&anita, &also_anita] {
        let refused = world.app.notice_delivered(confirmer, &id, DeliveryEvidence::Officer).await.unwrap_err();
        assert_eq!(refused.code(), Code::FourEyesRequired, "she confirmed it, and would say alone that it arrived");
    }
    let never = world.app.notice_delivered(&binod, &id, DeliveryEvidence::SmsReport).await.unwrap_err();
    assert_eq!(never.code(), Code::Conflict, "no message went");
    let notice = world.only("sushila").await.notice.unwrap();
    let sent = move |conn: &mut _| {
        delivery_insert(conn, &notice, schemas::notice::Channel::Sms, 1)?;
        delivery_step(conn, (&notice, schemas::notice::Channel::Sms), &Step::Delivered("202".to_owned()), 2)?;
        Ok::<_, DatabaseError>(())
    };
    world.app.db().write(sent).await.unwrap();
    world.app.notice_delivered(&binod, &id, DeliveryEvidence::SmsReport).await.unwrap();
    assert_eq!(world.only("sushila").await.state, DecisionState::Noticed);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_confirmed_a_removal_does_not_hand_over_its_letter() {
    let world = World::by_scheme(WIDOWS).await;
    world.hears(&world.married("sushila", "2026-01-01")).await;
    let (id, [anita, binod]) = (world.only("sushila").await.id, officers(&world).await);
    let also_anita = world.officer("anita2", "p-anita").await;
    world.app.review_decide(&anita, &id, true).await.unwrap();
    let notice = world.only("sushila").await.notice.unwrap();
    let letter = notice.clone();
    let printed = move |conn: &mut _| {
        delivery_insert(conn, &letter, schemas::notice::Channel::Letter, 1)?;
        delivery_step(conn, (&letter, schemas::notice::Channel::Letter), &Step::Printed, 2)?;
        Ok::<_, DatabaseError>(())
    };
    world.app.db().write(printed).await.unwrap();
    let system: SystemName = "post-room".parse().unwrap();
    for confirmer in [&anita, &also_anita] {
        let refused = world.app.letter_handed_over(&notice, (&system, confirmer)).await;
        assert!(matches!(refused, Err(HandOverError::Confirmed)), "one person's word: {refused:?}");
    }
    assert_eq!(world.app.letters().await.unwrap().len(), 1, "it still waits");
    world.app.letter_handed_over(&notice, (&system, &binod)).await.unwrap();
    world.days(0).await;
    assert_eq!(world.only("sushila").await.state, DecisionState::Noticed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_says_why_in_each_language_and_by_the_texts_of_the_clauses() {
    let world = World::by_scheme(WIDOWS).await;
    world.hears(&world.death("budhram", "D-2")).await;
    world.hears(&world.married("sushila", "2026-01-01")).await;
    let (id, [anita, _]) = (world.only("sushila").await.id, officers(&world).await);
    world.app.review_decide(&anita, &id, true).await.unwrap();
    for (name, en, hi) in [("budhram", "registered a death on", "मृत्यु दर्ज"), ("sushila", "“Is a widow”", "“विधवा हैं”")]
    {
        let notice = world.notices(name).await.remove(0);
        let NoticeKind::Decision { why, .. } = &notice.kind else { panic!("{:?}", notice.kind) };
        assert!(why["en"].contains(en) && why["hi"].contains(hi), "{why:?}");
        for (tag, said) in why {
            let text = world.app.notice_text(&notice.kind, &notice.id, tag);
            assert!(text.contains(said.as_str()), "{tag}: {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_is_held_before_any_notice_can_be_freed_by_an_officer() {
    let world = World::by_scheme(&WIDOWS.replace("hold = false, remove_after", "hold = true, remove_after")).await;
    world.hears(&world.widowed("sushila", "D-9")).await;
    let payload = r#"{"registration_number":null,"from":{"state":"22","district":"387","local_body":null},
        "to":{"state":"27","district":"490","local_body":null},"kind":"out_of_state","temporary":false}"#;
    world.hears(&world.event("sushila", schemas::event::EventKind::ResidenceMoved, "case-mv", payload)).await;
    let (id, [anita, _]) = (world.only("sushila").await.id, officers(&world).await);
    assert_eq!(world.app.review_decide(&anita, &id, true).await.unwrap_err().code(), Code::Conflict);
    let freed = world.app.review_decide(&anita, &id, false).await.unwrap();
    assert_eq!((freed, world.roll().as_str()), (ReviewOutcome::Decided(DecisionState::Released), ALL_ACTIVE));
    world.days(91).await;
    assert_eq!(
        (world.roll().as_str(), world.decisions("sushila").await.len()),
        (ALL_ACTIVE, 1),
        "not for the same move"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_officer_says_yes_to_what_the_first_said_and_to_nothing_else_on_both_engines() {
    for postgres in [false, true] {
        let world = World::by_rule_on(postgres).await;
        world.hears(&world.death("sushila", "D-1")).await;
        let (id, [anita, binod]) = (world.only("sushila").await.id, officers(&world).await);
        world.app.objection_enter(&anita, &id, (AppealRoute::Counter, "I live.")).await.unwrap();
        let (with, of) = (world.app.clone(), id.clone());
        let write = move |conn: &mut _| {
            objection_first(conn, &of, (&anita, true))?;
            // Between the reading of one officer and her word another person said otherwise, and it is heard anew.
            objection_again(conn, &of)?;
            let nobody = objection_second(conn, &of, ((&anita, true), &binod), 1)?;
            objection_first(conn, &of, (&anita, false))?;
            let otherwise = objection_second(conn, &of, ((&anita, true), &binod), 1)?;
            let same = objection_second(conn, &of, ((&anita, false), &binod), 1)?;
            let second = objection_find(conn, with.keys(), &of)?.unwrap().second;
            Ok::<_, DecisionError>((nobody, otherwise, same, second == Some(binod)))
        };
        assert_eq!(world.app.db().write(write).await.unwrap(), (false, false, true, true));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_objects_to_what_takes_nothing_and_no_more_words_are_kept_than_fit() {
    let world = World::by_rule().await;
    assert_eq!(her_own(&world, &random::message_id(Timestamp::from_seconds(1)), "x").await, Err(Code::NotFound));
    world.hears(&world.death("sushila", "D-1")).await;
    let id = world.only("sushila").await.id;
    let words = |n: u32| format!("{n}{}", "अ".repeat(1_990));
    for n in 0..4 {
        assert!(her_own(&world, &id, &words(n)).await.is_ok(), "{n}");
    }
    assert_eq!(her_own(&world, &id, &words(4)).await, Err(Code::RequestMalformed));
    world.hears(&world.annulled("sushila", "D-1")).await;
    assert_eq!(her_own(&world, &id, "x").await, Err(Code::Conflict));
}

/// The window is over and the removal is ordered; the roll lets nobody be taken off just then.
async fn ordered() -> (World, Decided) {
    let world = World::by_rule().await;
    world.hears(&world.death("sushila", "D-1")).await;
    world.wallet_fetches("sushila").await;
    world.lets_nobody_be_removed();
    world.days(31).await;
    let ordered = world.only("sushila").await;
    assert_eq!((ordered.state, ordered.todo), (DecisionState::Noticed, Some(Todo::Remove)));
    (world, ordered)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_objection_that_comes_before_the_roll_was_told_is_heard_before_anybody_is_taken_off() {
    let (world, ordered) = ordered().await;
    assert!(her_own(&world, &ordered.id, "I live.").await.is_ok());
    world.enter("DROP TRIGGER closed");
    world.days(2).await;
    let heard = world.only("sushila").await;
    assert_eq!((heard.state, heard.todo, world.roll().as_str()), (DecisionState::Contested, None, HELD));
    both_say(&world, &officers(&world).await, &ordered.id, false).await;
    assert_eq!(world.roll(), ALL_ACTIVE);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_roll_has_done_is_written_down_before_an_objection_is_taken() {
    let (world, ordered) = ordered().await;
    world.enter("DROP TRIGGER closed");
    world.days(1).await;
    // As if whoever told the roll had been killed before that was written down.
    let as_before = format!("UPDATE decision SET state = 'noticed', todo = 'remove' WHERE id = '{}'", ordered.id);
    let forget =
        move |conn: &mut AnyConnection| diesel::sql_query(as_before).execute(conn).map_err(DatabaseError::from);
    assert_eq!(world.app.db().write(forget).await.unwrap(), 1);
    let counter = world.officer("deepak", "p-deepak").await;
    world.app.objection_enter(&counter, &ordered.id, (AppealRoute::Counter, "She lives.")).await.unwrap();
    assert_eq!((world.only("sushila").await.state, world.roll().as_str()), (DecisionState::Removed, REMOVED));
    both_say(&world, &officers(&world).await, &ordered.id, false).await;
    assert_eq!(world.roll(), ALL_ACTIVE);
}

/// What the department's own system was told it does late; the watch over the rolls finds it.
async fn by_hand(world: &World, row: &str) {
    world.enter(&format!("UPDATE pension_beneficiary SET {row} WHERE ppo_no = 101"));
    watch(&world.app).await.unwrap();
    // What was tried is tried again within a quarter of an hour.
    world.app.decisions().go_ahead(900);
    run(&world.app).await.unwrap();
}

const AS_BEFORE: &str =
    "payment_status = 'ACTIVE', status_reason = NULL, status_since = '2016-04-01', until_day = NULL";

/// A removal that the department's own system was told, and the row as it would be by it.
async fn handed_over() -> (World, Decided, String) {
    let world = World::by_rule_and_hand().await;
    world.hears(&world.death("sushila", "D-1")).await;
    let died = world.today();
    let held = format!("payment_status = 'HOLD', status_reason = 'DEATH_REGISTERED', status_since = '{died}'");
    by_hand(&world, &held).await;
    assert_eq!((world.roll().as_str(), world.only("sushila").await.todo), (HELD, None));
    world.wallet_fetches("sushila").await;
    world.days(31).await;
    let ordered = world.only("sushila").await;
    assert_eq!((ordered.state, ordered.todo), (DecisionState::Noticed, Some(Todo::Remove)), "it was told, and is away");
    let removed = format!("payment_status = 'REMOVED', status_since = '{}', until_day = '{died}'", world.today());
    (world, ordered, removed)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_departments_own_system_has_in_hand_is_objected_to_once_it_is_done() {
    let (world, ordered, removed) = handed_over().await;
    let counter = world.officer("deepak", "p-deepak").await;
    let said = (AppealRoute::Counter, "She lives.");
    let early = world.app.objection_enter(&counter, &ordered.id, said).await.unwrap_err();
    assert_eq!(early.code(), Code::Conflict);
    assert!(early.to_string().contains("own system"), "{early}");
    by_hand(&world, &removed).await;
    assert_eq!((world.only("sushila").await.state, world.roll().as_str()), (DecisionState::Removed, REMOVED));
    assert!(world.app.objection_enter(&counter, &ordered.id, said).await.is_ok());
    both_say(&world, &officers(&world).await, &ordered.id, false).await;
    by_hand(&world, AS_BEFORE).await;
    let restored = world.only("sushila").await;
    assert_eq!((restored.state, restored.todo, world.roll().as_str()), (DecisionState::Restored, None, ALL_ACTIVE));
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_the_departments_own_system_takes_off_although_she_objected_is_put_back() {
    let (world, ordered, removed) = handed_over().await;
    assert!(her_own(&world, &ordered.id, "I live.").await.is_ok());
    assert_eq!(world.only("sushila").await.state, DecisionState::Contested);
    by_hand(&world, &removed).await;
    let back = world.only("sushila").await;
    assert_eq!((back.state, back.todo), (DecisionState::Restored, Some(Todo::Restore)), "it is told to put her back");
    by_hand(&world, AS_BEFORE).await;
    let decided = world.decisions("sushila").await;
    assert_eq!((decided[0].state, decided[0].todo, world.roll().as_str()), (DecisionState::Restored, None, ALL_ACTIVE));
    let told = steps(&world.notices("sushila").await);
    let of_the_first = told.iter().filter(|step| **step == DecisionStep::Restored).count();
    assert_eq!(of_the_first, 1, "{told:?}");
    // The death is registered still: another removal, with a notice and a window of its own.
    assert_eq!((decided.len(), decided[1].state, decided[1].until), (2, DecisionState::Held, None));
    assert_ne!(decided[1].notice, decided[0].notice);
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_two_officers_found_right_stays_when_she_is_put_back() {
    let (world, ordered, removed) = handed_over().await;
    assert!(her_own(&world, &ordered.id, "I live.").await.is_ok());
    both_say(&world, &officers(&world).await, &ordered.id, false).await;
    assert_eq!(world.only("sushila").await.state, DecisionState::Reversed);
    by_hand(&world, &removed).await;
    by_hand(&world, AS_BEFORE).await;
    world.days(3).await;
    let decided = world.decisions("sushila").await;
    let removals: Vec<_> = decided.iter().filter(|one| one.action == DecisionAction::Remove).collect();
    assert_eq!((removals.len(), removals[0].state, removals[0].todo), (1, DecisionState::Restored, None));
    assert_eq!(world.roll(), ALL_ACTIVE, "the same death takes her off no more");
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_the_departments_own_system_holds_after_the_annulment_is_paid_again() {
    let world = World::by_rule_and_hand().await;
    world.hears(&world.death("sushila", "D-1")).await;
    let held =
        format!("payment_status = 'HOLD', status_reason = 'DEATH_REGISTERED', status_since = '{}'", world.today());
    world.hears(&world.annulled("sushila", "D-1")).await;
    let lifted = world.only("sushila").await;
    assert_eq!(
        lifted.todo,
        Some(Todo::Release),
        "the hold is on its way to the roll, and must be lifted once it is there"
    );
    by_hand(&world, &held).await;
    assert_eq!((world.roll().as_str(), world.only("sushila").await.todo), (HELD, Some(Todo::Release)), "it is told");
    by_hand(&world, AS_BEFORE).await;
    let released = world.only("sushila").await;
    assert_eq!((released.state, released.todo, world.roll().as_str()), (DecisionState::Released, None, ALL_ACTIVE));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_removed_in_part_is_not_put_back_when_the_department_ends_the_rest() {
    let world = World::by_rule_of_two_rows().await;
    world.hears(&world.death("sushila", "D-1")).await;
    assert_eq!(world.roll(), "101=HOLD 102=ACTIVE 103=ACTIVE 104=HOLD");
    world.wallet_fetches("sushila").await;
    world.days(3).await;
    world.enter("UPDATE pension_beneficiary SET amount = 700 WHERE ppo_no = 104");
    world.days(28).await;
    assert_eq!(world.roll(), "101=REMOVED 102=ACTIVE 103=ACTIVE 104=HOLD", "what others changed is left to an officer");
    let asked = world.decisions("sushila").await.remove(0);
    assert_eq!((asked.waits, asked.todo), (Some(Waits::Officer), None));
    world.enter("UPDATE pension_beneficiary SET payment_status = 'REMOVED' WHERE ppo_no = 104");
    world.days(2).await;
    assert_eq!(world.roll(), "101=REMOVED 102=ACTIVE 103=ACTIVE 104=REMOVED", "nobody asked for her pension");
    let after = world.decisions("sushila").await.remove(0);
    assert!(!matches!(after.state, DecisionState::Restored) && after.todo.is_none(), "{after:?}");
    // Nor when the officer says that it was right.
    let officer = world.officer("anita", "p-anita").await;
    world.app.review_decide(&officer, &after.id, true).await.unwrap();
    world.days(2).await;
    assert_eq!(world.roll(), "101=REMOVED 102=ACTIVE 103=ACTIVE 104=REMOVED");
}
