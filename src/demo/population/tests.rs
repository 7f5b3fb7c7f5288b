//! The built databases, looked at as an outsider would: through SQL, as files, and through the mapping files.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::SqliteConnection;

use super::*;

mod contents;
mod mapping;

const SEED: u64 = 22;
const SIZE: u64 = 20_000;

/// The databases of the default size, built once for all tests of one test binary, whether they run as threads or as
/// processes; they stand beside the binary, so that the build directory holds them and nothing else does.
static BUILT: LazyLock<DemoDatabases> = LazyLock::new(|| {
    let binary = std::env::current_exe().unwrap();
    let stamp = fs::metadata(&binary).unwrap().modified().unwrap();
    let stamp = stamp.duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
    let place = binary.with_extension(format!("{stamp:x}-population"));
    if !place.exists() {
        let parent = tempfile::tempdir_in(binary.parent().unwrap()).unwrap();
        build(&parent.path().join("made"), SEED, SIZE).unwrap();
        // Where another process was quicker, its files are the same to the byte.
        let moved = fs::rename(parent.path().join("made"), &place);
        assert!(moved.is_ok() || place.exists(), "{moved:?}");
        forget_older(&binary, &place);
    }
    DemoDatabases { cast: Cast::of(&Population::new(SEED, SIZE as u32)), ..DemoDatabases::in_dir(&place) }
});

/// Removes what earlier builds of this binary left; nobody reads that any more.
fn forget_older(binary: &Path, current: &Path) {
    let name = format!("{}.", binary.file_stem().unwrap().to_str().unwrap());
    for entry in fs::read_dir(binary.parent().unwrap()).unwrap().flatten() {
        let found = entry.file_name().into_string().unwrap_or_default();
        if found.starts_with(&name) && found.ends_with("-population") && entry.path() != current {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn made() -> &'static DemoDatabases {
    &BUILT
}

fn open(path: &Path) -> SqliteConnection {
    let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    connection.batch_execute("PRAGMA busy_timeout = 60000").unwrap();
    connection
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

#[derive(QueryableByName)]
struct Shown {
    #[diesel(sql_type = Text)]
    value: String,
}

/// The number that `select <expression> as value …` gives.
fn number(path: &Path, rest: &str) -> i64 {
    let rows: Vec<Counted> = diesel::sql_query(format!("SELECT {rest}")).load(&mut open(path)).unwrap();
    rows[0].value
}

/// Rows that fulfil `condition`.
fn count(path: &Path, condition: &str) -> i64 {
    number(path, &format!("count(*) AS value FROM {condition}"))
}

/// The texts of one column named `value`.
fn texts(path: &Path, sql: &str) -> Vec<String> {
    let rows: Vec<Shown> = diesel::sql_query(sql).load(&mut open(path)).unwrap();
    rows.into_iter().map(|row| row.value).collect()
}

fn files(made: &DemoDatabases) -> [&PathBuf; 4] {
    [&made.civil, &made.revenue, &made.food, &made.social]
}

#[test]
fn the_same_seed_gives_the_same_files_to_the_byte() {
    let dir = tempfile::tempdir().unwrap();
    let again = build(dir.path(), SEED, SIZE).unwrap();
    for (one, other) in files(made()).into_iter().zip(files(&again)) {
        assert!(fs::read(one).unwrap() == fs::read(other).unwrap(), "{}", one.display());
    }
    assert!(fs::read(&made().truth).unwrap() == fs::read(&again.truth).unwrap());
    assert_eq!(made().cast, again.cast);
}

#[test]
fn another_seed_gives_other_people() {
    let dir = tempfile::tempdir().unwrap();
    let other = build(dir.path(), SEED + 1, SIZE).unwrap();
    assert!(fs::read(&made().civil).unwrap() != fs::read(&other.civil).unwrap());
    assert_ne!(made().cast.pensioner, other.cast.pensioner);
}

#[test]
fn small_populations_build_too() {
    for people in [1, 2, 50] {
        let dir = tempfile::tempdir().unwrap();
        let made = build(dir.path(), SEED, people).unwrap();
        assert_eq!(count(&made.civil, "residents"), people as i64);
    }
}

#[test]
fn sizes_out_of_range_are_refused_before_anything_is_written() {
    let dir = tempfile::tempdir().unwrap();
    for people in [0, 1_000_001, u64::MAX] {
        let refused = build(dir.path(), SEED, people).unwrap_err();
        assert!(matches!(refused, BuildError::Size { people: named } if named == people), "{refused}");
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_database_that_exists_is_not_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let kept = dir.path().join("revenue.sqlite");
    fs::write(&kept, "kept").unwrap();
    let refused = build(dir.path(), SEED, 10).unwrap_err();
    assert!(matches!(&refused, BuildError::Exists { path } if *path == kept), "{refused}");
    assert_eq!(fs::read_to_string(&kept).unwrap(), "kept");
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a-file");
    fs::write(&file, "").unwrap();
    let refused = build(&file.join("inside"), SEED, 10).unwrap_err();
    assert!(refused.to_string().contains("a-file/inside"), "{refused}");
}

#[test]
fn readers_and_writers_do_not_wait_for_one_another() {
    for path in files(made()) {
        assert_eq!(texts(path, "SELECT journal_mode AS value FROM pragma_journal_mode"), ["wal"]);
        assert_eq!(texts(path, "SELECT integrity_check AS value FROM pragma_integrity_check"), ["ok"]);
    }
}

#[test]
fn the_truth_table_agrees_with_every_database() {
    let truth = fs::read_to_string(&made().truth).unwrap();
    let mut lines = truth.lines();
    assert_eq!(lines.next(), Some("resident_no,khata_no,ration_member_id,ppo_no"));
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    let keys = [
        (&made().civil, "SELECT resident_no AS value FROM residents"),
        (&made().revenue, "SELECT khata_no AS value FROM khatedar"),
        (&made().food, "SELECT member_id AS value FROM ration_member"),
        (&made().social, "SELECT ppo_no AS value FROM pension_beneficiary"),
    ];
    for (column, (path, sql)) in keys.into_iter().enumerate() {
        let told: HashSet<&str> = rows.iter().map(|row| row[column]).filter(|key| !key.is_empty()).collect();
        let stored = texts(path, sql);
        assert_eq!(stored.iter().map(String::as_str).collect::<HashSet<_>>(), told, "{sql}");
        assert_eq!(stored.len(), told.len());
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "the measurement is for the eye")]
fn the_time_it_takes_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let clock = stopwatch();
    build(dir.path(), SEED, SIZE).unwrap();
    eprintln!("{SIZE} people in four databases: {:?}", clock());
}

/// Elapsed time for the eye only; nothing is decided by it.
#[expect(clippy::disallowed_methods, reason = "a printed measurement, no behaviour depends on it")]
fn stopwatch() -> impl Fn() -> std::time::Duration {
    let begun = std::time::Instant::now();
    move || begun.elapsed()
}
