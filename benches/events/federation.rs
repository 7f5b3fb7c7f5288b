//! An anchor, civil registration and social welfare as processes of the released binary, each gateway on PostgreSQL.
//!
//! Civil registration tells of every move of residence; social welfare hears of everybody, and knows its pensioners by name. Guarantees:
//! set up by the commands that staff would type. Deliberately absent: anything that a deployment would not do.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use schemas::{federation::Role, time::Timestamp};
use vinimay::{
    bench::Party,
    world::{Addresses, Anchor, Binary, Department, DepartmentPlan, Registers, Store},
};

use crate::databases::{Databases, READER, WRITER};

/// What is told.
pub const MOVED: &str = "in.vinimay.residence.moved.v1";
const PURPOSE: &str = "social.benefit.entitlement";
const LAW: &str = "cg-offers-2026-moves";
const SEEDING: &str = "cg-seeding-2026-social";
const SECTORS: [&str; 2] = ["civil", "social"];
const CIVIL: &str = include_str!("departments/civil.toml");
const SOCIAL: &str = include_str!("departments/social.toml");
const PURPOSES: &str = include_str!("registers/purposes.toml");
const LAWS: &str = include_str!("registers/laws.toml");

/// Everybody, running.
pub struct Federation {
    /// The trust anchor.
    pub anchor: Anchor,
    /// Civil registration: the source.
    pub civil: Department,
    /// Social welfare: the subscriber.
    pub social: Department,
    folder: PathBuf,
}

impl Federation {
    /// Makes all parties, starts them, and has them agree on a subscription.
    ///
    /// # Errors
    /// If a command refuses.
    pub fn start(
        binary: &Binary,
        folder: &Path,
        databases: &Databases,
        people: u32,
        now: Timestamp,
    ) -> anyhow::Result<Self> {
        let addresses = Addresses::new();
        let anchor = Anchor::init(binary, &folder.join("anchor"), &addresses)?;
        let init = |plan: &DepartmentPlan| Department::init(binary, &folder.join(plan.name), &addresses, plan, 1, now);
        let civil = init(&civil(databases)?)?;
        let social = init(&social(databases)?)?;
        let mut federation = Self { anchor, civil, social, folder: folder.to_owned() };
        federation.add_registers()?;
        federation.anchor.start()?;
        for (name, department) in [("civil", &federation.civil), ("social", &federation.social)] {
            let owner = databases.owner(name);
            department.command(&["source", "install", "--owner", &owner, "--reader", READER, "--writer", WRITER])?;
            department.join(&federation.anchor)?;
        }
        federation.civil.start_all()?;
        federation.social.start_all()?;
        federation.link(people)?;
        federation.subscribe(now)?;
        Ok(federation)
    }

    fn add_registers(&self) -> anyhow::Result<()> {
        let registers = Registers { purposes: self.folder.join("purposes.toml"), laws: self.folder.join("laws.toml") };
        std::fs::write(&registers.purposes, PURPOSES)?;
        std::fs::write(&registers.laws, LAWS)?;
        self.anchor.add_registers(&registers, &[("civil", self.civil.entity()), ("social", self.social.entity())])
    }

    /// Social welfare learns which pseudonym is which of its numbers.
    fn link(&self, people: u32) -> anyhow::Result<()> {
        let file = self.folder.join("subjects.jwe").display().to_string();
        let receiver = self.social.entity().as_str();
        self.civil.command(&["subjects", "export", "--for", receiver, "--law", SEEDING, "--out", &file])?;
        let seeded: serde_json::Value = serde_json::from_str(&self.social.command(&["link", "seed", &file])?)?;
        ensure!(seeded["linked"].as_u64() == Some(people.into()), "not everybody was linked: {seeded}");
        Ok(())
    }

    fn subscribe(&self, now: Timestamp) -> anyhow::Result<()> {
        let until = now.plus(300 * 86_400).civil_day().to_string();
        let source = self.civil.entity().as_str();
        let proposal = ["subscription", "propose", "--source", source, "--law", LAW, "--purpose", PURPOSE];
        let more = ["--everybody", "--until", &until, "--type", MOVED];
        let proposed = self.social.command(&[proposal.as_slice(), more.as_slice()].concat())?;
        let proposed: serde_json::Value = serde_json::from_str(&proposed)?;
        let id = proposed["id"].as_str().context("the subscription has no id")?;
        self.civil.command(&["subscription", "approve", id, "--owner", "data-owner"])?;
        Ok(())
    }

    /// The processes of the binary, as parties.
    ///
    /// # Errors
    /// If one does not run.
    pub fn parties(&mut self) -> anyhow::Result<Vec<Party>> {
        let anchor = self.anchor.server().context("the anchor does not run")?.id();
        let mut parties = vec![Party { name: "anchor".to_owned(), ids: vec![anchor] }];
        for (name, department) in [("civil (source)", &mut self.civil), ("social (subscriber)", &mut self.social)] {
            let id = department.server(0).with_context(|| format!("{name} does not run"))?.id();
            parties.push(Party { name: format!("gateway {name}"), ids: vec![id] });
        }
        Ok(parties)
    }

    /// Stops everybody in order.
    ///
    /// # Errors
    /// If one cannot be waited for.
    pub fn stop(&mut self) -> std::io::Result<()> {
        for department in [&mut self.social, &mut self.civil] {
            department.stop()?;
        }
        self.anchor.stop()
    }
}

fn plan(
    (name, en, hi): (&'static str, &'static str, &'static str),
    roles: &[String],
    mapping: &str,
    databases: &Databases,
) -> anyhow::Result<DepartmentPlan> {
    Ok(DepartmentPlan {
        name,
        title: BTreeMap::from([("en", en), ("hi", hi)]),
        roles: roles.iter().map(|role| role.parse()).collect::<Result<Vec<Role>, _>>()?,
        source: Some((databases.role(name, READER), mapping.to_owned())),
        writes: false,
        store: Store::Postgres(databases.owner(&format!("{name}_gateway"))),
        names_people_of: Vec::new(),
        purposes: Vec::new(),
        // The writer is another role than the reader.
        more: format!("\n[source.writer]\nurl = \"{}\"\n", databases.role(name, WRITER)),
    })
}

fn civil(databases: &Databases) -> anyhow::Result<DepartmentPlan> {
    let sectors = SECTORS.iter().map(|sector| format!("identity-registry:{sector}"));
    let roles: Vec<String> = sectors.chain(["provider".to_owned(), format!("event-source:{MOVED}")]).collect();
    Ok(DepartmentPlan {
        names_people_of: SECTORS.iter().map(|sector| sector.parse()).collect::<Result<_, _>>()?,
        ..plan(("civil", "Civil Registration", "नागरिक पंजीकरण"), &roles, CIVIL, databases)?
    })
}

fn social(databases: &Databases) -> anyhow::Result<DepartmentPlan> {
    let roles = ["provider".to_owned(), "consumer:social".to_owned()];
    let mut plan = plan(("social", "Social Welfare Department", "समाज कल्याण विभाग"), &roles, SOCIAL, databases)?;
    plan.more.push_str("\n[decisions.rolls]\nBENCH-PENSION = \"social.pension\"\n");
    Ok(plan)
}
