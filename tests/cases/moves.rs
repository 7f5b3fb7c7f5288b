//! Those who stand on a roll: who moves out and back, or out against a sign of presence; a rule that would remove too many; a fact whose
//! source is off line.

use jiff::civil::date;
use schemas::{decision::DecisionAction as Action, scheme::DecisionState as State};

use super::world::{Shared, Turn};
use crate::life::{
    Life,
    plan::{Benefit, LifePlan, OfficePlan},
    register::Newcomer,
};

static WORLD: Shared = Shared::new();

async fn world() -> Turn {
    WORLD
        .turn(|| {
            let home = Benefit::of("HOME", include_str!("schemes/home.toml"));
            let poor = Benefit::of("POOR", include_str!("schemes/poor.toml"));
            let social = OfficePlan::new("social", vec![home, poor, Benefit::later("WOMEN")]);
            LifePlan::of(vec![
                social.hearing(&["residence", "presence", "person"]).asking("food"),
                OfficePlan::new("food", Vec::new()),
            ])
        })
        .await
}

async fn pensioner(life: &Life, number: &str) -> String {
    let her = life.civil.resident(Newcomer { name: "Sukhmati Kashyap", born: date(1952, 2, 2), sex: "female" });
    life.office("social").beneficiary("HOME", number, "Sukhmati Kashyap");
    life.office("social").links(&life.civil, &her, number).await;
    her
}

#[tokio::test(flavor = "multi_thread")]
async fn moves_out_and_back_before_the_window_ends() {
    let life = world().await;
    let her = pensioner(&life, "S-BACK").await;
    let history = || life.office("social").history(&life.civil, &her, "HOME");
    let removal = || life.office("social").decisions(&life.civil, &her).pop().unwrap();
    // She moved so long ago that the notice goes out at once.
    life.civil.moved(&her, "out_of_state", life.days_ago(95));
    life.until_stands(("social", "HOME", "S-BACK"), "HOLD").await;
    life.until("a notice was written", |_| removal().notice.is_some()).await;
    life.letter_arrives("social", &removal().notice.unwrap()).await;
    life.until("the window runs", |_| history() == [(Action::Remove, State::Noticed)]).await;
    life.days_pass(20);
    life.civil.moved(&her, "return", life.days_ago(1));
    life.until_stands(("social", "HOME", "S-BACK"), "ACTIVE").await;
    life.days_pass(15);
    life.until_time_was_seen("social").await;
    assert_eq!(history(), [(Action::Remove, State::Released)], "no removal");
    assert_eq!(life.office("social").stands("HOME", "S-BACK"), "ACTIVE");
}

#[tokio::test(flavor = "multi_thread")]
async fn out_of_state_against_a_payment_drawn_at_home_last_week() {
    let life = world().await;
    let her = pensioner(&life, "S-HOME").await;
    life.civil.presence(&her, "payment_in_person", life.days_ago(6));
    life.until_quiet().await;
    life.civil.moved(&her, "out_of_state", life.days_ago(30));
    let history = || life.office("social").history(&life.civil, &her, "HOME");
    life.until("an officer is to look", |_| history() == [(Action::Review, State::Proposed)]).await;
    life.days_pass(3);
    life.until_time_was_seen("social").await;
    assert_eq!(history(), [(Action::Review, State::Proposed)]);
    assert_eq!(life.office("social").stands("HOME", "S-HOME"), "ACTIVE", "no removal");
    assert_eq!(life.office("social").story("HOME", "HOME-S-HOME"), Vec::<String>::new());
}

/// In percent of the roll.
const TOO_MANY: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn rule_would_remove_8_percent() {
    let mut life = world().await;
    let who = Newcomer { name: "Jageshwar Dhruw", born: date(1960, 1, 1), sex: "male" };
    let (roll, stopped) = (150, "decision WHERE waits = 'breaker'");
    let men = life.civil.residents(roll * TOO_MANY / 100, who);
    let numbered: Vec<(String, String)> = (1..=roll).map(|n| (format!("W-{n:06}"), who.name.to_owned())).collect();
    life.office("social").beneficiaries("WOMEN", &numbered);
    for (resident, (number, _)) in men.iter().zip(&numbered) {
        life.office("social").links(&life.civil, resident, number).await;
        life.civil.corrects(resident, ("sex", "male"), life.today());
    }
    life.until_quiet().await;
    let today = life.today();
    life.office_mut("social").publishes("WOMEN", include_str!("schemes/women.toml"), today);
    let waiting = |life: &Life| life.office("social").kept().count(stopped);
    life.until("the tenth stops the others", |life| waiting(life) == 3).await;
    let (all, active) = (i64::try_from(roll).unwrap(), "beneficiary WHERE scheme = 'WOMEN' AND status = 'ACTIVE'");
    assert_eq!(life.office("social").count(active), all, "nothing was applied");
    // One who was told before it stopped: the window ends, and nobody is removed all the same.
    let removals = |life: &Life| {
        let all = men.iter().flat_map(|man| life.office("social").decisions(&life.civil, man));
        all.filter(|decided| decided.scheme == "WOMEN").collect::<Vec<_>>()
    };
    let told = removals(&life).into_iter().find(|decided| decided.notice.is_some()).unwrap();
    life.letter_arrives("social", told.notice.as_ref().unwrap()).await;
    let state = |life: &Life| removals(life).into_iter().find(|decided| decided.id == told.id).unwrap().state;
    life.until("the window runs", |life| state(life) == State::Noticed).await;
    life.days_pass(31);
    life.until_time_was_seen("social").await;
    assert_eq!((life.office("social").count(active), waiting(&life)), (all, 3), "nothing goes on by itself");
    let release = |people| ["release", "WOMEN", people];
    let social = life.office_mut("social");
    assert_eq!(social.reviews(0, &release("3")).unwrap()["done"], "signed");
    assert!(social.reviews(0, &release("3")).is_err(), "one person is not two");
    assert_eq!(social.reviews(1, &release("2")).unwrap()["done"], "signed", "another number is signed anew");
    assert_eq!(waiting(&life), 3);
    assert_eq!(life.office_mut("social").reviews(0, &release("2")).unwrap()["done"], "released");
    let is_stopped = |life: &Life| life.office("social").kept().count("breaker WHERE released_ms IS NULL") == 1;
    life.until("two go on, and the third is one more than was signed for", |life| {
        waiting(life) == 1 && is_stopped(life)
    })
    .await;
    assert_eq!(life.office_mut("social").reviews(0, &release("1")).unwrap()["done"], "signed");
    assert_eq!(life.office_mut("social").reviews(1, &release("1")).unwrap()["done"], "released");
    life.until("everybody goes on", |life| waiting(life) == 0).await;
    life.seconds_pass(PAUSE);
    life.until("who was told leaves after the window", |life| state(life) == State::Removed).await;
    assert_eq!(life.office("social").count(active), all - 1, "nobody else leaves without a window");
}

/// Longer than any pause between two looks, seconds.
const PAUSE: u64 = 901;

#[tokio::test(flavor = "multi_thread")]
async fn fact_source_off_line() {
    let mut life = world().await;
    let her = life.civil.resident(Newcomer { name: "Phulbasan Yadav", born: date(1971, 7, 7), sex: "female" });
    life.office("food").enters("INSERT INTO household VALUES ('H-POOR', 0)");
    life.office("food").links(&life.civil, &her, "H-POOR").await;
    life.office("social").beneficiary("POOR", "S-POOR", "Phulbasan Yadav");
    life.office("social").links(&life.civil, &her, "S-POOR").await;
    life.civil.presence(&her, "officer", life.days_ago(1));
    let history = |life: &Life| life.office("social").history(&life.civil, &her, "POOR");
    let removal = |life: &Life| {
        let mut decisions = life.office("social").decisions(&life.civil, &her).into_iter();
        decisions.rfind(|decided| decided.scheme == "POOR")
    };
    life.until("the department says that she is not poor", |life| removal(life).is_some_and(|d| d.notice.is_some()))
        .await;
    life.letter_arrives("social", &removal(&life).unwrap().notice.unwrap()).await;
    life.until("the window runs", |life| history(life) == [(Action::Remove, State::Noticed)]).await;
    life.office_mut("food").cut_off();
    life.days_pass(31);
    life.until("nobody can say any more that she is not", |life| history(life) == [(Action::Remove, State::Released)])
        .await;
    assert_eq!(life.office("social").stands("POOR", "S-POOR"), "ACTIVE", "no removal");
    let mut unknown = serde_json::Value::Null;
    life.until("why it is not known is told", |life| {
        unknown = life.office("social").says(&["fact", "unknown"]);
        unknown[0]["number"] == "S-POOR"
    })
    .await;
    assert_eq!((&unknown[0]["fact"], &unknown[0]["scheme"]), (&"household.bpl".into(), &"POOR".into()));
    assert!(unknown[0]["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{unknown}");
    life.office_mut("food").comes_back();
}
