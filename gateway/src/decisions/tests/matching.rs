//! Who is meant: nobody by name alone, and late when an officer says so.

use eligibility::fold::Role;
use schemas::{
    decision::{AppealRoute, DecisionAction, DeliveryEvidence},
    event::{EventKind, Relation},
    problem::Code,
    scheme::DecisionState,
};

use super::world::*;
use crate::{decisions::QueueKey, store::decisions::queue::QueueKind};

#[tokio::test(flavor = "multi_thread")]
async fn same_name_and_birth_year_only_ambiguous_no_hold_officer() {
    let world = World::by_rule().await;
    let mut death = world.death("somebody", "D-1");
    death.about = schemas::event::EventMatch { name: "Budhram  NETAM".to_owned(), birth_year: Some(1950) };
    world.hears(&death).await;
    assert_eq!(world.roll(), "101=ACTIVE 102=ACTIVE 103=ACTIVE");
    let queue = world.app.match_queue().await.unwrap();
    assert_eq!(
        (queue.len(), queue[0].kind, queue[0].candidates.as_slice()),
        (1, QueueKind::Ambiguous, &["102".to_owned()][..])
    );
    let officer = world.officer("anita", "p-anita").await;
    world.app.match_resolve(&officer, &queue[0].key, None).await.unwrap();
    assert_eq!(world.roll(), "101=ACTIVE 102=ACTIVE 103=ACTIVE");
    assert_eq!(world.app.match_queue().await.unwrap().len(), 0, "nobody here is meant");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unmatched_death_waits_and_holds_when_an_officer_says_who_is_meant() {
    let world = World::by_rule().await;
    world.enter(
        "INSERT INTO pension_beneficiary VALUES (110, 'ACTIVE', NULL, NULL, NULL, 500, 'Kamla Bai', '1951-05-05')",
    );
    world.hears(&world.death("kamla", "D-1")).await;
    let queue = world.app.match_queue().await.unwrap();
    assert_eq!((queue[0].kind, queue[0].event_type), (QueueKind::Unmatched, "in.vinimay.death.registered.v1"));
    let officer = world.officer("anita", "p-anita").await;
    world.app.match_resolve(&officer, &queue[0].key, Some(&"110".parse().unwrap())).await.unwrap();
    world.days(0).await;
    assert_eq!(world.look("SELECT payment_status FROM pension_beneficiary WHERE ppo_no = 110"), "HOLD");
}

/// One officer's word would else take a living woman off: she names her, and says that she was told.
#[tokio::test(flavor = "multi_thread")]
async fn who_said_who_is_meant_does_not_say_that_her_notice_arrived_on_both_engines() {
    for postgres in [false, true] {
        let world = World::by_rule_on(postgres).await;
        let mut death = world.death("somebody", "D-1");
        death.about = schemas::event::EventMatch { name: "Budhram Netam".to_owned(), birth_year: Some(1950) };
        world.hears(&death).await;
        let queue = world.app.match_queue().await.unwrap();
        let (anita, also_anita, binod) = (
            world.officer("anita", "p-anita").await,
            world.officer("anita2", "p-anita").await,
            world.officer("binod", "p-binod").await,
        );
        // She is linked to nobody: whoever names her links her as well.
        let kamla =
            "INSERT INTO pension_beneficiary VALUES (110, 'ACTIVE', NULL, NULL, NULL, 500, 'Kamla Bai', '1951-05-05')";
        world.enter(kamla);
        world.app.match_resolve(&anita, &queue[0].key, Some(&"110".parse().unwrap())).await.unwrap();
        world.days(0).await;
        let held = world.only("somebody").await;
        assert_eq!(held.state, DecisionState::Held);
        for one in [&anita, &also_anita] {
            let refused = world.app.notice_delivered(one, &held.id, DeliveryEvidence::Officer).await.unwrap_err();
            assert_eq!(refused.code(), Code::FourEyesRequired);
            let refused =
                world.app.objection_enter(one, &held.id, (AppealRoute::Counter, "I live.")).await.unwrap_err();
            assert_eq!(refused.code(), Code::FourEyesRequired);
        }
        assert_eq!(world.only("somebody").await.state, DecisionState::Held, "no window began");
        world.app.notice_delivered(&binod, &held.id, DeliveryEvidence::Officer).await.unwrap();
        assert_eq!(world.only("somebody").await.state, DecisionState::Noticed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_made_later_by_whatever_way_wakes_what_was_heard_before() {
    let world = World::by_rule().await;
    world.enter(
        "INSERT INTO pension_beneficiary VALUES (110, 'ACTIVE', NULL, NULL, NULL, 500, 'Kamla Bai', '1951-05-05')",
    );
    world.hears(&world.death("kamla", "D-1")).await;
    world.link("kamla", "110").await;
    world.days(0).await;
    assert_eq!(world.look("SELECT payment_status FROM pension_beneficiary WHERE ppo_no = 110"), "HOLD");
}

#[tokio::test(flavor = "multi_thread")]
async fn newborn_whose_mother_is_not_matched_waits_in_the_unmatched_queue_resolves_with_its_late_date() {
    let world = World::by_scheme(WIDOWS).await;
    let payload = r#"{"registration_number":"B-1","child":{"birth_date":"2026-01-18","sex":"female","birth_order":1,"plurality":1},
        "mother":{"name":"Sushila Sahu","birth_year":1954,"subject":null},"father":null,
        "place":{"state":"22","district":"387","local_body":null,"kind":"facility"},"registration_type":"late"}"#;
    let birth = world.event("newborn", EventKind::BirthRegistered, "case-b", payload);
    world.hears(&birth).await;
    let queue = world.app.match_queue().await.unwrap();
    let mother = Role::Related(Relation::Mother);
    assert_eq!((queue.len(), queue[0].key.role, queue[0].about.name.as_str()), (1, mother, "Sushila Sahu"));
    let officer = world.officer("anita", "p-anita").await;
    let key = QueueKey { source: birth.source.clone(), event: birth.claims.jti.clone(), role: mother };
    world.app.match_resolve(&officer, &key, Some(&"101".parse().unwrap())).await.unwrap();
    let (keys, person) = (world.app.keys().clone(), world.person("sushila"));
    let heard =
        world.app.db().read(move |conn| crate::store::decisions::facts::facts_of(conn, &keys, &person)).await.unwrap();
    assert_eq!((heard.len(), heard[0].record.effective), (1, birth.claims.effective));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_persons_pseudonym_is_not_linked_to_a_number_that_another_person_has() {
    let world = World::by_rule().await;
    world.hears(&world.death("kamla", "D-1")).await;
    let queue = world.app.match_queue().await.unwrap();
    let officer = world.officer("anita", "p-anita").await;
    let refused = world.app.match_resolve(&officer, &queue[0].key, Some(&"102".parse().unwrap())).await.unwrap_err();
    assert_eq!(refused.code(), Code::Conflict);
    world.days(0).await;
    assert_eq!(world.roll(), "101=ACTIVE 102=ACTIVE 103=ACTIVE", "Budhram lives");
    assert_eq!(world.app.match_queue().await.unwrap().len(), 1, "and Kamla still waits");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_on_one_number_no_hold_an_officer_says_who_is_meant() {
    let world = World::by_rule().await;
    world.link("kamla", "102").await;
    world.hears(&world.death("kamla", "D-1")).await;
    assert_eq!(world.roll(), "101=ACTIVE 102=ACTIVE 103=ACTIVE", "Budhram may be alive");
    let asked = world.only("kamla").await;
    assert_eq!((asked.action, asked.state), (DecisionAction::Review, DecisionState::Proposed));
    let officer = world.officer("anita", "p-anita").await;
    world.app.review_decide(&officer, &asked.id, false).await.unwrap();
    world.days(1).await;
    assert_eq!(world.decisions("kamla").await.len(), 1, "it is asked once");
    assert_eq!(world.roll(), "101=ACTIVE 102=ACTIVE 103=ACTIVE");
}
