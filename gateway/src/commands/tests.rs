use schemas::federation::Standing;

use super::*;
use crate::testing::{Source, TestAnchor, TestDepartment};

const SOURCE: Source = Source {
    sql: "CREATE TABLE incomes (number TEXT PRIMARY KEY, band TEXT);",
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

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_is_tried_before_during_and_after() {
    let anchor = TestAnchor::start(&Clock::default());
    let department = TestDepartment::new("revenue", Some(&SOURCE), "");
    let file = department.path("gateway.toml");
    let steps = |checked: Checked| (checked.initialised, checked.joined, checked.datasets.len());
    assert_eq!(steps(config_check(&file).await.unwrap()), (false, false, 1));
    init(&file, &department.clock).await.unwrap();
    assert_eq!(steps(config_check(&file).await.unwrap()), (true, false, 1));
    let invitation = department.invitation(&anchor, Some(anchor.invite(&["provider"])));
    join(&file, &invitation, &department.clock).await.unwrap();
    assert_eq!(steps(config_check(&file).await.unwrap()), (true, true, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_configuration_is_named_by_file_line_and_key() {
    let department = TestDepartment::new("revenue", Some(&SOURCE), "");
    let (file, mapping) = (department.path("gateway.toml"), department.path("mapping.toml"));
    let good = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, good.replace("reader =", "readr =")).unwrap();
    let error = config_check(&file).await.unwrap_err();
    assert!(matches!(error, CommandError::Config(_)));
    let error = error.to_string();
    assert!(
        error.contains("gateway.toml:22: key `source.readr`") && error.contains("did you mean `reader`?"),
        "{error}"
    );

    std::fs::write(&file, good).unwrap();
    std::fs::write(&mapping, SOURCE.mapping.replace("\"text\"", "\"txt\"")).unwrap();
    let error = config_check(&file).await.unwrap_err().to_string();
    assert!(error.contains("mapping.toml:14") && error.contains("type") && error.contains("mend"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalogue_lists_what_active_members_offer() {
    let anchor = TestAnchor::start(&Clock::default());
    let (social, _) = TestDepartment::member(&anchor, "social", &["consumer:social"], None, "").await;
    let (revenue, _) = TestDepartment::member(&anchor, "revenue", &["provider"], Some(&SOURCE), "").await;
    let file = social.path("gateway.toml");
    let offered = catalogue(&file, &social.clock).await.unwrap().datasets;
    assert_eq!(offered.len(), 1, "seen although it joined later");
    assert_eq!((&offered[0].provider, offered[0].dataset.as_str()), (&revenue.entity, "revenue.income"));
    {
        let mut state = anchor.state();
        let entry = state.members.get_mut(&revenue.entity).unwrap();
        (entry.standing, entry.changed) = (Standing::Suspended, true);
    }
    assert!(catalogue(&file, &social.clock).await.unwrap().datasets.is_empty());
}
