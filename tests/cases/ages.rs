//! Ages: on the day of India, by both conventions, after days without a scheduler, through crashes, and after corrections.

use std::collections::BTreeSet;

use jiff::{
    ToSpan as _,
    civil::{Date, date},
    tz::TimeZone,
};
use schemas::scheme::DecisionState as State;
use service_kit::{clock::Clock, db::DatabaseUrl, testing::postgres};
use vinimay::world::Store;

use super::world::{Shared, Turn};
use crate::{
    life::{
        Life,
        plan::{Benefit, LifePlan, OfficePlan},
        register::Newcomer,
    },
    support::depth,
};

const OLD_AGE: &str = include_str!("schemes/old-age.toml");
const ATTAINED: &str = "inbox_event WHERE event_type = 'in.vinimay.age.attained.v1'";

static WORLD: Shared = Shared::new();

/// Civil registration is two schedulers on one PostgreSQL.
async fn world() -> Turn {
    WORLD
        .turn(|| {
            let DatabaseUrl::Postgres(database) = postgres().new_database() else { unreachable!("it is PostgreSQL") };
            LifePlan::of(vec![pensions()]).civil_on(Store::Postgres(database.expose().to_owned()), 2)
        })
        .await
}

fn pensions() -> OfficePlan {
    OfficePlan::new("social", vec![Benefit::of("OLD-AGE", OLD_AGE)]).hearing(&["age"]).at_ages(&["60"])
}

fn woman(born: Date) -> Newcomer<'static> {
    Newcomer { name: "Budhram Uike", born, sex: "female" }
}

/// The days from which an open offer of a scheme holds for somebody.
fn offered(life: &Life, resident: &str, scheme: &str) -> Vec<Date> {
    let decisions = life.office("social").decisions(&life.civil, resident).into_iter();
    let open = decisions.filter(|decided| decided.scheme == scheme && decided.state == State::Offered);
    open.map(|decided| decided.matter.effective.date()).collect()
}

/// The row's dates, moved to the machine's own day: certificates of a world are of that time.
#[tokio::test(flavor = "multi_thread")]
async fn born_1966_11_21_run_at_2026_11_20_18_40_utc() {
    let now = jiff::Timestamp::from_second(Clock::default().now().seconds()).unwrap();
    let today = now.to_zoned(TimeZone::UTC).date();
    let tomorrow = today.checked_add(1.day()).unwrap();
    let born = tomorrow.checked_sub(60.years()).unwrap();
    let life = Life::start(&LifePlan::of(vec![pensions()]).starting(&format!("{today}T06:00:00Z"))).await;
    let (her, next) = (woman(born), woman(born.checked_add(1.day()).unwrap()));
    let (her, next) = (life.civil.resident(her), life.civil.resident(next));
    life.becomes(&format!("{today}T18:40:00Z"));
    life.until("it is the next day in India, and she is 60", |life| offered(life, &her, "OLD-AGE") == [tomorrow]).await;
    life.seconds_pass(3_600);
    life.until_time_was_seen("social").await;
    assert_eq!(offered(&life, &her, "OLD-AGE"), [tomorrow]);
    assert_eq!(life.office("social").kept().count(ATTAINED), 1, "once");
    assert_eq!(offered(&life, &next, "OLD-AGE"), Vec::<Date>::new(), "who is a day younger is not");
}

#[tokio::test(flavor = "multi_thread")]
async fn crash_between_events_and_watermark_two_schedulers() {
    let mut life = world().await;
    let count = depth(120, 2_000);
    let tomorrow = life.today().checked_add(1.day()).unwrap();
    let people = life.civil.residents(count, woman(tomorrow.checked_sub(60.years()).unwrap()));
    let told = |life: &Life| life.civil.kept().count("age_crossing WHERE state = 'told'");
    let (before, heard) = (told(&life), life.office("social").kept().count(ATTAINED));
    life.days_pass(1);
    for round in 0..3 {
        // Both schedulers die wherever they are: before the first is told, or between two.
        life.until("ages are told", |life| round == 0 || told(life) > before).await;
        for number in [0, 1] {
            life.civil.department.server(number).unwrap().kill().unwrap();
        }
        for number in [0, 1] {
            life.civil.department.start(number).unwrap();
        }
        // A lease of the dead holds for thirty seconds.
        life.seconds_pass(61);
    }
    let all = i64::try_from(count).unwrap();
    life.until("everybody was told", |life| told(life) == before + all).await;
    life.until_quiet().await;
    let kept = life.office("social").kept();
    assert_eq!(kept.count(ATTAINED), heard + all, "none lost, none doubled");
    let offers: BTreeSet<&String> =
        people.iter().filter(|person| offered(&life, person, "OLD-AGE") == [tomorrow]).collect();
    assert_eq!(offers.len(), count);
}

#[tokio::test(flavor = "multi_thread")]
async fn corrected_1970_to_1966_behind_the_watermark() {
    let life = world().await;
    let her = life.civil.resident(woman(date(1970, 6, 6)));
    life.until("the register's changes were seen", |life| life.civil.pending() == 0).await;
    let day = life.days_ago(100);
    life.civil.corrects_the_birth_date(&her, day.checked_sub(60.years()).unwrap());
    life.until("attained at once, dated rightly, offered", |life| offered(life, &her, "OLD-AGE") == [day]).await;
}
