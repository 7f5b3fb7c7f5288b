//! Payloads about a person's age, marriage, residence, household, identity and presence.
//!
//! Source: triggers, "Events". Deliberately absent: the birth date in events about age.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    answer::FieldValue,
    id::{CompactJwe, FieldName, LgdCode},
    time::CivilDate,
};

/// Another person of whom an event speaks, named to the same receiver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RelatedPerson {
    /// Given name, family name, where the register has them.
    pub name: Option<String>,
    /// Year of birth, where known.
    pub birth_year: Option<i16>,
    /// The receiver's pseudonym, sealed by the identity registry; none where the register does not know the person by number.
    pub subject: Option<CompactJwe>,
}

/// A place by codes of the Local Government Directory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// State, such as `22` for Chhattisgarh.
    pub state: Option<LgdCode>,
    /// District.
    pub district: Option<LgdCode>,
    /// Gram panchayat or urban local body.
    pub local_body: Option<LgdCode>,
}

/// On which day years are completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AgeConvention {
    /// On the anniversary; who was born on 29 February on 1 March (Majority Act 1875, section 3).
    Anniversary,
    /// On the day before (Prabhu Dayal Sesma v State of Rajasthan, 1986).
    DayBefore,
}

/// An age that schemes use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgeThreshold {
    /// Completed years.
    pub years: u8,
    /// On which day they are completed.
    pub convention: AgeConvention,
}

/// The payload of `in.vinimay.age.attained.v1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgeAttained {
    /// Completed years.
    pub years: u8,
    /// On which day they are completed.
    pub convention: AgeConvention,
    /// That day.
    pub effective: CivilDate,
}

/// The payload of `in.vinimay.age.revised.v1`: an age that was said to be attained is not, or from another day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgeRevised {
    /// Completed years.
    pub years: u8,
    /// On which day they are completed.
    pub convention: AgeConvention,
    /// Whether the age is attained by the corrected date.
    pub attained: bool,
    /// The day on which it is or will be attained by the corrected date.
    pub effective: CivilDate,
    /// The day that was told before.
    pub before: CivilDate,
}

/// The payload of `in.vinimay.marriage.registered.v1`; one event for each of the two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MarriageRegistered {
    /// The register's number.
    pub registration_number: String,
    /// The day of the marriage.
    pub date: CivilDate,
    /// The other one.
    pub spouse: RelatedPerson,
}

/// The payload of `in.vinimay.marriage.ended.v1`; one event for each who lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MarriageEnded {
    /// The number of the marriage's registration.
    pub registration_number: String,
    /// The last day.
    pub date: CivilDate,
    /// How.
    pub reason: MarriageEnd,
    /// The other one.
    pub spouse: RelatedPerson,
    /// The registration of the death by which it ended, for who holds it against an annulment.
    pub death_registration_number: Option<String>,
}

/// How a marriage ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MarriageEnd {
    /// By divorce.
    Divorce,
    /// It was void.
    Annulment,
    /// The other one has died.
    DeathOfSpouse,
}

/// The payload of `in.vinimay.residence.moved.v1`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResidenceMoved {
    /// The register's number, where it has one.
    pub registration_number: Option<String>,
    /// From where.
    pub from: Place,
    /// To where.
    pub to: Place,
    /// What kind of move.
    pub kind: MoveKind,
    /// Whether the person means to come back; seasonal work is not migration.
    pub temporary: bool,
}

/// What kind of move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MoveKind {
    /// Within one district.
    WithinDistrict,
    /// From district to district of one state.
    InterDistrict,
    /// Out of the state.
    OutOfState,
    /// Into the state.
    IntoState,
    /// Out of the country.
    Abroad,
    /// Back home.
    Return,
}

/// The payload of `in.vinimay.household.changed.v1`; about the member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HouseholdChanged {
    /// Pairwise pseudonym of the household, stable for this subscriber.
    pub household_ref: String,
    /// What changed.
    pub change: HouseholdChange,
    /// The head from now on, where known.
    pub head: Option<RelatedPerson>,
}

/// How a household changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HouseholdChange {
    /// The person joined.
    MemberAdded,
    /// The person left.
    MemberLeft,
    /// The person is its head from now on.
    HeadChanged,
}

/// The payload of `in.vinimay.person.corrected.v1`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonCorrected {
    /// What was corrected.
    pub fields: Vec<CorrectedField>,
}

/// One corrected member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectedField {
    /// Which, such as `given_name` or `sex`.
    pub field: FieldName,
    /// Its value now, where the source gives it; else it is to be fetched.
    pub value: Option<FieldValue>,
}

/// The payload of `in.vinimay.person.merged.v1`; about the entry that ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonMerged {
    /// The entry that goes on.
    pub into: RelatedPerson,
}

/// The payload of `in.vinimay.person.split.v1`; about the entry that stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonSplit {
    /// The entry of the other person from now on.
    pub parted: RelatedPerson,
}

/// The payload of `in.vinimay.presence.confirmed.v1`: a sign of life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PresenceConfirmed {
    /// The day.
    pub date: CivilDate,
    /// By what.
    pub kind: PresenceKind,
    /// In which district, where known.
    pub district: Option<LgdCode>,
}

/// What shows that a person lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PresenceKind {
    /// Finger, iris or face.
    Biometric,
    /// Money taken in person.
    PaymentInPerson,
    /// At school.
    SchoolAttendance,
    /// Seen by an officer.
    Officer,
}
