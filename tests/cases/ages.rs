//! Ages: on the day of India, by both conventions, after days without a scheduler, through crashes, and after corrections.

use std::collections::BTreeSet;

use jiff::{
    ToSpan as _,
    civil::{Date, date},
    tz::TimeZone,
};
use schemas::{decision::DecisionAction as Action, scheme::DecisionState as State};
use service_kit::db::DatabaseUrl;
use service_kit_testing::postgres;
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

/// Civil registration is two schedulers on one PostgreSQL, who have looked at today.
async fn world() -> Turn {
    let mut life = WORLD
        .turn(|| {
            let DatabaseUrl::Postgres(database) = postgres().new_database() else { unreachable!("it is PostgreSQL") };
            LifePlan::of(vec![pensions()]).civil_on(Store::Postgres(database.expose().to_owned()), 2)
        })
        .await;
    let have_looked =
        |life: &Life| life.civil.kept().count(&format!("age_watermark WHERE day = '{}'", life.today())) == 1;
    if !have_looked(&life) {
        // The row before let the clock jump: an officer lets them go on, and they begin anew.
        life.civil.department.command(&["trigger", "go-on"]).unwrap();
        life.civil.department.stop().unwrap();
        life.civil.department.start_all().unwrap();
        life.until("they have looked at today", have_looked).await;
    }
    life.until_quiet().await;
    life
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

/// The row's dates, moved to the world's next day: certificates are of the machine's own time.
#[tokio::test(flavor = "multi_thread")]
async fn born_1966_11_21_run_at_2026_11_20_18_40_utc() {
    let life = world().await;
    let now = jiff::Timestamp::from_second(life.clock.now().seconds()).unwrap().to_zoned(TimeZone::UTC);
    let noon = now.date().checked_add(i32::from(now.hour() >= 12).days()).unwrap();
    life.becomes(&format!("{noon}T12:00:00Z"));
    let tomorrow = noon.checked_add(1.day()).unwrap();
    let born = tomorrow.checked_sub(60.years()).unwrap();
    let (her, next) = (woman(born), woman(born.checked_add(1.day()).unwrap()));
    let (her, next) = (life.civil.resident(her), life.civil.resident(next));
    let before = life.office("social").kept().count(ATTAINED);
    life.becomes(&format!("{noon}T18:40:00Z"));
    life.until("it is the next day in India, and she is 60", |life| offered(life, &her, "OLD-AGE") == [tomorrow]).await;
    life.seconds_pass(3_600);
    life.until_time_was_seen("social").await;
    assert_eq!(offered(&life, &her, "OLD-AGE"), [tomorrow]);
    assert_eq!(life.office("social").kept().count(ATTAINED), before + 1, "once");
    assert_eq!(offered(&life, &next, "OLD-AGE"), Vec::<Date>::new(), "who is a day younger is not");
    // She is not to be 60 in the middle of another row.
    life.civil.death(&next, life.today());
}

/// Somebody known here under a number completed 60 on a day, accepted, and draws the pension.
async fn takes_it(life: &Life, (her, number): (&str, &str), day: Date) {
    life.office("social").knows(number, "Budhram Uike", day);
    life.office("social").links(&life.civil, her, number).await;
    let citizen = life.wallet_of(her).await;
    life.accepts((&citizen, her), ("social", "OLD-AGE")).await;
    let row = life.office("social").rows("OLD-AGE", number).pop().unwrap();
    assert_eq!((row.status.as_str(), row.since), ("ACTIVE", Some(day.to_string())), "from her own day");
}

#[tokio::test(flavor = "multi_thread")]
async fn scheduler_down_45_days() {
    let mut life = world().await;
    let today = life.today();
    let days = [1, 20, 45].map(|days| today.checked_add(days.days()).unwrap());
    let people = days.map(|day| life.civil.resident(woman(day.checked_sub(60.years()).unwrap())));
    let before = life.office("social").kept().count(ATTAINED);
    life.civil.department.stop().unwrap();
    life.days_pass(45);
    life.civil.department.start_all().unwrap();
    for (person, day) in people.iter().zip(days) {
        life.until("each crossing has its own day", |life| offered(life, person, "OLD-AGE") == [day]).await;
    }
    life.until_time_was_seen("social").await;
    assert_eq!(life.office("social").kept().count(ATTAINED), before + 3, "each once");
    // What is owed since begins on her own day, not on that on which the scheduler came back.
    takes_it(&life, (&people[0], "S-DOWN"), days[0]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn birth_date_corrected_1966_to_1970_after_enrolment_at_60() {
    let mut life = world().await;
    let her = life.civil.resident(woman(date(1970, 6, 6)));
    life.until("the register's changes were seen", |life| life.civil.pending() == 0).await;
    let day = life.days_ago(20);
    life.civil.corrects_the_birth_date(&her, day.checked_sub(60.years()).unwrap());
    takes_it(&life, (&her, "S-LATER"), day).await;
    life.civil.corrects_the_birth_date(&her, day.checked_sub(56.years()).unwrap());
    let removal = |life: &Life| life.office("social").decisions(&life.civil, &her).pop().unwrap();
    let is_told = |life: &Life| removal(life).action == Action::Remove && removal(life).notice.is_some();
    life.until("she is told that it is to end", is_told).await;
    life.letter_arrives("social", &removal(&life).notice.unwrap()).await;
    life.until("the window runs", |life| removal(life).state == State::Noticed).await;
    let decision = removal(&life).id.to_string();
    let social = life.office_mut("social");
    let (said, why) =
        (social.words("said.txt", "I was born in 1966."), social.words("why.txt", "The register says 1970."));
    social.takes_down(&["object", &decision, "--route", "counter", "--words-file", &said]).unwrap();
    assert_eq!(removal(&life).state, State::Contested, "notice and contest");
    let row = life.office("social").rows("OLD-AGE", "S-LATER").pop().unwrap();
    assert_eq!((row.status.as_str(), row.amount), ("ACTIVE", Some(500)), "nothing is held meanwhile");
    for officer in [0, 1] {
        let heard = ["decide", &decision, "--outcome", "uphold", "--reason-file", &why];
        life.office_mut("social").reviews(officer, &heard).unwrap();
    }
    let noticed = life.today();
    life.days_pass(31);
    life.until_stands(("social", "OLD-AGE", "S-LATER"), "STOPPED").await;
    let row = life.office("social").rows("OLD-AGE", "S-LATER").pop().unwrap();
    assert_eq!(row.amount, Some(500), "what was paid was hers");
    assert!(
        row.until.unwrap().parse::<Date>().unwrap() >= noticed,
        "it ends in its time, not in the past: nothing is recovered"
    );
}

fn both_die(life: &mut Life) {
    for number in [0, 1] {
        life.civil.department.server(number).unwrap().kill().unwrap();
    }
}

fn both_come_back(life: &mut Life) {
    for number in [0, 1] {
        life.civil.department.start(number).unwrap();
    }
    // A lease of the dead holds for thirty seconds.
    life.seconds_pass(61);
}

#[tokio::test(flavor = "multi_thread")]
async fn crash_between_events_and_watermark_two_schedulers() {
    let mut life = world().await;
    let count = depth(120, 2_000);
    let tomorrow = life.today().checked_add(1.day()).unwrap();
    let people = life.civil.residents(count, woman(tomorrow.checked_sub(60.years()).unwrap()));
    let told = |life: &Life| life.civil.kept().count("age_crossing WHERE state = 'told'");
    let found = |life: &Life| life.civil.kept().count("age_crossing");
    let passed = format!("age_watermark WHERE day = '{tomorrow}'");
    let (all, before, known) = (i64::try_from(count).unwrap(), told(&life), found(&life));
    let heard = life.office("social").kept().count(ATTAINED);
    // The watermark moves, and no event can be written.
    let held = life.civil.kept().holds("LOCK TABLE feed_event IN SHARE MODE");
    life.days_pass(1);
    life.until("everybody is found", |life| found(life) == known + all && life.civil.kept().count(&passed) == 1).await;
    both_die(&mut life);
    drop(held);
    assert_eq!(told(&life), before, "they died between the watermark and the first event");
    // Then one page of events is written, and the last one cannot be.
    let last =
        "SELECT crossing FROM age_crossing WHERE state = 'due' ORDER BY at_ms DESC, crossing DESC LIMIT 1 FOR UPDATE";
    let held = life.civil.kept().holds(last);
    both_come_back(&mut life);
    life.until("some are told", |life| told(life) > before).await;
    both_die(&mut life);
    drop(held);
    assert!((before + 1..before + all).contains(&told(&life)), "they died between two events");
    both_come_back(&mut life);
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
