//! A hold is reversible, journaled, done once, and never touches what it did not expect.

use std::collections::BTreeSet;

use protocol::seal::random;
use schemas::{digest::Digest, time::Timestamp};

use super::*;
use crate::testing::{Department, departments};

const NOW: i64 = 1_795_248_100;
const ROLL: &str = "SELECT CAST(ppo_no AS TEXT), payment_status, status_reason, CAST(status_since AS TEXT) FROM pension_beneficiary \
     ORDER BY ppo_no";

fn now() -> Timestamp {
    Timestamp::from_seconds(NOW)
}

fn hold(subject: &str) -> HoldDecision {
    HoldDecision {
        roll: "social.pension".parse().unwrap(),
        subject: subject.parse().unwrap(),
        event: Digest::of(b"the event"),
        decision: random::message_id(now()),
        reason: "DEATH_REGISTERED".to_owned(),
        effective: "2026-11-18".parse().unwrap(),
        actor: "rule:death-hold@1".to_owned(),
    }
}

fn release(of: &HoldDecision) -> ReleaseDecision {
    ReleaseDecision {
        roll: of.roll.clone(),
        subject: of.subject.clone(),
        hold: of.decision.clone(),
        event: None,
        decision: random::message_id(now()),
        reason: "DEATH_ANNULLED".to_owned(),
        actor: "officer:7".to_owned(),
        paid: BTreeSet::new(),
    }
}

fn rolls(department: &Department) -> MappedRolls {
    department.open().rolls(MacKey::from_bytes([7; 32])).unwrap()
}

fn outcomes(applied: &Applied) -> Vec<(&str, RowOutcome)> {
    applied.rows.iter().map(|row| (row.row_key.as_str(), row.outcome)).collect()
}

mod apart;
mod enrolment;
mod identified;
mod outside;
mod removal;
mod replay;
mod warrant;

/// The department with a roll on which everything can be done.
fn whole(department: &Department) -> MappedRolls {
    department.write_mapping(&whole_mapping());
    department.install();
    rolls(department)
}

fn whole_mapping() -> String {
    crate::testing::MAPPING.replace(
        "subject_key = \"person_no\"\n",
        "subject_key = \"person_no\"\nremoved = \"REMOVED\"\namount = \"monthly_amount\"\npayment_day = \"5\"\n\n\
         [roll.fact]\n\"person.name\" = \"applicant_name\"\n\"person.birth_date\" = \"dob\"\n\n\
         [roll.enrol]\nnumber = \"next\"\namend = true\n\n[roll.enrol.default]\ndistrict_lgd = \"387\"\n",
    )
}

fn roll_id() -> RollId {
    "social.pension".parse().unwrap()
}

#[test]
fn a_hold_holds_every_active_row_of_the_person_with_its_journal_beside_it() {
    for department in departments() {
        let rolls = rolls(&department);
        let applied = rolls.hold(&hold("P-1"), now()).unwrap();
        assert_eq!(outcomes(&applied), [("101", RowOutcome::Held), ("103", RowOutcome::Held)]);
        assert_eq!(applied.rows[0].states, ("ACTIVE".to_owned(), "HOLD".to_owned()));
        assert_ne!(applied.rows[0].digests.0, applied.rows[0].digests.1);
        let held = |number: &str| {
            [number, "HOLD", "DEATH_REGISTERED", "2026-11-21"].map(|text| Some(text.to_owned())).to_vec()
        };
        let rows = department.rows(ROLL);
        assert_eq!((&rows[0], &rows[2]), (&held("101"), &held("103")));
        assert_eq!(rows[1][1].as_deref(), Some("STOPPED"), "another person's row");
        assert_eq!(rolls.journal_head(&roll_id()).unwrap(), Some(applied.rows[1].journal));
        assert_eq!(rolls.verify(&roll_id(), Some(applied.rows[1].journal)).unwrap(), []);
    }
}

#[test]
fn a_release_puts_every_row_back_to_the_bit() {
    for department in departments() {
        let rolls = rolls(&department);
        let before = department.rows(ROLL);
        let decision = hold("P-1");
        let held = rolls.hold(&decision, now()).unwrap();
        let released = rolls.release(&release(&decision), now().plus(60)).unwrap();
        assert_eq!(outcomes(&released), [("101", RowOutcome::Released), ("103", RowOutcome::Released)]);
        assert_eq!(department.rows(ROLL), before);
        assert_eq!(released.rows[1].digests.1, held.rows[1].digests.0, "equal before the hold and after the release");
        assert_eq!(rolls.verify(&roll_id(), None).unwrap(), []);
    }
}

#[test]
fn a_repeat_changes_nothing_and_says_what_the_first_did() {
    for department in departments() {
        let rolls = rolls(&department);
        let decision = hold("P-1");
        let first = rolls.hold(&decision, now()).unwrap();
        let lifted = release(&decision);
        let released = rolls.release(&lifted, now()).unwrap();
        assert_eq!(rolls.hold(&decision, now().plus(3_600)).unwrap(), first, "not held a second time");
        assert_eq!(rolls.release(&lifted, now().plus(3_600)).unwrap(), released);
        assert_eq!(department.rows(ROLL)[0][1].as_deref(), Some("ACTIVE"));
        assert_eq!(rolls.journal_head(&roll_id()).unwrap().unwrap().seq, 4);
    }
}

#[test]
fn one_decision_asked_for_at_once_from_many_sides_is_done_once() {
    for department in departments() {
        let decision = hold("P-1");
        let sides: Vec<MappedRolls> = (0..4).map(|_| rolls(&department)).collect();
        let applied: Vec<Applied> = std::thread::scope(|scope| {
            let asked: Vec<_> = sides.iter().map(|side| scope.spawn(|| side.hold(&decision, now()).unwrap())).collect();
            asked.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(applied.iter().all(|one| *one == applied[0]));
        assert_eq!(sides[0].journal_head(&roll_id()).unwrap().unwrap().seq, 2);
    }
}

#[test]
fn ended_and_held_rows_are_left_alone_and_say_so() {
    for department in departments() {
        let rolls = rolls(&department);
        let before = department.rows(ROLL);
        assert_eq!(outcomes(&rolls.hold(&hold("P-2"), now()).unwrap()), [("102", RowOutcome::NotActive)]);
        assert_eq!(department.rows(ROLL), before);
        department.execute("UPDATE pension_beneficiary SET payment_status = 'HOLD' WHERE ppo_no = 101");
        let decision = hold("P-1");
        let applied = rolls.hold(&decision, now()).unwrap();
        assert_eq!(outcomes(&applied), [("101", RowOutcome::AlreadyHeld), ("103", RowOutcome::Held)]);
        // The department's own hold is not ours to lift.
        let released = rolls.release(&release(&decision), now()).unwrap();
        assert_eq!(outcomes(&released), [("101", RowOutcome::NotHeld), ("103", RowOutcome::Released)]);
        assert_eq!(department.rows(ROLL)[0][1].as_deref(), Some("HOLD"));
    }
}

#[test]
fn nobody_is_nobody() {
    let department = Department::sqlite();
    let rolls = rolls(&department);
    assert_eq!(rolls.hold(&hold("P-9"), now()).unwrap().rows, []);
    assert_eq!(rolls.hold(&hold("' OR '1'='1"), now()).unwrap().rows, []);
    assert_eq!(rolls.journal_head(&roll_id()).unwrap(), None);
    let unknown = HoldDecision { roll: "social.other".parse().unwrap(), ..hold("P-1") };
    assert!(matches!(rolls.hold(&unknown, now()), Err(RollError::RollUnknown(_))));
}

#[test]
fn a_row_held_by_two_decisions_is_free_when_both_are_lifted() {
    for department in departments() {
        let rolls = rolls(&department);
        let before = department.rows(ROLL);
        let (one, two) = (hold("P-1"), hold("P-1"));
        rolls.hold(&one, now()).unwrap();
        rolls.hold(&two, now()).unwrap();
        let first = rolls.release(&release(&one), now()).unwrap();
        assert_eq!(outcomes(&first), [("101", RowOutcome::StillHeld), ("103", RowOutcome::StillHeld)]);
        let second = rolls.release(&release(&two), now()).unwrap();
        assert_eq!(outcomes(&second), [("101", RowOutcome::Released), ("103", RowOutcome::Released)]);
        assert_eq!(department.rows(ROLL), before);
    }
}

#[test]
fn what_others_changed_is_journaled_and_never_overwritten() {
    for department in departments() {
        let rolls = rolls(&department);
        let decision = hold("P-1");
        rolls.hold(&decision, now()).unwrap();
        department.execute("UPDATE pension_beneficiary SET status_reason = 'COURT' WHERE ppo_no = 101");
        let key = "101".parse::<LocalKey>().unwrap();
        assert_eq!(rolls.verify(&roll_id(), None).unwrap(), [Finding::RowChangedOutside { row_key: key }]);
        for _ in 0..2 {
            let released = rolls.release(&release(&decision), now()).unwrap();
            assert_eq!(released.rows[0].outcome, RowOutcome::ChangedOutside, "however often it is decided");
        }
        assert_eq!(department.rows(ROLL)[0][2].as_deref(), Some("COURT"));
        assert_eq!(rolls.verify(&roll_id(), None).unwrap(), [], "the change is in the journal now");
        department.execute("DELETE FROM pension_beneficiary WHERE ppo_no = 103");
        let key = "103".parse::<LocalKey>().unwrap();
        assert_eq!(rolls.verify(&roll_id(), None).unwrap(), [Finding::RowMissing { row_key: key }]);
    }
}

#[test]
fn a_change_that_cannot_be_journaled_is_not_made() {
    for department in departments() {
        let rolls = rolls(&department);
        let before = department.rows(ROLL);
        let (table, refuse) = match department.engine {
            crate::catalogue::Engine::Sqlite => (
                "vinimay_journal",
                "CREATE TRIGGER full BEFORE INSERT ON vinimay_journal BEGIN SELECT RAISE(ABORT, 'full'); END",
            ),
            crate::catalogue::Engine::Postgres => (
                "vinimay_journal.entry",
                "CREATE TRIGGER a_full BEFORE INSERT ON vinimay_journal.entry EXECUTE FUNCTION vinimay_journal.refuse()",
            ),
        };
        department.execute(refuse);
        assert!(matches!(rolls.hold(&hold("P-1"), now()), Err(RollError::Journal(_))), "{table}");
        assert_eq!(department.rows(ROLL), before);
    }
}

#[test]
fn the_writer_of_a_postgresql_roll_can_hold_and_nothing_more() {
    let department = Department::postgres();
    rolls(&department);
    let writer = department.writer_role();
    for (grant, revoke) in [
        ("GRANT DELETE ON pension_beneficiary TO ROLE", "REVOKE DELETE ON pension_beneficiary FROM ROLE"),
        ("GRANT UPDATE ON khatedar TO ROLE", "REVOKE UPDATE ON khatedar FROM ROLE"),
        ("GRANT UPDATE ON vinimay_journal.entry TO ROLE", "REVOKE UPDATE ON vinimay_journal.entry FROM ROLE"),
        ("GRANT INSERT ON deaths TO ROLE", "REVOKE INSERT ON deaths FROM ROLE"),
        ("ALTER USER ROLE SUPERUSER", "ALTER USER ROLE NOSUPERUSER"),
    ] {
        department.execute(&grant.replace("ROLE", &writer));
        let error = department.open().rolls(MacKey::from_bytes([7; 32])).unwrap_err();
        let excess = matches!(error, OpenError::Proof(crate::registry::ProofError::TooPowerful { .. }));
        assert!(excess, "{grant}: {error}");
        department.execute(&revoke.replace("ROLE", &writer));
        rolls(&department);
    }
}

#[test]
fn without_a_writer_or_a_journal_there_is_no_roll() {
    let department = Department::sqlite();
    let options = crate::source::SourceOptions { writer: None, ..department.options() };
    let error = crate::source::Source::open(options).unwrap().rolls(MacKey::from_bytes([7; 32])).unwrap_err();
    assert!(matches!(error, OpenError::NoWriter { .. }), "{error}");
    department.execute("DROP TABLE vinimay_journal");
    let error = department.open().rolls(MacKey::from_bytes([7; 32])).unwrap_err();
    assert!(
        error.to_string().contains("the journal is not installed") && error.to_string().contains("mend"),
        "{error}"
    );
}

#[test]
fn many_decisions_about_one_person_at_once_leave_one_whole_chain() {
    for department in departments() {
        let sides: Vec<MappedRolls> = (0..4).map(|_| rolls(&department)).collect();
        let before = department.rows(ROLL);
        std::thread::scope(|scope| {
            for side in &sides {
                scope.spawn(move || {
                    for _ in 0..3 {
                        let decision = hold("P-1");
                        side.hold(&decision, now()).unwrap();
                        side.release(&release(&decision), now()).unwrap();
                    }
                });
            }
        });
        assert_eq!(department.rows(ROLL), before, "every hold was lifted");
        assert_eq!(sides[0].verify(&roll_id(), None).unwrap(), []);
        assert_eq!(sides[0].journal_head(&roll_id()).unwrap().unwrap().seq, 48);
    }
}

#[test]
fn a_clerk_who_writes_meanwhile_is_waited_for_and_not_overwritten() {
    let department = Department::postgres();
    let rolls = rolls(&department);
    let mut clerk = crate::testing::connection(&department.owner);
    let run = |conn: &mut AnyConnection, sql| crate::statement::Statement::new(sql).execute(conn).unwrap();
    run(&mut clerk, "BEGIN");
    run(
        &mut clerk,
        "UPDATE pension_beneficiary SET payment_status = 'STOPPED', status_reason = 'MOVED' WHERE ppo_no = 101",
    );
    let applied = std::thread::scope(|scope| {
        let held = scope.spawn(|| rolls.hold(&hold("P-1"), now()).unwrap());
        // Whether the hold waits for the lock already or only reads later, it sees what the clerk committed.
        run(&mut clerk, "COMMIT");
        held.join().unwrap()
    });
    assert_eq!(outcomes(&applied), [("101", RowOutcome::NotActive), ("103", RowOutcome::Held)]);
    assert_eq!(department.rows(ROLL)[0][2].as_deref(), Some("MOVED"));
}

#[test]
fn quotes_in_mapped_words_and_reasons_stay_values() {
    for department in departments() {
        department.execute("UPDATE pension_beneficiary SET payment_status = 'ACT''IVE' WHERE ppo_no = 101");
        let words = crate::testing::MAPPING.replace("active = \"ACTIVE\"", "active = \"ACT'IVE\"");
        department.write_mapping(&words.replace("held = \"HOLD\"", "held = \"HO'LD\\\"; DROP TABLE deaths; --\""));
        let reason = "X', payment_status = 'REMOVED".to_owned();
        let applied = rolls(&department).hold(&HoldDecision { reason: reason.clone(), ..hold("P-1") }, now()).unwrap();
        assert_eq!(outcomes(&applied), [("101", RowOutcome::Held), ("103", RowOutcome::NotActive)]);
        let row = &department.rows(ROLL)[0];
        assert_eq!(row[1].as_deref(), Some("HO'LD\"; DROP TABLE deaths; --"));
        assert_eq!(row[2].as_deref(), Some(reason.as_str()));
    }
}

#[test]
fn a_roll_without_reason_and_date_is_held_and_released_by_its_status_alone() {
    for department in departments() {
        let text = crate::testing::MAPPING.replace("reason = \"status_reason\"\nsince = \"status_since\"\n", "");
        department.write_mapping(&text);
        department.install();
        let rolls = rolls(&department);
        let before = department.rows(ROLL);
        let decision = hold("P-1");
        rolls.hold(&decision, now()).unwrap();
        assert_eq!(department.rows(ROLL)[2][1..3], [Some("HOLD".to_owned()), Some("RENEWED".to_owned())]);
        rolls.release(&release(&decision), now()).unwrap();
        assert_eq!(department.rows(ROLL), before);
    }
}

#[test]
fn nothing_printed_of_a_decision_or_its_failure_names_the_person() {
    let department = Department::sqlite();
    let rolls = rolls(&department);
    let applied = rolls.hold(&hold("P-1"), now()).unwrap();
    assert!(!format!("{applied:?} {rolls:?}").contains("P-1"), "{applied:?}");
    department.execute("UPDATE pension_beneficiary SET person_no = 'P-1'; PRAGMA ignore_check_constraints = ON");
    let many: Vec<String> =
        (200..400).map(|n| format!("({n}, 'P-1', 'Asha', NULL, 387, 'ACTIVE', NULL, NULL, 1)")).collect();
    department.execute(&format!("INSERT INTO pension_beneficiary VALUES {}", many.join(",")));
    let error = rolls.hold(&hold("P-1"), now()).unwrap_err();
    assert_eq!(error.to_string(), "more than 100 rows of one person in the roll social.pension");
}

#[test]
fn the_roll_names_everybody_who_draws_or_is_held_once_and_in_pages() {
    for department in departments() {
        let rolls = rolls(&department);
        let names = |after: Option<&str>| {
            let after: Option<LocalKey> = after.map(|key| key.parse().unwrap());
            let page = rolls.beneficiaries(&roll_id(), after.as_ref()).unwrap();
            page.iter().map(|key| key.as_str().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names(None), ["P-1"], "two rows are one person; who left the roll is not on it");
        rolls.hold(&hold("P-1"), now()).unwrap();
        assert_eq!(names(None), ["P-1"], "held is not removed");
        assert_eq!(names(Some("P-1")), [""; 0]);
    }
}
