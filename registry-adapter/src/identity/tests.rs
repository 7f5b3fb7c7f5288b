//! Residents as the register has them.

use super::*;
use crate::testing::departments;

#[test]
fn a_resident_is_found_by_number_with_what_is_known() {
    for department in departments() {
        let residents = department.open().residents().unwrap();
        let sushila = residents.by_number(&"R-1".parse().unwrap()).unwrap().unwrap();
        assert_eq!((sushila.given_name.as_str(), sushila.family_name.as_deref()), ("Sushila", Some("Sahu")));
        assert_eq!(sushila.birth_date, BirthDate::Day("1964-02-29".parse().unwrap()));
        assert_eq!((sushila.district.as_deref(), sushila.alive), (Some("387"), true));
        assert_eq!(residents.by_number(&"R-9' OR '1'='1".parse().unwrap()).unwrap(), None);
        assert_eq!(format!("{sushila:?}"), "Resident(…)");
    }
}

#[test]
fn a_birth_date_known_by_year_is_no_day() {
    for department in departments() {
        let residents = department.open().residents().unwrap();
        let budhram = residents.by_number(&"R-2".parse().unwrap()).unwrap().unwrap();
        assert_eq!((budhram.birth_date, budhram.birth_date.year()), (BirthDate::Year(1950), Some(1950)));
    }
    assert_eq!(birth_date(Some("1950"), Some("year")), BirthDate::Year(1950));
    assert_eq!(birth_date(Some("1950-07-01"), Some("month")), BirthDate::Year(1950));
    assert_eq!(birth_date(Some("1950-07-01"), None), BirthDate::Day("1950-07-01".parse().unwrap()));
    assert_eq!(birth_date(None, None), BirthDate::Unknown);
}

#[test]
fn all_are_given_once_in_the_order_of_their_numbers_over_many_pages() {
    for department in departments() {
        let many: Vec<String> =
            (1_000..3_500).map(|n| format!("('S-{n}', 'Asha', NULL, '1990-01-01', 'day', 387, 1)")).collect();
        department.execute(&format!("INSERT INTO residents VALUES {}", many.join(",")));
        let mut numbers = Vec::new();
        let collected = department.open().residents().unwrap().for_each(|resident| {
            numbers.push(resident.number.as_str().to_owned());
            Ok::<(), IdentityError>(())
        });
        collected.unwrap();
        assert_eq!(numbers.len(), 2_503);
        assert!(numbers.is_sorted() && numbers.windows(2).all(|pair| pair[0] != pair[1]));
    }
}

#[test]
fn a_row_that_cannot_be_understood_stops_and_names_the_column_alone() {
    let department = crate::testing::Department::sqlite();
    department.execute("UPDATE residents SET alive = 'maybe' WHERE resident_no = 'R-3'");
    let error = department.open().residents().unwrap().page(None).unwrap_err();
    assert_eq!(error.to_string(), "a resident's alive cannot be read");
}

#[test]
fn numbers_that_are_integers_are_ordered_as_numbers() {
    for department in departments() {
        let many: Vec<String> =
            (1..2_200).map(|n| format!("({n}, 'P', 'Asha', NULL, 387, 'ACTIVE', NULL, NULL, 1)")).collect();
        department.execute(&format!(
            "DELETE FROM pension_beneficiary; INSERT INTO pension_beneficiary VALUES {}",
            many.join(",")
        ));
        let text = crate::testing::MAPPING.to_owned();
        let at = text.find("[identity]").unwrap();
        let identity = "[identity]\ntable = \"pension_beneficiary\"\nkey = \"ppo_no\"\ngiven_name = \"applicant_name\"\n\
            family_name = \"person_no\"\nbirthdate = \"applicant_name\"\nalive = \"monthly_amount\"\n";
        department.write_mapping(&(text[..at].to_owned() + identity));
        let mut numbers: Vec<i64> = Vec::new();
        let residents = department.open().residents().unwrap();
        let all = residents.for_each(|resident| {
            numbers.push(resident.number.as_str().parse().unwrap());
            Ok::<(), IdentityError>(())
        });
        all.unwrap();
        assert_eq!(numbers, (1..2_200).collect::<Vec<_>>());
    }
}
