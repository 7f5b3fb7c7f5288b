//! Rows of the food department: `ration_card`, `ration_member`.
//!
//! Guaranteed: every member's card exists, and a card has at least one member; a member has a birth date, or a birth
//! year, or neither.

use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;

use super::{Department, clerical, insert_all, text, unless_missing};
use crate::demo::population::local_key::CardNo;
use crate::demo::population::name::Sex;
use crate::demo::population::person::{CardBirth, Household, Person, RationCategory, RationMember, Relation};
use crate::demo::population::random::Random;

diesel::table! {
    ration_card (card_no) {
        card_no -> Text,
        head -> Text,
        category -> Text,
        bpl -> Integer,
        district -> Integer,
        shop_area -> Text,
    }
}

diesel::table! {
    ration_member (member_id) {
        member_id -> Text,
        card_no -> Text,
        member_no -> Integer,
        name_en -> Text,
        name_hi -> Nullable<Text>,
        relation -> Text,
        gender -> Text,
        birth_date -> Nullable<Text>,
        birth_year -> Nullable<Integer>,
        district -> Integer,
        status -> Text,
        status_reason -> Nullable<Text>,
        status_since -> Nullable<Text>,
    }
}

#[derive(Insertable)]
#[diesel(table_name = ration_card, treat_none_as_default_value = false)]
struct Card {
    card_no: String,
    head: String,
    category: &'static str,
    bpl: i32,
    district: i32,
    shop_area: String,
}

#[derive(Insertable)]
#[diesel(table_name = ration_member, treat_none_as_default_value = false)]
struct Member {
    member_id: String,
    card_no: String,
    member_no: i32,
    name_en: String,
    name_hi: Option<String>,
    relation: &'static str,
    gender: &'static str,
    birth_date: Option<String>,
    birth_year: Option<i32>,
    district: i32,
    status: &'static str,
    status_reason: Option<&'static str>,
    status_since: Option<String>,
}

/// Rows waiting for the food department's tables.
#[derive(Default)]
pub struct Food {
    cards: Vec<Card>,
    members: Vec<Member>,
}

impl Department for Food {
    const SCHEMA: &'static str = include_str!("../../departments/food/schema.sql");
    const FINISH: &'static str = include_str!("../../departments/food/finish.sql");

    fn add(&mut self, household: &Household) {
        let mut random = clerical(3, household);
        let listed = household.members.iter().filter_map(|person| Some((person, person.ration?)));
        let rows: Vec<Member> = household.card.map_or_else(Vec::new, |card| {
            listed.map(|(person, entry)| member(&mut random, household, card, person, &entry)).collect()
        });
        if let (Some(card), Some(first)) = (household.card, rows.first()) {
            self.cards.push(self::card(household, card, first.name_en.clone()));
        }
        self.members.extend(rows);
    }

    fn waiting(&self) -> usize {
        self.members.len()
    }

    fn flush(&mut self, connection: &mut SqliteConnection) -> QueryResult<()> {
        insert_all!(connection, ration_card::table, self.cards);
        insert_all!(connection, ration_member::table, self.members);
        Ok(())
    }
}

fn card(household: &Household, card: CardNo, head: String) -> Card {
    Card {
        card_no: text(card),
        head,
        category: match household.ration_category {
            RationCategory::Aay => "AAY",
            RationCategory::Phh => "PHH",
            RationCategory::Apl => "APL",
        },
        bpl: i32::from(household.bpl),
        district: i32::from(household.place.district.lgd),
        shop_area: household.place.name_en.clone(),
    }
}

fn member(random: &mut Random, household: &Household, card: CardNo, person: &Person, entry: &RationMember) -> Member {
    let (birth_date, birth_year) = match entry.birth {
        CardBirth::Day(day) => (Some(text(day)), None),
        CardBirth::Year(year) => (None, Some(i32::from(year))),
        CardBirth::Missing => (None, None),
    };
    Member {
        member_id: text(entry.member_id),
        card_no: text(card),
        member_no: i32::from(entry.member_id.place()),
        name_en: entry.name.full_en(),
        name_hi: unless_missing(random, 300, entry.name.full_hi()),
        relation: relation(person.relation, person.sex),
        gender: if person.sex == Sex::Female { "F" } else { "M" },
        birth_date,
        birth_year,
        district: i32::from(household.place.district.lgd),
        status: if entry.deleted.is_some() { "DELETED" } else { "ACTIVE" },
        status_reason: entry.deleted.map(|_| "DEATH"),
        status_since: entry.deleted.map(text),
    }
}

fn relation(relation: Relation, sex: Sex) -> &'static str {
    match (relation, sex) {
        (Relation::Head, _) => "SELF",
        (Relation::Spouse, Sex::Female) => "WIFE",
        (Relation::Spouse, Sex::Male) => "HUSBAND",
        (Relation::Child, Sex::Female) => "DAUGHTER",
        (Relation::Child, Sex::Male) => "SON",
        (Relation::Parent, Sex::Female) => "MOTHER",
        (Relation::Parent, Sex::Male) => "FATHER",
        (Relation::DaughterInLaw, _) => "DAUGHTER IN LAW",
        (Relation::Grandchild, Sex::Female) => "GRANDDAUGHTER",
        (Relation::Grandchild, Sex::Male) => "GRANDSON",
    }
}
