//! Picks the people of the demo's story from the population, by rule.
//!
//! Guaranteed: nobody is named in the code; who plays follows from the seed. The consenting woman's name and birth year
//! occur once among all residents, so that a match on them is certain. In small populations a role may stay empty.

use std::collections::HashMap;

use jiff::civil::Date;

use super::birth::{AS_OF, Precision};
use super::name::Sex;
use super::person::{Household, Marital, Payment, Person, Scheme};
use super::store::social::draws_child_allowance;
use super::stream::{LocalKeys, Population};

/// Somebody who plays a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CastMember {
    /// Under which numbers each department knows the person.
    pub keys: LocalKeys,
    /// Given names, English.
    pub given_name: String,
    /// Family name, English, where there is one.
    pub family_name: Option<String>,
    /// Whole name, English.
    pub name_en: String,
    /// Whole name, Devanagari.
    pub name_hi: String,
    /// Sex.
    pub sex: Sex,
    /// Birth date; 1 January where `birth_precision` is the year.
    pub birth_date: Date,
    /// How exactly the birth date is known.
    pub birth_precision: Precision,
    /// Local Government Directory code of the home district.
    pub district_lgd: u16,
}

/// The people of the story; a role is empty where the population has nobody who fits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cast {
    /// A woman of 60 and more, below the poverty line, paid an old-age pension, on an active ration card, with a noted
    /// income; alive; name and birth year unique; the four departments write both alike. She consents; later her death
    /// is registered.
    pub pensioner: Option<CastMember>,
    /// The same, without a pension as yet: known to civil registration, revenue and food.
    pub applicant: Option<CastMember>,
    /// Twins born minutes apart.
    pub twins: Option<[CastMember; 2]>,
    /// Two who share name and birth year and are not the same.
    pub namesakes: Option<[CastMember; 2]>,
    /// Born on 29 February.
    pub leapling: Option<CastMember>,
    /// Birth known by year only.
    pub year_only: Option<CastMember>,
    /// The first to turn 18 after the reference day.
    pub next_at_18: Option<CastMember>,
    /// The first to turn 60 after the reference day.
    pub next_at_60: Option<CastMember>,
    /// The first on the roll of children with a disability to turn 18 after the reference day; name and birth date unique.
    pub child_on_roll: Option<CastMember>,
    /// The first to turn 60 after the reference day without a pension.
    pub without_pension: Option<CastMember>,
    /// A wife of 20 to 40 on an active ration card below the poverty line, who has a child.
    pub mother: Option<CastMember>,
    /// A woman and a man of two households who never married, known to social welfare by nothing.
    pub couple: Option<[CastMember; 2]>,
    /// Another like the pensioner, who will move to another state.
    pub mover: Option<CastMember>,
}

/// How many fitting women are kept until their uniqueness is known: enough that one remains.
const CANDIDATES: usize = 64;

impl CastMember {
    fn of(household: &Household, person: &Person) -> Self {
        Self {
            keys: LocalKeys::from(person),
            given_name: person.name.given_en(),
            family_name: person.name.family_en().map(str::to_owned),
            name_en: person.name.full_en(),
            name_hi: person.name.full_hi(),
            sex: person.sex,
            birth_date: person.birth.date,
            birth_precision: person.birth.precision,
            district_lgd: household.place.district.lgd,
        }
    }
}

impl Cast {
    /// Casts the roles in two passes over the population: one gathers who fits, one counts how many share their names.
    pub fn of(population: &Population) -> Self {
        let mut gathering = Gathering::default();
        for household in population.clone() {
            gathering.see(population, &household);
        }
        let mut counts = gathering.counts();
        for person in population.clone().persons() {
            if let Some(count) = counts.get_mut(&signature(&person)) {
                *count += 1;
            }
        }
        gathering.decide(&counts)
    }
}

/// What a match on name and birth year sees.
type Signature = (String, i16);

fn signature(person: &Person) -> Signature {
    (person.name.full_en(), person.birth.date.year())
}

#[derive(Default)]
struct Gathering {
    pensioners: Vec<CastMember>,
    applicants: Vec<CastMember>,
    namesakes: Vec<CastMember>,
    cast: Cast,
    // By the day of the birthday, so that an earlier one replaces a later one.
    at_18: Option<(Date, CastMember)>,
    at_60: Option<(Date, CastMember)>,
    child_at_18: Vec<(Date, CastMember)>,
    poor_at_60: Option<(Date, CastMember)>,
    bride: Option<(u32, CastMember)>,
    groom: Option<(u32, CastMember)>,
}

impl Gathering {
    fn see(&mut self, population: &Population, household: &Household) {
        for person in household.members.iter().filter(|person| person.is_alive()) {
            let member = || CastMember::of(household, person);
            if self.pensioners.len() < CANDIDATES && is_pensioner(household, person) {
                self.pensioners.push(member());
            }
            if self.applicants.len() < CANDIDATES && is_applicant(household, person) {
                self.applicants.push(member());
            }
            if population.namesakes().include(person) {
                self.see_namesake(member());
            }
            self.see_birth(person, member);
            self.see_life(household, person, member);
        }
        self.see_twins(household);
    }

    fn see_namesake(&mut self, member: CastMember) {
        // All carriers of eight names in a million people are too many to keep; the first thousand hold a pair.
        if self.cast.namesakes.is_some() || self.namesakes.len() >= 1_000 {
            return;
        }
        let alike = |other: &&CastMember| {
            other.name_en == member.name_en
                && other.birth_date.year() == member.birth_date.year()
                && other.birth_date != member.birth_date
        };
        match self.namesakes.iter().find(alike) {
            Some(other) => self.cast.namesakes = Some([other.clone(), member]),
            None => self.namesakes.push(member),
        }
    }

    fn see_birth(&mut self, person: &Person, member: impl Fn() -> CastMember) {
        if person.birth.precision == Precision::Year {
            self.cast.year_only.get_or_insert_with(member);
            return;
        }
        if person.birth.is_leapling() {
            self.cast.leapling.get_or_insert_with(&member);
        }
        for (years, first) in [(18, &mut self.at_18), (60, &mut self.at_60)] {
            let Some(day) = birthday(person.birth.date, years).filter(|day| *day > AS_OF) else { continue };
            if first.as_ref().is_none_or(|(earlier, _)| day < *earlier) {
                *first = Some((day, member()));
            }
        }
    }

    /// Those to whom something will happen.
    fn see_life(&mut self, household: &Household, person: &Person, member: impl Fn() -> CastMember) {
        let (age, plain) = (person.birth.age_on(AS_OF), person.birth.precision == Precision::Day);
        if !plain || person.birth.is_leapling() {
            return;
        }
        if draws_child_allowance(person) {
            self.child_at_18.extend(birthday(person.birth.date, 18).map(|day| (day, member())));
        }
        if person.pension.is_none()
            && person.sex == Sex::Female
            && let Some(day) = birthday(person.birth.date, 60).filter(|day| *day > AS_OF)
            && self.poor_at_60.as_ref().is_none_or(|(earlier, _)| day < *earlier)
        {
            self.poor_at_60 = Some((day, member()));
        }
        let (home, woman) = (household.number.sequence(), person.sex == Sex::Female);
        let free = person.marital == Marital::Unmarried && person.pension.is_none() && !person.disabled;
        if free && (22..30).contains(&age) {
            let other = if woman { &self.groom } else { &self.bride };
            if other.as_ref().is_none_or(|(known, _)| *known != home) {
                let role = if woman { &mut self.bride } else { &mut self.groom };
                role.get_or_insert_with(|| (home, member()));
            }
        }
        let has_card = person.ration.is_some_and(|ration| ration.deleted.is_none());
        if woman && person.marital == Marital::Married && (20..40).contains(&age) && has_card && household.bpl {
            self.cast.mother.get_or_insert_with(member);
        }
    }

    fn see_twins(&mut self, household: &Household) {
        let pair = household.members.windows(2).find(|pair| {
            pair[0].birth_order == (1, 2) && pair[1].birth_order == (2, 2) && pair.iter().all(Person::is_alive)
        });
        if let (None, Some([first, second])) = (&self.cast.twins, pair) {
            self.cast.twins = Some([CastMember::of(household, first), CastMember::of(household, second)]);
        }
    }

    fn counts(&self) -> HashMap<Signature, u32> {
        let women =
            self.pensioners.iter().chain(&self.applicants).chain(self.child_at_18.iter().map(|(_, child)| child));
        women.map(|woman| ((woman.name_en.clone(), woman.birth_date.year()), 0)).collect()
    }

    fn decide(self, counts: &HashMap<Signature, u32>) -> Cast {
        let alone = |woman: &CastMember| counts.get(&(woman.name_en.clone(), woman.birth_date.year())) == Some(&1);
        let mut pensioners = self.pensioners.into_iter().filter(alone);
        let mut children: Vec<_> = self.child_at_18.into_iter().filter(|(_, child)| alone(child)).collect();
        children.sort_by_key(|(day, _)| *day);
        Cast {
            pensioner: pensioners.next(),
            mover: pensioners.next(),
            child_on_roll: children.into_iter().next().map(|(_, child)| child),
            without_pension: self.poor_at_60.map(|(_, member)| member),
            couple: self.bride.zip(self.groom).map(|((_, bride), (_, groom))| [bride, groom]),
            applicant: self.applicants.into_iter().find(alone),
            next_at_18: self.at_18.map(|(_, member)| member),
            next_at_60: self.at_60.map(|(_, member)| member),
            ..self.cast
        }
    }
}

/// The day on which `years` are completed; a leapling's is 1 March.
fn birthday(birth: Date, years: i16) -> Option<Date> {
    let year = birth.year() + years;
    Date::new(year, birth.month(), birth.day()).or_else(|_| Date::new(year, 3, 1)).ok()
}

/// A woman below the poverty line whose facts are complete and alike everywhere.
fn is_plain_woman_of_60(household: &Household, person: &Person) -> bool {
    let ordinary =
        person.birth.precision == Precision::Day && person.birth.date.day() > 1 && !person.birth.is_leapling();
    let income = person.khata.is_some_and(|khata| khata.annual_income.is_some());
    person.sex == Sex::Female
        && household.bpl
        && ordinary
        && person.birth.age_on(AS_OF) >= 60
        && person.name.family_en().is_some()
        && income
        && person.is_plain_everywhere()
}

fn is_pensioner(household: &Household, person: &Person) -> bool {
    let paid = person.pension.is_some_and(|p| p.scheme == Scheme::OldAge && p.payment == Payment::Active);
    paid && is_plain_woman_of_60(household, person)
}

fn is_applicant(household: &Household, person: &Person) -> bool {
    person.pension.is_none() && is_plain_woman_of_60(household, person)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn cast(seed: u64) -> Cast {
        Cast::of(&Population::new(seed, 20_000))
    }

    #[test]
    fn every_role_is_filled_from_the_default_size_whatever_the_seed() {
        for seed in [1, 7, 2026] {
            let cast = cast(seed);
            let single =
                [&cast.pensioner, &cast.applicant, &cast.leapling, &cast.year_only, &cast.next_at_18, &cast.next_at_60];
            assert!(single.iter().all(|role| role.is_some()), "{seed}: {cast:?}");
            assert!(cast.twins.is_some() && cast.namesakes.is_some(), "{seed}: {cast:?}");
            let life = [&cast.child_on_roll, &cast.without_pension, &cast.mother, &cast.mover];
            assert!(life.iter().all(|role| role.is_some()) && cast.couple.is_some(), "{seed}: {cast:?}");
        }
    }

    #[test]
    fn the_pensioner_is_known_to_all_four_departments_and_to_nobody_else_by_name_and_year() {
        let woman = cast(1).pensioner.unwrap();
        assert!(woman.keys.khata_no.is_some() && woman.keys.ration_member_id.is_some() && woman.keys.ppo_no.is_some());
        assert!((woman.sex, woman.birth_precision) == (Sex::Female, Precision::Day));
        assert!(woman.birth_date <= date(1966, 11, 1));
        let alike = Population::new(1, 20_000)
            .persons()
            .filter(|p| signature(p) == (woman.name_en.clone(), woman.birth_date.year()))
            .count();
        assert_eq!(alike, 1);
    }

    #[test]
    fn the_applicant_has_no_pension_as_yet() {
        let keys = cast(1).applicant.unwrap().keys;
        assert!(keys.khata_no.is_some() && keys.ration_member_id.is_some());
        assert_eq!(keys.ppo_no, None);
    }

    #[test]
    fn namesakes_share_name_and_year_and_nothing_more() {
        let [one, other] = cast(1).namesakes.unwrap();
        assert_eq!((&one.name_en, one.birth_date.year()), (&other.name_en, other.birth_date.year()));
        assert!(one.birth_date != other.birth_date && one.keys.resident_no != other.keys.resident_no);
    }

    #[test]
    fn the_next_birthdays_follow_the_reference_day() {
        let cast = cast(1);
        for (member, years) in [(cast.next_at_18.unwrap(), 18), (cast.next_at_60.unwrap(), 60)] {
            let day = birthday(member.birth_date, years).unwrap();
            assert!(day > AS_OF && day < date(2026, 12, 31), "{day}");
        }
        assert_eq!(birthday(date(2008, 2, 29), 18), Some(date(2026, 3, 1)));
    }

    #[test]
    fn a_population_of_one_casts_what_it_can() {
        let cast = Cast::of(&Population::new(1, 1));
        assert_eq!((cast.twins, cast.namesakes), (None, None));
    }
}
