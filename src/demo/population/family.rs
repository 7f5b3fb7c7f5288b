//! Composes households: a head, a spouse, children, elders, sometimes three generations; twins among the children.
//!
//! Guaranteed: a household has one family name (a namesake's apart, see `namesake.rs`); children are 17 to 45 years
//! younger than their mother; members that would exceed the population are left out together with every reference to them.
//! Absent: what departments know (`enrolment.rs`).

use jiff::civil::{Date, date};

use super::birth::{AS_OF, Birth};
use super::local_key::ResidentNo;
use super::name::{Name, Sex, Word, draw_family};
use super::namesake::Namesakes;
use super::person::{Death, Marital, Person, Relation};
use super::random::Random;

/// The kinds of household that the state's surveys know, with their weight of 100.
#[derive(Debug, Clone, Copy)]
enum Shape {
    Nuclear,
    WithElders,
    ThreeGenerations,
    ElderCouple,
    ElderAlone,
    WomanHeaded,
    Single,
}

const SHAPES: [(Shape, u32); 7] = [
    (Shape::Nuclear, 44),
    (Shape::WithElders, 18),
    (Shape::ThreeGenerations, 12),
    (Shape::ElderCouple, 8),
    (Shape::ElderAlone, 6),
    (Shape::WomanHeaded, 7),
    (Shape::Single, 5),
];

/// Basis points of deliveries with two children.
const TWINS: u32 = 150;
/// Basis points of heads who share name and birth year with others.
const NAMESAKES: u32 = 100;

/// The people of one household, head first, the first of them `first`, at most `room` of them.
pub fn compose(random: &mut Random, namesakes: &Namesakes, first: ResidentNo, room: usize) -> Vec<Person> {
    let family = draw_family(random);
    let mut house = House { random, family, first, people: Vec::new() };
    match house.random.pick_weighted(&SHAPES) {
        Shape::Nuclear => house.nuclear(),
        Shape::WithElders => house.with_elders(),
        Shape::ThreeGenerations => house.three_generations(),
        Shape::ElderCouple => drop(house.couple(Relation::Head, Relation::Spouse, 1936, 1966)),
        Shape::ElderAlone => house.elder_alone(),
        Shape::WomanHeaded => house.woman_headed(),
        Shape::Single => house.single(),
    }
    // Heads whose mother is listed keep their birth year: it may not come too near to hers.
    if house.people[0].mother.is_none() && house.random.chance(NAMESAKES) {
        namesakes.assume(house.random, &mut house.people[0]);
    }
    house.bury();
    house.people.truncate(room);
    let end = first.plus(house.people.len());
    house.people.iter_mut().for_each(|person| forget_beyond(person, end));
    house.people
}

/// References to people who found no room in the population go.
fn forget_beyond(person: &mut Person, end: ResidentNo) {
    for kin in [&mut person.spouse, &mut person.mother, &mut person.father] {
        *kin = kin.filter(|no| *no < end);
    }
    if person.spouse.is_none() {
        person.married_on = None;
    }
}

struct House<'a> {
    random: &'a mut Random,
    family: Word,
    first: ResidentNo,
    people: Vec<Person>,
}

impl House<'_> {
    fn nuclear(&mut self) {
        let (husband, wife) = self.couple(Relation::Head, Relation::Spouse, 1962, 2000);
        self.children(wife, Some(husband), Relation::Child, 4);
    }

    fn with_elders(&mut self) {
        let (husband, wife) = self.couple(Relation::Head, Relation::Spouse, 1966, 1996);
        self.children(wife, Some(husband), Relation::Child, 3);
        let born = self.people[husband].birth.date.year();
        if self.random.chance(4_500) {
            let (father, mother) = self.couple(Relation::Parent, Relation::Parent, born - 36, born - 25);
            self.people[husband].father = Some(self.no(father));
            self.people[husband].mother = Some(self.no(mother));
        } else {
            let mother = self.person(Sex::Female, Relation::Parent, born - 32, born - 19);
            self.people[mother].marital = Marital::Widowed;
            self.people[husband].mother = Some(self.no(mother));
        }
    }

    fn three_generations(&mut self) {
        let (head, wife) = self.couple(Relation::Head, Relation::Spouse, 1945, 1968);
        let mother_born = self.people[wife].birth.date.year();
        let (son, sons_wife) =
            self.couple(Relation::Child, Relation::DaughterInLaw, mother_born + 19, (mother_born + 30).min(2000));
        self.people[son].father = Some(self.no(head));
        self.people[son].mother = Some(self.no(wife));
        self.children(sons_wife, Some(son), Relation::Grandchild, 3);
    }

    fn elder_alone(&mut self) {
        let sex = self.sex(7_000);
        let elder = self.person(sex, Relation::Head, 1934, 1966);
        self.people[elder].marital = Marital::Widowed;
    }

    fn woman_headed(&mut self) {
        let woman = self.person(Sex::Female, Relation::Head, 1962, 1998);
        self.people[woman].marital =
            self.random.pick_weighted(&[(Marital::Widowed, 65), (Marital::Deserted, 25), (Marital::Divorced, 10)]);
        self.children(woman, None, Relation::Child, 3);
    }

    fn single(&mut self) {
        let sex = self.sex(3_500);
        let alone = self.person(sex, Relation::Head, 1970, 2006);
        self.people[alone].marital = self.random.pick_weighted(&[(Marital::Unmarried, 85), (Marital::Divorced, 15)]);
    }

    /// Husband and wife, the husband born in `from..=to`; two thirds of the marriages are registered.
    fn couple(&mut self, his: Relation, hers: Relation, from: i16, to: i16) -> (usize, usize) {
        let husband = self.person(Sex::Male, his, from, to);
        let born = self.people[husband].birth.date.year();
        let wife = self.person(Sex::Female, hers, born, born + 6);
        let wedding_year = (self.people[wife].birth.date.year() + self.random.between(19, 24) as i16).min(2026);
        let day = date(wedding_year, self.random.between(1, 12) as i8, self.random.between(1, 28) as i8).min(AS_OF);
        let registered = self.random.chance(6_600).then_some(day);
        for (own, other) in [(husband, wife), (wife, husband)] {
            self.people[own].spouse = Some(self.no(other));
            self.people[own].marital = Marital::Married;
            self.people[own].married_on = registered;
        }
        (husband, wife)
    }

    /// Up to `most` deliveries of a mother, two and more years apart; one of 67 brings twins.
    fn children(&mut self, mother: usize, father: Option<usize>, relation: Relation, most: u32) {
        let mut year = self.people[mother].birth.date.year() + self.random.between(19, 25) as i16;
        for _ in 0..self.random.below(most + 1) {
            if year > AS_OF.year() {
                return;
            }
            self.delivery(mother, father, relation, year);
            year += self.random.between(2, 5) as i16;
        }
    }

    fn delivery(&mut self, mother: usize, father: Option<usize>, relation: Relation, year: i16) {
        let first = Birth::draw(self.random, year, year);
        let second = self.random.chance(TWINS).then(|| first.twin(self.random)).flatten();
        let plurality = 1 + u8::from(second.is_some());
        for (order, birth) in (1..).zip([Some(first), second].into_iter().flatten()) {
            let sex = self.sex(4_850);
            let child = self.born(sex, relation, birth);
            self.people[child].birth_order = (order, plurality);
            self.people[child].mother = Some(self.no(mother));
            self.people[child].father = father.map(|index| self.no(index));
        }
    }

    fn person(&mut self, sex: Sex, relation: Relation, from: i16, to: i16) -> usize {
        let birth = Birth::draw(self.random, from, to);
        self.born(sex, relation, birth)
    }

    fn born(&mut self, sex: Sex, relation: Relation, birth: Birth) -> usize {
        let index = self.people.len();
        self.people.push(Person {
            resident_no: self.no(index),
            relation,
            sex,
            name: Name::draw(self.random, sex, self.family),
            birth,
            birth_order: (1, 1),
            marital: Marital::Unmarried,
            spouse: None,
            married_on: None,
            mother: None,
            father: None,
            death: None,
            disabled: self.random.chance(150),
            khata: None,
            ration: None,
            pension: None,
        });
        index
    }

    /// Registered deaths of the last three years; who is left behind is widowed.
    fn bury(&mut self) {
        for index in 0..self.people.len() {
            let age = self.people[index].birth.age_on(AS_OF);
            if !self.random.chance(mortality(age)) {
                continue;
            }
            let Some(death) = death_after(self.random, self.last_tie(index)) else { continue };
            let widowed = self.people[index].spouse.map(|no| (no.sequence() - self.first.sequence()) as usize);
            self.people[index].death = Some(death);
            if let Some(left) = widowed {
                self.people[left].marital = Marital::Widowed;
            }
        }
    }

    /// The latest day on which somebody is known to have lived: birth, wedding, a child's birth.
    fn last_tie(&self, index: usize) -> Date {
        let (person, no) = (&self.people[index], Some(self.no(index)));
        let children = self.people.iter().filter(|child| child.mother == no || child.father == no);
        let ties = children.map(|child| child.birth.date).chain(person.married_on);
        ties.fold(person.birth.date, Date::max)
    }

    fn no(&self, index: usize) -> ResidentNo {
        self.first.plus(index)
    }

    fn sex(&mut self, female: u32) -> Sex {
        if self.random.chance(female) { Sex::Female } else { Sex::Male }
    }
}

/// Basis points of those who died within the last three years.
fn mortality(age: i16) -> u32 {
    match age {
        80.. => 1_400,
        60..80 => 450,
        1..60 => 50,
        _ => 0,
    }
}

/// A death within three years before the reference day, if after `last_tie`; entered within weeks, or late.
fn death_after(random: &mut Random, last_tie: Date) -> Option<Death> {
    let day = AS_OF.saturating_sub(jiff::Span::new().days(random.between(1, 1_095)));
    let delay = if random.chance(1_000) { random.between(40, 300) } else { random.between(0, 21) };
    let registered = day.saturating_add(jiff::Span::new().days(delay)).min(AS_OF);
    (day > last_tie).then_some(Death { date: day, registered })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn households(count: u64) -> impl Iterator<Item = Vec<Person>> {
        let namesakes = Namesakes::of(1);
        (0..count).map(move |lane| compose(&mut Random::lane(1, lane), &namesakes, ResidentNo::new(101), usize::MAX))
    }

    fn of(people: &[Person], no: Option<ResidentNo>) -> Option<&Person> {
        people.iter().find(|person| Some(person.resident_no) == no)
    }

    #[test]
    fn the_head_comes_first_and_numbers_follow_one_another() {
        for people in households(500) {
            assert_eq!(people[0].relation, Relation::Head);
            assert!(people.iter().zip(101..).all(|(person, no)| person.resident_no == ResidentNo::new(no)));
        }
    }

    #[test]
    fn spouses_name_one_another_and_share_a_wedding_day() {
        let mut couples = 0;
        for people in households(500) {
            for person in people.iter().filter(|person| person.spouse.is_some()) {
                let spouse = of(&people, person.spouse).unwrap();
                assert_eq!((spouse.spouse, spouse.married_on), (Some(person.resident_no), person.married_on));
                let expected = if spouse.is_alive() { Marital::Married } else { Marital::Widowed };
                assert_eq!(person.marital, expected);
                couples += 1;
            }
        }
        assert!(couples > 400, "{couples}");
    }

    #[test]
    fn mothers_are_women_of_an_age_to_be_mothers() {
        for people in households(2_000) {
            for child in &people {
                let Some(mother) = of(&people, child.mother) else { continue };
                let years = child.birth.date.year() - mother.birth.date.year();
                assert_eq!(mother.sex, Sex::Female);
                assert!((17..=45).contains(&years), "{years}: {people:?}");
            }
        }
    }

    #[test]
    fn twins_share_their_mother_and_come_minutes_apart() {
        let mut pairs = 0;
        for people in households(5_000) {
            for pair in people.windows(2).filter(|pair| pair[0].birth_order == (1, 2)) {
                assert_eq!((pair[1].birth_order, pair[0].mother), ((2, 2), pair[1].mother));
                let apart = pair[1].birth.at().unwrap().duration_since(pair[0].birth.at().unwrap()).as_mins();
                assert!((2..=40).contains(&apart));
                pairs += 1;
            }
        }
        assert!(pairs > 10, "{pairs}");
    }

    #[test]
    fn the_dead_died_after_birth_and_wedding_and_were_registered_later() {
        let mut dead = 0;
        for person in households(2_000).flatten() {
            let Some(death) = person.death else { continue };
            assert!(death.date > person.birth.date && death.registered >= death.date && death.registered <= AS_OF);
            assert!(person.married_on.is_none_or(|day| day < death.date));
            dead += 1;
        }
        assert!(dead > 50, "{dead}");
    }

    #[test]
    fn whom_the_population_has_no_room_for_is_not_referred_to() {
        let namesakes = Namesakes::of(1);
        for lane in 0..200 {
            let people = compose(&mut Random::lane(1, lane), &namesakes, ResidentNo::new(1), 1);
            assert_eq!(people.len(), 1);
            assert_eq!((people[0].spouse, people[0].mother, people[0].father), (None, None, None));
            assert_eq!(people[0].married_on, None);
        }
    }
}
