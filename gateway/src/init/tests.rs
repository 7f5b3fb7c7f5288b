use std::os::unix::fs::MetadataExt as _;

use super::*;
use crate::testing::TestDepartment;

fn init_again(department: &TestDepartment) -> Result<Initialised, InitError> {
    tokio::task::block_in_place(|| init(&department.config(), department.clock.now()))
}

#[tokio::test(flavor = "multi_thread")]
async fn init_makes_keys_certificate_and_a_migrated_database() {
    let department = TestDepartment::new("revenue", None, "");
    let made = department.init();
    assert_eq!(std::fs::metadata(&made.keys).unwrap().mode() & 0o777, 0o700);
    let keys = KeyFolder::new(&made.keys).load(&[]).unwrap();
    assert!(keys.tls.certificate().is_valid_at(department.clock.now()));
    let database = crate::app::open_database(&department.config()).unwrap();
    let audited = database.read_blocking(|conn| crate::store::testing::rows(conn, "audit_trail")).unwrap();
    assert_eq!(audited, 1);
    assert!(!department.path("keys.init").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_init_says_so_and_changes_nothing() {
    let department = TestDepartment::new("revenue", None, "");
    let first = department.init();
    let error = init_again(&department).unwrap_err();
    assert!(matches!(error, InitError::AlreadyThere { .. }));
    assert!(error.to_string().contains("mend: `vinimay gateway join`"), "{error}");
    assert_eq!(KeyFolder::new(&first.keys).federation().unwrap().kid(), &first.federation_key);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_without_keys_is_not_taken_over() {
    let department = TestDepartment::new("revenue", None, "");
    department.init();
    std::fs::remove_dir_all(department.path("keys")).unwrap();
    let error = init_again(&department).unwrap_err();
    assert!(error.to_string().contains("gateway.sqlite exists already"), "{error}");
    assert!(!department.path("keys").exists(), "no keys were made for it");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_init_that_failed_leaves_nothing_in_the_way_of_the_next() {
    let department = TestDepartment::new("revenue", None, "");
    let good = std::fs::read_to_string(department.path("gateway.toml")).unwrap();
    std::fs::write(
        department.path("gateway.toml"),
        good.replace("sqlite://gateway", "sqlite://no/such/folder/gateway"),
    )
    .unwrap();
    let error = init_again(&department).unwrap_err();
    assert!(error.to_string().contains("mend: create its folder"), "{error}");
    assert!(!department.path("keys").exists() && !department.path("keys.init").exists());
    std::fs::write(department.path("gateway.toml"), good).unwrap();
    department.init();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_named_before_anything_is_made() {
    let department = TestDepartment::new("revenue", None, "");
    let good = std::fs::read_to_string(department.path("gateway.toml")).unwrap();
    // procfs has no free space at all, which is what a full disk looks like.
    std::fs::write(
        department.path("gateway.toml"),
        good.replace("sqlite://gateway.sqlite", "sqlite:///proc/gateway.sqlite"),
    )
    .unwrap();
    let error = init_again(&department).unwrap_err();
    assert!(matches!(error, InitError::Open(OpenError::DiskFull { .. })), "{error}");
    assert!(error.to_string().contains("mend: free at least 256 MiB"), "{error}");
    assert!(!department.path("keys").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_certificate_names_the_published_hosts_and_localhost() {
    let department = TestDepartment::new("revenue", None, "");
    let hosts: Vec<String> = hosts(&department.config()).unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(hosts, ["revenue.localhost", "localhost"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_is_initialised_once_too() {
    let department = TestDepartment::new("revenue", None, "");
    let good = std::fs::read_to_string(department.path("gateway.toml")).unwrap();
    let url = tokio::task::block_in_place(|| service_kit_testing::postgres().new_database());
    let DatabaseUrl::Postgres(uri) = &url else { panic!("a PostgreSQL address") };
    std::fs::write(department.path("gateway.toml"), good.replace("sqlite://gateway.sqlite", uri.expose())).unwrap();
    department.init();
    std::fs::rename(department.path("keys"), department.path("away")).unwrap();
    let error = init_again(&department).unwrap_err();
    assert!(matches!(error, InitError::Open(OpenError::AlreadyExists { .. })), "{error}");
    assert!(!department.path("keys").exists());
    let database = crate::app::open_database(&department.config()).unwrap();
    let audited = database.read_blocking(|conn| crate::store::testing::rows(conn, "audit_trail")).unwrap();
    assert_eq!(audited, 1);
}
