//! What the rows hold: every awkwardness that a real register has, and no number that a real person could have.

use super::*;
use crate::demo::population::place::districts;

#[test]
fn every_resident_and_every_district_is_there() {
    assert_eq!(count(&made().civil, "residents"), SIZE as i64);
    let found: HashSet<String> =
        texts(&made().civil, "SELECT DISTINCT CAST(district_lgd AS TEXT) AS value FROM residents")
            .into_iter()
            .collect();
    assert_eq!(found, districts().iter().map(|d| d.lgd.to_string()).collect());
}

#[test]
fn each_department_knows_its_own_share() {
    let shares = [
        (&made().revenue, "khatedar", 7_000..11_000),
        (&made().food, "ration_member", 15_500..18_500),
        (&made().food, "ration_card", 3_500..5_500),
        (&made().social, "pension_beneficiary", 1_000..2_500),
        (&made().civil, "births", 4_000..8_000),
        (&made().civil, "deaths", 150..600),
        (&made().civil, "marriages", 2_500..4_500),
    ];
    for (path, table, expected) in shares {
        let rows = count(path, table);
        assert!(expected.contains(&rows), "{table}: {rows}");
    }
}

#[test]
fn awkward_births_exist() {
    let civil = &made().civil;
    let cases = [
        ("leap days", "residents WHERE date_of_birth LIKE '%-02-29' AND dob_precision = 'day'", 15),
        ("year only", "residents WHERE dob_precision = 'year'", 500),
        ("1 January by day", "residents WHERE date_of_birth LIKE '%-01-01' AND dob_precision = 'day'", 200),
        ("twins", "births WHERE plurality = 2 AND birth_order = 2", 20),
        ("births without a minute", "births WHERE time_of_birth IS NULL", 500),
    ];
    for (what, condition, least) in cases {
        let rows = count(civil, condition);
        assert!(rows >= least, "{what}: {rows}");
    }
    assert_eq!(count(civil, "residents WHERE dob_precision = 'year' AND date_of_birth NOT LIKE '%-01-01'"), 0);
}

#[test]
fn twins_are_registered_minutes_apart() {
    let apart = "births a JOIN births b ON a.mother_no = b.mother_no AND a.birth_order = 1 AND b.birth_order = 2 \
                 AND a.plurality = 2 AND b.plurality = 2 \
                 AND (julianday(b.date_of_birth || ' ' || b.time_of_birth) \
                    - julianday(a.date_of_birth || ' ' || a.time_of_birth)) * 1440 BETWEEN 1.9 AND 40.1";
    assert_eq!(count(&made().civil, apart), count(&made().civil, "births WHERE plurality = 2 AND birth_order = 2"));
}

#[test]
fn several_share_name_and_birth_year() {
    let groups = "(SELECT 1 FROM residents WHERE dob_precision = 'day' \
                   GROUP BY given_name, family_name, substr(date_of_birth, 1, 4) HAVING count(*) > 1)";
    let shared = count(&made().civil, groups);
    assert!(shared >= 10, "{shared}");
}

#[test]
fn values_are_missing_here_and_there() {
    let columns = [
        (&made().civil, "residents", "family_name"),
        (&made().civil, "residents", "name_hi"),
        (&made().civil, "residents", "village"),
        (&made().civil, "residents", "marital_status"),
        (&made().civil, "residents", "social_category"),
        (&made().revenue, "khatedar", "dob"),
        (&made().revenue, "khatedar", "annual_income"),
        (&made().revenue, "khatedar", "naam_hi"),
        (&made().revenue, "khatedar", "rakba_hectare"),
        (&made().food, "ration_member", "birth_date"),
        (&made().food, "ration_member", "name_hi"),
        (&made().social, "pension_beneficiary", "dob"),
        (&made().social, "pension_beneficiary", "applicant_name_hi"),
    ];
    for (path, table, column) in columns {
        let missing = count(path, &format!("{table} WHERE {column} IS NULL"));
        assert!(missing > 0, "{table}.{column}");
        assert!(missing < count(path, table), "{table}.{column} is always missing");
    }
    assert!(count(&made().food, "ration_member WHERE birth_date IS NULL AND birth_year IS NULL") > 0);
    assert_eq!(count(&made().food, "ration_member WHERE birth_date IS NOT NULL AND birth_year IS NOT NULL"), 0);
}

#[test]
fn hindi_names_are_devanagari() {
    let names = [
        (&made().civil, "SELECT name_hi AS value FROM residents WHERE name_hi IS NOT NULL"),
        (&made().revenue, "SELECT naam_hi AS value FROM khatedar WHERE naam_hi IS NOT NULL"),
        (&made().food, "SELECT name_hi AS value FROM ration_member WHERE name_hi IS NOT NULL"),
        (
            &made().social,
            "SELECT applicant_name_hi AS value FROM pension_beneficiary WHERE applicant_name_hi IS NOT NULL",
        ),
    ];
    for (path, sql) in names {
        for name in texts(path, sql) {
            assert!(name.chars().all(|c| c == ' ' || ('\u{900}'..='\u{97F}').contains(&c)), "{name}");
        }
    }
}

#[test]
fn references_hold() {
    for path in files(made()) {
        assert_eq!(count(path, "pragma_foreign_key_check"), 0, "{}", path.display());
    }
}

#[test]
fn the_living_have_no_death_entry_and_the_dead_have_one() {
    let civil = &made().civil;
    let wrong =
        "residents r LEFT JOIN deaths d ON d.resident_no = r.resident_no WHERE r.alive = (d.resident_no IS NOT NULL)";
    assert_eq!(count(civil, wrong), 0);
    assert_eq!(count(civil, "deaths WHERE substr(registered_at, 1, 10) < date_of_death"), 0);
}

#[test]
fn the_rolls_lag_behind_the_deaths() {
    let truth = fs::read_to_string(&made().truth).unwrap();
    let dead: HashSet<String> = texts(&made().civil, "SELECT resident_no AS value FROM deaths").into_iter().collect();
    let paid: HashSet<String> =
        texts(&made().social, "SELECT ppo_no AS value FROM pension_beneficiary WHERE payment_status = 'ACTIVE'")
            .into_iter()
            .collect();
    let rows = truth.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let lagging = rows.filter(|row| dead.contains(row[0]) && paid.contains(row[3])).count();
    assert!(lagging > 5, "{lagging}");
    assert!(count(&made().social, "pension_beneficiary WHERE payment_status = 'STOPPED'") > 5);
    assert!(count(&made().social, "pension_beneficiary WHERE payment_status = 'HOLD'") > 5);
    assert!(count(&made().food, "ration_member WHERE status = 'DELETED'") > 20);
}

#[test]
fn departments_write_some_names_otherwise() {
    let registered: HashSet<String> =
        texts(&made().civil, "SELECT trim(given_name || ' ' || coalesce(family_name, '')) AS value FROM residents")
            .into_iter()
            .collect();
    let written = texts(&made().social, "SELECT applicant_name AS value FROM pension_beneficiary");
    let otherwise = written.iter().filter(|name| !registered.contains(*name)).count();
    assert!((5..written.len() / 10).contains(&otherwise), "{otherwise} of {}", written.len());
}

#[test]
fn an_entered_death_ends_a_life_and_a_struck_entry_restores_it() {
    let dir = tempfile::tempdir().unwrap();
    let made = build(dir.path(), SEED, 50).unwrap();
    let alive = || number(&made.civil, "alive AS value FROM residents WHERE resident_no = 'SYN-R-0000002'");
    let run = |sql: &str| diesel::sql_query(sql).execute(&mut open(&made.civil)).unwrap();
    run("DELETE FROM deaths WHERE resident_no = 'SYN-R-0000002'");
    assert_eq!(alive(), 1);
    run(
        "INSERT INTO deaths (registration_number, resident_no, date_of_death, date_precision, registered_at, place_lgd) VALUES ('SYN-D-new', 'SYN-R-0000002', '2026-11-20', 'day', '2026-11-21T10:00:00+05:30', 387)",
    );
    assert_eq!(alive(), 0);
    run(
        "UPDATE deaths SET cancelled_on = '2026-11-22', cancel_reason = 'never_died' WHERE registration_number = 'SYN-D-new'",
    );
    assert_eq!(alive(), 1, "a cancelled entry restores it too");
    run("UPDATE residents SET alive = 0 WHERE resident_no = 'SYN-R-0000002'");
    run("DELETE FROM deaths WHERE registration_number = 'SYN-D-new'");
    assert_eq!(alive(), 1);
}

#[test]
fn the_pensioner_is_found_in_each_department_under_her_own_number() {
    let woman = made().cast.pensioner.clone().unwrap();
    let keys = woman.keys;
    let day = woman.birth_date;
    let slashed = format!("{:02}/{:02}/{}", day.day(), day.month(), day.year());
    let surname = format!("{}, {}", woman.family_name.unwrap().to_uppercase(), woman.given_name);
    let rows = [
        (
            &made().civil,
            format!("residents WHERE resident_no = '{}' AND alive = 1 AND date_of_birth = '{day}'", keys.resident_no),
        ),
        (
            &made().revenue,
            format!(
                "khatedar WHERE khata_no = '{}' AND dob = '{slashed}' AND name_en = '{surname}' AND income_band IS NOT NULL",
                keys.khata_no.unwrap()
            ),
        ),
        (
            &made().food,
            format!(
                "ration_member m JOIN ration_card c USING (card_no) WHERE member_id = '{}' AND status = 'ACTIVE' AND bpl = 1",
                keys.ration_member_id.unwrap()
            ),
        ),
        (
            &made().social,
            format!(
                "pension_beneficiary WHERE ppo_no = '{}' AND payment_status = 'ACTIVE' AND dob = '{day}' AND applicant_name = '{}'",
                keys.ppo_no.unwrap(),
                woman.name_en
            ),
        ),
    ];
    for (path, condition) in rows {
        assert_eq!(count(path, &condition), 1, "{condition}");
    }
}

#[test]
fn no_number_could_be_an_aadhaar_or_a_telephone() {
    for (path, table, column) in columns_of_all_tables() {
        let sql = format!("SELECT CAST({column} AS TEXT) AS value FROM {table} WHERE {column} IS NOT NULL");
        for value in texts(path, &sql) {
            assert!(!looks_real(&value), "{table}.{column}: {value}");
        }
    }
    assert!(fs::read_to_string(&made().truth).unwrap().lines().all(|line| !looks_real(line)));
}

#[test]
fn the_watch_for_real_numbers_sees_them() {
    for real in ["123412341234", "9827012345", "1234 5678 9012", "x1234-5678-9012"] {
        assert!(looks_real(real), "{real}");
    }
    for ours in ["SYN-PPO-1234567", "SYN-RC-1234567-02", "2026-11-20T10:00:00+05:30", "05/12/1992", "Ward 12, Belpara"]
    {
        assert!(!looks_real(ours), "{ours}");
    }
}

/// Nine and more digits in a row, or three groups of four as Aadhaar numbers are printed.
fn looks_real(value: &str) -> bool {
    let runs: Vec<usize> = value.split(|c: char| !c.is_ascii_digit()).map(str::len).collect();
    runs.iter().any(|run| *run >= 9) || runs.windows(3).any(|three| three == [4, 4, 4])
}

fn columns_of_all_tables() -> Vec<(&'static PathBuf, String, String)> {
    let mut columns = Vec::new();
    for path in files(made()) {
        for table in texts(path, "SELECT name AS value FROM sqlite_master WHERE type = 'table'") {
            let names = texts(path, &format!("SELECT name AS value FROM pragma_table_info('{table}')"));
            columns.extend(names.into_iter().map(|name| (path, table.clone(), name)));
        }
    }
    assert!(columns.len() > 60, "{}", columns.len());
    columns
}
