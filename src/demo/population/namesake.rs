//! People who share name and birth year though they are not the same: what a match on both must call ambiguous.
//!
//! Guaranteed: each seed has eight names that several heads of households carry, on different days of one year, so
//! that even a small population has such people.

use super::birth::{AS_OF, Birth, Precision};
use super::name::{Name, Sex, draw_family};
use super::person::Person;
use super::random::Random;

/// The names of a seed that go round.
#[derive(Debug, Clone)]
pub struct Namesakes {
    profiles: Vec<Profile>,
}

#[derive(Debug, Clone, Copy)]
struct Profile {
    sex: Sex,
    name: Name,
}

const PROFILES: u64 = 8;
/// Lanes of their own, far from those of households.
const LANE: u64 = 1 << 40;

impl Namesakes {
    /// The names of `seed`.
    pub fn of(seed: u64) -> Self {
        let profile = |number| {
            let mut random = Random::lane(seed, LANE + number);
            let sex = if number % 2 == 0 { Sex::Female } else { Sex::Male };
            let family = draw_family(&mut random);
            Profile { sex, name: Name::draw(&mut random, sex, family) }
        };
        Self { profiles: (0..PROFILES).map(profile).collect() }
    }

    /// Gives a head of the right sex one of the names. The birth year is rounded down to a multiple of eight, so that
    /// carriers of a name meet in a year; ages in the household shift by a few years at most.
    pub fn assume(&self, random: &mut Random, head: &mut Person) {
        let fitting: Vec<&Profile> = self.profiles.iter().filter(|profile| profile.sex == head.sex).collect();
        head.name = random.pick(&fitting).name;
        let year = head.birth.date.year() / 8 * 8;
        let birth = Birth::draw(random, year, year);
        if birth.precision == Precision::Day && birth.age_on(AS_OF) >= 20 {
            head.birth = birth;
        }
    }

    /// Whether `person` carries one of the names.
    pub fn include(&self, person: &Person) -> bool {
        self.profiles.iter().any(|profile| profile.name == person.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_has_names_for_both_sexes_and_keeps_them() {
        let (one, again) = (Namesakes::of(5), Namesakes::of(5));
        assert_eq!(one.profiles.len(), 8);
        assert_eq!(one.profiles.iter().filter(|p| p.sex == Sex::Female).count(), 4);
        assert!(one.profiles.iter().zip(&again.profiles).all(|(a, b)| a.name == b.name));
    }
}
