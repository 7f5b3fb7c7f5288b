//! An anchor and three departments as processes of the released binary, each gateway on PostgreSQL.
//!
//! Civil registration names people, revenue answers, social welfare asks. Guarantees: set up by the commands that staff would type;
//! what differs between the two runs is `verification_cache` alone. Deliberately absent: anything that a deployment would not do.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use schemas::{federation::Role, time::Timestamp};
use service_kit::http_client::{ClientLimits, HttpClient, NetworkPolicy};
use service_kit::tls::ServerIdentity;
use vinimay::{
    bench::Party,
    world::{Addresses, Anchor, Binary, Department, DepartmentPlan, Registers, Store},
};

use crate::databases::Databases;

/// For what is asked.
pub const PURPOSE: &str = "social.old-age-pension.eligibility";
/// Which dataset.
pub const DATASET: &str = "revenue.income";
/// Which field.
pub const FIELD: &str = "annual_income_band";

const SECTORS: [&str; 3] = ["civil", "revenue", "social"];
const SEEDING: &str = "cg-seeding-2026-revenue";
const CIVIL: &str = include_str!("departments/civil.toml");
const REVENUE: &str = include_str!("departments/revenue.toml");
const PURPOSES: &str = include_str!("registers/purposes.toml");
const LAWS: &str = include_str!("registers/laws.toml");
const CACHES_OFF: &str = "\n[performance]\nverification_cache = false\n";
const CACHES_ON: &str = "\n[performance]\nverification_cache = true\n";

/// Everybody, running.
pub struct Federation {
    /// The trust anchor.
    pub anchor: Anchor,
    /// Civil registration.
    pub civil: Department,
    /// Revenue.
    pub revenue: Department,
    /// Social welfare.
    pub social: Department,
    /// Ports.
    pub addresses: Addresses,
    folder: PathBuf,
}

impl Federation {
    /// Makes all parties, with verification caches off, and starts them.
    ///
    /// # Errors
    /// If a command refuses.
    pub fn start(binary: &Binary, folder: &Path, databases: &Databases, now: Timestamp) -> anyhow::Result<Self> {
        let addresses = Addresses::new();
        let anchor = Anchor::init(binary, &folder.join("anchor"), &addresses)?;
        let init = |plan: &DepartmentPlan| Department::init(binary, &folder.join(plan.name), &addresses, plan, 1, now);
        let civil = init(&civil(databases)?)?;
        let revenue = init(&revenue(databases)?)?;
        let social = init(&social(databases)?)?;
        let mut federation = Self { anchor, civil, revenue, social, addresses, folder: folder.to_owned() };
        federation.add_registers()?;
        federation.anchor.start()?;
        for department in [&federation.civil, &federation.revenue, &federation.social] {
            department.join(&federation.anchor)?;
        }
        // Whoever starts now knows everybody; later joins would become known within a minute.
        for department in [&mut federation.civil, &mut federation.revenue, &mut federation.social] {
            department.start_all()?;
        }
        Ok(federation)
    }

    fn add_registers(&self) -> anyhow::Result<()> {
        let registers = Registers { purposes: self.folder.join("purposes.toml"), laws: self.folder.join("laws.toml") };
        std::fs::write(&registers.purposes, PURPOSES)?;
        std::fs::write(&registers.laws, LAWS)?;
        let named =
            [("civil", self.civil.entity()), ("revenue", self.revenue.entity()), ("social", self.social.entity())];
        self.anchor.add_registers(&registers, &named)
    }

    /// Revenue learns which pseudonym is which of its numbers.
    ///
    /// # Errors
    /// If it does not learn it of everybody.
    pub fn link(&self, people: usize) -> anyhow::Result<()> {
        let file = self.folder.join("subjects.jwe").display().to_string();
        let receiver = self.revenue.entity().as_str();
        self.civil.command(&["subjects", "export", "--for", receiver, "--law", SEEDING, "--out", &file])?;
        let seeded: serde_json::Value = serde_json::from_str(&self.revenue.command(&["link", "seed", &file])?)?;
        ensure!(seeded["linked"].as_u64() == u64::try_from(people).ok(), "not everybody was linked: {seeded}");
        Ok(())
    }

    /// Starts the two gateways of the exchange again, with verification caches.
    ///
    /// # Errors
    /// If one does not come back.
    pub fn switch_caches_on(&mut self) -> anyhow::Result<()> {
        for department in [&mut self.social, &mut self.revenue] {
            department.stop()?;
            let file = department.folder().join("gateway.toml");
            let text = std::fs::read_to_string(&file)?;
            ensure!(text.contains(CACHES_OFF), "caches were not off");
            std::fs::write(&file, text.replace(CACHES_OFF, CACHES_ON))?;
        }
        self.revenue.start_all()?;
        self.social.start_all()
    }

    /// The processes of the binary, as parties.
    ///
    /// # Errors
    /// If one does not run.
    pub fn parties(&mut self) -> anyhow::Result<Vec<Party>> {
        let anchor = self.anchor.server().context("the anchor does not run")?.id();
        let mut parties = vec![Party { name: "anchor".to_owned(), ids: vec![anchor] }];
        for (name, department) in
            [("civil", &mut self.civil), ("revenue", &mut self.revenue), ("social", &mut self.social)]
        {
            let id = department.server(0).with_context(|| format!("{name} does not run"))?.id();
            parties.push(Party { name: format!("{name} gateway"), ids: vec![id] });
        }
        Ok(parties)
    }

    /// Stops everybody in order.
    ///
    /// # Errors
    /// If one cannot be waited for.
    pub fn stop(&mut self) -> std::io::Result<()> {
        for department in [&mut self.social, &mut self.revenue, &mut self.civil] {
            department.stop()?;
        }
        self.anchor.stop()
    }
}

/// A client that shows a department's portal, keeps so many connections, and trusts one certificate alone.
///
/// # Errors
/// If a file cannot be read.
pub fn portal(department: &Department, server: &Path, connections: usize) -> anyhow::Result<HttpClient> {
    let systems = department.folder().join("systems");
    let identity = ServerIdentity::load(&systems.join("portal.pem"), &systems.join("portal.key.pem"))?;
    let pinned = openssl::x509::X509::from_pem(&std::fs::read(server)?)?.to_der()?;
    let networks = NetworkPolicy::parse(["127.0.0.0/8"]).map_err(anyhow::Error::msg)?;
    let limits = ClientLimits { pool: connections, at_once: connections, ..ClientLimits::default() };
    Ok(HttpClient::pinned(&[pinned], Some(&identity), networks, limits)?)
}

fn plan(
    name: &'static str,
    en: &'static str,
    hi: &'static str,
    roles: &[String],
    databases: &Databases,
) -> anyhow::Result<DepartmentPlan> {
    Ok(DepartmentPlan {
        name,
        title: BTreeMap::from([("en", en), ("hi", hi)]),
        roles: roles.iter().map(|role| role.parse()).collect::<Result<Vec<Role>, _>>()?,
        source: None,
        writes: false,
        store: Store::Postgres(databases.own(name)),
        names_people_of: Vec::new(),
        purposes: Vec::new(),
        more: CACHES_OFF.to_owned(),
    })
}

fn civil(databases: &Databases) -> anyhow::Result<DepartmentPlan> {
    let roles: Vec<String> =
        SECTORS.iter().map(|sector| format!("identity-registry:{sector}")).chain(["provider".to_owned()]).collect();
    Ok(DepartmentPlan {
        source: Some((databases.reader("civil"), CIVIL.to_owned())),
        names_people_of: SECTORS.iter().map(|sector| sector.parse()).collect::<Result<_, _>>()?,
        ..plan("civil", "Civil Registration", "नागरिक पंजीकरण", &roles, databases)?
    })
}

fn revenue(databases: &Databases) -> anyhow::Result<DepartmentPlan> {
    Ok(DepartmentPlan {
        source: Some((databases.reader("revenue"), REVENUE.to_owned())),
        ..plan("revenue", "Revenue Department", "राजस्व विभाग", &["provider".to_owned()], databases)?
    })
}

fn social(databases: &Databases) -> anyhow::Result<DepartmentPlan> {
    let roles = ["consumer:social".to_owned()];
    Ok(DepartmentPlan {
        purposes: vec![PURPOSE],
        ..plan("social", "Social Welfare Department", "समाज कल्याण विभाग", &roles, databases)?
    })
}
