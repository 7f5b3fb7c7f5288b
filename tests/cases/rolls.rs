//! Rolls: edited by SQL, and a journal of which a row is gone.

use super::world::{Shared, Turn};
use crate::life::{
    Life,
    plan::{Benefit, LifePlan, OfficePlan},
    register::Newcomer,
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
