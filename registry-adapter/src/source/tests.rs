//! A grant opens what it grants, of one person, and nothing more; roles are what they must be.

use std::collections::BTreeSet;

use protocol_testing::{World, name};
use schemas::{
    answer::FieldValue,
    consent::{DataRange, Predicate, PredicateOp},
    federation::Mask,
};

use service_kit_testing::PostgresServer;

use super::*;
use crate::testing::{Department, Heard, MAPPING, connection, departments};

fn key(text: &str) -> LocalKey {
    text.parse().unwrap()
}

fn reading(dataset: &str, fields: &[&str], range: Option<(&str, &str)>) -> Reading {
    let fields = fields.iter().map(|field| name(field)).collect::<BTreeSet<_>>();
    let range = range.map(|(from, to)| DataRange { from: name(from), to: name(to) });
    Reading { dataset: name(dataset), fields, range }
}

async fn bands(source: &Source, range: Option<(&str, &str)>, of: &str) -> Option<Vec<FieldValue>> {
    let read = source.read_within_deadline(reading("revenue.income-years", &["band"], range), key(of)).await.unwrap();
    read.map(|rows| rows.into_iter().flat_map(std::collections::BTreeMap::into_values).collect())
}

fn text(text: &str) -> FieldValue {
    FieldValue::Text(text.to_owned())
}

#[tokio::test]
async fn a_real_grant_opens_the_granted_field_of_the_person() {
    let world = World::new();
    let asha = world.citizen("RID-0001");
    let grant = world.grant(&asha.consent(&world.terms()));
    for department in departments() {
        let source = department.open();
        let record = source.fetch(&grant, &key("KH-1")).await.unwrap().unwrap().into_record();
        assert_eq!(record.dataset, world.dataset.id);
        assert_eq!(record.rows.len(), 1);
        assert_eq!(record.rows[0], [(name("annual_income_band"), text("below_100000"))].into());
        assert_eq!(source.fetch(&grant, &key("KH-9")).await.unwrap(), None, "nobody by that key");
    }
}

/// A question over the income of a person.
fn lte(value: &str) -> Predicate {
    Predicate { field: name("annual_income"), op: PredicateOp::Lte, value: value.to_owned() }
}

#[tokio::test]
async fn a_granted_question_is_answered_and_its_value_stays() {
    let world = World::new();
    let asha = world.citizen("RID-0001");
    let mut terms = world.terms();
    (terms.fields, terms.predicates, terms.data_range) = (Vec::new(), vec![lte("84000"), lte("83999")], None);
    let grant = world.grant(&asha.consent(&terms));
    for department in departments() {
        let source = department.open();
        let record = source.fetch(&grant, &key("KH-1")).await.unwrap().unwrap().into_record();
        assert_eq!(record.rows, [], "no value, not even the number of rows");
        let answers: Vec<_> = record.predicates.iter().map(|answer| (answer.question(), answer.holds)).collect();
        assert_eq!(answers, [(lte("84000"), Some(true)), (lte("83999"), Some(false))]);
        assert_eq!(source.fetch(&grant, &key("KH-9")).await.unwrap(), None, "nobody by that key");
        department.execute("UPDATE khatedar SET annual_income = NULL WHERE khata_no = 'KH-1'");
        let unknown = source.fetch(&grant, &key("KH-1")).await.unwrap().unwrap().into_record();
        assert!(unknown.predicates.iter().all(|answer| answer.holds.is_none()), "neither yes nor no");
    }
}

#[tokio::test]
async fn a_masked_field_leaves_in_its_form_alone() {
    let mut world = World::new();
    let asha = world.citizen("RID-0001");
    let mut terms = world.terms();
    (terms.fields, terms.data_range) = (vec![name("annual_income")], None);
    for department in departments() {
        let masked = MAPPING.replacen(
            "column = \"annual_income\"\ntype = \"integer\"",
            "column = \"annual_income\"\nmask = \"last-4\"\ntype = \"integer\"",
            1,
        );
        department.write_mapping(&masked);
        let source = department.open();
        let income = source.describe().into_iter().find(|dataset| dataset.id == world.dataset.id).unwrap();
        let masks: Vec<_> = income.fields.iter().filter_map(|field| field.mask).collect();
        assert_eq!(masks, [Mask::Last4], "the catalogue says so");
        world.dataset.fields = income.fields;
        let grant = world.grant(&asha.consent(&terms));
        let record = source.fetch(&grant, &key("KH-1")).await.unwrap().unwrap().into_record();
        assert_eq!(record.rows, [[(name("annual_income"), text("4000"))].into()]);
    }
}

#[tokio::test]
async fn every_kind_of_value_is_read_as_mapped() {
    let all =
        reading("revenue.income", &["annual_income_band", "annual_income", "taxpayer", "income_year_start"], None);
    for department in departments() {
        let rows = department.open().read_within_deadline(all.clone(), key("KH-2")).await.unwrap().unwrap();
        let expected = [
            (name("annual_income_band"), FieldValue::Missing),
            (name("annual_income"), FieldValue::Integer(120_000)),
            (name("taxpayer"), FieldValue::Boolean(true)),
            (name("income_year_start"), text("2024-04-01")),
        ];
        assert_eq!(rows, [expected.into()]);
    }
}

#[tokio::test]
async fn a_data_range_counts_both_ends_and_empty_days_are_an_answer() {
    for department in departments() {
        let source = department.open();
        let years = Some(("2024-04-01", "2025-04-01"));
        assert_eq!(bands(&source, years, "KH-1").await, Some(vec![text("middle"), text("high")]));
        assert_eq!(bands(&source, Some(("2024-04-02", "2025-03-31")), "KH-1").await, Some(vec![]));
        assert_eq!(bands(&source, years, "KH-9").await, None);
        assert_eq!(bands(&source, None, "KH-1").await.unwrap().len(), 3);
    }
}

#[tokio::test]
async fn a_range_that_cannot_be_told_is_refused_and_never_answered_unfiltered() {
    for department in departments() {
        let source = department.open();
        let read = reading("social.pension-status", &["payment_status"], Some(("2024-01-01", "2025-01-01")));
        let error = source.read_within_deadline(read, key("101")).await.unwrap_err();
        assert!(matches!(error, RegistryError::RangeUnsupported(_)), "{error}");
        assert_eq!(error.code().as_str(), "not-found-or-not-permitted");
    }
}

#[tokio::test]
async fn refusals_name_their_blame() {
    let source = Department::sqlite().open();
    let unknown = source.read_within_deadline(reading("revenue.gold", &["band"], None), key("KH-1")).await.unwrap_err();
    assert_eq!(unknown.code().as_str(), "dataset-unknown");
    let unmapped = reading("revenue.income", &["rakba_hectare"], None);
    let unmapped = source.read_within_deadline(unmapped, key("KH-1")).await.unwrap_err();
    assert!(matches!(unmapped, RegistryError::NothingMapped(_)), "{unmapped}");
}

#[tokio::test]
async fn only_granted_columns_stand_in_the_statement_and_no_value_does() {
    let department = Department::sqlite();
    let (heard, log) = Heard::log();
    let source = Source::open(SourceOptions { statement_log: Some(log), ..department.options() }).unwrap();
    heard.take();
    let read = reading("revenue.income", &["annual_income_band", "not_mapped"], Some(("2025-01-01", "2026-01-01")));
    source.read_within_deadline(read, key("KH-1")).await.unwrap().unwrap();
    let statements = heard.take();
    assert_eq!(statements.len(), 1, "{statements:?}");
    let columns = ["name_en", "dob", "annual_income\"", "rakba_hectare", "taxpayer", "district_code"];
    assert!(columns.iter().all(|column| !statements[0].contains(column)), "{statements:?}");
    assert!(statements[0].contains("income_band") && !statements[0].contains("KH-1"), "{statements:?}");
    assert!(!statements[0].contains("2025-01-01"), "{statements:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_itself_logs_only_granted_columns_without_values_and_nothing_without_a_read() {
    let server = tokio::task::block_in_place(|| PostgresServer::start(&["log_statement=all", "log_duration=off"]));
    let department = tokio::task::block_in_place(|| Department::on(&server));
    let source = tokio::task::block_in_place(|| department.open());
    let of_rows = || {
        let log = server.log();
        let reads = log.lines().filter(|line| line.contains("khatedar\".\"")).map(str::to_owned);
        reads.collect::<Vec<_>>()
    };
    assert_eq!(of_rows(), Vec::<String>::new(), "opening and proving read no row");
    let unmapped = reading("revenue.income", &["rakba_hectare"], None);
    source.read_within_deadline(unmapped, key("KH-1")).await.unwrap_err();
    assert_eq!(of_rows(), Vec::<String>::new(), "what is refused reads no row");
    let read = reading("revenue.income", &["annual_income_band"], None);
    source.read_within_deadline(read, key("KH-1")).await.unwrap().unwrap();
    let reads = of_rows();
    assert_eq!(reads.len(), 1, "{reads:?}");
    assert!(reads[0].contains("income_band") && !reads[0].contains("annual_income\""), "{reads:?}");
    assert!(!reads[0].contains("KH-1"), "the key is bound: {reads:?}");
}

#[tokio::test]
async fn on_postgresql_a_role_that_may_read_the_granted_columns_alone_is_enough() {
    let department = Department::postgres();
    let source = department.open();
    let reader = department.reader_role();
    department.execute(&format!(
        "REVOKE SELECT ON khatedar FROM {reader}; GRANT SELECT (khata_no, income_band) ON khatedar TO {reader}"
    ));
    let granted = reading("revenue.income", &["annual_income_band"], None);
    assert!(source.read_within_deadline(granted, key("KH-1")).await.unwrap().is_some());
    let more = reading("revenue.income", &["annual_income"], None);
    let error = source.read_within_deadline(more, key("KH-1")).await.unwrap_err();
    assert_eq!(error.code().as_str(), "registry-unavailable");
}

#[tokio::test]
async fn a_key_is_a_value_whatever_it_holds() {
    for department in departments() {
        let source = department.open();
        for attempt in ["' OR '1'='1", "KH-1'; DROP TABLE khatedar; --", "KH-%", "\"", "$1", "?", "KH-1 "] {
            let read = reading("revenue.income", &["annual_income_band"], None);
            assert_eq!(source.read_within_deadline(read, key(attempt)).await.unwrap(), None, "{attempt}");
            // On a column of whole numbers too, where SQLite would convert the text.
            for attempt in [attempt, "0101", "101.0", " 101", "101 OR 1=1"] {
                let read = reading("social.pension-status", &["payment_status"], None);
                assert_eq!(source.read_within_deadline(read, key(attempt)).await.unwrap(), None, "{attempt}");
            }
        }
        assert_eq!(department.rows("SELECT CAST(count(*) AS TEXT) FROM khatedar")[0][0].as_deref(), Some("2"));
    }
}

#[tokio::test]
async fn more_rows_than_an_answer_holds_are_refused() {
    let department = Department::sqlite();
    let rows = "('KH-7', '2024-04-01', 'x'),".repeat(1_001);
    department.execute(&format!("INSERT INTO income_year VALUES {}", rows.trim_end_matches(',')));
    let read = reading("revenue.income-years", &["band"], None);
    let error = department.open().read_within_deadline(read, key("KH-7")).await.unwrap_err();
    assert!(matches!(error, RegistryError::TooManyRows(_)), "{error}");
}

#[tokio::test]
async fn a_value_of_another_type_is_an_error_that_does_not_show_it() {
    let department = Department::sqlite();
    department.execute("UPDATE khatedar SET annual_income = 'forty' WHERE khata_no = 'KH-1'");
    let read = reading("revenue.income", &["annual_income"], None);
    let error = department.open().read_within_deadline(read, key("KH-1")).await.unwrap_err();
    assert_eq!(error.to_string(), "a value of revenue.income.annual_income is no integer");
}

#[tokio::test]
async fn a_source_that_is_slow_is_given_up_and_does_not_hold_others_up() {
    let department = Department::postgres();
    department.execute(
        "DROP VIEW khata_view; ALTER TABLE income_year RENAME TO years_kept; CREATE VIEW income_year AS SELECT khata_no, \
         year_start, band || CAST(pg_sleep(30) AS TEXT) AS band FROM years_kept",
    );
    department.install();
    let source = department.open();
    let slow = source.read_within_deadline(reading("revenue.income-years", &["band"], None), key("KH-1"));
    let quick = source.read_within_deadline(reading("revenue.income", &["annual_income_band"], None), key("KH-1"));
    let (slow, quick) = tokio::join!(slow, quick);
    assert_eq!(slow.unwrap_err().code().as_str(), "registry-unavailable");
    assert!(quick.unwrap().is_some());
}

#[test]
fn a_reader_that_could_write_is_refused() {
    let department = Department::sqlite();
    department.open().prove_unwritable().unwrap();
    let mut writable = connection(&department.owner);
    let catalogue = catalogue::read(&mut writable).unwrap();
    let error = prove_connection_unwritable(&mut writable, &catalogue).unwrap_err();
    assert!(matches!(error, ProofError::Writable { .. }), "{error}");
    assert!(error.to_string().contains("CREATE TABLE") && error.to_string().contains("mend: "), "{error}");
    let probes = department.rows("SELECT name FROM sqlite_master WHERE name LIKE 'vinimay_write%'");
    assert!(probes.is_empty(), "the proof leaves nothing behind");
}

#[test]
fn on_postgresql_superusers_owners_and_granted_writers_are_refused_as_readers() {
    let department = Department::postgres();
    department.open().prove_unwritable().unwrap();
    let reader = department.reader_role();
    let superuser = Source::open(SourceOptions { reader: department.owner.clone(), ..department.options() });
    assert!(superuser.unwrap_err().to_string().contains("superuser"));
    for (grant, revoke) in [
        ("GRANT INSERT ON deaths TO ROLE", "REVOKE INSERT ON deaths FROM ROLE"),
        ("GRANT UPDATE (band) ON income_year TO ROLE", "REVOKE UPDATE (band) ON income_year FROM ROLE"),
        ("ALTER TABLE deaths OWNER TO ROLE", "ALTER TABLE deaths OWNER TO vinimay; GRANT SELECT ON deaths TO ROLE"),
    ] {
        department.execute(&grant.replace("ROLE", &reader));
        let error = department.try_open().unwrap_err();
        assert!(matches!(error, OpenError::Proof(ProofError::Writable { .. })), "{grant}: {error}");
        department.execute(&revoke.replace("ROLE", &reader));
        department.open();
    }
}

#[test]
fn a_source_that_is_away_is_named_without_its_password() {
    let department = Department::sqlite();
    let away = SourceOptions { reader: "sqlite:///nowhere/x.db".parse().unwrap(), ..department.options() };
    let error = Source::open(away).unwrap_err().to_string();
    assert!(error.contains("sqlite:///nowhere/x.db") && error.contains("mend:"), "{error}");
    department.write_mapping(&MAPPING.replace("KIND", "postgres"));
    let url = "postgres://clerk:hunter2@127.0.0.1:1/x".parse().unwrap();
    let error = Source::open(SourceOptions { reader: url, ..department.options() }).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
}

#[test]
fn a_file_in_wal_mode_is_read_and_proven_like_any_other() {
    let department = Department::sqlite();
    department.execute("PRAGMA journal_mode = WAL; INSERT INTO deaths VALUES ('D-1', 'R-1', '2026-11-18', 'day', 387)");
    assert!(department.open().residents().unwrap().by_number(&key("R-1")).unwrap().is_some());
}

#[tokio::test]
async fn on_postgresql_a_table_of_another_schema_is_read_by_its_full_name() {
    let department = Department::postgres();
    let reader = department.reader_role();
    department.execute(&format!(
        "CREATE SCHEMA land; CREATE TABLE land.khatedar AS SELECT khata_no, 'elsewhere' AS income_band, \
         annual_income, taxpayer, income_year_start FROM khatedar; GRANT USAGE ON SCHEMA land TO {reader}; \
         GRANT SELECT ON land.khatedar TO {reader}"
    ));
    department.write_mapping(&MAPPING.replacen("table = \"khatedar\"", "table = \"land.khatedar\"", 1));
    let read = reading("revenue.income", &["annual_income_band"], None);
    let rows = department.open().read_within_deadline(read, key("KH-1")).await.unwrap().unwrap();
    assert_eq!(rows[0].values().collect::<Vec<_>>(), [&text("elsewhere")]);
}

#[tokio::test]
async fn reads_beyond_the_number_of_connections_wait_their_turn_and_are_served() {
    for department in departments() {
        let options = SourceOptions { connections: 2, ..department.options() };
        let source = Source::open(options).unwrap();
        let reads = (0..64).map(|_| {
            let source = source.clone();
            tokio::spawn(async move {
                let read = reading("revenue.income", &["annual_income"], None);
                source.read_within_deadline(read, key("KH-1")).await.unwrap().unwrap().len()
            })
        });
        for read in reads.collect::<Vec<_>>() {
            assert_eq!(read.await.unwrap(), 1);
        }
    }
}

#[tokio::test]
async fn what_the_source_changes_in_its_own_ways_is_seen_at_the_next_read() {
    for department in departments() {
        let source = department.open();
        department.execute("UPDATE khatedar SET annual_income = 1 WHERE khata_no = 'KH-1'");
        let read = reading("revenue.income", &["annual_income"], None);
        let rows = source.read_within_deadline(read.clone(), key("KH-1")).await.unwrap().unwrap();
        assert_eq!(rows[0].values().collect::<Vec<_>>(), [&FieldValue::Integer(1)]);
        department.execute("DELETE FROM khatedar WHERE khata_no = 'KH-1'");
        assert_eq!(source.read_within_deadline(read, key("KH-1")).await.unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_came_back_is_read_again_after_one_failure_at_most() {
    let server = tokio::task::block_in_place(|| PostgresServer::start(&["fsync=off"]));
    let department = tokio::task::block_in_place(|| Department::on(&server));
    let source = tokio::task::block_in_place(|| department.open());
    let read = || source.read_within_deadline(reading("revenue.income", &["annual_income"], None), key("KH-1"));
    let before = read().await.unwrap();
    tokio::task::block_in_place(|| server.crash_and_restart());
    // The connection that was lent without a question is found dead; then each is asked.
    if let Err(error) = read().await {
        assert_eq!(error.code().as_str(), "registry-unavailable");
    }
    assert_eq!(read().await.unwrap(), before);
}

#[tokio::test]
async fn a_table_that_went_away_is_a_failure_and_not_an_unknown_person() {
    for department in departments() {
        let source = department.open();
        department.execute("DROP TABLE income_year");
        let read = reading("revenue.income-years", &["band"], None);
        let error = source.read_within_deadline(read, key("KH-1")).await.unwrap_err();
        assert!(matches!(error, RegistryError::Database(_)), "{error}");
        assert_eq!(error.code().as_str(), "registry-unavailable");
        assert!(!error.to_string().contains("income_year"), "nothing internal is told: {error}");
    }
}
