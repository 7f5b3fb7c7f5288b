//! A death in the register's table is noticed with it, once, until it was taken.

use super::*;
use crate::testing::{Department, departments};

const DEATH: &str = "INSERT INTO deaths VALUES ('D-1', 'R-1', '2026-11-18', 'day', 387)";

fn feed(department: &Department) -> ChangeFeed {
    department.open().changes().unwrap().unwrap()
}

#[test]
fn a_new_row_is_pending_with_its_typed_payload_until_it_is_marked_done() {
    for department in departments() {
        let feed = feed(&department);
        assert!(feed.pending(10).unwrap().is_empty());
        department.execute(DEATH);
        for _ in 0..2 {
            let pending = feed.pending(10).unwrap();
            assert_eq!(pending.len(), 1);
            let change = &pending[0];
            assert_eq!(change.event.as_str(), "in.vinimay.death.registered.v1");
            assert_eq!((change.row_key.as_str(), change.subject.as_ref().unwrap().as_str()), ("D-1", "R-1"));
            let content = change.content.as_ref().unwrap();
            assert_eq!(content.effective.to_string(), "2026-11-18");
            let expected = [
                ("death_date".to_owned(), FieldValue::Text("2026-11-18".to_owned())),
                ("place_lgd".to_owned(), FieldValue::Integer(387)),
                ("registration_number".to_owned(), FieldValue::Text("D-1".to_owned())),
            ];
            assert_eq!(content.payload, expected.into());
        }
        let positions: Vec<Position> = feed.pending(10).unwrap().iter().map(|change| change.position).collect();
        feed.mark_done(&positions).unwrap();
        feed.mark_done(&positions).unwrap();
        assert!(feed.pending(10).unwrap().is_empty());
        department.execute(&DEATH.replace("D-1", "D-2"));
        assert!(feed.pending(10).unwrap()[0].position > positions[0], "a position is never used again");
    }
}

#[test]
fn a_change_that_is_rolled_back_is_no_change() {
    for department in departments() {
        let feed = feed(&department);
        department.execute(&format!("BEGIN; {DEATH}; ROLLBACK"));
        assert!(feed.pending(10).unwrap().is_empty());
    }
}

#[test]
fn a_transaction_that_commits_late_is_not_lost() {
    let department = Department::postgres();
    let feed = feed(&department);
    let mut late = crate::testing::connection(&department.owner);
    Statement::new("BEGIN").execute(&mut late).unwrap();
    Statement::new(DEATH).execute(&mut late).unwrap();
    department.execute(&DEATH.replace("D-1", "D-2"));
    let first = feed.pending(10).unwrap();
    assert_eq!(first.iter().map(|c| c.row_key.as_str()).collect::<Vec<_>>(), ["D-2"]);
    feed.mark_done(&[first[0].position]).unwrap();
    Statement::new("COMMIT").execute(&mut late).unwrap();
    let second = feed.pending(10).unwrap();
    assert_eq!(second[0].row_key.as_str(), "D-1");
    assert!(second[0].position < first[0].position, "it was numbered before and committed after");
}

#[test]
fn what_cannot_be_read_is_handed_over_and_blocks_nobody() {
    for department in departments() {
        let feed = feed(&department);
        department.execute(&DEATH.replace("2026-11-18", "18/11/2026"));
        department.execute(&DEATH.replace("D-1", "D-2").replace("'R-1'", "NULL"));
        department.execute(&DEATH.replace("D-1", "D-3"));
        department.execute("DELETE FROM deaths WHERE registration_number = 'D-3'");
        let pending = feed.pending(10).unwrap();
        let wrong = ChangeUnreadable::Value { column: "date_of_death".to_owned(), expected: "date" };
        assert_eq!(pending[0].content.as_ref().err(), Some(&wrong));
        assert!(pending[1].content.is_ok() && pending[1].subject.is_none());
        assert_eq!(pending[2].content.as_ref().err(), Some(&ChangeUnreadable::RowMissing));
        assert!(!format!("{pending:?}").contains("R-1"), "{pending:?}");
    }
}

#[test]
fn a_row_without_a_key_does_not_stop_the_departments_own_work() {
    let department = Department::sqlite();
    let feed = feed(&department);
    department.execute("INSERT INTO deaths VALUES (NULL, 'R-1', '2026-11-18', 'day', 387)");
    assert_eq!(department.rows("SELECT CAST(count(*) AS TEXT) FROM deaths")[0][0].as_deref(), Some("1"));
    assert!(feed.pending(10).unwrap().is_empty());
}

#[test]
fn quotes_in_values_stay_values() {
    for department in departments() {
        let feed = feed(&department);
        department.execute(&DEATH.replace("D-1", "D-1''); DROP TABLE deaths; --"));
        let pending = feed.pending(10).unwrap();
        assert_eq!(pending[0].row_key.as_str(), "D-1'); DROP TABLE deaths; --");
        assert!(pending[0].content.is_ok());
    }
}

#[test]
fn an_outbox_row_with_an_unusable_key_stays_and_the_others_go_on() {
    for department in departments() {
        let feed = feed(&department);
        department.execute(&DEATH.replace("D-1", "D\n1"));
        department.execute(&DEATH.replace("D-1", "D-2"));
        let pending = feed.pending(10).unwrap();
        assert_eq!(pending.iter().map(|c| c.row_key.as_str()).collect::<Vec<_>>(), ["D-2"]);
    }
}
