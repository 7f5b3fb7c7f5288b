//! What others do to a roll is found, journaled as outside and never taken for ours, nor ours for theirs.

use super::{super::*, *};

fn seen(changes: &[OutsideChange]) -> Vec<(&str, RowOutcome)> {
    changes.iter().map(|change| (change.row_key.as_str(), change.outcome)).collect()
}

const EDITS: &str = "UPDATE pension_beneficiary SET monthly_amount = 900 WHERE ppo_no = 101; \
    DELETE FROM pension_beneficiary WHERE ppo_no = 102; \
    INSERT INTO pension_beneficiary VALUES (200, 'P-8', 'New', '1950-01-01', 387, 'ACTIVE', NULL, NULL, 500)";

#[test]
fn the_rolls_triggers_lead_to_every_edit_at_once() {
    for department in departments() {
        let rolls = whole(&department);
        rolls.scan(&roll_id(), now()).unwrap();
        rolls.hold(&hold("P-1"), now()).unwrap();
        assert_eq!(seen(&rolls.note_outside(&roll_id(), now()).unwrap()), [], "our own change is ours");
        department.execute(EDITS);
        let found = rolls.note_outside(&roll_id(), now()).unwrap();
        let expected = [("101", RowOutcome::ChangedOutside), ("102", RowOutcome::Gone), ("200", RowOutcome::Appeared)];
        assert_eq!(seen(&found), expected);
        assert_eq!(seen(&rolls.note_outside(&roll_id(), now()).unwrap()), [], "each is told once");
        assert_eq!(rolls.verify(&roll_id(), None).unwrap(), []);
    }
}

#[test]
fn a_scan_finds_what_no_trigger_saw() {
    for department in departments() {
        let rolls = whole(&department);
        assert_eq!(seen(&rolls.scan(&roll_id(), now()).unwrap()), [], "the first look only takes stock");
        assert_eq!(rolls.journal_head(&roll_id()).unwrap().unwrap().seq, 3);
        department.execute(EDITS);
        // Whoever edits may clear the traces in the list of touched rows as well.
        department.execute(match department.engine {
            crate::catalogue::Engine::Sqlite => "DELETE FROM vinimay_touched",
            crate::catalogue::Engine::Postgres => "DELETE FROM vinimay_journal.touched",
        });
        assert_eq!(seen(&rolls.note_outside(&roll_id(), now()).unwrap()), []);
        let expected = [("101", RowOutcome::ChangedOutside), ("200", RowOutcome::Appeared), ("102", RowOutcome::Gone)];
        assert_eq!(seen(&rolls.scan(&roll_id(), now()).unwrap()), expected);
        assert_eq!(seen(&rolls.scan(&roll_id(), now()).unwrap()), []);
        department
            .execute("INSERT INTO pension_beneficiary VALUES (102, 'P-2', 'B', NULL, 387, 'STOPPED', NULL, NULL, 0)");
        assert_eq!(seen(&rolls.scan(&roll_id(), now()).unwrap()), [("102", RowOutcome::Appeared)], "deleted, and back");
    }
}

#[test]
fn a_mapping_that_grew_makes_no_change_of_what_nobody_touched() {
    for department in departments() {
        department.write_mapping(&whole_mapping().replace("\"person.birth_date\" = \"dob\"\n", ""));
        department.install();
        let narrow = rolls(&department);
        narrow.scan(&roll_id(), now()).unwrap();
        let wide = whole(&department);
        assert_eq!(seen(&wide.scan(&roll_id(), now()).unwrap()), []);
        assert_eq!(wide.verify(&roll_id(), None).unwrap(), []);
    }
}
