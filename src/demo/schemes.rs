//! The schemes of the demonstration, and how two departments bring them into force: by the commands that their officers use.
//!
//! Guarantees: each is linted, tested on the department's own roll, and signed by two persons with keys of their own; none is in force
//! by any other way. Absent: what a real scheme asks beyond the facts of the demonstration (`eligibility/samples`).

use anyhow::{Context, ensure};
use jiff::civil::Date;
use serde_json::Value;

use super::{officer::Officer, side_by_side::side_by_side};
use crate::world::Department;

/// A scheme, and the roll that it governs.
#[derive(Debug, Clone, Copy)]
pub struct DemoScheme {
    /// Its id.
    pub id: &'static str,
    /// The roll, as the mapping names it.
    pub roll: &'static str,
    text: &'static str,
}

/// The food department's.
pub const FOOD_SCHEMES: [DemoScheme; 1] = [DemoScheme {
    id: "DEMO-RATION-MEMBER",
    roll: "food.ration-member",
    text: include_str!("schemes/ration-member.toml"),
}];

/// The social welfare department's.
pub const SOCIAL_SCHEMES: [DemoScheme; 4] = [
    DemoScheme { id: "DEMO-OLD-AGE", roll: "social.pension", text: include_str!("schemes/pension.toml") },
    DemoScheme {
        id: "DEMO-CHILD-DISABILITY",
        roll: "social.child-disability",
        text: include_str!("schemes/child-disability.toml"),
    },
    DemoScheme { id: "DEMO-DISABILITY", roll: "social.disability", text: include_str!("schemes/disability.toml") },
    DemoScheme { id: "DEMO-MARRIAGE", roll: "social.marriage", text: include_str!("schemes/marriage.toml") },
];

/// Two scheme officers of a department, each with a key that the other confirmed.
///
/// # Errors
/// If a command or a page refuses.
pub fn two_officers(department: &Department) -> anyhow::Result<[Officer; 2]> {
    let roles = ["scheme-officer", "admin"];
    let officers = [Officer::hired(department, "asha", &roles)?, Officer::hired(department, "binod", &roles)?];
    let [asha, binod] = &officers;
    let (hers, his) = (asha.registers_a_key(department)?, binod.registers_a_key(department)?);
    asha.confirms(&his)?;
    binod.confirms(&hers)?;
    Ok(officers)
}

/// An officer's account, and the file of her key.
pub type Signer = (String, String);

/// Two officers of a department bring its schemes into force; how many rows the back-tests looked at.
///
/// # Errors
/// If a command or a page refuses.
pub fn publish_all(department: &Department, schemes: &[DemoScheme], today: Date) -> anyhow::Result<u64> {
    let signers = two_officers(department)?.map(|officer| (officer.name, officer.key.display().to_string()));
    let rows = side_by_side(schemes, |scheme| publish(department, scheme, &signers, today))?;
    Ok(rows.iter().sum())
}

/// Lints, tests, has two officers sign, and publishes; how many people the back-test looked at.
///
/// # Errors
/// If a command refuses.
fn publish(department: &Department, scheme: &DemoScheme, officers: &[Signer; 2], today: Date) -> anyhow::Result<u64> {
    let file = department.folder().join(format!("{}.toml", scheme.id));
    let us = department.entity().as_str();
    let text = scheme.text.replace("${food}", us).replace("${social}", us).replace("${today}", &today.to_string());
    std::fs::write(&file, text)?;
    department.command(&["scheme", "submit", &file.display().to_string()])?;
    let tested = department.command(&["scheme", "backtest", scheme.id, "--roll", scheme.roll, "--json"])?;
    let tested: Value = serde_json::from_str(&tested)?;
    for officer in officers {
        let (account, key) = officer;
        department.command(&["scheme", "approve", scheme.id, "--account", account, "--key", key, "--leavers-read"])?;
    }
    let terms: Value = serde_json::from_str(&department.command(&["scheme", "publish", scheme.id])?)?;
    ensure!(terms["scheme"]["id"] == scheme.id, "another scheme came into force: {terms}");
    tested["result"]["people"].as_u64().context("the back-test looked at nobody")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn every_scheme_of_the_demonstration_is_clean_and_its_examples_hold() {
        for scheme in FOOD_SCHEMES.iter().chain(&SOCIAL_SCHEMES) {
            let us = "https://social.gov.example";
            let text = scheme.text.replace("${food}", us).replace("${social}", us).replace("${today}", "2026-11-22");
            let found = eligibility::lint::lint(&text);
            assert!(found.is_clean(), "{}", scheme.id);
            assert!(text.contains(&format!("id = \"{}\"", scheme.id)));
        }
    }
}
