//! Rows of civil registration: `residents`, `births`, `deaths`, `marriages`.
//!
//! Guaranteed: every row of the three registers names a row of `residents`; both spouses' marriage is one row.

use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use jiff::civil::Date;

use super::{Department, clerical, insert_all, text, unless_missing};
use crate::demo::population::birth::{AS_OF, Precision};
use crate::demo::population::name::Sex;
use crate::demo::population::person::{Category, Household, Marital, Person};
use crate::demo::population::random::Random;

diesel::table! {
    residents (resident_no) {
        resident_no -> Text,
        household_no -> Text,
        given_name -> Text,
        family_name -> Nullable<Text>,
        name_hi -> Nullable<Text>,
        sex -> Text,
        date_of_birth -> Text,
        dob_precision -> Text,
        district_lgd -> Integer,
        village -> Nullable<Text>,
        village_hi -> Nullable<Text>,
        marital_status -> Nullable<Text>,
        social_category -> Nullable<Text>,
        mother_no -> Nullable<Text>,
        father_no -> Nullable<Text>,
        alive -> Integer,
    }
}

diesel::table! {
    births (registration_number) {
        registration_number -> Text,
        resident_no -> Text,
        date_of_birth -> Text,
        time_of_birth -> Nullable<Text>,
        birth_order -> Integer,
        plurality -> Integer,
        mother_no -> Text,
        father_no -> Nullable<Text>,
        place_lgd -> Integer,
        place_kind -> Text,
        registered_at -> Text,
    }
}

diesel::table! {
    deaths (registration_number) {
        registration_number -> Text,
        resident_no -> Text,
        date_of_death -> Text,
        date_precision -> Text,
        registered_at -> Text,
        place_lgd -> Integer,
    }
}

diesel::table! {
    marriages (registration_number) {
        registration_number -> Text,
        husband_no -> Text,
        wife_no -> Text,
        date_of_marriage -> Text,
        place_lgd -> Integer,
        registered_at -> Text,
    }
}

#[derive(Insertable)]
#[diesel(table_name = residents, treat_none_as_default_value = false)]
struct Resident {
    resident_no: String,
    household_no: String,
    given_name: String,
    family_name: Option<&'static str>,
    name_hi: Option<String>,
    sex: &'static str,
    date_of_birth: String,
    dob_precision: &'static str,
    district_lgd: i32,
    village: Option<String>,
    village_hi: Option<String>,
    marital_status: Option<&'static str>,
    social_category: Option<&'static str>,
    mother_no: Option<String>,
    father_no: Option<String>,
    alive: i32,
}

#[derive(Insertable)]
#[diesel(table_name = births, treat_none_as_default_value = false)]
struct BirthEntry {
    registration_number: String,
    resident_no: String,
    date_of_birth: String,
    time_of_birth: Option<String>,
    birth_order: i32,
    plurality: i32,
    mother_no: String,
    father_no: Option<String>,
    place_lgd: i32,
    place_kind: &'static str,
    registered_at: String,
}

#[derive(Insertable)]
#[diesel(table_name = deaths, treat_none_as_default_value = false)]
struct DeathEntry {
    registration_number: String,
    resident_no: String,
    date_of_death: String,
    date_precision: &'static str,
    registered_at: String,
    place_lgd: i32,
}

#[derive(Insertable)]
#[diesel(table_name = marriages, treat_none_as_default_value = false)]
struct MarriageEntry {
    registration_number: String,
    husband_no: String,
    wife_no: String,
    date_of_marriage: String,
    place_lgd: i32,
    registered_at: String,
}

/// Rows waiting for civil registration's tables.
#[derive(Default)]
pub struct Civil {
    residents: Vec<Resident>,
    births: Vec<BirthEntry>,
    deaths: Vec<DeathEntry>,
    marriages: Vec<MarriageEntry>,
}

impl Department for Civil {
    const SCHEMA: &'static str = include_str!("../../departments/civil/schema.sql");
    const FINISH: &'static str = include_str!("../../departments/civil/finish.sql");

    fn add(&mut self, household: &Household) {
        let mut random = clerical(1, household);
        let lgd = i32::from(household.place.district.lgd);
        for person in &household.members {
            self.residents.push(resident(&mut random, household, person));
            self.births.extend(birth(&mut random, person, lgd));
            self.deaths.extend(death(person, lgd));
            self.marriages.extend(marriage(person, lgd));
        }
    }

    fn waiting(&self) -> usize {
        self.residents.len()
    }

    fn flush(&mut self, connection: &mut SqliteConnection) -> QueryResult<()> {
        insert_all!(connection, residents::table, self.residents);
        insert_all!(connection, births::table, self.births);
        insert_all!(connection, deaths::table, self.deaths);
        insert_all!(connection, marriages::table, self.marriages);
        Ok(())
    }
}

fn resident(random: &mut Random, household: &Household, person: &Person) -> Resident {
    let place = &household.place;
    let known_place = !random.chance(150);
    Resident {
        resident_no: text(person.resident_no),
        household_no: text(household.number),
        given_name: person.name.given_en(),
        family_name: person.name.family_en(),
        name_hi: unless_missing(random, 100, person.name.full_hi()),
        sex: if person.sex == Sex::Female { "female" } else { "male" },
        date_of_birth: text(person.birth.date),
        dob_precision: if person.birth.precision == Precision::Day { "day" } else { "year" },
        district_lgd: i32::from(place.district.lgd),
        village: known_place.then(|| place.name_en.clone()),
        village_hi: known_place.then(|| place.name_hi.clone()),
        marital_status: unless_missing(random, 80, marital_status(person.marital)),
        social_category: unless_missing(random, 120, social_category(household.category)),
        mother_no: person.mother.map(text),
        father_no: person.father.map(text),
        alive: i32::from(person.is_alive()),
    }
}

/// The registered birth of somebody whose mother is listed; of those born before 1990 few were registered.
fn birth(random: &mut Random, person: &Person, lgd: i32) -> Option<BirthEntry> {
    let mother = person.mother?;
    let (order, plurality) = person.birth_order;
    let registered = plurality > 1 || random.chance(if person.birth.date.year() < 1990 { 1_500 } else { 8_500 });
    if !registered || person.birth.precision == Precision::Year {
        return None;
    }
    Some(BirthEntry {
        registration_number: format!("SYN-B-{:07}", person.resident_no.sequence()),
        resident_no: text(person.resident_no),
        date_of_birth: text(person.birth.date),
        time_of_birth: person.birth.minute.map(|minute| format!("{:02}:{:02}", minute / 60, minute % 60)),
        birth_order: i32::from(order),
        plurality: i32::from(plurality),
        mother_no: text(mother),
        father_no: person.father.map(text),
        place_lgd: lgd,
        place_kind: if person.birth.minute.is_some() { "facility" } else { "home" },
        registered_at: entered(random, person.birth.date),
    })
}

/// One to three weeks after the event, at the office's hour; nothing is entered after the reference day.
fn entered(random: &mut Random, event: Date) -> String {
    let day = event.saturating_add(jiff::Span::new().days(random.between(1, 21))).min(AS_OF);
    format!("{day}T11:00:00+05:30")
}

fn death(person: &Person, lgd: i32) -> Option<DeathEntry> {
    let death = person.death?;
    Some(DeathEntry {
        registration_number: format!("SYN-D-{:07}", person.resident_no.sequence()),
        resident_no: text(person.resident_no),
        date_of_death: text(death.date),
        date_precision: "day",
        registered_at: format!("{}T12:00:00+05:30", death.registered),
        place_lgd: lgd,
    })
}

/// The marriage, entered once: with the wife.
fn marriage(person: &Person, lgd: i32) -> Option<MarriageEntry> {
    let (husband, day) = (person.spouse?, person.married_on?);
    (person.sex == Sex::Female).then(|| MarriageEntry {
        registration_number: format!("SYN-M-{:07}", person.resident_no.sequence()),
        husband_no: text(husband),
        wife_no: text(person.resident_no),
        date_of_marriage: text(day),
        place_lgd: lgd,
        registered_at: format!("{day}T15:00:00+05:30"),
    })
}

fn marital_status(marital: Marital) -> &'static str {
    match marital {
        Marital::Unmarried => "unmarried",
        Marital::Married => "married",
        Marital::Widowed => "widowed",
        Marital::Divorced => "divorced",
        Marital::Deserted => "deserted",
    }
}

fn social_category(category: Category) -> &'static str {
    match category {
        Category::St => "ST",
        Category::Sc => "SC",
        Category::Obc => "OBC",
        Category::General => "GEN",
    }
}
