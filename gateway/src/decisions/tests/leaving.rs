//! Out: what holds, what tells, what waits, and what alone removes.

use protocol::due_process::{VerifiedDecision, VerifiedNotice};
use schemas::{
    decision::{AppealRoute, DecisionAction, DeliveryEvidence},
    event::EventKind,
    notice::{DecisionStep, NoticeKind},
    problem::Code,
    scheme::DecisionState,
};

use super::world::*;
use crate::decisions::{OfficerRefused, ReviewOutcome};

const ALL_ACTIVE: &str = "101=ACTIVE 102=ACTIVE 103=ACTIVE";

pub(super) fn steps(notices: &[crate::store::notices::StoredNotice]) -> Vec<DecisionStep> {
    let mut steps: Vec<_> = notices
        .iter()
        .filter_map(|notice| match &notice.kind {
            NoticeKind::Decision { step, .. } => Some((notice.at_ms, *step)),
            _ => None,
        })
        .collect();
    steps.sort_by_key(|(at, _)| *at);
    steps.into_iter().map(|(_, step)| step).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registered_death_holds_tells_and_removes_only_after_the_delivered_notices_window() {
    let world = World::by_rule().await;
    world.hears(&world.death("sushila", "D-1")).await;
    assert_eq!(world.roll(), "101=HOLD 102=ACTIVE 103=ACTIVE");
    let held = world.only("sushila").await;
    assert_eq!((held.state, held.todo, held.case.as_str()), (DecisionState::Held, None, "case-D-1"));
    assert_eq!(steps(&world.notices("sushila").await), [DecisionStep::Hold]);
    world.days(400).await;
    assert_eq!(world.only("sushila").await.state, DecisionState::Held, "an undelivered notice removes nobody");
    world.wallet_fetches("sushila").await;
    let noticed = world.only("sushila").await;
    assert_eq!(noticed.state, DecisionState::Noticed);
    world.days(30).await;
    assert_eq!(world.roll(), "101=HOLD 102=ACTIVE 103=ACTIVE", "the last day is hers");
    world.days(1).await;
    assert_eq!(world.roll(), "101=REMOVED 102=ACTIVE 103=ACTIVE");
    let removed = world.only("sushila").await;
    assert_eq!((removed.state, removed.todo), (DecisionState::Removed, None));
    let (records, notices) = world.records(&removed.id).await;
    let last = records.last().unwrap();
    assert_eq!((last.action, last.state, last.effects.len()), (DecisionAction::Remove, DecisionState::Removed, 1));
    assert_eq!(notices[0].delivery.as_ref().unwrap().evidence, DeliveryEvidence::Wallet);
    assert!(last.notice.is_some() && last.target.is_some() && last.previous.is_some());
    assert_eq!(steps(&world.notices("sushila").await), [DecisionStep::Hold, DecisionStep::Removed]);
    let before = world.records(&removed.id).await.0.len();
    world.days(3).await;
    assert_eq!(world.records(&removed.id).await.0.len(), before, "nothing is done twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_record_verifies_names_nobody_and_is_queued_for_the_log() {
    let world = World::by_rule().await;
    world.hears(&world.death("sushila", "D-1")).await;
    world.wallet_fetches("sushila").await;
    let decided = world.only("sushila").await;
    let id = decided.id.clone();
    let log = world.app.db().read(move |conn| crate::store::decisions::log::log_of(conn, &id)).await.unwrap();
    let key = world.app.keys().signing.public();
    for logged in &log {
        match logged.kind {
            crate::store::decisions::log::LogKind::Decision => {
                VerifiedDecision::verify(&logged.jws, world.app.entity(), key).unwrap();
            }
            crate::store::decisions::log::LogKind::Notice => {
                VerifiedNotice::verify(&logged.jws, world.app.entity(), key).unwrap().delivered().unwrap();
            }
        }
        let payload = protocol::seal::decode_base64url(logged.jws.as_str().split('.').nth(1).unwrap()).unwrap();
        let text = String::from_utf8(payload).unwrap();
        for hidden in ["Sushila", "sushila", "\"101\"", world.subject("sushila").as_str()] {
            assert!(!text.contains(hidden), "{hidden}");
        }
    }
    let waiting =
        |conn: &mut _| Ok::<_, service_kit::db::DatabaseError>(crate::store::outbox::outbox_waiting(conn, 1000)?);
    let queued = world.app.db().read(waiting).await.unwrap();
    assert!(log.iter().all(|logged| queued.iter().any(|entry| entry.r#type == 6 && entry.digest == logged.digest())));
}

#[tokio::test(flavor = "multi_thread")]
async fn annulled_within_the_window_released_with_the_same_registration_told_twice_before() {
    let world = World::by_rule().await;
    world.hears(&world.death("sushila", "D-1")).await;
    world.hears(&world.death("sushila", "D-1")).await;
    assert_eq!(
        world.decisions("sushila").await.len(),
        1,
        "the same registration under a new event id has no second effect"
    );
    world.wallet_fetches("sushila").await;
    world.hears(&world.annulled("sushila", "D-1")).await;
    assert_eq!(world.roll(), ALL_ACTIVE);
    let released = world.only("sushila").await;
    assert_eq!((released.state, released.todo), (DecisionState::Released, None));
    let (records, _) = world.records(&released.id).await;
    let last = records.last().unwrap();
    assert_eq!((last.action, last.reason.as_str()), (DecisionAction::Release, "DEATH_ANNULLED"));
    assert!(last.undoes.is_some() && last.effects.len() == 1);
    world.days(60).await;
    assert_eq!(world.roll(), ALL_ACTIVE, "the window of a released decision ends nothing");
    assert_eq!(steps(&world.notices("sushila").await), [DecisionStep::Hold, DecisionStep::Released]);
}

#[tokio::test(flavor = "multi_thread")]
async fn annulled_after_removal_reinstated_as_if_never_gone() {
    let world = World::by_rule().await;
    world.hears(&world.death("sushila", "D-1")).await;
    world.wallet_fetches("sushila").await;
    world.days(31).await;
    assert_eq!(world.roll(), "101=REMOVED 102=ACTIVE 103=ACTIVE");
    world.hears(&world.annulled("sushila", "D-1")).await;
    assert_eq!(world.roll(), ALL_ACTIVE);
    let restored = world.only("sushila").await;
    assert_eq!(restored.state, DecisionState::Restored);
    let (records, _) = world.records(&restored.id).await;
    assert_eq!(records.last().unwrap().action, DecisionAction::Restore);
    let last = *steps(&world.notices("sushila").await).last().unwrap();
    assert_eq!(last, DecisionStep::Restored);
}

#[tokio::test(flavor = "multi_thread")]
async fn annulment_arrives_before_the_death_nothing_is_held() {
    let world = World::by_rule().await;
    let death = world.death("sushila", "D-1");
    world.hears(&world.annulled("sushila", "D-1")).await;
    world.hears(&death).await;
    assert_eq!((world.roll().as_str(), world.decisions("sushila").await.len()), (ALL_ACTIVE, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn death_reported_by_an_anganwadi_worker_only_flag_no_hold_no_removal() {
    let world = World::by_rule().await;
    let payload = r#"{"report_number":"R-1","reported_by":"anganwadi","death_date":null}"#;
    world.hears(&world.event("sushila", EventKind::DeathReported, "case-r", payload)).await;
    let flag = world.only("sushila").await;
    assert_eq!((flag.action, flag.state), (DecisionAction::Flag, DecisionState::Proposed));
    assert_eq!((world.roll().as_str(), world.notices("sushila").await.len()), (ALL_ACTIVE, 0));
    let officer = world.officer("anita", "p-anita").await;
    let upheld = world.app.review_decide(&officer, &flag.id, true).await.unwrap_err();
    assert_eq!(upheld.code(), Code::Conflict, "hearsay removes nobody, whatever an officer says");
    let seen = world.app.review_decide(&officer, &flag.id, false).await.unwrap();
    assert_eq!(seen, ReviewOutcome::Decided(DecisionState::Withdrawn));
    world.days(1).await;
    assert_eq!(world.decisions("sushila").await.len(), 1, "what an officer has seen does not come again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_of_life_lifts_the_hold_and_an_officer_looks() {
    let world = World::by_rule().await;
    world.hears(&world.death("sushila", "D-1")).await;
    world.app.decisions().go_ahead(2 * DAY);
    let payload = format!(r#"{{"date":"{}","kind":"payment_in_person","district":"387"}}"#, world.today());
    world.hears(&world.event("sushila", EventKind::PresenceConfirmed, "case-p", &payload)).await;
    assert_eq!(world.roll(), ALL_ACTIVE);
    let waiting = world.app.review_list().await.unwrap();
    assert_eq!(waiting.len(), 1);
    assert_eq!((waiting[0].reason, waiting[0].action), ("ALIVE_AFTER_DEATH", DecisionAction::Review));
    assert!(waiting[0].why["hi"].len() > 20 && waiting[0].why["en"].contains("sign of life"));
}

#[tokio::test(flavor = "multi_thread")]
async fn objection_at_the_counter_reversed_by_two_persons_not_two_accounts() {
    let world = World::by_rule().await;
    world.hears(&world.death("sushila", "D-1")).await;
    let id = world.only("sushila").await.id;
    let (anita, also_anita, binod) = (
        world.officer("anita", "p-anita").await,
        world.officer("anita2", "p-anita").await,
        world.officer("binod", "p-binod").await,
    );
    let slip = world.app.objection_enter(&anita, &id, (AppealRoute::Counter, "I live.")).await.unwrap();
    assert_eq!(slip.slip.len(), 8);
    let again = world.app.objection_enter(&anita, &id, (AppealRoute::Counter, "I live.")).await.unwrap();
    assert_eq!(again.slip, slip.slip, "an objection that comes again is acknowledged again");
    assert_eq!(world.only("sushila").await.state, DecisionState::Contested);
    world.days(60).await;
    assert_eq!(world.roll(), "101=HOLD 102=ACTIVE 103=ACTIVE", "an open objection stops the window");
    assert_eq!(world.app.review_decide(&anita, &id, false).await.unwrap(), ReviewOutcome::SecondNeeded);
    let refused = world.app.review_decide(&also_anita, &id, false).await.unwrap_err();
    assert!(
        matches!(&refused, OfficerRefused::Refused(refusal) if refusal.code() == Code::FourEyesRequired),
        "{refused}"
    );
    let decided = world.app.review_decide(&binod, &id, false).await.unwrap();
    assert_eq!(decided, ReviewOutcome::Decided(DecisionState::Reversed));
    assert_eq!(world.roll(), ALL_ACTIVE);
    world.hears(&world.death("sushila", "D-1")).await;
    assert_eq!((world.roll().as_str(), world.decisions("sushila").await.len()), (ALL_ACTIVE, 1), "decided is decided");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_objection_that_two_persons_do_not_find_right_removes_and_they_stand_on_record() {
    let world = World::by_rule().await;
    world.hears(&world.death("sushila", "D-1")).await;
    let id = world.only("sushila").await.id;
    let (anita, binod) = (world.officer("anita", "p-anita").await, world.officer("binod", "p-binod").await);
    let (chitra, also_chitra) = (world.officer("chitra", "p-chitra").await, world.officer("chitra2", "p-chitra").await);
    world.app.objection_enter(&chitra, &id, (AppealRoute::Operator, "")).await.unwrap();
    for entered in [&chitra, &also_chitra] {
        let refused = world.app.review_decide(entered, &id, true).await.unwrap_err();
        assert_eq!(refused.code(), Code::FourEyesRequired, "she wrote it down, and would say that it is wrong");
    }
    assert_eq!(world.app.review_decide(&anita, &id, true).await.unwrap(), ReviewOutcome::SecondNeeded);
    assert_eq!(world.app.review_decide(&binod, &id, false).await.unwrap(), ReviewOutcome::HeardAnew);
    assert_eq!(world.app.review_decide(&binod, &id, true).await.unwrap(), ReviewOutcome::SecondNeeded);
    let upheld = world.app.review_decide(&anita, &id, true).await.unwrap();
    assert_eq!(upheld, ReviewOutcome::Decided(DecisionState::Upheld));
    world.days(30).await;
    assert_eq!(world.roll(), "101=HOLD 102=ACTIVE 103=ACTIVE", "who objects early has no shorter time to object");
    world.days(1).await;
    assert_eq!(world.roll(), "101=REMOVED 102=ACTIVE 103=ACTIVE");
    let (records, notices) = world.records(&id).await;
    assert_eq!(records.last().unwrap().confirmed_by.len(), 2);
    assert_eq!(notices[0].delivery.as_ref().unwrap().by.as_ref().unwrap().as_str(), "chitra");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_officers_entry_starts_the_window_once_and_a_wallets_word_is_not_an_officers_to_give() {
    let world = World::by_rule().await;
    world.hears(&world.death("sushila", "D-1")).await;
    let id = world.only("sushila").await.id;
    let anita = world.officer("anita", "p-anita").await;
    let wallet = world.app.notice_delivered(&anita, &id, DeliveryEvidence::Wallet).await.unwrap_err();
    assert_eq!(wallet.code(), Code::Conflict);
    world.app.notice_delivered(&anita, &id, DeliveryEvidence::Officer).await.unwrap();
    let again = world.app.notice_delivered(&anita, &id, DeliveryEvidence::Officer).await.unwrap_err();
    assert_eq!(again.code(), Code::Conflict);
    world.days(31).await;
    assert_eq!(world.roll(), "101=REMOVED 102=ACTIVE 103=ACTIVE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clause_that_is_false_waits_for_an_officer_and_unknown_removes_nobody() {
    let world = World::by_scheme(WIDOWS).await;
    let payload = r#"{"years":60,"convention":"anniversary","effective":"2020-01-01"}"#;
    world.hears(&world.event("sushila", EventKind::AgeAttained, "case-a", payload)).await;
    assert_eq!(world.decisions("sushila").await.len(), 0, "her marriage is unknown");
    world.hears(&world.married("sushila", "2026-01-01")).await;
    let waiting = world.only("sushila").await;
    assert_eq!((waiting.state, waiting.action), (DecisionState::Proposed, DecisionAction::Remove));
    assert_eq!(
        (world.roll().as_str(), world.notices("sushila").await.len()),
        (ALL_ACTIVE, 0),
        "an officer looks first"
    );
    let anita = world.officer("anita", "p-anita").await;
    world.app.review_decide(&anita, &waiting.id, true).await.unwrap();
    assert_eq!(steps(&world.notices("sushila").await), [DecisionStep::Removal]);
    world.wallet_fetches("sushila").await;
    world.days(31).await;
    assert_eq!(world.roll(), "101=REMOVED 102=ACTIVE 103=ACTIVE");
    let (records, _) = world.records(&waiting.id).await;
    let last = records.last().unwrap();
    assert_eq!((last.clauses.len(), last.decisive[0].as_str()), (1, "I1"));
    assert_eq!(last.scheme.as_ref().unwrap().id.as_str(), "T-WIDOWS");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_confirmed_a_removal_hears_no_objection_against_it_by_no_account() {
    let world = World::by_scheme(WIDOWS).await;
    world.hears(&world.married("sushila", "2026-01-01")).await;
    let id = world.only("sushila").await.id;
    let (anita, also_anita) = (world.officer("anita", "p-anita").await, world.officer("anita2", "p-anita").await);
    let (binod, chitra) = (world.officer("binod", "p-binod").await, world.officer("chitra", "p-chitra").await);
    world.app.review_decide(&anita, &id, true).await.unwrap();
    for confirmer in [&anita, &also_anita] {
        let said = (AppealRoute::Counter, "She is heard to object.");
        let refused = world.app.objection_enter(confirmer, &id, said).await.unwrap_err();
        assert_eq!(refused.code(), Code::FourEyesRequired, "it would be the delivery of her notice");
    }
    assert_eq!(world.only("sushila").await.state, DecisionState::Proposed, "no window began");
    let deepak = world.officer("deepak", "p-deepak").await;
    world.app.objection_enter(&deepak, &id, (AppealRoute::Counter, "I am a widow.")).await.unwrap();
    for confirmer in [&anita, &also_anita] {
        let refused = world.app.review_decide(confirmer, &id, true).await.unwrap_err();
        assert_eq!(refused.code(), Code::FourEyesRequired, "as the first");
    }
    assert_eq!(world.app.review_decide(&binod, &id, true).await.unwrap(), ReviewOutcome::SecondNeeded);
    for confirmer in [&anita, &also_anita] {
        let refused = world.app.review_decide(confirmer, &id, true).await.unwrap_err();
        assert_eq!(refused.code(), Code::FourEyesRequired, "as the second");
    }
    let upheld = world.app.review_decide(&chitra, &id, true).await.unwrap();
    assert_eq!(upheld, ReviewOutcome::Decided(DecisionState::Upheld));
    world.days(31).await;
    assert_eq!(world.roll(), "101=REMOVED 102=ACTIVE 103=ACTIVE", "the warrant has its two persons");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_of_which_nobody_could_be_told_for_two_weeks_is_shown_to_officers() {
    let world = World::by_rule().await;
    world.hears(&world.death("sushila", "D-1")).await;
    world.hears(&world.death("budhram", "D-2")).await;
    world.days(13).await;
    assert_eq!(world.app.review_list().await.unwrap().len(), 0);
    world.wallet_fetches("budhram").await;
    world.days(1).await;
    let listed = world.app.review_list().await.unwrap();
    assert_eq!(listed.len(), 1, "the one whose notice arrived is not among them: {listed:?}");
    assert_eq!((listed[0].state, listed[0].local.as_ref().unwrap().as_str()), (DecisionState::Held, "101"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_after_a_move_is_told_at_once_and_its_window_later() {
    let world = World::by_scheme(&WIDOWS.replace("hold = false, remove_after", "hold = true, remove_after")).await;
    world.hears(&world.widowed("sushila", "D-9")).await;
    let payload = r#"{"registration_number":null,"from":{"state":"22","district":"387","local_body":null},
        "to":{"state":"27","district":"490","local_body":null},"kind":"out_of_state","temporary":false}"#;
    world.hears(&world.event("sushila", EventKind::ResidenceMoved, "case-mv", payload)).await;
    assert_eq!(world.roll(), "101=HOLD 102=ACTIVE 103=ACTIVE");
    let told = world.notices("sushila").await;
    assert_eq!(told.len(), 1);
    assert!(matches!(told[0].kind, NoticeKind::Hold { .. }), "{:?}", told[0].kind);
    world.wallet_fetches("sushila").await;
    assert_eq!(world.only("sushila").await.state, DecisionState::Held, "no window runs yet");
    world.days(91).await;
    assert_eq!(steps(&world.notices("sushila").await), [DecisionStep::Hold], "now with its window");
    world.wallet_fetches("sushila").await;
    assert_eq!(world.only("sushila").await.state, DecisionState::Noticed);
}
