//! Back-test: who would enter and who would leave if a scheme were in force, person by person, and why.
//!
//! Guarantees: one pass, in memory that does not grow with the roll (counts, at most [`MAX_GROUPS`] groups and [`SAMPLE`] leavers);
//! people whose facts are unknown are counted as such and never as leavers; the sample of leavers is fair (reservoir, algorithm R)
//! and repeatable by its seed. Deliberately absent: reading the roll; the caller streams it.

use std::collections::BTreeMap;

use schemas::{digest::Digest, id::ClauseId, time::CivilDate};
use serde::{Deserialize, Serialize};

use crate::{
    evaluate::{Outcome, decisive_of, judge},
    fact::{PersonFacts, names},
    scheme::Scheme,
};

/// How many leavers are shown to an officer.
pub const SAMPLE: usize = 50;
/// How many districts or categories are counted apart; the rest are counted together as `other`.
pub const MAX_GROUPS: usize = 200;

/// One person of the roll or of the people.
#[derive(Clone, Copy, Debug)]
pub struct Person<'a> {
    /// The department's own number; it stays in the department.
    pub handle: &'a str,
    /// What is known.
    pub facts: &'a PersonFacts,
    /// Whether she is on the roll today.
    pub enrolled: bool,
    /// Her district, as the department writes it.
    pub district: Option<&'a str>,
    /// Her category.
    pub category: Option<&'a str>,
}

/// What the scheme would mean for one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Movement {
    /// Not on the roll, eligible: would be offered or entered.
    Enter,
    /// On the roll, certainly not eligible: would get a notice.
    Leave,
    /// On the roll and eligible.
    Stay,
    /// Neither.
    Out,
    /// A fact is missing: nothing happens.
    Unknown,
    /// An officer would look.
    Officer,
}

impl Movement {
    /// Of an outcome.
    pub const fn of(outcome: Outcome, enrolled: bool) -> Self {
        match (outcome, enrolled) {
            (Outcome::Eligible, false) => Self::Enter,
            (Outcome::Eligible, true) => Self::Stay,
            (Outcome::NotEligible | Outcome::NotYet { .. }, true) => Self::Leave,
            (Outcome::NotEligible | Outcome::NotYet { .. }, false) => Self::Out,
            (Outcome::Unknown, _) => Self::Unknown,
            (Outcome::Conflict, _) => Self::Officer,
        }
    }
}

/// Counts of movements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Would enter.
    pub enter: u64,
    /// Would leave.
    pub leave: u64,
    /// Would stay.
    pub stay: u64,
    /// Would stay out.
    pub out: u64,
    /// Unknown: no action.
    pub unknown: u64,
    /// To an officer.
    pub officer: u64,
}

impl Counts {
    fn add(&mut self, movement: Movement) {
        *match movement {
            Movement::Enter => &mut self.enter,
            Movement::Leave => &mut self.leave,
            Movement::Stay => &mut self.stay,
            Movement::Out => &mut self.out,
            Movement::Unknown => &mut self.unknown,
            Movement::Officer => &mut self.officer,
        } += 1;
    }

    /// All of them.
    pub const fn total(&self) -> u64 {
        self.enter + self.leave + self.stay + self.out + self.unknown + self.officer
    }
}

/// How the new version differs from the live one, person by person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// The live version's file.
    pub live: Option<Digest>,
    /// Same outcome under both.
    pub same: u64,
    /// Eligible under the new version only.
    pub gains: u64,
    /// Eligible under the live version, certainly not under the new one.
    pub loses: u64,
    /// Certain under the live version, unknown or for an officer under the new one.
    pub less_certain: u64,
    /// The other way round.
    pub more_certain: u64,
}

/// A leaver whom an officer reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaver {
    /// The department's own number; it stays in the department.
    pub handle: String,
    /// Why.
    pub decisive: Vec<ClauseId>,
}

/// What came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackTestResult {
    /// The tested file.
    pub scheme: Digest,
    /// The day that was asked about.
    pub as_of: CivilDay,
    /// All people.
    pub people: u64,
    /// How many of them are on the roll.
    pub on_roll: u64,
    /// All movements.
    pub counts: Counts,
    /// Movements by district.
    pub by_district: BTreeMap<String, Counts>,
    /// Movements by sex.
    pub by_sex: BTreeMap<String, Counts>,
    /// Movements by category.
    pub by_category: BTreeMap<String, Counts>,
    /// How often each clause was decisive for a leaver.
    pub why_leave: BTreeMap<ClauseId, u64>,
    /// How often each clause was unknown where that decided.
    pub why_unknown: BTreeMap<ClauseId, u64>,
    /// Against the version in force.
    pub difference: Difference,
    /// Leavers for an officer to read.
    pub leavers: Vec<Leaver>,
    /// Whether the leavers would stop at the breaker.
    pub breaker_trips: bool,
}

/// A civil day by its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CivilDay(pub CivilDate);

impl TryFrom<String> for CivilDay {
    type Error = schemas::time::InvalidCivilDate;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

impl From<CivilDay> for String {
    fn from(day: CivilDay) -> Self {
        day.0.to_string()
    }
}

/// A running back-test.
#[derive(Debug)]
pub struct BackTest<'s> {
    new: &'s Scheme,
    live: Option<&'s Scheme>,
    as_of: CivilDate,
    result: BackTestResult,
    chance: u64,
}

impl<'s> BackTest<'s> {
    /// Begins; `seed` makes the sample of leavers repeatable.
    pub fn new(new: &'s Scheme, live: Option<&'s Scheme>, as_of: CivilDate, seed: u64) -> Self {
        let result = BackTestResult {
            scheme: new.hash,
            as_of: CivilDay(as_of),
            people: 0,
            on_roll: 0,
            counts: Counts::default(),
            by_district: BTreeMap::new(),
            by_sex: BTreeMap::new(),
            by_category: BTreeMap::new(),
            why_leave: BTreeMap::new(),
            why_unknown: BTreeMap::new(),
            difference: Difference { live: live.map(|l| l.hash), ..Difference::default() },
            leavers: Vec::new(),
            breaker_trips: false,
        };
        Self { new, live, as_of, result, chance: seed }
    }

    /// Takes one person; what the scheme would mean for her.
    pub fn push(&mut self, person: &Person<'_>) -> (Outcome, Movement) {
        let (outcome, truths) = judge(self.new, person.facts, self.as_of);
        let movement = Movement::of(outcome, person.enrolled);
        self.count(person, movement);
        let decisive = || decisive_of(self.new, outcome, &truths);
        match movement {
            Movement::Leave => {
                for id in decisive() {
                    *self.result.why_leave.entry(id.clone()).or_default() += 1;
                }
                let nth = self.result.counts.leave;
                if let Some(place) = reservoir(&mut self.chance, nth) {
                    let leaver = Leaver { handle: person.handle.to_owned(), decisive: decisive().cloned().collect() };
                    match self.result.leavers.get_mut(place) {
                        Some(slot) => *slot = leaver,
                        None => self.result.leavers.push(leaver),
                    }
                }
            }
            Movement::Unknown => {
                for id in decisive() {
                    *self.result.why_unknown.entry(id.clone()).or_default() += 1;
                }
            }
            _ => {}
        }
        if let Some(live) = self.live {
            self.compare(judge(live, person.facts, self.as_of).0, outcome);
        }
        (outcome, movement)
    }

    fn count(&mut self, person: &Person<'_>, movement: Movement) {
        let result = &mut self.result;
        result.people += 1;
        result.on_roll += u64::from(person.enrolled);
        result.counts.add(movement);
        let sex = person.facts.text(names::SEX);
        for (groups, name) in [
            (&mut result.by_district, person.district),
            (&mut result.by_sex, sex),
            (&mut result.by_category, person.category),
        ] {
            let name = name.unwrap_or("unknown");
            let name = if groups.contains_key(name) || groups.len() < MAX_GROUPS { name } else { "other" };
            match groups.get_mut(name) {
                Some(counts) => counts.add(movement),
                None => groups.entry(name.to_owned()).or_default().add(movement),
            }
        }
    }

    fn compare(&mut self, live: Outcome, new: Outcome) {
        let certain = |o: Outcome| match o {
            Outcome::Eligible => Some(true),
            Outcome::NotEligible | Outcome::NotYet { .. } => Some(false),
            Outcome::Unknown | Outcome::Conflict => None,
        };
        let difference = &mut self.result.difference;
        *match (certain(live), certain(new)) {
            (a, b) if a == b => &mut difference.same,
            (_, Some(true)) if certain(live) == Some(false) => &mut difference.gains,
            (Some(true), Some(false)) => &mut difference.loses,
            (Some(_), _) => &mut difference.less_certain,
            (None, _) => &mut difference.more_certain,
        } += 1;
    }

    /// How many people were taken so far.
    pub const fn people(&self) -> u64 {
        self.result.people
    }

    /// Ends.
    pub fn finish(mut self) -> BackTestResult {
        let (leave, roll) = (self.result.counts.leave, self.result.on_roll);
        self.result.breaker_trips = self.new.effect.remove.breaker.is_some_and(|breaker| breaker.trips(leave, roll, 0));
        self.result.leavers.sort_by(|a, b| a.handle.cmp(&b.handle));
        self.result
    }
}

/// The place of the `nth` leaver (from 1) in the sample, if it has one: each of n stays with the same chance.
fn reservoir(chance: &mut u64, nth: u64) -> Option<usize> {
    let at = if nth <= SAMPLE as u64 { nth - 1 } else { next(chance) % nth };
    usize::try_from(at).ok().filter(|at| *at < SAMPLE)
}

/// SplitMix64 (Steele, Lea, Flood 2014): fair enough for a sample, and the same on every machine. Not for secrets.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests;
