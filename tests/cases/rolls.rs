//! Rolls: edited by SQL, and a journal of which a row is gone; a department that was away for three days; one that heard everything in
//! another order, twice, and without being heard itself.

use super::world::{Shared, Turn};
use crate::{
    life::{
        Life,
        office::Journaled,
        plan::{Benefit, LifePlan, OfficePlan},
        postman::{Postman, last_number},
        register::Newcomer,
    },
    support::depth,
};
use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use schemas::{decision::DecisionAction as Action, scheme::DecisionState as State};
use serde_json::Value;

static WORLD: Shared = Shared::new();

async fn world() -> Turn {
    WORLD
        .turn(|| {
            let office =
                |name| OfficePlan::new(name, vec![Benefit::by_the_rule("PENSION")]).hearing(&["death", "presence"]);
            LifePlan::of(vec![office("social"), office("health")])
        })
        .await
}

/// So many beneficiaries of both departments, linked: numbers of the register, and of theirs.
async fn beneficiaries(life: &Life, count: usize) -> Vec<(String, String)> {
    let who = Newcomer { name: "Dasri Poyam", born: date(1951, 1, 1), sex: "female" };
    let people = life.civil.residents(count, who);
    let numbered: Vec<(String, String)> =
        people.into_iter().map(|resident| (resident.clone(), resident.replace('R', "S"))).collect();
    for office in ["social", "health"].map(|name| life.office(name)) {
        let rows: Vec<(String, String)> =
            numbered.iter().map(|(_, number)| (number.clone(), who.name.to_owned())).collect();
        office.beneficiaries("PENSION", &rows);
        for (resident, number) in &numbered {
            office.links(&life.civil, resident, number).await;
        }
    }
    numbered
}

#[tokio::test(flavor = "multi_thread")]
async fn roll_edited_by_sql_journal_row_deleted() {
    let mut life = world().await;
    let people = beneficiaries(&life, 2).await;
    for (resident, number) in &people {
        life.civil.death(resident, life.days_ago(1));
        life.until_stands(("social", "PENSION", number), "HOLD").await;
    }
    life.until_quiet().await;
    let edited = format!("PENSION-{}", people[0].1);
    let journal = life.office("social").journal("PENSION");
    // Not the last one: that it is missing says the chain, not only the anchored head.
    let hers = |entry: &&Journaled| entry.row_key == edited && entry.decision.is_some();
    let (deleted, last) = (journal.iter().find(hers).unwrap().seq, journal.last().unwrap().seq);
    // Each minute the roll is compared with its journal; each half hour the journal's head is signed.
    life.seconds_pass(1_801);
    let covering = format!("journal_head WHERE seq >= {last}");
    let attested = |life: &Life| {
        let kept = life.office("social").kept();
        kept.count(&covering) > 0 && kept.count("journal_look") > 0
    };
    life.until("the roll was compared, and a signed head covers its journal", attested).await;
    assert!(life.office("social").verifies("PENSION").0, "whole before anybody touches it");
    // By whoever has the database, and while nobody looks.
    life.office_mut("social").cut_off();
    let social = life.office("social");
    social.enters(&format!("UPDATE beneficiary SET status = 'ACTIVE' WHERE number = '{edited}'"));
    assert!(!social.verifies("PENSION").0);
    let outside = only(social.found_in_the_journal("PENSION"), "row-changed-outside");
    assert_eq!(outside["row"], edited, "the row is named");
    assert!(outside["after"].is_string() && outside["found"].is_string(), "and its window: {outside}");
    // Whoever opens the rolls puts the trigger back.
    let takes_away = |which: &str| {
        social.enters(&format!("DROP TRIGGER vinimay_journal_no_delete; DELETE FROM vinimay_journal WHERE {which}"));
    };
    takes_away(&format!("seq = {deleted}"));
    let missing = only(social.found_in_the_journal("PENSION"), "missing");
    assert_eq!((missing["seq"].as_i64(), missing["to"].as_i64()), (Some(deleted), Some(deleted)), "the gap is named");
    assert!(missing["after"].is_string() && missing["found"].is_string(), "and its window: {missing}");
    takes_away(&format!("seq >= {last}"));
    let disagrees = only(social.found_in_the_journal("PENSION"), "head-disagrees");
    assert!(disagrees["seq"].as_i64().unwrap() >= last, "the chain ends before its signed head: {disagrees}");
    life.office_mut("social").comes_back();
}

/// The one finding of this kind.
fn only(found: Vec<Value>, what: &str) -> Value {
    let mut alike = found.iter().filter(|one| one["what"] == what);
    let one = alike.next().unwrap_or_else(|| panic!("no {what}: {found:?}"));
    assert!(alike.next().is_none(), "one {what}: {found:?}");
    one.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn subscriber_down_three_days_80_000_events() {
    let mut life = world().await;
    let people = beneficiaries(&life, depth(10, 800)).await;
    life.until_quiet().await;
    let each = depth(30, 100);
    let (from, before) = (last_number(&life, life.office("social")), life.office("social").kept().count("inbox_event"));
    life.office_mut("social").cut_off();
    let mut days: BTreeMap<&str, Vec<Date>> = BTreeMap::new();
    for (place, (resident, _)) in people.iter().enumerate() {
        // Days of her own, some of them twice.
        let day = |n: usize| life.days_ago(i32::try_from((n * 7 + place * 11) % 300).unwrap());
        let hers: Vec<Date> = (0..each).map(day).collect();
        let rows: Vec<String> = hers.iter().map(|day| format!("('{resident}', '{day}', 'officer', 387)")).collect();
        days.insert(resident, hers);
        life.civil.enters(&format!(
            "INSERT INTO presences (resident_no, seen_on, kind, district) VALUES {}",
            rows.join(", ")
        ));
    }
    let all = i64::try_from(people.len() * each).unwrap();
    life.until("everything was signed", |life| last_number(life, life.office("social")) == from + all).await;
    life.days_pass(3);
    life.office_mut("social").comes_back();
    // What was not taken for 72 hours is parked at the source, and fetched by the subscriber, which knows what it lacks.
    life.until("everything was heard", |life| life.office("social").kept().count("inbox_event") == before + all).await;
    life.until("everything has run its course", |life| life.office("social").kept().count("inbox_work") == 0).await;
    let kept = life.office("social").kept();
    let last = kept.words("CAST(MAX(seq) - COUNT(*) AS TEXT)", "inbox_event");
    assert_eq!(last, ["0"], "0 lost, 0 double");
    assert_eq!(kept.count("equivocation"), 0);
    for (resident, mut told) in days {
        let mut heard = life.office("social").heard_of(&life.civil, resident);
        told.sort_unstable();
        heard.sort_unstable();
        assert_eq!(heard, told, "each with the day on which it was so, and none on that on which it came");
    }
}

/// So many rows more of people who are linked to nobody: on a large roll a dozen deaths are no flood.
const MANY: usize = 4_000;

#[tokio::test(flavor = "multi_thread")]
async fn random_order_20_percent_duplicates_5_percent_acknowledgements_lost() {
    let mut life = world().await;
    let people = beneficiaries(&life, 12).await;
    for office in ["social", "health"].map(|name| life.office(name)) {
        let rows: Vec<(String, String)> = (0..MANY).map(|n| (format!("M-{n:06}"), "Many More".to_owned())).collect();
        office.beneficiaries("PENSION", &rows);
    }
    // How many people a roll has is counted anew.
    life.seconds_pass(301);
    life.until_quiet().await;
    let before = last_number(&life, life.office("health"));
    life.office_mut("health").cut_off();
    let told = happens_to(&life, &people);
    life.until("everything was signed", |life| last_number(life, life.office("health")) == before + told).await;
    life.until("the one department has heard it in order", |life| is_done(life, "social")).await;
    life.civil.department.stop().unwrap();
    life.office_mut("health").comes_back();
    let postman = Postman::collects(&life, life.office("health"), before);
    let (mut order, mut again): (Vec<usize>, usize) = ((0..postman.len()).collect(), 0);
    shuffle(&mut order);
    for (turn, event) in order.iter().enumerate() {
        assert_eq!(postman.delivers(&[*event]).await[0]["result"], "received");
        // Every fifth comes twice; of every twentieth nobody heard that it was received.
        if turn % 5 == 0 || turn % 20 == 3 {
            assert_eq!(postman.delivers(&[order[turn / 2]]).await[0]["result"], "duplicate");
            again += 1;
        }
    }
    assert!(again * 4 >= order.len(), "a fifth, and a twentieth");
    life.until("everything has run its course", |life| is_done(life, "health")).await;
    same_in_both(&life, &people);
    // Civil registration, which holds no acknowledgement at all, delivers everything once more.
    life.civil.department.start_all().unwrap();
    life.seconds_pass(PAUSE);
    life.until_quiet().await;
    same_in_both(&life, &people);
}

/// Longer than any pause between two attempts, seconds.
const PAUSE: u64 = 900;

/// Everybody moves, and dies; of some the death is annulled, of some a sign of life comes; how many events that makes.
fn happens_to(life: &Life, people: &[(String, String)]) -> i64 {
    let mut told = 0;
    for (place, (resident, _)) in people.iter().enumerate() {
        life.civil.presence(resident, "officer", life.days_ago(40));
        let death = life.civil.death(resident, life.days_ago(3));
        told += 2;
        if place % 3 == 0 {
            life.civil.annulment(&death, resident, life.today());
            told += 1;
        }
        if place % 4 == 1 {
            life.civil.presence(resident, "biometric", life.days_ago(1));
            told += 1;
        }
    }
    told
}

fn is_done(life: &Life, office: &str) -> bool {
    let (entity, kept) = (life.office(office).department.entity().to_string(), life.office(office).kept());
    let is_served = || {
        let waiting = format!("feed_delivery WHERE subscriber = '{entity}' AND state = 'waiting'");
        life.civil.kept().count(&waiting) == 0
    };
    // Whom the postman serves is not served by the register meanwhile.
    (office == "health" || is_served())
        && kept.count("inbox_work") == 0
        && kept.count("decision WHERE todo IS NOT NULL") == 0
}

/// Each person's row is in one department as in the other, with its days and amount, and the same is open about her, from the same
/// day; what began and ended on the way is not a state.
fn same_in_both(life: &Life, people: &[(String, String)]) {
    for (resident, number) in people {
        let open = |office: &str| -> Vec<(Action, State, Date)> {
            let mut open = life.office(office).decisions(&life.civil, resident);
            open.retain(|decided| !matches!(decided.state, State::Released | State::Withdrawn));
            open.iter().map(|decided| (decided.action, decided.state, decided.matter.effective.date())).collect()
        };
        assert_eq!(open("health"), open("social"), "{resident}");
        let row = |office: &str| life.office(office).rows("PENSION", number);
        assert_eq!((row("health").len(), row("health")), (1, row("social")), "{resident}");
    }
}

/// An order that nobody would think of, the same in every run.
fn shuffle(order: &mut [usize]) {
    let mut state = 1_966_u64;
    for place in (1..order.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        order.swap(place, usize::try_from((state >> 33) % (u64::try_from(place).unwrap() + 1)).unwrap());
    }
}
