//! Rows of the revenue department: one table, dates as dd/mm/yyyy, districts as text, surname first.
//!
//! Guaranteed: the income band is that of the income beside it; both are there or neither.

use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use jiff::civil::Date;

use super::{Department, clerical, insert_all, text, unless_missing};
use crate::demo::population::name::Name;
use crate::demo::population::person::{Household, Khata};
use crate::demo::population::random::Random;

diesel::table! {
    khatedar (khata_no) {
        khata_no -> Text,
        naam_hi -> Nullable<Text>,
        name_en -> Text,
        dob -> Nullable<Text>,
        annual_income -> Nullable<Integer>,
        income_band -> Nullable<Text>,
        income_year_start -> Text,
        rakba_hectare -> Nullable<Text>,
        gram_hi -> Nullable<Text>,
        tehsil_code -> Text,
        district_code -> Text,
    }
}

#[derive(Insertable)]
#[diesel(table_name = khatedar, treat_none_as_default_value = false)]
struct Row {
    khata_no: String,
    naam_hi: Option<String>,
    name_en: String,
    dob: Option<String>,
    annual_income: Option<i32>,
    income_band: Option<&'static str>,
    income_year_start: &'static str,
    rakba_hectare: Option<String>,
    gram_hi: Option<String>,
    tehsil_code: String,
    district_code: String,
}

/// The income year that the table is about, by its first day.
const INCOME_YEAR_START: &str = "2025-04-01";

/// Bands by the highest income in them, rupees a year.
const BANDS: [(u32, &str); 5] = [
    (48_000, "up to 48000"),
    (100_000, "48001 to 100000"),
    (200_000, "100001 to 200000"),
    (500_000, "200001 to 500000"),
    (u32::MAX, "above 500000"),
];

/// Rows waiting for the revenue department's table.
#[derive(Default)]
pub struct Revenue {
    khatedar: Vec<Row>,
}

impl Department for Revenue {
    const SCHEMA: &'static str = include_str!("../../departments/revenue/schema.sql");
    const FINISH: &'static str = include_str!("../../departments/revenue/finish.sql");

    fn add(&mut self, household: &Household) {
        let mut random = clerical(2, household);
        let known = household.members.iter().filter_map(|person| person.khata);
        self.khatedar.extend(known.map(|khata| row(&mut random, household, &khata)));
    }

    fn waiting(&self) -> usize {
        self.khatedar.len()
    }

    fn flush(&mut self, connection: &mut SqliteConnection) -> QueryResult<()> {
        insert_all!(connection, khatedar::table, self.khatedar);
        Ok(())
    }
}

fn row(random: &mut Random, household: &Household, khata: &Khata) -> Row {
    let place = &household.place;
    Row {
        khata_no: text(khata.khata_no),
        naam_hi: unless_missing(random, 200, khata.name.full_hi()),
        name_en: surname_first(&khata.name),
        dob: khata.dob.map(day_first),
        annual_income: khata.annual_income.map(|rupees| rupees as i32),
        income_band: khata.annual_income.map(band),
        income_year_start: INCOME_YEAR_START,
        rakba_hectare: khata.land.map(|land| format!("{}.{:03}", land / 1_000, land % 1_000)),
        gram_hi: unless_missing(random, 100, place.name_hi.clone()),
        tehsil_code: format!("T-{}-{:02}", place.district.lgd, place.tehsil),
        district_code: text(place.district.lgd),
    }
}

/// `SAHU, Kamla Bai`; the given names alone where there is no surname.
fn surname_first(name: &Name) -> String {
    match name.family_en() {
        Some(family) => format!("{}, {}", family.to_uppercase(), name.given_en()),
        None => name.given_en(),
    }
}

fn day_first(day: Date) -> String {
    format!("{:02}/{:02}/{:04}", day.day(), day.month(), day.year())
}

/// The band of a yearly income in rupees.
fn band(rupees: u32) -> &'static str {
    BANDS.iter().find(|(highest, _)| rupees <= *highest).map_or("above 500000", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_end_where_their_names_say() {
        let cases = [
            (0, "up to 48000"),
            (48_000, "up to 48000"),
            (48_001, "48001 to 100000"),
            (200_000, "100001 to 200000"),
            (200_001, "200001 to 500000"),
            (500_001, "above 500000"),
        ];
        for (rupees, name) in cases {
            assert_eq!(band(rupees), name);
        }
    }

    #[test]
    fn days_come_first() {
        assert_eq!(day_first(jiff::civil::date(1951, 2, 9)), "09/02/1951");
    }
}
