//! Deaths: reported, registered, annulled, told twice, told in the wrong order, told of somebody of the same name.

use jiff::civil::date;
use schemas::{decision::DecisionAction as Action, id::MessageId, scheme::DecisionState as State};

use super::world::{Shared, Turn};
use crate::{
    life::{
        Life,
        plan::{Benefit, LifePlan, OfficePlan},
        postman::{Postman, last_number},
        register::Newcomer,
    },
    support::report,
};

static WORLD: Shared = Shared::new();

/// Which rolls follow deaths, by department.
const BOTH: [(&str, &str); 2] = [("social", "PENSION"), ("food", "RATION")];
/// The rule that decides where no scheme is published.
const RULE: &str = "death-hold@1";

/// Longer than any pause between two attempts, seconds.
const PAUSE: u64 = 900;

/// Social welfare hears of every death, so that it meets people whom it may confuse with its own; food follows its members alone.
async fn world() -> Turn {
    WORLD
        .turn(|| {
            LifePlan::of(vec![
                OfficePlan::new("social", vec![Benefit::by_the_rule("PENSION")]).hearing(&["death"]),
                OfficePlan::new("food", vec![Benefit::by_the_rule("RATION")]),
            ])
        })
        .await
}

/// Somebody who draws a pension and a ration.
struct Woman {
    resident: String,
    number: String,
}

impl Woman {
    /// Linked in both departments, and followed by both.
    async fn of(life: &Life, name: &str) -> Self {
        let resident = life.civil.resident(Newcomer { name, born: date(1950, 5, 5), sex: "female" });
        let number = resident.replace('R', "S");
        for (office, id) in BOTH {
            let office = life.office(office);
            office.beneficiary(id, &number, name);
            office.links(&life.civil, &resident, &number).await;
        }
        for (office, _) in BOTH {
            life.until_followed(office, &resident, 1).await;
        }
        Self { resident, number }
    }

    async fn stands(&self, life: &Life, status: &str) {
        for (office, id) in BOTH {
            life.until_stands((office, id, &self.number), status).await;
        }
    }

    fn history(&self, life: &Life, office: &str) -> Vec<(Action, State)> {
        life.office(office).history(&life.civil, &self.resident, RULE)
    }

    fn story(&self, life: &Life, (office, id): (&str, &str)) -> Vec<String> {
        life.office(office).story(id, &format!("{id}-{}", self.number))
    }

    /// The notice of the removal that is to come.
    fn notice(&self, life: &Life, office: &str) -> Option<MessageId> {
        life.office(office).decisions(&life.civil, &self.resident).pop().and_then(|decided| decided.notice)
    }

    /// Both letters are handed over; both windows run.
    async fn is_told(&self, life: &Life) {
        for (office, _) in BOTH {
            life.until("a notice was written", |life| self.notice(life, office).is_some()).await;
            life.letter_arrives(office, &self.notice(life, office).unwrap()).await;
            life.until("the window runs", |life| self.history(life, office) == [(Action::Remove, State::Noticed)])
                .await;
        }
    }

    /// Her death is registered, both are held and told; the registration's number.
    async fn dies(&self, life: &Life) -> String {
        let death = life.civil.death(&self.resident, life.days_ago(1));
        self.stands(life, "HOLD").await;
        self.is_told(life).await;
        death
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn registered_death() {
    let life = world().await;
    let her = Woman::of(&life, "Sushila Sahu").await;
    let entered = service_kit::clock::Clock::default().monotonic();
    life.civil.death(&her.resident, life.days_ago(1));
    her.stands(&life, "HOLD").await;
    let reached = service_kit::clock::Clock::default().monotonic().saturating_sub(entered);
    report("case-registered-death", &format!("held in two departments after {} ms", reached.as_millis()));
    // Nobody was told yet: no window runs, however long that takes.
    life.days_pass(3);
    life.until_time_was_seen("social").await;
    her.stands(&life, "HOLD").await;
    her.is_told(&life).await;
    life.days_pass(29);
    for (office, _) in BOTH {
        life.until_time_was_seen(office).await;
        assert_eq!(her.history(&life, office), [(Action::Remove, State::Noticed)], "one day before the window ends");
    }
    her.stands(&life, "HOLD").await;
    life.days_pass(2);
    her.stands(&life, "STOPPED").await;
    life.until_quiet().await;
    for both in BOTH {
        assert_eq!(her.history(&life, both.0), [(Action::Remove, State::Removed)]);
        assert_eq!(her.story(&life, both), ["held", "removed"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn annulled_within_the_window() {
    let life = world().await;
    let her = Woman::of(&life, "Anita Sahu").await;
    let death = her.dies(&life).await;
    life.civil.annulment(&death, &her.resident, life.today());
    her.stands(&life, "ACTIVE").await;
    life.until_quiet().await;
    for both in BOTH {
        assert_eq!(her.history(&life, both.0), [(Action::Remove, State::Released)]);
        assert_eq!(her.story(&life, both), ["held", "released"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn annulled_after_removal() {
    let life = world().await;
    let her = Woman::of(&life, "Meena Netam").await;
    let death = her.dies(&life).await;
    life.days_pass(31);
    her.stands(&life, "STOPPED").await;
    // Whom a department follows changes meanwhile.
    life.days_pass(1);
    for (office, _) in BOTH {
        life.until_time_was_seen(office).await;
    }
    let entered = service_kit::clock::Clock::default().monotonic();
    life.civil.annulment(&death, &her.resident, life.today());
    her.stands(&life, "ACTIVE").await;
    let reached = service_kit::clock::Clock::default().monotonic().saturating_sub(entered);
    report("case-annulled", &format!("back in two departments after {} ms", reached.as_millis()));
    life.until_quiet().await;
    for both in BOTH {
        assert_eq!(her.history(&life, both.0), [(Action::Remove, State::Restored)]);
        assert_eq!(her.story(&life, both), ["held", "removed", "restored"]);
        let row = &life.office(both.0).rows(both.1, &her.number)[0];
        assert_eq!(
            (row.since.as_deref(), row.until.as_deref(), row.amount),
            (Some("2020-01-01"), None, Some(500)),
            "as if never gone"
        );
        let owed = life.office(both.0).journal(both.1).pop().unwrap().arrears.unwrap();
        assert!(owed.contains(&life.today().strftime("\"%Y-%m\"").to_string()), "the month that was not paid: {owed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn annulment_arrives_before_the_death() {
    let mut life = world().await;
    let her = Woman::of(&life, "Radha Verma").await;
    life.until_quiet().await;
    life.office_mut("social").cut_off();
    let before = last_number(&life, life.office("social"));
    let death = life.civil.death(&her.resident, life.days_ago(1));
    life.civil.annulment(&death, &her.resident, life.today());
    life.until("both were signed", |life| last_number(life, life.office("social")) == before + 2).await;
    life.civil.department.stop().unwrap();
    life.office_mut("social").comes_back();
    let postman = Postman::collects(&life, life.office("social"), before);
    for event in [1, 0] {
        assert_eq!(postman.delivers(&[event]).await[0]["result"], "received");
        life.until("it has run its course", |life| life.office("social").kept().count("inbox_work") == 0).await;
        assert_eq!(life.office("social").stands("PENSION", &her.number), "ACTIVE", "after event {event}");
    }
    assert_eq!(her.story(&life, BOTH[0]), Vec::<String>::new(), "the roll was never touched");
    assert_eq!(her.history(&life, "social"), []);
    life.civil.department.start_all().unwrap();
    // Civil registration delivers once more what it holds no acknowledgement of, after its pause.
    life.seconds_pass(PAUSE);
    life.until_quiet().await;
    assert_eq!(her.story(&life, BOTH[0]), Vec::<String>::new());
    her.stands(&life, "ACTIVE").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn same_registration_number_under_a_new_event_id() {
    let life = world().await;
    let her = Woman::of(&life, "Kamla Bai").await;
    life.until_quiet().await;
    let before = last_number(&life, life.office("social"));
    let death = life.civil.death(&her.resident, life.days_ago(1));
    her.stands(&life, "HOLD").await;
    life.civil.death_numbered(&death, &her.resident, life.days_ago(2));
    life.until_quiet().await;
    assert_eq!(last_number(&life, life.office("social")), before + 1, "it is told once");
    for both in BOTH {
        assert_eq!(her.history(&life, both.0), [(Action::Remove, State::Held)]);
        assert_eq!(her.story(&life, both), ["held"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn death_reported_by_an_anganwadi_worker_only() {
    let life = world().await;
    let her = Woman::of(&life, "Phulo Netam").await;
    life.civil.report(&her.resident, "anganwadi", life.days_ago(1));
    for both in BOTH {
        life.until("officers are shown it", |life| her.history(life, both.0) == [(Action::Flag, State::Proposed)])
            .await;
    }
    life.until_quiet().await;
    her.stands(&life, "ACTIVE").await;
    for both in BOTH {
        assert_eq!(her.story(&life, both), Vec::<String>::new(), "no hold, no removal");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn same_name_and_birth_year_only() {
    let life = world().await;
    let (social, born) = (life.office("social"), date(1949, 3, 3));
    social.knows("S-NAMESAKE", "Lata Dewangan", born);
    social.beneficiary("PENSION", "S-NAMESAKE", "Lata Dewangan");
    let another = life.civil.resident(Newcomer { name: "Lata Dewangan", born: date(1949, 8, 8), sex: "female" });
    life.civil.death(&another, life.days_ago(1));
    life.until("an officer is to say who is meant", |life| {
        life.office("social").kept().count("match_queue WHERE kind = 'ambiguous' AND resolved_ms IS NULL") == 1
    })
    .await;
    life.until_quiet().await;
    assert_eq!(social.stands("PENSION", "S-NAMESAKE"), "ACTIVE");
    assert_eq!(social.story("PENSION", "PENSION-S-NAMESAKE"), Vec::<String>::new(), "no hold");
    assert_eq!(social.history(&life.civil, &another, RULE), []);
}
