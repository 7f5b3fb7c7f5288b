//! Rolls: edited by SQL, and a journal of which a row is gone; a department that was away for three days.

use super::world::{Shared, Turn};
use crate::{
    life::{
        Life,
        plan::{Benefit, LifePlan, OfficePlan},
        postman::last_number,
        register::Newcomer,
    },
    support::depth,
};
use jiff::civil::date;

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
    let life = world().await;
    let people = beneficiaries(&life, 2).await;
    let social = life.office("social");
    for (resident, number) in &people {
        life.civil.death(resident, life.days_ago(1));
        life.until_stands(("social", "PENSION", number), "HOLD").await;
    }
    life.until_quiet().await;
    assert!(social.verifies("PENSION").0, "whole before anybody touches it");
    let edited = format!("PENSION-{}", people[0].1);
    social.enters(&format!("UPDATE beneficiary SET status = 'ACTIVE' WHERE number = '{edited}'"));
    let (well, found) = social.verifies("PENSION");
    assert!(!well && found.contains(&edited), "the row is named: {found}");
    let deleted = social.journal("PENSION").into_iter().rfind(|entry| entry.decision.is_some()).unwrap().seq;
    social
        .enters(&format!("DROP TRIGGER vinimay_journal_no_delete; DELETE FROM vinimay_journal WHERE seq = {deleted}"));
    let (well, found) = social.verifies("PENSION");
    assert!(!well && found.contains(&deleted.to_string()), "the gap and its time are named: {found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn subscriber_down_three_days_80_000_events() {
    let mut life = world().await;
    let people = beneficiaries(&life, 10).await;
    life.until_quiet().await;
    let each = depth(30, 8_000);
    let (from, before) = (last_number(&life, life.office("social")), life.office("social").kept().count("inbox_event"));
    life.office_mut("social").cut_off();
    for (resident, _) in &people {
        let rows: Vec<String> = (0..each)
            .map(|n| format!("('{resident}', '{}', 'officer', 387)", life.days_ago(i32::try_from(n % 300).unwrap())))
            .collect();
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
    let facts = kept.count("(SELECT DISTINCT message FROM fact_record) AS f");
    assert!(facts >= all, "each is kept with its own day: {facts}");
}
