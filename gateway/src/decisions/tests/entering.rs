//! In: offers, answers, entries by law, and what takes an offer back.

use std::sync::Arc;

use eligibility::scheme::Scheme;
use schemas::{
    benefits::BenefitAnswer,
    decision::DecisionAction,
    event::{EventKind, Relation},
    notice::{DecisionStep, NoticeKind},
    scheme::DecisionState,
};

use super::world::*;
use crate::{
    decisions::{citizen, hear, settle},
    triggers,
};

/// Her wallet's answer, after who she is was proven.
async fn answers(world: &World, name: &str, answer: BenefitAnswer) -> Result<DecisionState, citizen::CitizenError> {
    let decided = world.decisions(name).await.pop().unwrap();
    world.app.answer_of(&world.person(name), &decided.id, answer).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_widow_is_offered_accepts_and_stands_on_the_roll_with_a_number_of_her_own() {
    let world = World::by_scheme(WIDOWS).await;
    world.hears(&world.widowed("rukmini", "D-9")).await;
    let offer = world.only("rukmini").await;
    assert_eq!((offer.state, offer.action), (DecisionState::Offered, DecisionAction::Offer));
    assert_eq!(world.look("SELECT COUNT(*) FROM pension_beneficiary"), "3", "an offer enters nobody");
    let notices = world.notices("rukmini").await;
    assert!(matches!(&notices[0].kind, NoticeKind::Decision { step: DecisionStep::Offer, until: Some(_), .. }));
    assert_eq!(answers(&world, "rukmini", BenefitAnswer::Accept).await.unwrap(), DecisionState::Accepted);
    assert_eq!(world.roll(), "101=ACTIVE 102=ACTIVE 103=ACTIVE 104=ACTIVE");
    assert_eq!(
        world.look(
            "SELECT full_name || ' ' || coalesce(amount, '-') || ' ' || status_since FROM pension_beneficiary WHERE ppo_no = 104"
        ),
        format!("rukmini - {}", offer.matter.effective),
        "her age is unknown, and with it the slab"
    );
    let enrolled = world.only("rukmini").await;
    assert_eq!((enrolled.state, enrolled.todo), (DecisionState::Enrolled, None));
    let (records, _) = world.records(&enrolled.id).await;
    assert_eq!((records.last().unwrap().action, records.last().unwrap().effects.len()), (DecisionAction::Enrol, 1));
    assert!(records.last().unwrap().target.is_some(), "she has a number here now");
    let twice = answers(&world, "rukmini", BenefitAnswer::Accept).await;
    assert!(twice.is_err(), "an offer is taken once");
    world.hears(&world.death("rukmini", "D-10")).await;
    assert_eq!(world.roll(), "101=ACTIVE 102=ACTIVE 103=ACTIVE 104=HOLD", "and by that number she is found");
}

#[tokio::test(flavor = "multi_thread")]
async fn husband_dies_widows_pension_offered_death_annulled_withdrawn_nothing_recovered() {
    let world = World::by_scheme(WIDOWS).await;
    let husband = world.subject("mangal");
    world.hears(&with_related(world.married("rukmini", "1990-05-01"), Relation::Spouse, husband)).await;
    assert_eq!(world.decisions("rukmini").await.len(), 0);
    world.hears(&world.death("mangal", "D-9")).await;
    world.hears(&world.widowed("rukmini", "D-9")).await;
    assert_eq!(world.only("rukmini").await.state, DecisionState::Offered);
    world.hears(&world.annulled("mangal", "D-9")).await;
    let withdrawn = world.only("rukmini").await;
    assert_eq!(withdrawn.state, DecisionState::Withdrawn, "the annulment undoes the whole case");
    assert!(answers(&world, "rukmini", BenefitAnswer::Accept).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_offer_is_remembered_and_one_that_nobody_answers_expires() {
    let world = World::by_scheme(WIDOWS).await;
    world.hears(&world.widowed("rukmini", "D-9")).await;
    assert_eq!(answers(&world, "rukmini", BenefitAnswer::Decline).await.unwrap(), DecisionState::Declined);
    let payload = r#"{"years":60,"convention":"anniversary","effective":"2020-01-01"}"#;
    world.hears(&world.event("rukmini", EventKind::AgeAttained, "case-a", payload)).await;
    assert_eq!(world.decisions("rukmini").await.len(), 1, "remembered for twelve months");
    world.hears(&world.widowed("kamla", "D-8")).await;
    world.days(30).await;
    assert_eq!(world.only("kamla").await.state, DecisionState::Offered, "its last day is hers");
    world.days(1).await;
    assert_eq!(world.only("kamla").await.state, DecisionState::Expired);
    assert!(answers(&world, "kamla", BenefitAnswer::Accept).await.is_err());
    assert_eq!(world.look("SELECT COUNT(*) FROM pension_beneficiary"), "3");
}

#[tokio::test(flavor = "multi_thread")]
async fn by_a_law_without_application_she_is_entered_told_and_may_decline() {
    let text = WIDOWS.replace("mode = \"offer\"", "mode = \"enrol\"\nbasis = \"law:nfsa-2013\"");
    let world = World::by_scheme(&text).await;
    world.hears(&world.widowed("rukmini", "D-9")).await;
    assert_eq!(world.roll(), "101=ACTIVE 102=ACTIVE 103=ACTIVE 104=ACTIVE");
    let enrolled = world.only("rukmini").await;
    assert_eq!((enrolled.state, enrolled.action), (DecisionState::Enrolled, DecisionAction::Enrol));
    let notices = world.notices("rukmini").await;
    assert!(matches!(&notices[0].kind, NoticeKind::Decision { step: DecisionStep::Enrolled, .. }));
    assert_eq!(answers(&world, "rukmini", BenefitAnswer::Decline).await.unwrap(), DecisionState::Declined);
    assert_eq!(world.roll(), "101=ACTIVE 102=ACTIVE 103=ACTIVE 104=HOLD", "nothing is paid from then on");
    world.days(1).await;
    assert_eq!(world.decisions("rukmini").await.len(), 1, "and it does not come again");
}

/// A look that read the roll before the other's entry and decides after it would enter her once more.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_looked_at_by_several_at_once_is_entered_once() {
    let text = WIDOWS.replace("mode = \"offer\"", "mode = \"enrol\"\nbasis = \"law:nfsa-2013\"");
    let world = World::by_scheme(&text).await;
    let beside = world.beside();
    // By the same rules: one that knew of none would take the entry back.
    beside.decisions().give(vec![Arc::new(Scheme::parse(&text).unwrap())]);
    for n in 0..30 {
        let name = format!("w{n}");
        let lease = world.app.lease(triggers::APPLY).await.unwrap().unwrap();
        hear(&world.app, &world.widowed(&name, &format!("D-{n}")), &lease).await.unwrap();
        world.app.release(lease).await.unwrap();
        let looks = [&world.app, &beside, &world.app].map(|app| {
            let (app, person) = (app.clone(), world.person(&name));
            tokio::spawn(async move { settle(&app, &person).await.map(|_| ()) })
        });
        for look in looks {
            // One that another overtook is tried again by its job.
            let _ = look.await.unwrap();
        }
        settle(&world.app, &world.person(&name)).await.unwrap();
        let decided = world.decisions(&name).await;
        assert_eq!(decided.iter().map(|one| one.action).collect::<Vec<_>>(), [DecisionAction::Enrol], "{decided:#?}");
        assert_eq!(world.notices(&name).await.len(), 1, "told once");
    }
}
