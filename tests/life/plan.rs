//! What a small world is to be: its departments, their rolls and schemes, and of what each hears.

use std::collections::BTreeMap;

use schemas::id::EntityId;
use vinimay::world::{Department, DepartmentPlan, Store};

use super::laws::{PURPOSE, law};

/// What civil registration tells.
pub const EVENTS: [&str; 10] = [
    "death.registered",
    "death.annulled",
    "death.reported",
    "birth.registered",
    "age.attained",
    "age.revised",
    "marriage.registered",
    "residence.moved",
    "presence.confirmed",
    "person.corrected",
];
/// Of a beneficiary of one roll, so many kinds are followed: those of deaths.
pub const FOLLOWED: i64 = 3;
/// More of it, of which few hear.
const MORE_EVENTS: [&str; 2] = ["marriage.ended", "household.changed"];

/// A roll of a department, and the scheme that governs it.
#[derive(Clone, Copy, Debug)]
pub struct Benefit {
    /// The scheme's id; in lower case the last part of the roll's name.
    pub id: &'static str,
    /// The text of the scheme, published when the world starts; `${us}` stands for the department. None: the built-in rule for
    /// deaths governs the roll.
    pub scheme: Option<&'static str>,
    /// Whether a row's own number is the person's number here, as on a ration card, so that newborns can be entered; of such rows one
    /// is the head's.
    pub own_numbers: bool,
    /// Whether a scheme for it comes into force while the world runs.
    pub later: bool,
}

impl Benefit {
    /// A roll without a scheme.
    pub const fn by_the_rule(id: &'static str) -> Self {
        Self { id, scheme: None, own_numbers: false, later: false }
    }

    /// A roll with a scheme.
    pub const fn of(id: &'static str, scheme: &'static str) -> Self {
        Self { id, scheme: Some(scheme), own_numbers: false, later: false }
    }

    /// A roll whose scheme comes into force later.
    pub const fn later(id: &'static str) -> Self {
        Self { later: true, ..Self::by_the_rule(id) }
    }

    /// The same, each row under a number of its own.
    pub const fn numbered(self) -> Self {
        Self { own_numbers: true, ..self }
    }

    /// The roll's name in the mapping.
    pub fn roll(&self, department: &str) -> String {
        format!("{department}.{}", self.id.to_lowercase())
    }
}

/// A department.
#[derive(Clone, Debug)]
pub struct OfficePlan {
    /// Its name, which is its sector too.
    pub name: &'static str,
    /// Its rolls.
    pub benefits: Vec<Benefit>,
    /// Of which events, by the middle of their types, it hears about everybody. Deaths of its beneficiaries it follows in any case.
    pub hears: Vec<&'static str>,
    /// Ages of which it hears: `60`, or `18:day_before`.
    pub ages: Vec<&'static str>,
    /// Of whom it asks which households are poor, under a law.
    pub asks: Option<&'static str>,
    /// Where its gateway keeps its rows.
    pub store: Store,
    /// More of its configuration.
    pub more: String,
}

impl OfficePlan {
    /// A department with these rolls on SQLite, that follows deaths alone.
    pub fn new(name: &'static str, benefits: Vec<Benefit>) -> Self {
        let (hears, ages) = (Vec::new(), Vec::new());
        Self { name, benefits, hears, ages, asks: None, store: Store::Sqlite, more: String::new() }
    }

    /// Hears of these about everybody.
    #[must_use]
    pub fn hearing(self, subjects: &[&'static str]) -> Self {
        Self { hears: subjects.to_vec(), ..self }
    }

    /// Asks another department which households are poor.
    #[must_use]
    pub fn asking(self, provider: &'static str) -> Self {
        Self { asks: Some(provider), more: format!("{FETCHING}{}", self.more), ..self }
    }

    /// Hears who completes these ages.
    #[must_use]
    pub fn at_ages(self, ages: &[&'static str]) -> Self {
        Self { ages: ages.to_vec(), ..self }
    }
}

/// A world.
#[derive(Clone, Debug)]
pub struct LifePlan {
    /// Where civil registration keeps its rows, and how many processes share them.
    pub civil: (Store, usize),
    /// The departments.
    pub offices: Vec<OfficePlan>,
    /// Whether civil registration serves the wallet's pages.
    pub wallet: bool,
}

impl LifePlan {
    /// A world of these departments, today.
    pub const fn of(offices: Vec<OfficePlan>) -> Self {
        Self { civil: (Store::Sqlite, 1), offices, wallet: false }
    }

    /// Citizens open their wallets in a browser.
    #[must_use]
    pub fn with_pages(self) -> Self {
        Self { wallet: true, ..self }
    }

    /// Civil registration is so many processes on one PostgreSQL.
    #[must_use]
    pub fn civil_on(self, store: Store, processes: usize) -> Self {
        Self { civil: (store, processes), ..self }
    }

    pub(super) fn civil(&self, database: &std::path::Path, mapping: &str) -> DepartmentPlan {
        let sectors: Vec<&str> = self.offices.iter().map(|office| office.name).collect();
        let mut roles = vec!["provider".to_owned()];
        roles.extend(sectors.iter().map(|sector| format!("identity-registry:{sector}")));
        roles.extend(EVENTS.iter().chain(&MORE_EVENTS).map(|event| format!("event-source:in.vinimay.{event}.v1")));
        DepartmentPlan {
            roles: roles.iter().map(|role| role.parse().unwrap()).collect(),
            source: Some((format!("sqlite://{}", database.display()), mapping.to_owned())),
            store: self.civil.0.clone(),
            names_people_of: sectors.iter().map(|sector| sector.parse().unwrap()).collect(),
            more: OFTEN.to_owned(),
            ..bare("civil")
        }
    }
}

/// Every process reads the directory again each second, so that a clock that jumped finds it outdated for no longer.
const OFTEN: &str = "\n[anchor]\nrefresh = 1\n";

/// In whose name facts are asked for.
const FETCHING: &str = "\n[fetching]\nsystem = \"portal\"\nofficer = \"asha\"\n";

/// Every department knows of the households in its table which are poor.
const HOUSEHOLDS: &str = r#"
[[dataset]]
id = "${name}.household"
title = { en = "Household", hi = "परिवार" }
table = "household"
key = "number"
purposes = ["life.entitlement"]
assurance = "substantial"

[[dataset.field]]
name = "bpl"
column = "bpl"
type = "boolean"
sensitivity = "personal"
"#;

impl OfficePlan {
    pub(super) fn department(&self, database: &std::path::Path, civil: &Department) -> DepartmentPlan {
        let mut roles = vec!["provider".parse().unwrap(), format!("consumer:{}", self.name).parse().unwrap()];
        // Asks for purposes whose code begins with this word.
        roles.extend(self.asks.map(|_| "consumer:life".parse().unwrap()));
        DepartmentPlan {
            roles,
            source: Some((format!("sqlite://{}", database.display()), self.mapping())),
            store: self.store.clone(),
            purposes: self.asks.iter().map(|_| PURPOSE).collect(),
            more: self.configuration(civil.entity()),
            ..bare(self.name)
        }
    }

    fn configuration(&self, civil: &EntityId) -> String {
        let mut text = format!("{OFTEN}\n[notices.letters]\nfolder = \"letters\"\n");
        text.push_str(
            "\n[[systems]]\nname = \"desk\"\ncertificate_file = \"systems/desk.pem\"\nmay = [\"post\"]\npurposes = []\n",
        );
        for roll in self.benefits.iter().map(|benefit| benefit.roll(self.name)) {
            for event in EVENTS.iter().filter(|event| event.starts_with("death.")) {
                let law = law(self.name, "death");
                text.push_str(&format!(
                    "\n[[follow]]\nsource = \"{civil}\"\nevent = \"in.vinimay.{event}.v1\"\npurpose = \"{PURPOSE}\"\nlaw = \"{law}\"\n\
                     roll = \"{roll}\"\n"
                ));
            }
        }
        let governed = self.benefits.iter().filter(|benefit| benefit.scheme.is_some() || benefit.later);
        let lines: String =
            governed.map(|benefit| format!("{} = \"{}\"\n", benefit.id, benefit.roll(self.name))).collect();
        text + &format!("\n[decisions.rolls]\n{lines}") + &self.more
    }

    fn mapping(&self) -> String {
        let mut text = String::from(
            "[source]\nkind = \"sqlite\"\n\n[[matching]]\ntable = \"people\"\nkey = \"person_no\"\nname = \"name\"\n\
             name_form = \"given family\"\nbirth_date = \"birth_date\"\nbirth_date_form = \"iso\"\n",
        );
        for benefit in &self.benefits {
            let (roll, id) = (benefit.roll(self.name), benefit.id);
            let (subject, heads) = match benefit.own_numbers {
                true => ("number", ("\"household.head\" = \"is_head\"\n", "amend = true\n")),
                false => ("person_no", ("", "")),
            };
            text.push_str(&format!(
                "\n[[roll]]\nid = \"{roll}\"\ntable = \"beneficiary\"\nkey = \"number\"\nsubject_key = \"{subject}\"\nstatus = \"status\"\n\
                 active = \"ACTIVE\"\nheld = \"HOLD\"\nremoved = \"STOPPED\"\nreason = \"reason\"\nsince = \"since\"\nuntil = \"until\"\n\
                 amount = \"amount\"\n\n[roll.only]\nscheme = \"{id}\"\n\n[roll.fact]\n\"person.name\" = \"name\"\n{}\n\
                 [roll.enrol]\nnumber = \"prefixed\"\nprefix = \"{id}-N\"\ndigits = \"5\"\n{}",
                heads.0, heads.1
            ));
        }
        text + &HOUSEHOLDS.replace("${name}", self.name)
    }
}

fn bare(name: &'static str) -> DepartmentPlan {
    DepartmentPlan {
        name,
        title: BTreeMap::from([("en", name), ("hi", name)]),
        roles: Vec::new(),
        source: None,
        writes: true,
        store: Store::Sqlite,
        names_people_of: Vec::new(),
        purposes: Vec::new(),
        more: String::new(),
    }
}
