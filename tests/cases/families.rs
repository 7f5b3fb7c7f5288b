//! Births, marriages and what a death means for those who live on.

use jiff::{ToSpan as _, civil::Date, civil::date};
use schemas::{decision::DecisionAction as Action, scheme::DecisionState as State};

use vinimay::demo::Citizen;

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
            let young = Benefit::of("YOUNG-WIDOW", include_str!("schemes/widow-18.toml"));
            let middle = Benefit::of("WIDOW-40", include_str!("schemes/widow-40.toml"));
            let old = Benefit::of("OLD-80", include_str!("schemes/old-80.toml"));
            let adult = Benefit::of("ADULT", include_str!("schemes/adult.toml"));
            let day_before = Benefit::of("ADULT-BEFORE", include_str!("schemes/adult-day-before.toml"));
            LifePlan::of(vec![
                OfficePlan::new("social", vec![widow, family, young, middle, old])
                    .hearing(&["marriage", "death", "age"])
                    .at_ages(&["18", "40", "80"]),
                OfficePlan::new("food", vec![ration]).hearing(&["birth", "household"]),
                OfficePlan::new("health", vec![maternity, adult, day_before])
                    .hearing(&["birth", "age"])
                    .at_ages(&["18", "18:day_before"]),
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
        life.civil.birth(Birth {
            child: child(name, day),
            mother: Some(&mother),
            mother_name: None,
            order,
            plurality: 2,
        })
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
    let life_ended = life.days_ago(3);
    let death = life.civil.death(&husband, life_ended);
    for scheme in ["WIDOW", "FAMILY-BENEFIT"] {
        life.until("it is offered to her", |life| {
            life.office("social").history(&life.civil, &wife, scheme) == [(Action::Offer, State::Offered)]
        })
        .await;
    }
    // One she takes, the other she has not answered yet.
    let citizen = life.wallet_of(&wife).await;
    life.accepts((&citizen, &wife), ("social", "WIDOW")).await;
    let annulled = life.today();
    life.civil.annulment(&death, &husband, annulled);
    life.until("what she did not take is withdrawn", |life| {
        life.office("social").history(&life.civil, &wife, "FAMILY-BENEFIT") == [(Action::Offer, State::Withdrawn)]
    })
    .await;
    assert_eq!(life.office("social").rows("FAMILY-BENEFIT", number), []);
    let ending = |life: &Life| {
        let mut decisions = life.office("social").decisions(&life.civil, &wife).into_iter();
        decisions.rfind(|decided| decided.scheme == "WIDOW" && decided.action == Action::Remove)
    };
    life.until("she is told that what she took ends", |life| ending(life).is_some_and(|end| end.notice.is_some()))
        .await;
    life.letter_arrives("social", &ending(&life).unwrap().notice.unwrap()).await;
    life.until("the window runs", |life| ending(life).unwrap().state == State::Noticed).await;
    let row = life.office("social").rows("WIDOW", number).pop().unwrap();
    assert_eq!((row.status.as_str(), row.since), ("ACTIVE", Some(life_ended.to_string())), "meanwhile it is paid");
    life.days_pass(31);
    life.until_stands(("social", "WIDOW", number), "STOPPED").await;
    let row = life.office("social").rows("WIDOW", number).pop().unwrap();
    assert_eq!(row.amount, Some(500), "what was paid was hers");
    let until: Date = row.until.unwrap().parse().unwrap();
    assert!(until >= annulled, "it ends in its time, not in the past: nothing is recovered");
}

#[tokio::test(flavor = "multi_thread")]
async fn newborn_whose_mother_is_not_matched() {
    let life = world().await;
    let (mother, number) = (life.civil.resident(woman("Kunti Sahu")), "H-KUNTI");
    life.office("health").knows(number, "Kunti Sahu", date(1994, 4, 4));
    life.office("health").links(&life.civil, &mother, number).await;
    let day = life.days_ago(40);
    let child = child("Mira Sahu", day);
    life.civil.birth(Birth { child, mother: None, mother_name: Some("Kunti Sahu"), order: 1, plurality: 1 });
    let waiting = |life: &Life| life.office("health").kept().count("match_queue WHERE resolved_ms IS NULL");
    life.until("it waits in the unmatched queue", |life| waiting(life) == 1).await;
    let history = |life: &Life| life.office("health").history(&life.civil, &mother, "MATERNITY");
    life.until_quiet().await;
    assert_eq!(history(&life), [], "a name alone is nobody");
    life.office("health").matches(number).unwrap();
    life.until("it resolves", |life| history(life) == [(Action::Offer, State::Offered)]).await;
    let offer = life.office("health").decisions(&life.civil, &mother).into_iter().rfind(|d| d.scheme == "MATERNITY");
    assert_eq!((offer.unwrap().matter.effective.date(), waiting(&life)), (day, 0), "with its late date");
}

#[tokio::test(flavor = "multi_thread")]
async fn leapling_2008_02_29_18_anniversary_and_day_before() {
    let life = world().await;
    let leapling = life.civil.resident(child("Leela Verma", date(2016, 6, 6)));
    life.until("the register's changes were seen", |life| life.civil.pending() == 0).await;
    life.civil.corrects_the_birth_date(&leapling, date(2008, 2, 29));
    for (scheme, day) in [("ADULT", date(2026, 3, 1)), ("ADULT-BEFORE", date(2026, 2, 28))] {
        life.until("of age on the day of its convention", |life| {
            let decisions = life.office("health").decisions(&life.civil, &leapling).into_iter();
            let offers = decisions.filter(|d| d.scheme == scheme && d.state == State::Offered);
            offers.map(|offer| offer.matter.effective.date()).collect::<Vec<_>>() == [day]
        })
        .await;
    }
}

/// The next benefit is taken; the notice of the end of the last one is handed over, and its window ends.
async fn comes_over(life: &Life, (citizen, widow): (&Citizen, &str), (from, to): (&str, &str)) {
    let ending = |life: &Life| {
        let mut decisions = life.office("social").decisions(&life.civil, widow).into_iter();
        decisions.rfind(|decided| decided.scheme == from && decided.action == Action::Remove)
    };
    life.accepts((citizen, widow), ("social", to)).await;
    // From the first payment of the next one the last one pays nothing, long before its window ends.
    life.until_stands(("social", from, "S-WIDOW"), "HOLD").await;
    assert_eq!(life.office("social").stands(to, "S-WIDOW"), "ACTIVE");
    life.until("she is told that the one before ends", |life| ending(life).is_some_and(|end| end.notice.is_some()))
        .await;
    life.letter_arrives("social", &ending(life).unwrap().notice.unwrap()).await;
    life.until("the window runs", |life| ending(life).unwrap().state == State::Noticed).await;
    life.days_pass(31);
    life.until_stands(("social", from, "S-WIDOW"), "STOPPED").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn widow_completes_40_then_80() {
    let life = world().await;
    let forty = life.today().checked_add(1.day()).unwrap();
    let born = forty.checked_sub(40.years()).unwrap();
    let widow = life.civil.resident(Newcomer { name: "Sonmati Yadav", born, sex: "female" });
    let husband = life.civil.resident(child("Bisahu Yadav", date(1980, 1, 1)));
    life.office("social").knows("S-WIDOW", "Sonmati Yadav", born);
    life.office("social").links(&life.civil, &widow, "S-WIDOW").await;
    let citizen = life.wallet_of(&widow).await;
    life.civil.marriage(&widow, &husband, life.today().checked_sub(5.years()).unwrap());
    life.civil.death(&husband, life.days_ago(3));
    let widowed = life.days_ago(3);
    life.accepts((&citizen, &widow), ("social", "YOUNG-WIDOW")).await;
    life.days_pass(1);
    comes_over(&life, (&citizen, &widow), ("YOUNG-WIDOW", "WIDOW-40")).await;
    // Forty years do not pass here: her birth date is corrected.
    let eighty = life.today();
    life.civil.corrects_the_birth_date(&widow, eighty.checked_sub(80.years()).unwrap());
    comes_over(&life, (&citizen, &widow), ("WIDOW-40", "OLD-80")).await;
    let drawn = ["YOUNG-WIDOW", "WIDOW-40", "OLD-80"].map(|id| {
        let mut entries = life.office("social").journal(id).into_iter();
        let entered = entries.find(|entry| entry.outcome == "enrolled").unwrap();
        (entered.effective.unwrap(), life.office("social").rows(id, "S-WIDOW").pop().unwrap().until)
    });
    let day = |date: Date| date.to_string();
    let eve = |date: Date| Some(date.yesterday().unwrap().to_string());
    let wanted = [(day(widowed), eve(forty)), (day(forty), eve(eighty)), (day(eighty), None)];
    assert_eq!(drawn, wanted, "no unpaid day, one pension at any time");
}

#[tokio::test(flavor = "multi_thread")]
async fn head_of_a_ration_card_dies() {
    let life = world().await;
    let members = ["Ganesh Nag", "Sukhbati Nag", "Ritu Nag"];
    let card: Vec<(String, String)> =
        members.iter().zip(1..).map(|(name, place)| (format!("C7-{place}"), (*name).to_owned())).collect();
    life.office("food").beneficiaries("RATION", &card);
    let residents = card.iter().map(|(_, name)| life.civil.resident(child(name, date(1960, 1, 1))));
    let residents: Vec<String> = residents.collect();
    for (resident, (number, _)) in residents.iter().zip(&card) {
        life.office("food").links(&life.civil, resident, &format!("RATION-{number}")).await;
    }
    life.until_followed("food", &residents[0], 1).await;
    life.civil.death(&residents[0], life.days_ago(1));
    life.until_stands(("food", "RATION", "C7-1"), "HOLD").await;
    let removal = |life: &Life| life.office("food").decisions(&life.civil, &residents[0]).pop();
    life.until("a notice was written", |life| removal(life).is_some_and(|decided| decided.notice.is_some())).await;
    life.letter_arrives("food", &removal(&life).unwrap().notice.unwrap()).await;
    life.until("the window runs", |life| removal(life).is_some_and(|d| d.state == State::Noticed)).await;
    life.days_pass(31);
    life.until_stands(("food", "RATION", "C7-1"), "STOPPED").await;
    life.civil.becomes_head(&residents[1], "H-7", life.today());
    let heads = |life: &Life| life.office("food").count("beneficiary WHERE number LIKE 'RATION-C7-%' AND is_head");
    life.until("the card has a new head", |life| heads(life) == 1).await;
    life.until_quiet().await;
    let story = |number: &str| life.office("food").story("RATION", &format!("RATION-{number}"));
    assert_eq!((story("C7-1"), story("C7-2")), (vec!["held".into(), "removed".into()], vec!["amended".to_owned()]));
    assert_eq!(story("C7-3"), Vec::<String>::new());
    for (number, _) in &card[1..] {
        assert_eq!(life.office("food").stands("RATION", number), "ACTIVE", "that member only; the card goes on");
    }
    let head = life.office("food").rows("RATION", "C7-2").pop().unwrap();
    assert_eq!(
        (head.since.as_deref(), head.amount),
        (Some("2020-01-01"), Some(500)),
        "nothing else of her row changed"
    );
}
