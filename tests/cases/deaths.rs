//! Deaths: reported, registered, annulled, told twice, told in the wrong order.

use jiff::civil::date;
use schemas::{decision::DecisionAction as Action, scheme::DecisionState as State};

use super::world::{Shared, Turn};
use crate::life::{
    plan::{Benefit, LifePlan, OfficePlan},
    register::Newcomer,
};

static WORLD: Shared = Shared::new();

async fn world() -> Turn {
    WORLD
        .turn(|| {
            LifePlan::of(vec![
                OfficePlan::new("social", vec![Benefit::by_the_rule("PENSION")]).hearing(&["presence"]),
                OfficePlan::new("food", vec![Benefit::by_the_rule("RATION")]),
            ])
        })
        .await
}

/// Somebody who draws a pension and a ration, linked in both departments: her number in the register, and in both of them.
async fn beneficiary(life: &Turn, name: &str) -> (String, String) {
    let her = life.civil.resident(Newcomer { name, born: date(1950, 5, 5), sex: "female" });
    let number = her.replace('R', "S");
    for (office, id) in [("social", "PENSION"), ("food", "RATION")] {
        let office = life.office(office);
        office.beneficiary(id, &number, name);
        office.links(&life.civil, &her, &number).await;
    }
    // Who is followed is told to the source as it changes; an event before that would be nobody's here.
    let followed = |life: &crate::life::Life| life.civil.kept().count("follow") >= 6 * life.office("social").count("beneficiary");
    life.until("both follow her", followed).await;
    (her, number)
}

const BOTH: [(&str, &str); 2] = [("social", "PENSION"), ("food", "RATION")];

#[tokio::test(flavor = "multi_thread")]
async fn registered_death() {
    let life = world().await;
    let (her, number) = beneficiary(&life, "Sushila Sahu").await;
    life.civil.death(&her, life.days_ago(1));
    for (office, id) in BOTH {
        life.until_stands((office, id, &number), "HOLD").await;
        assert_eq!(life.office(office).history(&life.civil, &her, "death-hold@1"), [(Action::Remove, State::Held)]);
    }
}
