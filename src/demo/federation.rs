//! The demonstration's federation: civil registration, revenue, food and social welfare, and their anchor.
//!
//! Guarantees: each department has its own, differently shaped database of the same synthetic people, and learns whose pseudonym
//! is whose local number by the seeding run that a law allows. Deliberately absent: anything that a real deployment would not do.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use schemas::{federation::Role, time::Timestamp};

use super::{
    Options,
    population::{self, CIVIL_MAPPING, DemoDatabases, FOOD_MAPPING, REVENUE_MAPPING, SOCIAL_MAPPING},
    schemes::{DemoScheme, FOOD_SCHEMES, SOCIAL_SCHEMES},
    side_by_side::side_by_side,
};
use crate::world::{Addresses, Anchor, Binary, Department, DepartmentPlan, Registers, ServedWallet, Store};

/// The purpose for which the pension portal asks.
pub const PENSION_PURPOSE: &str = "social.old-age-pension.eligibility";
const DEATH: &str = "in.vinimay.death.registered.v1";
const ANNULLED: &str = "in.vinimay.death.annulled.v1";
/// What civil registration tells of everybody, to whom a law lets it.
const LIFE: [&str; 5] = [
    "in.vinimay.birth.registered.v1",
    "in.vinimay.age.attained.v1",
    "in.vinimay.age.revised.v1",
    "in.vinimay.marriage.registered.v1",
    "in.vinimay.residence.moved.v1",
];
/// The law under which deaths are told to departments that pay or supply (see `compose/registers/laws.toml`).
const SECTORS: [&str; 4] = ["civil", "revenue", "food", "social"];
/// First port of the demonstration, so that its addresses are the same each time while they are free.
const FIRST_PORT: u16 = 27_400;

/// Purposes and laws of the demonstration; departments stand as `${civil}` and so on.
const PURPOSES: &str = include_str!("../../compose/registers/purposes.toml");
const LAWS: &str = include_str!("../../compose/registers/laws.toml");

/// Everybody who takes part, running.
#[derive(Debug)]
pub struct Federation {
    /// The trust anchor.
    pub anchor: Anchor,
    /// Civil registration: identity registry, and source of deaths.
    pub civil: Department,
    /// Revenue: knows incomes.
    pub revenue: Department,
    /// Food: ration cards.
    pub food: Department,
    /// Social welfare: pensions; its portal asks.
    pub social: Department,
    /// The departments' own databases, and who plays in the story.
    pub databases: DemoDatabases,
    /// How many people they hold.
    pub people: u32,
    /// The program.
    pub binary: Binary,
    /// Where everything is.
    pub folder: PathBuf,
    /// The wallet's pages, if they are built.
    pub wallet: Option<ServedWallet>,
}

/// How a federation differs from that of the demonstration, for tests and benchmarks.
#[derive(Debug)]
pub struct Variation {
    /// Ports.
    pub addresses: Addresses,
    /// The purposes file, where its bounds are too narrow for a test.
    pub purposes: String,
    /// The laws file.
    pub laws: String,
    /// Where a department's gateway keeps its rows, if not in SQLite, and how many processes share them.
    pub stores: BTreeMap<&'static str, (Store, usize)>,
    /// More sections of a department's configuration.
    pub more: BTreeMap<&'static str, String>,
}

impl Default for Variation {
    fn default() -> Self {
        Self {
            addresses: Addresses::new(),
            purposes: PURPOSES.to_owned(),
            laws: LAWS.to_owned(),
            stores: BTreeMap::new(),
            more: BTreeMap::new(),
        }
    }
}

impl Variation {
    /// The demonstration itself: the same addresses each time, while they are free.
    fn none() -> Self {
        Self { addresses: Addresses::starting_at(FIRST_PORT), ..Self::default() }
    }

    /// The purposes file with consents of up to so many uses.
    #[must_use]
    pub fn with_uses(mut self, max_uses: u32) -> Self {
        let bounds: Vec<String> = self
            .purposes
            .lines()
            .map(|line| if line.starts_with("max_uses") { format!("max_uses = {max_uses}") } else { line.to_owned() })
            .collect();
        self.purposes = bounds.join("\n");
        self
    }

    fn apply(&self, plan: DepartmentPlan) -> (DepartmentPlan, usize) {
        let (store, processes) = self.stores.get(plan.name).cloned().unwrap_or((Store::Sqlite, 1));
        let more = format!("{}{}", plan.more, self.more.get(plan.name).map_or("", String::as_str));
        (DepartmentPlan { store, more, ..plan }, processes)
    }
}

impl Federation {
    /// Makes people and databases, sets up the anchor and the departments, and has them join. Nothing runs yet but the anchor.
    ///
    /// # Errors
    /// If any command refuses.
    pub fn set_up(binary: Binary, folder: &Path, options: &Options, now: Timestamp) -> anyhow::Result<Self> {
        Self::set_up_as(binary, folder, options, &Variation::none(), now)
    }

    /// The same with differences.
    ///
    /// # Errors
    /// If any command refuses.
    pub fn set_up_as(
        binary: Binary,
        folder: &Path,
        options: &Options,
        variation: &Variation,
        now: Timestamp,
    ) -> anyhow::Result<Self> {
        let databases = population::build(&folder.join("databases"), options.seed, options.people)?;
        let addresses = &variation.addresses;
        let wallet = ServedWallet::built(addresses)?;
        let origin = wallet.as_ref().map(|wallet| &wallet.origin);
        let anchor = Anchor::init_with_wallet(&binary, &folder.join("anchor"), addresses, origin)?;
        let init = |plan: &DepartmentPlan| {
            let (plan, processes) = variation.apply(plan.clone());
            Department::init(&binary, &folder.join(plan.name), addresses, &plan, processes, now)
        };
        let mut registry = civil(&databases)?;
        registry.more.push_str(&wallet.as_ref().map_or(String::new(), ServedWallet::section));
        let civil = init(&registry)?;
        let revenue = init(&revenue(&databases)?)?;
        let food = init(&food(&databases, &civil)?)?;
        let social = init(&social(&databases, &civil)?)?;
        let (people, folder) = (u32::try_from(options.people)?, folder.to_owned());
        let mut federation = Self { anchor, civil, revenue, food, social, databases, people, binary, folder, wallet };
        federation.add_registers(variation)?;
        federation.anchor.start()?;
        side_by_side(federation.departments(), |(_, department)| department.join(&federation.anchor))?;
        Ok(federation)
    }

    fn add_registers(&self, variation: &Variation) -> anyhow::Result<()> {
        let folder = self.folder.join("registers");
        std::fs::create_dir_all(&folder)?;
        let registers = Registers { purposes: folder.join("purposes.toml"), laws: folder.join("laws.toml") };
        std::fs::write(&registers.purposes, &variation.purposes)?;
        std::fs::write(&registers.laws, &variation.laws)?;
        let departments = self.departments().map(|(name, department)| (name, department.entity()));
        self.anchor.add_registers(&registers, &departments)
    }

    /// The departments by name.
    pub const fn departments(&self) -> [(&'static str, &Department); 4] {
        [("civil", &self.civil), ("revenue", &self.revenue), ("food", &self.food), ("social", &self.social)]
    }

    /// Starts the four gateways.
    ///
    /// # Errors
    /// If one does not become ready.
    pub fn start(&mut self) -> anyhow::Result<()> {
        let departments = [&mut self.civil, &mut self.revenue, &mut self.food, &mut self.social];
        side_by_side(departments, Department::start_all).map(drop)
    }

    /// Stops every process in order; what is on disk stays.
    ///
    /// # Errors
    /// If one cannot be waited for.
    pub fn stop(&mut self) -> std::io::Result<()> {
        for department in [&mut self.social, &mut self.food, &mut self.revenue, &mut self.civil] {
            department.stop()?;
        }
        self.anchor.stop()
    }
}

fn plan(name: &'static str, en: &'static str, hi: &'static str, roles: &[&str]) -> anyhow::Result<DepartmentPlan> {
    Ok(DepartmentPlan {
        name,
        title: BTreeMap::from([("en", en), ("hi", hi)]),
        roles: roles.iter().map(|role| role.parse()).collect::<Result<Vec<Role>, _>>()?,
        source: None,
        writes: false,
        store: Store::Sqlite,
        names_people_of: Vec::new(),
        purposes: Vec::new(),
        more: String::new(),
    })
}

fn sqlite(path: &Path, mapping: &str) -> Option<(String, String)> {
    Some((format!("sqlite://{}", path.display()), mapping.to_owned()))
}

fn civil(databases: &DemoDatabases) -> anyhow::Result<DepartmentPlan> {
    let mut roles: Vec<String> = SECTORS.iter().map(|sector| format!("identity-registry:{sector}")).collect();
    roles.push("provider".to_owned());
    roles.extend([DEATH, ANNULLED].into_iter().chain(LIFE).map(|kind| format!("event-source:{kind}")));
    let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
    Ok(DepartmentPlan {
        source: sqlite(&databases.civil, CIVIL_MAPPING),
        writes: true,
        names_people_of: SECTORS.iter().map(|sector| sector.parse()).collect::<Result<_, _>>()?,
        ..plan("civil", "Civil Registration", "नागरिक पंजीकरण", &roles)?
    })
}

fn revenue(databases: &DemoDatabases) -> anyhow::Result<DepartmentPlan> {
    Ok(DepartmentPlan {
        source: sqlite(&databases.revenue, REVENUE_MAPPING),
        ..plan("revenue", "Revenue Department", "राजस्व विभाग", &["provider"])?
    })
}

fn food(databases: &DemoDatabases, civil: &Department) -> anyhow::Result<DepartmentPlan> {
    Ok(DepartmentPlan {
        source: sqlite(&databases.food, FOOD_MAPPING),
        writes: true,
        more: follow(civil, "food.ration.continuation", "food.ration-member") + &rolls(&FOOD_SCHEMES),
        ..plan("food", "Food Department", "खाद्य विभाग", &["provider"])?
    })
}

fn social(databases: &DemoDatabases, civil: &Department) -> anyhow::Result<DepartmentPlan> {
    Ok(DepartmentPlan {
        source: sqlite(&databases.social, SOCIAL_MAPPING),
        writes: true,
        purposes: vec![PENSION_PURPOSE],
        more: follow(civil, "social.pension.continuation", "social.pension") + &rolls(&SOCIAL_SCHEMES),
        ..plan(
            "social",
            "Social Welfare Department",
            "समाज कल्याण विभाग",
            &["provider", "consumer:social", "assisted-operator"],
        )?
    })
}

/// The sections that follow deaths, and their annulments, for one roll.
fn follow(civil: &Department, purpose: &str, roll: &str) -> String {
    let law = if roll.starts_with("social") { "rbd-1969-s3a-social" } else { "rbd-1969-s3a-food" };
    let section = |event: &str| {
        format!(
            "\n[[follow]]\nsource = \"{}\"\nevent = \"{event}\"\npurpose = \"{purpose}\"\nlaw = \"{law}\"\nroll = \"{roll}\"\n",
            civil.entity()
        )
    };
    section(DEATH) + &section(ANNULLED)
}

/// Which roll each scheme governs, once it is published.
fn rolls(schemes: &[DemoScheme]) -> String {
    let lines: String = schemes.iter().map(|scheme| format!("{} = \"{}\"\n", scheme.id, scheme.roll)).collect();
    format!("\n[decisions.rolls]\n{lines}")
}
