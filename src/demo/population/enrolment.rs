//! Decides who is known to which department, and how well: names written otherwise, birth dates missing, incomes not
//! noted, members of a household left off its card, pensions still paid after a death.
//!
//! Guaranteed: local numbers and copies of names depend on the household's own draws only. Pensions follow the age
//! bounds of the schemes' published rules on the day [`AS_OF`]. Absent: people (`family.rs`), rows (`store.rs`).

use jiff::civil::Date;

use super::birth::{AS_OF, Birth, Precision};
use super::local_key::{CardNo, KhataNo, MemberId, PpoNo};
use super::name::Sex;
use super::person::{
    CardBirth, Household, Khata, Marital, Payment, Pension, Person, RationCategory, RationMember, Relation, Scheme,
};
use super::random::Random;

/// Enters the members of `household` at revenue, food and social welfare.
pub fn enrol(random: &mut Random, household: &mut Household) {
    let (category, bpl, card) = (household.ration_category, household.bpl, household.card);
    for (place, person) in (1..).zip(&mut household.members) {
        person.khata = khata(random, person, category);
        person.ration = card.and_then(|card| ration(random, person, card, place));
        person.pension = pension(random, person, bpl);
    }
}

fn khata(random: &mut Random, person: &Person, category: RationCategory) -> Option<Khata> {
    let share = match (person.relation, person.birth.age_on(AS_OF)) {
        (_, ..18) => 0,
        (Relation::Head, _) => 9_500,
        (Relation::Parent, _) => 5_000,
        (Relation::Spouse, _) => 4_500,
        _ => 1_500,
    };
    if !random.chance(share) {
        return None;
    }
    Some(Khata {
        khata_no: KhataNo::of(person.resident_no),
        name: person.name.copied(random),
        dob: (!random.chance(200)).then_some(person.birth.date),
        annual_income: (!random.chance(300)).then(|| income(random, person.relation, category)),
        land: random
            .chance(5_500)
            .then(|| 50 + random.below(if category == RationCategory::Apl { 6_000 } else { 1_900 })),
    })
}

/// Rupees a year, in steps of a hundred as clerks write them.
fn income(random: &mut Random, relation: Relation, category: RationCategory) -> u32 {
    let (least, most) = match category {
        RationCategory::Aay => (180, 600),
        RationCategory::Phh => (360, 1_500),
        RationCategory::Apl => (900, 9_000),
    };
    let earner = matches!(relation, Relation::Head | Relation::Child);
    let hundreds = least + random.below(most - least);
    (if earner { hundreds } else { hundreds / 3 }) * 100
}

fn ration(random: &mut Random, person: &Person, card: CardNo, place: u8) -> Option<RationMember> {
    let infant = person.birth.age_on(AS_OF) < 1;
    if random.chance(if infant { 5_000 } else { 250 }) {
        return None;
    }
    Some(RationMember {
        member_id: MemberId::new(card, place),
        name: person.name.copied(random),
        birth: card_birth(random, &person.birth),
        deleted: person.death.and_then(|death| noticed(random, death.registered, 6_500)),
    })
}

fn card_birth(random: &mut Random, birth: &Birth) -> CardBirth {
    match (birth.precision, random.below(100)) {
        (_, 0) => CardBirth::Missing,
        (Precision::Year, _) | (Precision::Day, 1..=4) => CardBirth::Year(birth.date.year()),
        (Precision::Day, _) => CardBirth::Day(birth.date),
    }
}

/// The day on which a department learned of a death, in `share` of 10,000 cases; the others it has not noticed yet.
fn noticed(random: &mut Random, registered: Date, share: u32) -> Option<Date> {
    let day = registered.saturating_add(jiff::Span::new().days(random.between(5, 200)));
    (random.chance(share) && day <= AS_OF).then_some(day)
}

fn pension(random: &mut Random, person: &Person, bpl: bool) -> Option<Pension> {
    let age = person.birth.age_on(AS_OF);
    let (scheme, uptake) = entitlement(person, age, bpl)?;
    if !random.chance(uptake) {
        return None;
    }
    Some(Pension {
        ppo_no: PpoNo::of(person.resident_no),
        name: person.name.copied(random),
        dob: (!random.chance(50)).then_some(person.birth.date),
        scheme,
        payment: payment(random, person),
        monthly: if scheme == Scheme::OldAge && age >= 80 { 650 } else { 500 },
    })
}

/// The scheme that fits, and how many of 10,000 draw it. Bounds: NSAP Guidelines, October 2014, para 2.3.
fn entitlement(person: &Person, age: i16, bpl: bool) -> Option<(Scheme, u32)> {
    let woman = person.sex == Sex::Female;
    match (person.marital, age) {
        _ if !bpl => None,
        (Marital::Widowed, 40..80) if woman => Some((Scheme::Widow, 8_000)),
        (Marital::Widowed | Marital::Deserted, 18..40) if woman => Some((Scheme::SukhadSahara, 6_000)),
        (Marital::Deserted, 40..60) if woman => Some((Scheme::SukhadSahara, 6_000)),
        (_, 60..) => Some((Scheme::OldAge, 7_500)),
        (_, 18..) if person.disabled => Some((Scheme::Disability, 7_000)),
        _ => None,
    }
}

fn payment(random: &mut Random, person: &Person) -> Payment {
    if let Some(death) = person.death {
        return noticed(random, death.registered, 7_000).map_or(Payment::Active, Payment::Stopped);
    }
    let held = random.chance(200);
    let since = AS_OF.saturating_sub(jiff::Span::new().days(random.between(3, 90)));
    if held { Payment::Held(since) } else { Payment::Active }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::demo::population::Population;

    fn somebody() -> Person {
        let mut person = Population::new(1, 1).persons().next().unwrap();
        person.death = None;
        person.disabled = false;
        person.sex = Sex::Female;
        person
    }

    #[test]
    fn schemes_follow_age_sex_and_marital_status() {
        let cases = [
            (Marital::Widowed, 39, Some(Scheme::SukhadSahara)),
            (Marital::Widowed, 40, Some(Scheme::Widow)),
            (Marital::Widowed, 79, Some(Scheme::Widow)),
            (Marital::Widowed, 80, Some(Scheme::OldAge)),
            (Marital::Deserted, 45, Some(Scheme::SukhadSahara)),
            (Marital::Married, 59, None),
            (Marital::Married, 60, Some(Scheme::OldAge)),
            (Marital::Unmarried, 17, None),
        ];
        for (marital, age, scheme) in cases {
            let person = Person { marital, ..somebody() };
            assert_eq!(entitlement(&person, age, true).map(|(scheme, _)| scheme), scheme, "{marital:?} {age}");
            assert_eq!(entitlement(&person, age, false), None);
        }
    }

    #[test]
    fn a_widower_has_no_widows_pension_and_disability_counts_from_eighteen() {
        let man = Person { sex: Sex::Male, marital: Marital::Widowed, ..somebody() };
        assert_eq!(entitlement(&man, 50, true), None);
        let disabled = Person { disabled: true, ..somebody() };
        let scheme = |age| entitlement(&Person { marital: Marital::Unmarried, ..disabled.clone() }, age, true);
        assert_eq!((scheme(17), scheme(18).map(|(s, _)| s)), (None, Some(Scheme::Disability)));
    }

    #[test]
    fn a_birth_known_by_year_never_becomes_a_day_on_a_card() {
        let mut random = Random::lane(1, 1);
        let birth = Birth { date: date(1950, 1, 1), precision: Precision::Year, minute: None };
        let copies: Vec<CardBirth> = (0..500).map(|_| card_birth(&mut random, &birth)).collect();
        assert!(copies.iter().all(|c| matches!(c, CardBirth::Year(1950) | CardBirth::Missing)));
        assert!(copies.contains(&CardBirth::Missing));
    }

    #[test]
    fn departments_learn_of_some_deaths_later_and_of_some_never() {
        let mut random = Random::lane(1, 2);
        let days: Vec<_> = (0..500).map(|_| noticed(&mut random, date(2026, 1, 1), 7_000)).collect();
        assert!(days.contains(&None) && days.iter().flatten().all(|day| *day > date(2026, 1, 1)));
        assert!((300..400).contains(&days.iter().flatten().count()));
        assert_eq!(noticed(&mut random, AS_OF, 10_000), None);
    }

    #[test]
    fn households_below_the_line_earn_less() {
        let mut random = Random::lane(1, 3);
        let mut mean = |category| (0..500).map(|_| income(&mut random, Relation::Head, category)).sum::<u32>() / 500;
        let (poor, rich) = (mean(RationCategory::Aay), mean(RationCategory::Apl));
        assert!(poor < 60_000 && rich > 90_000, "{poor} {rich}");
    }
}
