//! Moves: out and back, and out against a sign of presence.

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
            LifePlan::of(vec![OfficePlan::new("social", vec![home]).hearing(&["residence", "presence"])])
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
