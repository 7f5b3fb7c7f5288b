use schemas::federation::Role;
use service_kit::clock::Clock;

use super::*;
use crate::testing::{Source, TestAnchor, TestDepartment};

const SOURCE: Source = Source {
    sql: "CREATE TABLE incomes (number TEXT PRIMARY KEY, band TEXT); INSERT INTO incomes VALUES ('R1', 'low');",
    mapping: r#"
[source]
kind = "sqlite"
[[dataset]]
id = "revenue.income"
title = { en = "Income", hi = "आय" }
table = "incomes"
key = "number"
purposes = ["social.old-age-pension.eligibility"]
assurance = "substantial"
[[dataset.field]]
name = "annual_income_band"
column = "band"
type = "text"
sensitivity = "personal"
"#,
};

async fn audited(department: &TestDepartment) -> i64 {
    let database = open_database(&department.config()).unwrap();
    database.read(|conn| crate::store::testing::rows(conn, "audit_trail")).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_department_joins_and_pins_its_anchor() {
    let anchor = TestAnchor::start(&Clock::default());
    let department = TestDepartment::new("revenue", Some(&SOURCE), "");
    department.init();
    let joined = department.join(&anchor, &["provider"]).await.unwrap();
    assert_eq!((joined.members, joined.roles.as_slice()), (1, [Role::Provider].as_slice()));
    assert_eq!(read_trust_root(&department.path("keys")).unwrap(), anchor.root);
    let app = department.open();
    let snapshot = app.directory();
    let own = snapshot.peer(&department.entity, app.now()).unwrap();
    assert_eq!(own.gateway().query_endpoint, "https://revenue.localhost:8443/peer/v1/queries");
    assert_eq!(own.gateway().datasets[0].id.as_str(), "revenue.income");
    assert_eq!(audited(&department).await, 2, "init and join");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_fingerprint_is_a_trust_failure_and_nothing_is_sent_or_kept() {
    let (anchor, other) = (TestAnchor::start(&Clock::default()), TestAnchor::start(&Clock::default()));
    let department = TestDepartment::new("revenue", None, "");
    department.init();
    let invitation = Invitation {
        fingerprint: other.root.fingerprint.clone(),
        ..department.invitation(&anchor, Some("code".into()))
    };
    let error = join(&department.config(), &invitation, department.clock.now()).await.unwrap_err();
    assert!(error.is_trust_failure());
    assert!(error.to_string().contains("mend: compare both with the authority"), "{error}");
    assert!(anchor.state().members.is_empty());
    assert!(!department.path("keys/trust-root.json").exists());
    assert_eq!(audited(&department).await, 2, "the failed join is a row too");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_anchor_that_is_away_uses_nothing_up() {
    let mut anchor = TestAnchor::start(&Clock::default());
    anchor.go_away().await;
    let department = TestDepartment::new("revenue", None, "");
    department.init();
    let error = department.join(&anchor, &["provider"]).await.unwrap_err();
    assert!(error.is_away() && error.to_string().contains("mend: check the address"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_used_invitation_gives_the_anchors_words_and_a_join_without_one_updates_the_entry() {
    let anchor = TestAnchor::start(&Clock::default());
    let department = TestDepartment::new("revenue", Some(&SOURCE), "");
    department.init();
    let code = anchor.invite(&["provider"]);
    let invitation = department.invitation(&anchor, Some(code));
    join(&department.config(), &invitation, department.clock.now()).await.unwrap();
    let error = join(&department.config(), &invitation, department.clock.now()).await.unwrap_err();
    assert!(
        matches!(&error, JoinError::Refused { code: Code::Conflict, detail } if detail.contains("mend")),
        "{error}"
    );

    let mapping = std::fs::read_to_string(department.path("mapping.toml")).unwrap();
    std::fs::write(department.path("mapping.toml"), mapping.replace("revenue.income", "revenue.earnings")).unwrap();
    let update = Invitation { code: None, ..invitation };
    join(&department.config(), &update, department.clock.now()).await.unwrap();
    let app = department.open();
    let snapshot = app.directory();
    assert_eq!(snapshot.members().member(app.entity()).unwrap().gateway().datasets[0].id.as_str(), "revenue.earnings");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_of_one_federation_does_not_slip_into_another() {
    let (anchor, other) = (TestAnchor::start(&Clock::default()), TestAnchor::start(&Clock::default()));
    let department = TestDepartment::new("revenue", None, "");
    department.init();
    department.join(&anchor, &[]).await.unwrap();
    let error = department.join(&other, &[]).await.unwrap_err();
    assert!(matches!(&error, JoinError::OtherFederation { joined, .. } if *joined == anchor.root.entity), "{error}");
    assert_eq!(read_trust_root(&department.path("keys")).unwrap(), anchor.root);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_not_been_prepared_is_named_with_its_mend() {
    let anchor = TestAnchor::start(&Clock::default());
    let department = TestDepartment::new("revenue", None, "");
    let error = department.join(&anchor, &[]).await.unwrap_err().to_string();
    assert!(error.contains("gateway.sqlite does not exist; mend: run `init` first"), "{error}");
    department.init();
    let error =
        tokio::task::block_in_place(|| crate::app::App::open(department.config(), Clock::default())).unwrap_err();
    assert!(error.to_string().contains("has not joined a federation; mend: run `vinimay gateway join`"), "{error}");
    std::fs::write(department.path("keys/trust-root.json"), "{}").unwrap();
    let error =
        tokio::task::block_in_place(|| crate::app::App::open(department.config(), Clock::default())).unwrap_err();
    assert!(error.to_string().contains("trust-root.json"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_mapping_is_named_by_file_line_and_key() {
    let anchor = TestAnchor::start(&Clock::default());
    let department = TestDepartment::new("revenue", Some(&SOURCE), "");
    department.init();
    let mapping = std::fs::read_to_string(department.path("mapping.toml")).unwrap();
    std::fs::write(department.path("mapping.toml"), mapping.replace("column = \"band\"", "column = \"bnd\"")).unwrap();
    let error = department.join(&anchor, &["provider"]).await.unwrap_err().to_string();
    assert!(error.contains("mapping.toml:13") && error.contains("column"), "{error}");
    assert!(anchor.state().members.is_empty());
}
