//! Ageing by the register's birth dates: each row of the table of cases that speaks of it.

use schemas::{
    event::{AGE_ATTAINED, AGE_REVISED, AgeConvention, AgeThreshold, EventFilter, EventPayload, SubscriptionScope},
    time::{CivilDate, Timestamp},
};

use super::{
    life::{Wanted, capture_all, opened, subscribe},
    world::*,
};
use crate::triggers::{
    TriggerError,
    ageing::{go_on, on_day},
};

const SIXTY: AgeThreshold = AgeThreshold { years: 60, convention: AgeConvention::Anniversary };

fn day(text: &str) -> CivilDate {
    text.parse().unwrap()
}

/// Days from today, which is the day of the trust anchor's clock.
fn from_today(world: &World, days: i64) -> CivilDate {
    world.civil.app.now().plus(days * 86_400).civil_day()
}

/// Who is so many years old on that day, born to the day.
fn born(world: &World, number: &str, birth: CivilDate) {
    world.civil.enter(&format!("INSERT INTO residents VALUES ('{number}', 'Kamla', 'Sahu', '{birth}', 'day', 387, 1)"));
}

async fn asking(engine: Engine, ages: Vec<AgeThreshold>, residents: &[&str]) -> World {
    let world = World::joined(engine).await;
    let filter = Some(EventFilter { ages, ..EventFilter::default() });
    let wanted = Wanted { filter, ..Wanted::of("law-age", &[AGE_ATTAINED, AGE_REVISED]) };
    assert_eq!(wanted.scope, SubscriptionScope::Follow);
    subscribe(&world, wanted, residents).await;
    world
}

/// `years:effective` of the ages told.
async fn ages(world: &World) -> Vec<String> {
    let told = |payload: &EventPayload| match payload {
        EventPayload::AgeAttained(age) => format!("{}:{}", age.years, age.effective),
        EventPayload::AgeRevised(age) => format!("{}:{}->{}:{}", age.years, age.before, age.effective, age.attained),
        _ => "another".to_owned(),
    };
    opened(world).await.iter().map(|event| told(&event.payload)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn born_1966_11_21_run_at_2026_11_20_18_40_utc_attains_60_it_is_the_21st_in_india_once() {
    for engine in ENGINES {
        let world = asking(engine, vec![SIXTY], &["R-60", "R-61"]).await;
        on_day(&world.civil.app, day("2026-11-20")).await.unwrap();
        born(&world, "R-60", day("1966-11-21"));
        born(&world, "R-61", day("1966-11-22"));
        let run: Timestamp = "2026-11-20T18:40:00Z".parse().unwrap();
        for _ in 0..2 {
            on_day(&world.civil.app, run.civil_day()).await.unwrap();
        }
        assert_eq!(ages(&world).await, ["60:2026-11-21"], "{engine:?}");
        let event = &opened(&world).await[0];
        assert_eq!(event.claims.effective, day("2026-11-21"));
        assert_eq!(event.about.birth_year, Some(1966));
        assert_eq!(world.civil.look_gateway_if_sqlite(engine, "SELECT MAX(length(resident)) FROM age_crossing"), "0");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn leapling_2008_02_29_18_anniversary_day_before_2026_03_01_2026_02_28() {
    for (convention, expected) in
        [(AgeConvention::Anniversary, "18:2026-03-01"), (AgeConvention::DayBefore, "18:2026-02-28")]
    {
        let world = asking(Engine::Sqlite, vec![AgeThreshold { years: 18, convention }], &["R-18"]).await;
        on_day(&world.civil.app, day("2026-02-26")).await.unwrap();
        born(&world, "R-18", day("2008-02-29"));
        for today in ["2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02"] {
            on_day(&world.civil.app, day(today)).await.unwrap();
        }
        assert_eq!(ages(&world).await, [expected]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn scheduler_down_45_days_each_crossing_once_own_effective_date() {
    for engine in ENGINES {
        let world = asking(engine, vec![SIXTY], &["R-60", "R-61", "R-62"]).await;
        let (begin, end) = (from_today(&world, -45), from_today(&world, 0));
        on_day(&world.civil.app, begin).await.unwrap();
        let mut expected = Vec::new();
        for (number, days) in [("R-60", -44), ("R-61", -13), ("R-62", 0)] {
            let attains = from_today(&world, days);
            born(&world, number, eligibility::age::cut(attains, 60));
            expected.push(format!("60:{attains}"));
        }
        on_day(&world.civil.app, end).await.unwrap();
        let mut told = ages(&world).await;
        told.sort_unstable();
        expected.sort_unstable();
        assert_eq!(told, expected, "{engine:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn crash_between_events_and_watermark_two_schedulers_none_lost_none_doubled() {
    let world = asking(Engine::Sqlite, vec![SIXTY], &["R-60"]).await;
    on_day(&world.civil.app, day("2026-11-20")).await.unwrap();
    born(&world, "R-60", day("1966-11-21"));
    // The crossing cannot be stored: neither is the watermark moved.
    world
        .civil
        .tamper("CREATE TRIGGER stopped BEFORE INSERT ON age_crossing BEGIN SELECT RAISE(ABORT, 'stopped'); END")
        .await;
    assert!(on_day(&world.civil.app, day("2026-11-21")).await.is_err());
    assert_eq!(world.civil.look_gateway("SELECT day FROM age_watermark"), "2026-11-20");
    world.civil.tamper("DROP TRIGGER stopped").await;
    // Stored, and stopped before it was told.
    world
        .civil
        .tamper("CREATE TRIGGER stopped BEFORE INSERT ON feed_event BEGIN SELECT RAISE(ABORT, 'stopped'); END")
        .await;
    assert!(on_day(&world.civil.app, day("2026-11-21")).await.is_err());
    assert_eq!(world.civil.look_gateway("SELECT day FROM age_watermark"), "2026-11-21");
    world.civil.tamper("DROP TRIGGER stopped").await;
    let other = world.civil.department.open();
    let (first, second) = tokio::join!(on_day(&world.civil.app, day("2026-11-21")), on_day(&other, day("2026-11-21")));
    // Where one process is the rule, whoever comes later overtakes; whoever was overtaken stored nothing.
    assert!(first.is_ok() || second.is_ok());
    for one in [first, second] {
        assert!(matches!(one, Ok(()) | Err(TriggerError::Overtaken)), "{one:?}");
    }
    on_day(&other, day("2026-11-21")).await.unwrap();
    assert_eq!(ages(&world).await, ["60:2026-11-21"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn birth_date_corrected_1966_to_1970_after_60_was_told_is_revised_and_fires_in_its_time() {
    for engine in ENGINES {
        let world = asking(engine, vec![SIXTY], &["R-60"]).await;
        on_day(&world.civil.app, day("2026-11-20")).await.unwrap();
        born(&world, "R-60", day("1966-11-21"));
        capture_all(&world).await;
        on_day(&world.civil.app, day("2026-11-21")).await.unwrap();
        world.civil.enter("UPDATE residents SET date_of_birth = '1970-11-21' WHERE resident_no = 'R-60'");
        for _ in 0..2 {
            capture_all(&world).await;
        }
        assert_eq!(ages(&world).await, ["60:2026-11-21", "60:2026-11-21->2030-11-21:false"], "{engine:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn corrected_1970_to_1966_behind_the_watermark_attained_at_once_dated_rightly() {
    let world = asking(Engine::Sqlite, vec![SIXTY], &["R-60"]).await;
    born(&world, "R-60", day("1970-11-19"));
    capture_all(&world).await;
    on_day(&world.civil.app, day("2026-11-21")).await.unwrap();
    assert!(ages(&world).await.is_empty());
    world.civil.enter("UPDATE residents SET date_of_birth = '1966-11-19' WHERE resident_no = 'R-60'");
    capture_all(&world).await;
    on_day(&world.civil.app, day("2026-11-21")).await.unwrap();
    assert_eq!(ages(&world).await, ["60:2026-11-19"]);
    // Corrected there and back: what holds is said again.
    for birth in ["1970-11-19", "1966-11-19"] {
        world.civil.enter(&format!("UPDATE residents SET date_of_birth = '{birth}' WHERE resident_no = 'R-60'"));
        capture_all(&world).await;
        on_day(&world.civil.app, day("2026-11-21")).await.unwrap();
    }
    assert_eq!(ages(&world).await[1..], ["60:2026-11-19->2030-11-19:false", "60:2026-11-19"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_birth_date_known_only_by_year_never_fires() {
    let world = asking(Engine::Sqlite, vec![SIXTY], &["R-60"]).await;
    on_day(&world.civil.app, day("2026-11-20")).await.unwrap();
    world.civil.enter("INSERT INTO residents VALUES ('R-60', 'Kamla', 'Sahu', '1966-11-21', 'year', 387, 1)");
    capture_all(&world).await;
    on_day(&world.civil.app, day("2026-11-21")).await.unwrap();
    assert!(ages(&world).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_set_back_does_nothing_and_one_far_ahead_stops_and_asks() {
    let world = asking(Engine::Sqlite, vec![SIXTY], &["R-60"]).await;
    let ahead = from_today(&world, 10);
    born(&world, "R-60", eligibility::age::cut(ahead, 60));
    let mark = || world.civil.look_gateway("SELECT day FROM age_watermark");
    on_day(&world.civil.app, from_today(&world, 0)).await.unwrap();
    on_day(&world.civil.app, from_today(&world, -5)).await.unwrap();
    assert_eq!(mark(), from_today(&world, 0).to_string(), "set back");
    on_day(&world.civil.app, ahead).await.unwrap();
    assert_eq!(mark(), from_today(&world, 0).to_string(), "the trust anchor says another day");
    on_day(&world.civil.app, from_today(&world, 2)).await.unwrap();
    assert_eq!(mark(), from_today(&world, 2).to_string(), "two days are believed");
    let allowed = go_on(&world.civil.app, "officer-1").await.unwrap();
    assert_eq!(allowed, from_today(&world, 0));
    on_day(&world.civil.app, ahead).await.unwrap();
    assert!(ages(&world).await.is_empty(), "allowed up to the day on which it was allowed, and no further");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_threshold_starts_without_a_flood_and_who_is_not_followed_is_not_told() {
    let world = asking(Engine::Sqlite, vec![SIXTY], &["R-60"]).await;
    born(&world, "R-60", day("1950-01-01"));
    born(&world, "R-61", day("1966-11-21"));
    on_day(&world.civil.app, day("2026-11-20")).await.unwrap();
    on_day(&world.civil.app, day("2026-11-21")).await.unwrap();
    assert!(ages(&world).await.is_empty());
    assert_eq!(world.civil.rows("age_crossing").await, 1, "found, and followed by nobody");
}
