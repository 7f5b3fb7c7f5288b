//! The people as a stream: household after household, each from draws of its own.
//!
//! Guaranteed: the same seed and size give the same people; what is held in memory is one household.
//! Absent: state beyond two counters, so that any number of passes over a million people costs time only.

use super::enrolment::enrol;
use super::family::compose;
use super::local_key::{CardNo, HouseholdNo, KhataNo, MemberId, PpoNo, ResidentNo};
use super::namesake::Namesakes;
use super::person::{Category, Household, Person, RationCategory};
use super::place::Place;
use super::random::Random;

/// The households of a synthetic state, in order of their numbers.
#[derive(Debug, Clone)]
pub struct Population {
    seed: u64,
    people: u32,
    namesakes: Namesakes,
    households: u32,
    residents: u32,
}

/// Under which numbers each department knows a resident: what linking has to find out without being told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalKeys {
    /// Civil registration.
    pub resident_no: ResidentNo,
    /// Revenue, where known there.
    pub khata_no: Option<KhataNo>,
    /// Food, where known there.
    pub ration_member_id: Option<MemberId>,
    /// Social welfare, where known there.
    pub ppo_no: Option<PpoNo>,
}

impl From<&Person> for LocalKeys {
    fn from(person: &Person) -> Self {
        Self {
            resident_no: person.resident_no,
            khata_no: person.khata.map(|khata| khata.khata_no),
            ration_member_id: person.ration.map(|member| member.member_id),
            ppo_no: person.pension.map(|pension| pension.ppo_no),
        }
    }
}

impl Population {
    /// `people` residents by `seed`.
    pub fn new(seed: u64, people: u32) -> Self {
        Self { seed, people, namesakes: Namesakes::of(seed), households: 0, residents: 0 }
    }

    /// The residents one by one.
    pub fn persons(self) -> impl Iterator<Item = Person> {
        self.flat_map(|household| household.members)
    }

    /// The truth about links, resident by resident, for tests of linking; no department has it.
    pub fn truth(self) -> impl Iterator<Item = LocalKeys> {
        self.persons().map(|person| LocalKeys::from(&person))
    }

    /// The names that several people of this population share.
    pub fn namesakes(&self) -> &Namesakes {
        &self.namesakes
    }

    fn household(&self) -> Household {
        let number = HouseholdNo::new(self.households + 1);
        let mut random = Random::lane(self.seed, u64::from(number.sequence()));
        let place = Place::draw(&mut random);
        let (ration_category, bpl) = poverty(&mut random);
        let first = ResidentNo::new(self.residents + 1);
        let room = (self.people - self.residents) as usize;
        let mut household = Household {
            number,
            place,
            category: random.pick_weighted(&[
                (Category::Obc, 43),
                (Category::St, 31),
                (Category::Sc, 13),
                (Category::General, 13),
            ]),
            ration_category,
            bpl,
            card: random.chance(8_800).then(|| CardNo::of(number)),
            members: compose(&mut random, &self.namesakes, first, room),
        };
        enrol(&mut random, &mut household);
        household
    }
}

impl Iterator for Population {
    type Item = Household;

    fn next(&mut self) -> Option<Household> {
        if self.residents >= self.people {
            return None;
        }
        let household = self.household();
        self.households += 1;
        self.residents += household.members.len() as u32;
        Some(household)
    }
}

/// Ration category, and whether the household is on the list of those below the poverty line: the two lists disagree.
fn poverty(random: &mut Random) -> (RationCategory, bool) {
    let category =
        random.pick_weighted(&[(RationCategory::Aay, 12), (RationCategory::Phh, 55), (RationCategory::Apl, 33)]);
    let listed = match category {
        RationCategory::Aay => 9_700,
        RationCategory::Phh => 6_500,
        RationCategory::Apl => 300,
    };
    (category, random.chance(listed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_size_has_exactly_its_people_numbered_from_one() {
        for people in [1, 2, 3, 7, 100, 4_321] {
            let numbers: Vec<u32> = Population::new(3, people).persons().map(|p| p.resident_no.sequence()).collect();
            assert_eq!(numbers, (1..=people).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_smaller_population_is_the_beginning_of_a_larger_one() {
        let few: Vec<Person> = Population::new(3, 1_000).persons().take(900).collect();
        let many: Vec<Person> = Population::new(3, 5_000).persons().take(900).collect();
        assert_eq!(few, many);
    }

    #[test]
    fn another_seed_gives_other_people() {
        let names = |seed| Population::new(seed, 200).persons().map(|p| p.name.full_en()).collect::<Vec<_>>();
        assert_eq!(names(1), names(1));
        assert_ne!(names(1), names(2));
    }

    #[test]
    fn the_truth_has_a_row_for_everybody() {
        let truth: Vec<LocalKeys> = Population::new(3, 2_000).truth().collect();
        assert_eq!(truth.len(), 2_000);
        let known = |test: fn(&LocalKeys) -> bool| truth.iter().filter(|keys| test(keys)).count();
        assert!((500..1_200).contains(&known(|keys| keys.khata_no.is_some())));
        assert!((1_500..1_900).contains(&known(|keys| keys.ration_member_id.is_some())));
        assert!((50..400).contains(&known(|keys| keys.ppo_no.is_some())));
    }

    #[test]
    fn a_million_people_pass_through_without_being_held() {
        // Only one household lives at a time; the count shows that the stream gets there.
        assert_eq!(Population::new(3, 1_000_000).map(|household| household.members.len()).sum::<usize>(), 1_000_000);
        assert!(size_of::<Population>() < 256);
    }
}
