//! Rows of the social welfare department: `pension_beneficiary`, and three smaller rolls.
//!
//! Guaranteed: a row that is not paid says why and since when. Absent: bank particulars of any kind.

use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;

use super::{Department, clerical, insert_all, text, unless_missing};
use crate::demo::population::birth::{AS_OF, Precision};
use crate::demo::population::local_key::{PpoNo, ResidentNo};
use crate::demo::population::name::Sex;
use crate::demo::population::person::{Household, Payment, Pension, Person, Scheme};
use crate::demo::population::random::Random;

diesel::table! {
    pension_beneficiary (ppo_no) {
        ppo_no -> Text,
        applicant_name -> Text,
        applicant_name_hi -> Nullable<Text>,
        dob -> Nullable<Text>,
        gender -> Text,
        scheme_code -> Text,
        district_lgd -> Integer,
        payment_status -> Text,
        status_reason -> Nullable<Text>,
        status_since -> Nullable<Text>,
        monthly_amount -> Integer,
    }
}

diesel::table! {
    child_disability_allowance (register_no) {
        register_no -> Text,
        child_name -> Text,
        birth_date -> Text,
        district_lgd -> Integer,
        status -> Text,
        status_since -> Nullable<Text>,
        monthly_amount -> Integer,
    }
}

diesel::table! {
    disability_pension (pension_no) {
        pension_no -> Text,
        register_no -> Text,
        name -> Text,
        status -> Text,
        status_reason -> Nullable<Text>,
        status_since -> Nullable<Text>,
        monthly_amount -> Integer,
    }
}

diesel::table! {
    marriage_assistance (file_no) {
        file_no -> Text,
        name -> Text,
        status -> Text,
        status_reason -> Nullable<Text>,
        status_since -> Nullable<Text>,
    }
}

#[derive(Insertable)]
#[diesel(table_name = child_disability_allowance)]
struct Allowance {
    register_no: String,
    child_name: String,
    birth_date: String,
    district_lgd: i32,
    status: &'static str,
    monthly_amount: i32,
}

#[derive(Insertable)]
#[diesel(table_name = disability_pension)]
struct Disability {
    pension_no: String,
    register_no: String,
    name: String,
    status: &'static str,
    status_since: String,
    monthly_amount: i32,
}

#[derive(Insertable)]
#[diesel(table_name = marriage_assistance)]
struct Assistance {
    file_no: String,
    name: String,
    status: &'static str,
    status_since: String,
}

#[derive(Insertable)]
#[diesel(table_name = pension_beneficiary, treat_none_as_default_value = false)]
struct Row {
    ppo_no: String,
    applicant_name: String,
    applicant_name_hi: Option<String>,
    dob: Option<String>,
    gender: &'static str,
    scheme_code: &'static str,
    district_lgd: i32,
    payment_status: &'static str,
    status_reason: Option<&'static str>,
    status_since: Option<String>,
    monthly_amount: i32,
}

/// Rows waiting for the social welfare department's table.
#[derive(Default)]
pub struct Social {
    beneficiaries: Vec<Row>,
    allowances: Vec<Allowance>,
    disability: Vec<Disability>,
    assistance: Vec<Assistance>,
}

impl Department for Social {
    const SCHEMA: &'static str = include_str!("../../departments/social/schema.sql");
    const FINISH: &'static str = include_str!("../../departments/social/finish.sql");

    fn add(&mut self, household: &Household) {
        let mut random = clerical(4, household);
        let drawing = household.members.iter().filter_map(|person| Some((person, person.pension?)));
        self.beneficiaries.extend(drawing.map(|(person, pension)| row(&mut random, household, person, &pension)));
        for person in household.members.iter().filter(|person| person.is_alive()) {
            self.add_smaller_rolls(household, person);
        }
    }

    fn waiting(&self) -> usize {
        self.beneficiaries.len()
    }

    fn flush(&mut self, connection: &mut SqliteConnection) -> QueryResult<()> {
        insert_all!(connection, pension_beneficiary::table, self.beneficiaries);
        insert_all!(connection, child_disability_allowance::table, self.allowances);
        insert_all!(connection, disability_pension::table, self.disability);
        insert_all!(connection, marriage_assistance::table, self.assistance);
        Ok(())
    }
}

/// Rupees a month for a person with a benchmark disability.
const DISABILITY_MONTHLY: i32 = 500;
/// Of marriages from here on the roll of assistance is kept.
const ASSISTED_SINCE: jiff::civil::Date = jiff::civil::date(2025, 4, 1);

impl Social {
    fn add_smaller_rolls(&mut self, household: &Household, person: &Person) {
        if draws_child_allowance(person) {
            self.allowances.push(Allowance {
                register_no: register_no(person.resident_no),
                child_name: person.name.full_en(),
                birth_date: text(person.birth.date),
                district_lgd: i32::from(household.place.district.lgd),
                status: "ACTIVE",
                monthly_amount: DISABILITY_MONTHLY,
            });
        }
        if person.disabled && person.pension.is_none() && (18..25).contains(&person.birth.age_on(AS_OF)) {
            self.disability.push(Disability {
                pension_no: numbered("DP", person.resident_no),
                register_no: register_no(person.resident_no),
                name: person.name.full_en(),
                status: "ACTIVE",
                status_since: "2026-04-01".to_owned(),
                monthly_amount: DISABILITY_MONTHLY,
            });
        }
        if let (Some(day), Sex::Female, true) = (person.married_on, person.sex, household.bpl)
            && day >= ASSISTED_SINCE
        {
            self.assistance.push(Assistance {
                file_no: numbered("MA", person.resident_no),
                name: person.name.full_en(),
                status: "SANCTIONED",
                status_since: text(day),
            });
        }
    }
}

/// Whether somebody is on the roll of children with a benchmark disability.
pub fn draws_child_allowance(person: &Person) -> bool {
    person.disabled
        && person.pension.is_none()
        && person.birth.precision == Precision::Day
        && person.birth.age_on(AS_OF) < 18
}

/// The number of the register of people with a benchmark disability.
pub fn register_no(resident: ResidentNo) -> String {
    numbered("CD", resident)
}

/// A number of one of this department's rolls, unlike that of any other department.
fn numbered(kind: &str, resident: ResidentNo) -> String {
    text(PpoNo::of(resident)).replacen("PPO", kind, 1)
}

fn row(random: &mut Random, household: &Household, person: &Person, pension: &Pension) -> Row {
    let (payment_status, status_reason, status_since) = match pension.payment {
        Payment::Active => ("ACTIVE", None, None),
        Payment::Held(since) => ("HOLD", Some("LIFE CERTIFICATE AWAITED"), Some(text(since))),
        Payment::Stopped(since) => ("STOPPED", Some("DEATH"), Some(text(since))),
    };
    Row {
        ppo_no: text(pension.ppo_no),
        applicant_name: pension.name.full_en(),
        applicant_name_hi: unless_missing(random, 250, pension.name.full_hi()),
        dob: pension.dob.map(text),
        gender: if person.sex == Sex::Female { "FEMALE" } else { "MALE" },
        scheme_code: scheme_code(pension.scheme),
        district_lgd: i32::from(household.place.district.lgd),
        payment_status,
        status_reason,
        status_since,
        monthly_amount: i32::from(pension.monthly),
    }
}

fn scheme_code(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::OldAge => "CG-IGNOAPS",
        Scheme::Widow => "CG-IGNWPS",
        Scheme::Disability => "CG-IGNDPS",
        Scheme::SukhadSahara => "CG-SUKHAD-SAHARA",
    }
}
