//! Rows of the social welfare department: `pension_beneficiary`.
//!
//! Guaranteed: a row that is not paid says why and since when. Absent: bank particulars of any kind.

use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;

use super::{Department, clerical, insert_all, text, unless_missing};
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
}

impl Department for Social {
    const SCHEMA: &'static str = include_str!("../../departments/social/schema.sql");
    const FINISH: &'static str = include_str!("../../departments/social/finish.sql");

    fn add(&mut self, household: &Household) {
        let mut random = clerical(4, household);
        let drawing = household.members.iter().filter_map(|person| Some((person, person.pension?)));
        self.beneficiaries.extend(drawing.map(|(person, pension)| row(&mut random, household, person, &pension)));
    }

    fn waiting(&self) -> usize {
        self.beneficiaries.len()
    }

    fn flush(&mut self, connection: &mut SqliteConnection) -> QueryResult<()> {
        insert_all!(connection, pension_beneficiary::table, self.beneficiaries);
        Ok(())
    }
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
