//! People and households of the synthetic state: what is true of them, and what each department knows of it.
//!
//! Guaranteed: a reference to another person (spouse, mother, father) names somebody of the same population.
//! Absent: any rule; `family.rs` makes households, `enrolment.rs` decides who is known to which department.

use jiff::civil::Date;

use super::birth::Birth;
use super::local_key::{CardNo, HouseholdNo, KhataNo, MemberId, PpoNo, ResidentNo};
use super::name::{Name, Sex};
use super::place::Place;

/// Place in the household.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Relation {
    /// The head.
    Head,
    /// The head's spouse.
    Spouse,
    /// A child of the head.
    Child,
    /// A parent of the head.
    Parent,
    /// The wife of the head's son.
    DaughterInLaw,
    /// A child of the head's child.
    Grandchild,
}

/// Marital status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Marital {
    /// Never married.
    Unmarried,
    /// Married.
    Married,
    /// Spouse has died.
    Widowed,
    /// Divorced.
    Divorced,
    /// Left by the spouse.
    Deserted,
}

/// Social category of the state's lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Category {
    /// Scheduled tribe.
    St,
    /// Scheduled caste.
    Sc,
    /// Other backward class.
    Obc,
    /// None of them.
    General,
}

/// Ration category of a household.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RationCategory {
    /// Antyodaya: the poorest.
    Aay,
    /// Priority household.
    Phh,
    /// Above the poverty line.
    Apl,
}

/// A registered death.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Death {
    /// The day.
    pub date: Date,
    /// When it was entered; weeks later, sometimes most of a year.
    pub registered: Date,
}

/// What the revenue department knows: land and income.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Khata {
    /// Local number.
    pub khata_no: KhataNo,
    /// Name as written there.
    pub name: Name,
    /// Birth date as written there; missing for some.
    pub dob: Option<Date>,
    /// Rupees a year; missing for some.
    pub annual_income: Option<u32>,
    /// Land in thousandths of a hectare; none for the landless.
    pub land: Option<u32>,
}

/// A birth date as a ration card has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardBirth {
    /// To the day.
    Day(Date),
    /// The year.
    Year(i16),
    /// Not noted.
    Missing,
}

/// What the food department knows of a member of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RationMember {
    /// Local number.
    pub member_id: MemberId,
    /// Name as written there.
    pub name: Name,
    /// Birth as written there.
    pub birth: CardBirth,
    /// The day on which the member was struck off after a death; the roll may lag behind.
    pub deleted: Option<Date>,
}

/// A pension scheme of the synthetic roll.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Indira Gandhi National Old Age Pension.
    OldAge,
    /// Indira Gandhi National Widow Pension.
    Widow,
    /// Indira Gandhi National Disability Pension.
    Disability,
    /// Sukhad Sahara, for younger widows and deserted women.
    SukhadSahara,
}

/// State of payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payment {
    /// Paid.
    Active,
    /// Held since a day, for a clerk's reason.
    Held(Date),
    /// Ended by a noted death.
    Stopped(Date),
}

/// What the social welfare department knows: a pension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pension {
    /// Local number.
    pub ppo_no: PpoNo,
    /// Name as written there.
    pub name: Name,
    /// Birth date as written there; missing for some.
    pub dob: Option<Date>,
    /// The scheme.
    pub scheme: Scheme,
    /// State of payment.
    pub payment: Payment,
    /// Rupees a month.
    pub monthly: u16,
}

/// A resident: the truth, and each department's view of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Number in civil registration.
    pub resident_no: ResidentNo,
    /// Place in the household.
    pub relation: Relation,
    /// Sex.
    pub sex: Sex,
    /// Name as registered.
    pub name: Name,
    /// Birth as registered.
    pub birth: Birth,
    /// Which of how many children of one delivery, both from 1.
    pub birth_order: (u8, u8),
    /// Marital status.
    pub marital: Marital,
    /// Spouse, where in the same household.
    pub spouse: Option<ResidentNo>,
    /// Day of a registered marriage.
    pub married_on: Option<Date>,
    /// Mother, where in the same household.
    pub mother: Option<ResidentNo>,
    /// Father, where in the same household.
    pub father: Option<ResidentNo>,
    /// A registered death.
    pub death: Option<Death>,
    /// Lives with a benchmark disability.
    pub disabled: bool,
    /// At the revenue department.
    pub khata: Option<Khata>,
    /// At the food department.
    pub ration: Option<RationMember>,
    /// At the social welfare department.
    pub pension: Option<Pension>,
}

/// A household, its circumstances and its people; the head comes first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Household {
    /// Its number.
    pub number: HouseholdNo,
    /// Its home.
    pub place: Place,
    /// Social category.
    pub category: Category,
    /// Ration category.
    pub ration_category: RationCategory,
    /// On the list of households below the poverty line.
    pub bpl: bool,
    /// Its ration card, where it has one.
    pub card: Option<CardNo>,
    /// Its people.
    pub members: Vec<Person>,
}

impl Person {
    /// Whether no death is registered.
    pub fn is_alive(&self) -> bool {
        self.death.is_none()
    }

    /// Whether revenue, food and social welfare all know the person under the registered name and a birth date to the day.
    pub fn is_plain_everywhere(&self) -> bool {
        let khata = self.khata.as_ref().is_some_and(|k| k.name.is_as_registered() && k.dob == Some(self.birth.date));
        let card = self.ration.as_ref();
        let card = card.is_some_and(|m| m.name.is_as_registered() && m.birth == CardBirth::Day(self.birth.date));
        let pension = self.pension.as_ref();
        khata && card && pension.is_none_or(|p| p.name.is_as_registered() && p.dob == Some(self.birth.date))
    }
}
