//! People made up from a number, the same on every machine: ages around the bounds, gaps, outdated facts, other benefits.

use eligibility::fact::{Benefit, Fact, PersonFacts, names};
use schemas::time::CivilDate;

/// A day by its text.
pub fn day(text: &str) -> CivilDate {
    text.parse().unwrap()
}

/// One person; an empty text is not known.
#[derive(Clone, Debug, Default)]
pub struct Generated {
    born: String,
    birth_year: String,
    sex: String,
    marital: String,
    verified: String,
    state: String,
    native: String,
    bpl: String,
    recorded: String,
    tax: String,
    government: String,
    office: String,
    died: String,
    benefits: Option<Vec<Benefit>>,
}

/// SplitMix64: the same numbers everywhere.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    /// One of these; each as likely as often as it stands there.
    fn of(&mut self, values: &[&str]) -> String {
        values[usize::try_from(self.below(values.len() as u64)).unwrap()].to_owned()
    }

    fn before(&mut self, from: CivilDate, days: u64) -> CivilDate {
        let back = jiff::Span::new().days(i64::try_from(self.below(days)).unwrap());
        CivilDate::from_date(from.date().checked_sub(back).unwrap())
    }
}

impl Generated {
    /// The person of a number.
    pub fn person(number: u64) -> Self {
        let mut chance = Chance(number.wrapping_mul(0x2545_f491_4f6c_dd1d));
        let today = day("2026-11-21");
        let mut person = Self {
            sex: chance.of(&["female", "female", "female", "male", ""]),
            marital: chance.of(&["widowed", "widowed", "married", "deserted", "divorced", "never_married", ""]),
            verified: chance.of(&["1", "1", "0", ""]),
            state: chance.of(&["22", "22", "22", "22", "22", "22", "21", ""]),
            native: chance.of(&["22", "22", "22", "22", "23", ""]),
            bpl: chance.of(&["1", "1", "1", "1", "0", ""]),
            recorded: chance.before(today, 420).to_string(),
            tax: chance.of(&["0", "0", "0", "0", "0", "1", ""]),
            government: chance.of(&["0", "0", "0", "0", "0", "1", ""]),
            office: chance.of(&["0", "0", "0", "0", "0", "1", ""]),
            ..Self::default()
        };
        // A third near a bound, to the day; leap days among the rest; some known by the year only.
        match chance.below(12) {
            0 => person.birth_year = (2026 - chance.below(90)).to_string(),
            1 => {}
            2..=5 => {
                let years = ["1966", "1946", "1986", "2008", "2005"];
                let near = format!("{}-11-21", chance.of(&years));
                let forth = jiff::Span::new().days(5);
                let latest = CivilDate::from_date(day(&near).date().checked_add(forth).unwrap());
                person.born = chance.before(latest, 11).to_string();
            }
            6 => {
                person.born =
                    chance.of(&["1968-02-29", "1948-02-29", "2004-02-29", "2008-02-29", "2005-01-01", "2005-01-02"])
            }
            _ => person.born = chance.before(today, 33_000).to_string(),
        }
        if chance.below(40) == 0 {
            person.died = chance.before(day("2026-12-21"), 400).to_string();
        }
        if chance.below(8) != 0 {
            let many = [0, 0, 0, 1, 2][usize::try_from(chance.below(5)).unwrap()];
            person.benefits = Some((0..many).map(|_| benefit(&mut chance)).collect());
        }
        person
    }

    /// What is known of the person, as the program takes it.
    pub fn facts(&self) -> PersonFacts {
        let recorded = day(&self.recorded);
        let mut facts = PersonFacts::new();
        let mut set = |name: &str, fact: Option<Fact>| {
            if let Some(fact) = fact {
                facts.set(name.parse().unwrap(), fact);
            }
        };
        let text = |value: &str| (!value.is_empty()).then(|| Fact::own(value, recorded));
        let date = |value: &str| (!value.is_empty()).then(|| Fact::own(day(value), recorded));
        let truth = |value: &str| (!value.is_empty()).then(|| Fact::own(value == "1", recorded));
        set(names::BIRTH_DATE, date(&self.born));
        set(names::BIRTH_YEAR, self.birth_year.parse::<i64>().ok().map(|year| Fact::own(year, recorded)));
        set(names::SEX, text(&self.sex));
        set(names::MARITAL_STATUS, text(&self.marital));
        set(names::DESERTION_VERIFIED, truth(&self.verified));
        set(names::STATE_CODE, text(&self.state));
        set(names::NATIVE_STATE, text(&self.native));
        set(names::BPL, truth(&self.bpl));
        set(names::INCOME_TAX_PAYER, truth(&self.tax));
        set(names::GOVERNMENT_EMPLOYEE, truth(&self.government));
        set(names::PUBLIC_OFFICE, truth(&self.office));
        set(names::DEATH_DATE, date(&self.died));
        if let Some(benefits) = &self.benefits {
            facts.set_benefits(benefits.clone());
        }
        facts
    }

    /// The person as one line for another program.
    pub fn line(&self) -> String {
        let benefit = |b: &Benefit| {
            let until = b.until.map_or(String::new(), |d| d.to_string());
            let monthly = b.monthly.map_or(String::new(), |m| m.to_string());
            format!("{}:{}:{}:{until}:{monthly}", b.scheme, b.class, b.since)
        };
        let benefits =
            self.benefits.as_ref().map_or("-".to_owned(), |all| all.iter().map(benefit).collect::<Vec<_>>().join(";"));
        [
            &self.born,
            &self.birth_year,
            &self.sex,
            &self.marital,
            &self.verified,
            &self.state,
            &self.native,
            &self.bpl,
            &self.recorded,
            &self.tax,
            &self.government,
            &self.office,
            &self.died,
            &benefits,
        ]
        .map(String::as_str)
        .join("\t")
    }
}

fn benefit(chance: &mut Chance) -> Benefit {
    let schemes = ["CG-IGNOAPS", "CG-IGNWPS", "CG-SUKHAD-SAHARA", "STATE-FAMILY", "CG-RATION-CARD"];
    let scheme = chance.of(&schemes);
    let class = if scheme == "CG-RATION-CARD" { "ration" } else { "pension" };
    let since = chance.before(day("2026-12-31"), 4_000);
    let until = (chance.below(3) == 0).then(|| {
        let forth = jiff::Span::new().days(i64::try_from(chance.below(3_000)).unwrap());
        CivilDate::from_date(since.date().checked_add(forth).unwrap())
    });
    let monthly = (chance.below(6) != 0).then(|| 250 * u32::try_from(chance.below(6)).unwrap());
    Benefit { scheme, class: class.to_owned(), since, until, monthly }
}
