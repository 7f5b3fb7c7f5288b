//! What the departments' own clerks do during the story: a death is entered, a row of a roll is looked at.
//!
//! Guaranteed: plain statements on the departments' tables, as their own applications send them; Vinimay's adapters
//! have no part in it. Absent: any change to a roll; that is what the demonstration shows Vinimay doing.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

use super::civil::deaths;
use super::food::ration_member;
use super::social::pension_beneficiary;
use crate::demo::population::BuildError;
use crate::demo::population::local_key::{MemberId, PpoNo, ResidentNo};

/// How somebody stands on a roll.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Standing {
    /// Status, in the department's words.
    pub status: String,
    /// Reason, where one is noted.
    pub reason: Option<String>,
    /// Since when, as the department writes it.
    pub since: Option<String>,
}

/// Waits up to 5 s for a lock that an adapter holds; refuses entries about residents who do not exist.
const SETTINGS: &str = "PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON;";

/// India has one zone, 5 h 30 min ahead of UTC, without summer time.
const INDIA_SECONDS: i32 = 19_800;

/// Enters a death that happened on `day` in a district, at the moment `now`; gives its registration number.
///
/// # Errors
/// What the database says; a second entry for the same resident is refused by its registration number.
pub fn enter_death(
    civil: &Path,
    resident: ResidentNo,
    day: Date,
    place_lgd: u16,
    now: Timestamp,
) -> Result<String, BuildError> {
    let number = format!("SYN-D-{:07}", resident.sequence());
    let registered_at = india(now);
    diesel::insert_into(deaths::table)
        .values((
            deaths::registration_number.eq(&number),
            deaths::resident_no.eq(resident.to_string()),
            deaths::date_of_death.eq(day.to_string()),
            deaths::date_precision.eq("day"),
            deaths::registered_at.eq(registered_at),
            deaths::place_lgd.eq(i32::from(place_lgd)),
        ))
        .execute(&mut open(civil)?)?;
    Ok(number)
}

/// How a pensioner stands at social welfare; nothing for a number that is not on the roll.
///
/// # Errors
/// What the database says.
pub fn pension_standing(social: &Path, ppo_no: PpoNo) -> Result<Option<Standing>, BuildError> {
    use pension_beneficiary::dsl;
    let row = dsl::pension_beneficiary.find(ppo_no.to_string()).select((
        dsl::payment_status,
        dsl::status_reason,
        dsl::status_since,
    ));
    Ok(row.first(&mut open(social)?).optional()?)
}

/// How a member of a ration card stands at food; nothing for a number that is not on the roll.
///
/// # Errors
/// What the database says.
pub fn ration_standing(food: &Path, member_id: MemberId) -> Result<Option<Standing>, BuildError> {
    use ration_member::dsl;
    let row =
        dsl::ration_member.find(member_id.to_string()).select((dsl::status, dsl::status_reason, dsl::status_since));
    Ok(row.first(&mut open(food)?).optional()?)
}

/// A moment at Indian time, as the registers write it.
pub(super) fn india(now: Timestamp) -> String {
    let india = TimeZone::fixed(Offset::from_seconds(INDIA_SECONDS).unwrap_or(Offset::UTC));
    now.to_zoned(india).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

pub(super) fn open(path: &Path) -> Result<SqliteConnection, BuildError> {
    let url = path.to_str().ok_or_else(|| BuildError::PathNotUtf8 { path: path.to_owned() })?;
    let mut connection =
        SqliteConnection::establish(url).map_err(|source| BuildError::NotOpened { path: path.to_owned(), source })?;
    connection.batch_execute(SETTINGS)?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::demo::population::{DemoDatabases, build};

    fn built() -> (tempfile::TempDir, DemoDatabases) {
        let dir = tempfile::tempdir().unwrap();
        let made = build(dir.path(), 22, 3_000).unwrap();
        (dir, made)
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_death_is_entered_once_at_indian_time() {
        let (_dir, made) = built();
        let woman = made.cast.pensioner.unwrap();
        let enter = || {
            let now = at("2026-11-20T19:00:00Z");
            enter_death(&made.civil, woman.keys.resident_no, date(2026, 11, 18), woman.district_lgd, now)
        };
        let number = enter().unwrap();
        let entry: (String, String) = deaths::table
            .find(&number)
            .select((deaths::resident_no, deaths::registered_at))
            .first(&mut open(&made.civil).unwrap())
            .unwrap();
        assert_eq!(entry, (woman.keys.resident_no.to_string(), "2026-11-21T00:30:00+05:30".to_owned()));
        assert!(matches!(enter(), Err(BuildError::Statement(_))));
    }

    #[test]
    fn standings_are_read_from_both_rolls() {
        let (_dir, made) = built();
        let keys = made.cast.pensioner.unwrap().keys;
        let paid = Standing { status: "ACTIVE".to_owned(), reason: None, since: None };
        assert_eq!(pension_standing(&made.social, keys.ppo_no.unwrap()).unwrap(), Some(paid.clone()));
        assert_eq!(ration_standing(&made.food, keys.ration_member_id.unwrap()).unwrap(), Some(paid));
    }

    #[test]
    fn a_number_that_is_not_on_the_roll_is_nothing() {
        let (_dir, made) = built();
        let stranger = PpoNo::of(ResidentNo::new(999_999));
        assert_eq!(pension_standing(&made.social, stranger).unwrap(), None);
    }

    #[test]
    fn a_resident_who_does_not_exist_cannot_die() {
        let (_dir, made) = built();
        let refused = enter_death(&made.civil, ResidentNo::new(999_999), YESTERDAY, 387, at("2026-11-21T05:00:00Z"));
        assert!(matches!(refused, Err(BuildError::Statement(_))), "{refused:?}");
    }

    const YESTERDAY: Date = date(2026, 11, 20);
}
