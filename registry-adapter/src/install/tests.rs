//! Installing is done once, again without harm, and alters no table of the department.

use super::*;
use crate::testing::{Department, MAPPING, departments};

#[test]
fn installing_again_keeps_what_is_pending_and_what_is_journaled() {
    for department in departments() {
        department.execute("INSERT INTO deaths VALUES ('D-1', 'R-1', '2026-11-18', 'day', 387)");
        department.install();
        let feed = department.open().changes().unwrap().unwrap();
        assert_eq!(feed.pending(10).unwrap().len(), 1);
        department.execute("INSERT INTO deaths VALUES ('D-2', 'R-1', '2026-11-18', 'day', 387)");
        assert_eq!(feed.pending(10).unwrap().len(), 2, "one trigger, not two");
    }
}

#[test]
fn a_changed_mapping_changes_the_trigger() {
    let department = Department::sqlite();
    let reported = MAPPING.replace("death.registered.v1", "death.reported.v1");
    let reported = reported.replace(
        "registration_number = \"registration_number\"\ndeath_date",
        "report_number = \"registration_number\"\ndeath_date",
    );
    department.write_mapping(&reported.replace("death_date_precision =", "reported_by ="));
    department.install();
    department.execute("INSERT INTO deaths VALUES ('D-1', 'R-1', '2026-11-18', 'day', 387)");
    let feed = department.open().changes().unwrap().unwrap();
    let pending = feed.pending(10).unwrap();
    assert_eq!(pending.iter().map(|c| c.event.as_str()).collect::<Vec<_>>(), ["in.vinimay.death.reported.v1"]);
}

#[test]
fn whoever_is_not_the_owner_installs_nothing() {
    let department = Department::postgres();
    let error = install(&department.mapping, &department.reader, None).unwrap_err();
    assert!(error.to_string().contains("mend"), "{error}");
    for bad in ["", "a b", "r\"; DROP ROLE x; --", "रोल"] {
        assert_eq!(bad.parse::<RoleName>(), Err(InvalidRoleName), "{bad}");
    }
}

#[test]
fn changes_without_an_outbox_are_refused_with_the_mend() {
    let department = Department::sqlite();
    department.execute("DROP TABLE vinimay_outbox");
    let error = department.open().changes().unwrap_err();
    assert!(error.to_string().contains("the outbox is not installed"), "{error}");
}
