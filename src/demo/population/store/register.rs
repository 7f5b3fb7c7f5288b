//! What civil registration's clerks enter during the story: a birth, a corrected birth date, a marriage, a move, a cancelled death.
//!
//! Guaranteed: plain statements on the department's own tables, as its own application sends them; Vinimay has no part in them.
//! Absent: anything about any other department.

use std::path::Path;

use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};
use jiff::Timestamp;
use jiff::civil::Date;

use super::desk::{india, open};
use crate::demo::population::BuildError;
use crate::demo::population::cast::CastMember;
use crate::demo::population::local_key::ResidentNo;

/// Enters a newborn of this mother: the child as a resident of her household, and the birth. Gives the child's registration number.
///
/// # Errors
/// What the database says.
pub fn enter_birth(
    civil: &Path,
    (child, given): (ResidentNo, &str),
    mother: &CastMember,
    day: Date,
    now: Timestamp,
) -> Result<String, BuildError> {
    let number = format!("SYN-B-{:07}", child.sequence());
    let (child, mother_no) = (child.to_string(), mother.keys.resident_no.to_string());
    open(civil)?.immediate_transaction(|connection| {
        diesel::sql_query(
            "INSERT INTO residents (resident_no, household_no, given_name, family_name, sex, date_of_birth, dob_precision, \
             district_lgd, village, village_hi, marital_status, social_category, mother_no, alive) \
             SELECT ?, household_no, ?, family_name, 'female', ?, 'day', district_lgd, village, village_hi, 'unmarried', \
             social_category, resident_no, 1 FROM residents WHERE resident_no = ?",
        )
        .bind::<Text, _>(&child)
        .bind::<Text, _>(given)
        .bind::<Text, _>(day.to_string())
        .bind::<Text, _>(&mother_no)
        .execute(connection)?;
        diesel::sql_query(
            "INSERT INTO births (registration_number, resident_no, date_of_birth, time_of_birth, birth_order, plurality, \
             mother_no, place_lgd, place_kind, registered_at) VALUES (?, ?, ?, '06:20', 1, 1, ?, ?, 'facility', ?)",
        )
        .bind::<Text, _>(&number)
        .bind::<Text, _>(&child)
        .bind::<Text, _>(day.to_string())
        .bind::<Text, _>(&mother_no)
        .bind::<Integer, _>(i32::from(mother.district_lgd))
        .bind::<Text, _>(india(now))
        .execute(connection)?;
        Ok::<_, BuildError>(())
    })?;
    Ok(number)
}

/// Corrects a birth date.
///
/// # Errors
/// What the database says.
pub fn correct_birth_date(civil: &Path, resident: ResidentNo, born: Date) -> Result<(), BuildError> {
    diesel::sql_query("UPDATE residents SET date_of_birth = ? WHERE resident_no = ?")
        .bind::<Text, _>(born.to_string())
        .bind::<Text, _>(resident.to_string())
        .execute(&mut open(civil)?)?;
    Ok(())
}

/// Enters a marriage; gives its registration number.
///
/// # Errors
/// What the database says.
pub fn enter_marriage(
    civil: &Path,
    [bride, groom]: &[CastMember; 2],
    day: Date,
    now: Timestamp,
) -> Result<String, BuildError> {
    let number = format!("SYN-M-{:07}", bride.keys.resident_no.sequence());
    diesel::sql_query(
        "INSERT INTO marriages (registration_number, husband_no, wife_no, date_of_marriage, place_lgd, registered_at) \
         VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind::<Text, _>(&number)
    .bind::<Text, _>(groom.keys.resident_no.to_string())
    .bind::<Text, _>(bride.keys.resident_no.to_string())
    .bind::<Text, _>(day.to_string())
    .bind::<Integer, _>(i32::from(bride.district_lgd))
    .bind::<Text, _>(india(now))
    .execute(&mut open(civil)?)?;
    Ok(number)
}

/// Enters a move for good to another state (LGD code); gives its registration number.
///
/// # Errors
/// What the database says.
pub fn enter_move(
    civil: &Path,
    person: &CastMember,
    to_state: u8,
    day: Date,
    now: Timestamp,
) -> Result<String, BuildError> {
    let number = format!("SYN-V-{:07}", person.keys.resident_no.sequence());
    diesel::sql_query(
        "INSERT INTO residence_moves (registration_number, resident_no, moved_on, kind, from_state, from_district, to_state, \
         temporary, registered_at) VALUES (?, ?, ?, 'out_of_state', 22, ?, ?, 0, ?)",
    )
    .bind::<Text, _>(&number)
    .bind::<Text, _>(person.keys.resident_no.to_string())
    .bind::<Text, _>(day.to_string())
    .bind::<Integer, _>(i32::from(person.district_lgd))
    .bind::<Integer, _>(i32::from(to_state))
    .bind::<Text, _>(india(now))
    .execute(&mut open(civil)?)?;
    Ok(number)
}

/// Cancels the entry of a death: the person never died.
///
/// # Errors
/// What the database says.
pub fn cancel_death(civil: &Path, registration: &str, day: Date) -> Result<(), BuildError> {
    diesel::sql_query("UPDATE deaths SET cancelled_on = ?, cancel_reason = 'never_died' WHERE registration_number = ?")
        .bind::<Text, _>(day.to_string())
        .bind::<Text, _>(registration)
        .execute(&mut open(civil)?)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::demo::population::{build, newest_change};

    #[derive(QueryableByName)]
    struct Counted {
        #[diesel(sql_type = Integer)]
        n: i32,
    }

    fn count(civil: &Path, condition: &str) -> i32 {
        let sql = format!("SELECT CAST(count(*) AS INTEGER) AS n FROM {condition}");
        diesel::sql_query(sql).load::<Counted>(&mut open(civil).unwrap()).unwrap()[0].n
    }

    #[test]
    fn a_clerks_entries_stand_in_the_registers_and_break_none_of_their_rules() {
        let dir = tempfile::tempdir().unwrap();
        let made = build(dir.path(), 22, 20_000).unwrap();
        let (cast, civil, day) = (&made.cast, made.civil.as_path(), date(2026, 11, 20));
        let now: Timestamp = "2026-11-20T19:00:00Z".parse().unwrap();
        let mother = cast.mother.as_ref().unwrap();
        let child = ResidentNo::new(20_001);
        enter_birth(civil, (child, "Navya"), mother, day, now).unwrap();
        let of_hers = format!("residents WHERE resident_no = '{child}' AND mother_no = '{}'", mother.keys.resident_no);
        assert_eq!(count(civil, &of_hers), 1);
        assert_eq!(count(civil, &format!("births WHERE resident_no = '{child}'")), 1);
        assert!(enter_birth(civil, (child, "Navya"), mother, day, now).is_err(), "nobody is born twice");
        let couple = cast.couple.as_ref().unwrap();
        let number = enter_marriage(civil, couple, day, now).unwrap();
        assert_eq!(count(civil, &format!("marriages WHERE registration_number = '{number}'")), 1);
        let mover = cast.mover.as_ref().unwrap();
        enter_move(civil, mover, 21, day, now).unwrap();
        assert_eq!(count(civil, "residence_moves WHERE kind = 'out_of_state' AND to_state = 21"), 1);
        correct_birth_date(civil, mover.keys.resident_no, date(1950, 5, 5)).unwrap();
        let corrected = format!("residents WHERE resident_no = '{}'", mover.keys.resident_no);
        assert_eq!(count(civil, &format!("{corrected} AND date_of_birth = '1950-05-05'")), 1);
        assert!(newest_change(civil, "social.pension").is_err(), "a register that was never installed has no journal");
    }
}
