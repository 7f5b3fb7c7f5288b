//! Births, marriages and what a death means for those who live on.

use jiff::{ToSpan as _, civil::Date, civil::date};
use schemas::{decision::DecisionAction as Action, scheme::DecisionState as State};

use super::world::{Shared, Turn};
use crate::life::{
    Life,
    plan::{Benefit, LifePlan, OfficePlan},
    register::{Birth, Newcomer},
};

static WORLD: Shared = Shared::new();

async fn world() -> Turn {
    WORLD
        .turn(|| {
            let widow = Benefit::of("WIDOW", include_str!("schemes/widow.toml"));
            let family = Benefit::of("FAMILY-BENEFIT", include_str!("schemes/family.toml"));
            let ration = Benefit::of("RATION", include_str!("schemes/ration.toml")).numbered();
            let maternity = Benefit::of("MATERNITY", include_str!("schemes/maternity.toml"));
            LifePlan::of(vec![
                OfficePlan::new("social", vec![widow, family]).hearing(&["marriage", "death"]),
                OfficePlan::new("food", vec![ration]).hearing(&["birth"]),
                OfficePlan::new("health", vec![maternity]).hearing(&["birth"]),
            ])
        })
        .await
}

fn woman(name: &str) -> Newcomer<'_> {
    Newcomer { name, born: date(1994, 4, 4), sex: "female" }
}

fn child(name: &str, born: Date) -> Newcomer<'_> {
    Newcomer { name, born, sex: "female" }
}

/// Members of ration cards of this name.
fn members(life: &Life, name: &str) -> usize {
    life.office("food").named("RATION", name).len()
}

#[tokio::test(flavor = "multi_thread")]
async fn twins_minutes_apart() {
    let life = world().await;
    let mother = life.civil.resident(woman("Rukmini Markam"));
    let day = life.days_ago(2);
    let twins = [("Navya Markam", 1), ("Kavya Markam", 2)].map(|(name, order)| {
        life.civil.birth(Birth { child: child(name, day), mother: Some(&mother), order, plurality: 2 })
    });
    for name in ["Navya Markam", "Kavya Markam"] {
        life.until("each twin is a member", |life| members(life, name) == 1).await;
    }
    life.until_quiet().await;
    let history = |office: &str, who: &str, scheme: &str| life.office(office).history(&life.civil, who, scheme);
    for twin in &twins {
        assert_eq!(history("food", twin, "RATION"), [(Action::Enrol, State::Enrolled)], "two persons, two members");
    }
    assert_eq!(history("health", &mother, "MATERNITY"), [(Action::Offer, State::Offered)], "one maternity payment");
}

#[tokio::test(flavor = "multi_thread")]
async fn death_of_the_spouse_arrives_before_the_marriage() {
    let life = world().await;
    let (wife, husband) =
        (life.civil.resident(woman("Sarita Baghel")), life.civil.resident(child("Mangal Baghel", date(1990, 1, 1))));
    life.civil.death(&husband, life.days_ago(10));
    life.until_quiet().await;
    life.civil.marriage(&wife, &husband, life.days_ago(900));
    life.until("she is widowed, and offered what widows get", |life| {
        life.office("social").history(&life.civil, &wife, "WIDOW") == [(Action::Offer, State::Offered)]
    })
    .await;
    let effective = life.office("social").decisions(&life.civil, &wife)[0].matter.effective.date();
    assert_eq!(effective, life.days_ago(10), "since his death");
}

#[tokio::test(flavor = "multi_thread")]
async fn husband_dies() {
    let life = world().await;
    let (wife, husband) =
        (life.civil.resident(woman("Dulari Sinha")), life.civil.resident(child("Ramesh Sinha", date(1985, 1, 1))));
    let number = "S-DULARI";
    life.office("social").knows(number, "Dulari Sinha", date(1994, 4, 4));
    life.office("social").links(&life.civil, &wife, number).await;
    life.civil.marriage(&wife, &husband, life.today().checked_sub(5.years()).unwrap());
    life.until_quiet().await;
    let death = life.civil.death(&husband, life.days_ago(3));
    let history = |scheme: &str| life.office("social").history(&life.civil, &wife, scheme);
    for scheme in ["WIDOW", "FAMILY-BENEFIT"] {
        life.until("it is offered to her", |_| history(scheme) == [(Action::Offer, State::Offered)]).await;
    }
    life.civil.annulment(&death, &husband, life.today());
    for scheme in ["WIDOW", "FAMILY-BENEFIT"] {
        life.until("it is withdrawn", |_| history(scheme) == [(Action::Offer, State::Withdrawn)]).await;
    }
    life.until_quiet().await;
    assert_eq!(life.office("social").rows("WIDOW", number), [], "nothing was paid, nothing is recovered");
}
