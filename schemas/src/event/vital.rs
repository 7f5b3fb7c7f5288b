//! Payloads of births and deaths.
//!
//! Source: triggers, "Events"; SPDCI CRVS 1.0 and OpenCRVS for the names; Registration of Births and Deaths Act 1969.
//! Deliberately absent: the cause of a death.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::RelatedPerson;
use crate::{id::LgdCode, time::CivilDate};

/// The payload of `in.vinimay.birth.registered.v1`; the event is about the child.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BirthRegistered {
    /// The register's number.
    pub registration_number: String,
    /// The child.
    pub child: Child,
    /// The mother, where the register knows her.
    pub mother: Option<RelatedPerson>,
    /// The father, where the register knows him.
    pub father: Option<RelatedPerson>,
    /// Where the child was born.
    pub place: BirthPlace,
    /// How it came into the register.
    pub registration_type: RegistrationType,
}

/// A child at its birth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Child {
    /// Born on.
    pub birth_date: CivilDate,
    /// Sex.
    pub sex: Sex,
    /// The mother's how manieth child, from 1.
    pub birth_order: Option<u8>,
    /// Children of this delivery, from 1: twins are 2.
    pub plurality: u8,
}

/// Sex as the register has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sex {
    /// Female.
    Female,
    /// Male.
    Male,
    /// Transgender (Transgender Persons Act 2019, section 4).
    Transgender,
    /// Not known.
    Unknown,
}

/// Where a child was born.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BirthPlace {
    /// State, such as `22` for Chhattisgarh.
    pub state: Option<LgdCode>,
    /// District.
    pub district: Option<LgdCode>,
    /// Gram panchayat or urban local body.
    pub local_body: Option<LgdCode>,
    /// In a facility, or at home.
    pub kind: BirthPlaceKind,
}

/// In a facility, or at home.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BirthPlaceKind {
    /// A hospital, health centre or the like.
    Facility,
    /// At home.
    Home,
    /// The register does not say.
    Unknown,
}

/// How a birth came into the register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RegistrationType {
    /// Within the time of section 8.
    Current,
    /// Later, under section 13.
    Late,
    /// By a court's or magistrate's order.
    CourtOrdered,
}

/// The payload of `in.vinimay.birth.annulled.v1`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BirthAnnulled {
    /// The number of the registration that is void.
    pub registration_number: String,
    /// Why.
    pub reason: BirthAnnulment,
}

/// Why a registration of a birth is void.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BirthAnnulment {
    /// There was no such birth.
    NeverBorn,
    /// It was entered for somebody else.
    WrongPerson,
    /// It was registered twice.
    Duplicate,
    /// A court said so.
    Court,
}

/// The payload of `in.vinimay.birth.stillbirth.v1`; the event is about the mother.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BirthStillbirth {
    /// The register's number.
    pub registration_number: String,
    /// The day.
    pub date: CivilDate,
    /// Where.
    pub place: BirthPlace,
    /// Children of this delivery, from 1.
    pub plurality: u8,
}

/// The payload of `in.vinimay.death.reported.v1`: hearsay, which may flag and never removes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeathReported {
    /// The number of the report.
    pub report_number: String,
    /// By whom, as a role.
    pub reported_by: Reporter,
    /// The day of death, where it was told.
    pub death_date: Option<CivilDate>,
}

/// Who reported, as a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Reporter {
    /// A hospital or health centre.
    Hospital,
    /// A panchayat or ward.
    Panchayat,
    /// An anganwadi worker.
    Anganwadi,
    /// The family.
    Family,
    /// A bank or post office.
    Bank,
}

/// The payload of `in.vinimay.death.registered.v1`. No cause of death.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeathRegistered {
    /// The register's number.
    pub registration_number: String,
    /// The day of death.
    pub death_date: CivilDate,
    /// How exactly the day is known.
    pub death_date_precision: DatePrecision,
    /// How the person was identified.
    pub r#match: MatchEvidence,
}

/// How exactly a date is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DatePrecision {
    /// To the day.
    Day,
    /// To the month.
    Month,
    /// To the year.
    Year,
}

/// How a person was identified at the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MatchEvidence {
    /// `resident-number`, `name-birthdate`, `officer`.
    pub method: String,
    /// 0 to 100.
    pub score: u8,
}

/// The payload of `in.vinimay.death.annulled.v1`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeathAnnulled {
    /// The number of the registration that is void.
    pub registration_number: String,
    /// Why.
    pub reason: DeathAnnulment,
}

/// Why a registration of a death is void.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeathAnnulment {
    /// The person lives.
    NeverDied,
    /// Somebody else has died.
    WrongPerson,
    /// It was registered twice; the other registration stands.
    Duplicate,
    /// A court said so.
    Court,
}
