//! Where the department refuses a journal beside its roll, or makes the change itself: what counts is what reads back.

use std::sync::{Arc, Mutex};

use super::{super::*, enrolment::enrolment, warrant::*, *};

/// Mapped so, with a journal in a file of the gateway's.
fn apart(department: &Department, how: &str) -> MappedRolls {
    department
        .write_mapping(&whole_mapping().replace("payment_day = \"5\"\n", &format!("payment_day = \"5\"\n{how}\n")));
    department.install();
    let path = department.path("books.db");
    if !path.exists() {
        std::fs::File::create(&path).unwrap();
    }
    rolls(department).with_books(&format!("sqlite://{}", path.display()).parse().unwrap()).unwrap()
}

#[derive(Debug, Default)]
struct Portal {
    taken: Mutex<Vec<RollChange>>,
    away: bool,
}

impl ChangeSender for Portal {
    fn send(&self, change: &RollChange) -> Result<(), NotSent> {
        self.taken.lock().unwrap().push(change.clone());
        if self.away { Err(NotSent("nobody answers".to_owned())) } else { Ok(()) }
    }
}

fn carried(order: &MessageId, subject: &str) -> Carried {
    Carried { order: order.clone(), subject: Some(subject.parse().unwrap()) }
}

#[test]
fn a_change_with_its_journal_apart_is_intended_done_and_confirmed() {
    for department in departments() {
        let rolls = apart(&department, "journal = \"apart\"");
        let before = department.rows(ROLL);
        let order = hold("P-1");
        let applied = rolls.hold(&order, now()).unwrap();
        assert_eq!(outcomes(&applied), [("101", RowOutcome::Held), ("103", RowOutcome::Held)]);
        assert_eq!(rolls.hold(&order, now()).unwrap(), applied);
        assert_eq!(rolls.journal_head(&roll_id()).unwrap().unwrap().seq, 4, "two intents, two confirmations");
        assert_eq!(rolls.verify(&roll_id(), None).unwrap(), []);
        let released = rolls.release(&release(&order), now()).unwrap();
        assert_eq!(released.rows[0].outcome, RowOutcome::Released);
        assert_eq!(department.rows(ROLL), before);
        assert_eq!(outcomes(&rolls.enrol(&enrolment("P-7"), now()).unwrap()), [("104", RowOutcome::Enrolled)]);
        assert_eq!(rolls.settle(&roll_id(), now()).unwrap().open, 0);
    }
}

#[test]
fn an_intent_that_a_failure_left_open_is_settled_and_done_once() {
    let department = Department::sqlite();
    let rolls = apart(&department, "journal = \"apart\"");
    department
        .execute("CREATE TRIGGER down BEFORE UPDATE ON pension_beneficiary BEGIN SELECT RAISE(ABORT, 'down'); END");
    let order = hold("P-1");
    assert!(rolls.hold(&order, now()).is_err(), "nothing was done, and the intent stands");
    assert_eq!(department.rows(ROLL)[0][1].as_deref(), Some("ACTIVE"));
    department.execute("DROP TRIGGER down");
    assert_eq!(rolls.settle(&roll_id(), now().plus(60)).unwrap().open, 0);
    let applied = rolls.hold(&order, now().plus(90)).unwrap();
    assert_eq!(outcomes(&applied), [("101", RowOutcome::Held), ("103", RowOutcome::Held)]);
}

#[test]
fn an_intent_that_others_overtook_is_given_up_and_overwrites_nothing() {
    let department = Department::sqlite();
    let rolls = apart(&department, "journal = \"apart\"");
    department.execute(
        "CREATE TRIGGER down BEFORE UPDATE ON pension_beneficiary WHEN NEW.payment_status = 'HOLD' \
         BEGIN SELECT RAISE(ABORT, 'down'); END",
    );
    let order = hold("P-1");
    rolls.hold(&order, now()).unwrap_err();
    department.execute("UPDATE pension_beneficiary SET status_reason = 'COURT' WHERE ppo_no = 101; DROP TRIGGER down");
    let applied = rolls.hold(&order, now()).unwrap();
    assert_eq!(outcomes(&applied), [("101", RowOutcome::NotApplied), ("103", RowOutcome::Held)]);
    assert_eq!(department.rows(ROLL)[0][2].as_deref(), Some("COURT"));
}

#[test]
fn what_a_system_of_the_department_was_told_counts_when_it_reads_back() {
    for department in departments() {
        for away in [false, true] {
            let portal = Arc::new(Portal { away, ..Portal::default() });
            let rolls = apart(&department, "write = \"webhook\"").with_sender(portal.clone());
            let order = hold("P-1");
            let told = rolls.hold(&order, now()).unwrap();
            assert_eq!(told.rows[0].outcome, RowOutcome::Intended, "that it was taken proves nothing");
            assert_eq!(rolls.settle(&roll_id(), now()).unwrap(), Settled { open: 2, ..Settled::default() });
            let change = portal.taken.lock().unwrap()[0].clone();
            assert_eq!((change.row_key.as_str(), change.after.value("payment_status")), ("101", Some("HOLD")));
            department.execute(
                "UPDATE pension_beneficiary SET payment_status = 'HOLD', status_reason = 'DEATH_REGISTERED', \
                 status_since = '2026-11-21' WHERE person_no = 'P-1'",
            );
            let done = vec![carried(&order.decision, "P-1"); 2];
            assert_eq!(rolls.settle(&roll_id(), now()).unwrap(), Settled { done, ..Settled::default() });
            let applied = rolls.hold(&order, now()).unwrap();
            assert_eq!(outcomes(&applied), [("101", RowOutcome::Held), ("103", RowOutcome::Held)]);
            department.execute(
                "UPDATE pension_beneficiary SET payment_status = 'ACTIVE', status_reason = NULL, status_since = NULL \
                 WHERE person_no = 'P-1'",
            );
        }
    }
}

#[test]
fn a_removal_that_nobody_asks_for_any_more_is_carried_out_by_nobody() {
    let department = Department::sqlite();
    let rolls = apart(&department, "journal = \"apart\"");
    let order = hold("P-1");
    rolls.hold(&order, now()).unwrap();
    department.execute(
        "CREATE TRIGGER closed BEFORE UPDATE ON pension_beneficiary WHEN NEW.payment_status = 'REMOVED' \
         BEGIN SELECT RAISE(ABORT, 'closed'); END",
    );
    let (warrant, removal) = (warrant(&rolls, &roll_id(), "P-1", now()), removal(&roll_id(), "P-1"));
    assert!(rolls.remove(&warrant, &removal, now()).is_err(), "the intents stand");
    department.execute("DROP TRIGGER closed");
    let statuses = || department.rows(ROLL).iter().map(|row| row[1].clone().unwrap()).collect::<Vec<_>>();
    let held = statuses();
    assert_eq!(rolls.settle(&roll_id(), now()).unwrap(), Settled { open: 2, ..Settled::default() });
    rolls.hold(&hold("P-2"), now()).unwrap();
    assert_eq!(statuses()[0], held[0], "orders for others carry it out neither");
    let applied = rolls.release(&release(&order), now()).unwrap();
    assert_eq!(
        outcomes(&applied),
        [("101", RowOutcome::Released), ("103", RowOutcome::Released)],
        "and it bars nothing"
    );
    assert_eq!(rolls.settle(&roll_id(), now()).unwrap().open, 2, "nobody asks for it, and nobody carries it out");
    assert_eq!(statuses()[0], "ACTIVE");
    let applied = rolls.remove(&warrant, &removal, now()).unwrap();
    assert_eq!(outcomes(&applied), [("101", RowOutcome::Removed), ("103", RowOutcome::Removed)], "ordered again");
    assert_eq!(rolls.remove(&warrant, &removal, now()).unwrap(), applied, "and done once");
    assert_eq!(rolls.settle(&roll_id(), now()).unwrap().open, 0);
    assert_eq!(rolls.verify(&roll_id(), None).unwrap(), []);
}

#[test]
fn a_change_that_a_system_was_told_and_has_not_made_is_no_change_by_others() {
    for department in departments() {
        let rolls = apart(&department, "write = \"webhook\"").with_sender(Arc::new(Portal::default()));
        assert!(rolls.scan(&roll_id(), now()).is_ok(), "stock is taken");
        let order = hold("P-1");
        rolls.hold(&order, now()).unwrap();
        let held = "UPDATE pension_beneficiary SET payment_status = 'HOLD', status_reason = 'DEATH_REGISTERED', \
                    status_since = '2026-11-21' WHERE person_no = 'P-1'";
        department.execute(held);
        assert_eq!(rolls.settle(&roll_id(), now()).unwrap().open, 0);
        let (warrant, removal) = (warrant(&rolls, &roll_id(), "P-1", now()), removal(&roll_id(), "P-1"));
        let told = rolls.remove(&warrant, &removal, now()).unwrap();
        assert_eq!(outcomes(&told), [("101", RowOutcome::Intended), ("103", RowOutcome::Intended)]);
        assert!(rolls.is_handed_over(&roll_id(), warrant.decision()).unwrap());
        assert_eq!(rolls.scan(&roll_id(), now()).unwrap(), [], "the rows are as they were");
        let lifted = rolls.release(&release(&order), now()).unwrap();
        assert_eq!(
            outcomes(&lifted),
            [("101", RowOutcome::Intended), ("103", RowOutcome::Intended)],
            "nothing bars it"
        );
        department.execute("UPDATE pension_beneficiary SET status_reason = 'COURT' WHERE ppo_no = 101");
        let found = rolls.scan(&roll_id(), now()).unwrap();
        assert_eq!(found.len(), 1, "what others did is found all the same: {found:?}");
    }
}

#[test]
fn a_removal_that_is_asked_for_again_is_carried_out() {
    let department = Department::sqlite();
    let rolls = apart(&department, "journal = \"apart\"");
    department.execute(
        "CREATE TRIGGER closed BEFORE UPDATE ON pension_beneficiary WHEN NEW.payment_status = 'REMOVED' \
         BEGIN SELECT RAISE(ABORT, 'closed'); END",
    );
    let (warrant, removal) = (warrant(&rolls, &roll_id(), "P-1", now()), removal(&roll_id(), "P-1"));
    assert!(rolls.remove(&warrant, &removal, now()).is_err());
    department.execute("DROP TRIGGER closed");
    let applied = rolls.remove(&warrant, &removal, now()).unwrap();
    assert_eq!(outcomes(&applied), [("101", RowOutcome::Removed), ("103", RowOutcome::Removed)]);
}

const AS_HELD: &str = "UPDATE pension_beneficiary SET payment_status = 'HOLD', status_reason = 'DEATH_REGISTERED', \
                       status_since = '2026-11-21' WHERE person_no = 'P-1'";

#[test]
fn what_another_decision_told_the_system_to_do_comes_first() {
    for department in departments() {
        let rolls = apart(&department, "write = \"webhook\"").with_sender(Arc::new(Portal::default()));
        let before = department.rows(ROLL);
        let order = hold("P-1");
        rolls.hold(&order, now()).unwrap();
        let (lifted, seq) = (release(&order), rolls.journal_head(&roll_id()).unwrap().unwrap().seq);
        let waits = [("101", RowOutcome::Intended), ("103", RowOutcome::Intended)];
        assert_eq!(outcomes(&rolls.release(&lifted, now()).unwrap()), waits, "the hold is still on its way");
        assert_eq!(
            rolls.journal_head(&roll_id()).unwrap().unwrap().seq,
            seq,
            "nothing is planned by a row that changes"
        );
        let another = hold("P-1");
        assert_eq!(outcomes(&rolls.hold(&another, now()).unwrap()), waits, "neither is a hold beside it");
        // The system does what it was told first, and then hears of the rest.
        department.execute(AS_HELD);
        assert_eq!(rolls.settle(&roll_id(), now()).unwrap().open, 0);
        assert_eq!(outcomes(&rolls.release(&lifted, now()).unwrap()), waits, "it is told now");
        department.execute(
            "UPDATE pension_beneficiary SET payment_status = 'ACTIVE', status_reason = NULL, status_since = NULL \
             WHERE ppo_no = 101; UPDATE pension_beneficiary SET payment_status = 'ACTIVE', status_reason = 'RENEWED', \
             status_since = '2025-04-01' WHERE ppo_no = 103",
        );
        assert_eq!(rolls.settle(&roll_id(), now()).unwrap().open, 0);
        let done = [("101", RowOutcome::Released), ("103", RowOutcome::Released)];
        assert_eq!(outcomes(&rolls.release(&lifted, now()).unwrap()), done);
        assert_eq!(department.rows(ROLL), before);
    }
}

#[test]
fn a_new_row_that_the_system_was_told_to_make_is_ordered_by_no_other_decision() {
    let department = Department::sqlite();
    let rolls = apart(&department, "write = \"webhook\"").with_sender(Arc::new(Portal::default()));
    rolls.enrol(&enrolment("P-7"), now()).unwrap();
    let seq = rolls.journal_head(&roll_id()).unwrap().unwrap().seq;
    let applied = rolls.enrol(&enrolment("P-7"), now()).unwrap();
    assert_eq!(outcomes(&applied), [("104", RowOutcome::Intended)]);
    assert_eq!(rolls.journal_head(&roll_id()).unwrap().unwrap().seq, seq, "one row is intended for her");
    let other = rolls.enrol(&enrolment("P-8"), now()).unwrap();
    assert_eq!(outcomes(&other), [("105", RowOutcome::Intended)], "others get theirs, by a number of their own");
}

#[test]
fn an_order_that_two_give_at_once_is_intended_once() {
    for department in departments() {
        let rolls = apart(&department, "journal = \"apart\"");
        for round in 0..20 {
            let order = enrolment(&format!("N-{round}"));
            let seq = rolls.journal_head(&roll_id()).unwrap().map_or(0, |head| head.seq);
            let both: Vec<Applied> = std::thread::scope(|scope| {
                let orders: Vec<_> =
                    (0..2).map(|_| scope.spawn(|| rolls.clone().enrol(&order, now()).unwrap())).collect();
                orders.into_iter().map(|one| one.join().unwrap()).collect()
            });
            // Who comes while the other is at it hears that it is on its way.
            let of = |wanted| both.iter().filter(|applied| applied.rows[0].outcome == wanted).count();
            let (enrolled, intended) = (of(RowOutcome::Enrolled), of(RowOutcome::Intended));
            assert!(enrolled >= 1 && enrolled + intended == 2, "{both:?}");
            let head = rolls.journal_head(&roll_id()).unwrap().unwrap();
            assert_eq!(head.seq, seq + 2, "one intent and its end");
        }
        assert_eq!(department.rows(ROLL).len(), 3 + 20);
    }
}

#[test]
fn a_change_that_cannot_be_made_keeps_nobody_else_waiting() {
    let department = Department::sqlite();
    let rolls = apart(&department, "journal = \"apart\"");
    department.execute(
        "CREATE TRIGGER never BEFORE INSERT ON pension_beneficiary WHEN NEW.person_no = 'P-7' \
         BEGIN SELECT RAISE(ABORT, 'never'); END",
    );
    let order = enrolment("P-7");
    assert!(rolls.enrol(&order, now()).is_err());
    let open = Settled { open: 1, failed: 1, done: Vec::new() };
    assert_eq!(rolls.settle(&roll_id(), now()).unwrap(), open, "it is said, and no failure of the roll");
    assert_eq!(outcomes(&rolls.hold(&hold("P-1"), now()).unwrap())[0].1, RowOutcome::Held);
    department.execute("DROP TRIGGER never");
    assert_eq!(rolls.settle(&roll_id(), now()).unwrap().open, 0);
    assert_eq!(outcomes(&rolls.enrol(&order, now()).unwrap()), [("104", RowOutcome::Enrolled)]);
}

#[test]
fn what_the_system_did_is_told_before_it_is_written_down() {
    let department = Department::sqlite();
    let rolls = apart(&department, "write = \"webhook\"").with_sender(Arc::new(Portal::default()));
    let order = hold("P-1");
    rolls.hold(&order, now()).unwrap();
    assert_eq!(rolls.found(&roll_id()).unwrap(), []);
    department.execute(AS_HELD);
    let both = vec![carried(&order.decision, "P-1"); 2];
    assert_eq!(rolls.found(&roll_id()).unwrap(), both);
    // An order for somebody else writes nothing of it down.
    rolls.hold(&hold("P-2"), now()).unwrap();
    assert_eq!(rolls.found(&roll_id()).unwrap(), both, "as long as nobody was told");
    assert_eq!(rolls.settle(&roll_id(), now()).unwrap().done, both);
    assert_eq!(rolls.found(&roll_id()).unwrap(), []);
}

#[test]
fn a_row_that_is_gone_is_not_removed_by_us() {
    let department = Department::sqlite();
    let rolls = apart(&department, "write = \"webhook\"").with_sender(Arc::new(Portal::default()));
    let (warrant, removal) = (warrant(&rolls, &roll_id(), "P-1", now()), removal(&roll_id(), "P-1"));
    rolls.remove(&warrant, &removal, now()).unwrap();
    department.execute("DELETE FROM pension_beneficiary WHERE ppo_no = 101");
    assert_eq!(rolls.settle(&roll_id(), now()).unwrap().open, 1);
    let applied = rolls.remove(&warrant, &removal, now()).unwrap();
    assert_eq!(outcomes(&applied), [("101", RowOutcome::NotApplied), ("103", RowOutcome::Intended)]);
}

#[test]
fn a_removal_that_was_taken_back_claims_no_other_ones_row() {
    let department = Department::sqlite();
    let rolls = apart(&department, "journal = \"apart\"");
    department
        .execute("CREATE TRIGGER closed BEFORE UPDATE ON pension_beneficiary BEGIN SELECT RAISE(ABORT, 'closed'); END");
    let removal = removal(&roll_id(), "P-1");
    let [first, second] = [(); 2].map(|()| warrant(&rolls, &roll_id(), "P-1", now()));
    assert!(rolls.remove(&first, &removal, now()).is_err(), "it stays intended");
    department.execute("DROP TRIGGER closed");
    let applied = rolls.remove(&second, &removal, now()).unwrap();
    assert_eq!(outcomes(&applied), [("101", RowOutcome::Removed), ("103", RowOutcome::Removed)]);
    assert_eq!(rolls.settle(&roll_id(), now()).unwrap().open, 0, "the first is given up");
    let standing = rolls.standing(&roll_id(), &"P-1".parse().unwrap()).unwrap();
    assert!(standing.rows.iter().all(|row| row.removed_by.as_ref() == Some(second.decision())), "{standing:?}");
}

#[test]
fn of_two_removals_that_a_system_was_told_the_later_one_is_the_one_that_it_made() {
    let department = Department::sqlite();
    let rolls = apart(&department, "write = \"webhook\"").with_sender(Arc::new(Portal::default()));
    let removal = removal(&roll_id(), "P-1");
    let [first, second] = [(); 2].map(|()| warrant(&rolls, &roll_id(), "P-1", now()));
    // The first was taken back; its intent stays, for the system may make it late.
    rolls.remove(&first, &removal, now()).unwrap();
    rolls.remove(&second, &removal, now()).unwrap();
    for change in ["ppo_no = 101", "ppo_no = 103"] {
        department.execute(&format!(
            "UPDATE pension_beneficiary SET payment_status = 'REMOVED', status_reason = 'DEATH_REGISTERED', \
             status_since = '2026-11-21' WHERE {change}"
        ));
    }
    assert_eq!(rolls.settle(&roll_id(), now()).unwrap().open, 0);
    let standing = rolls.standing(&roll_id(), &"P-1".parse().unwrap()).unwrap();
    assert!(standing.rows.iter().all(|row| row.removed_by.as_ref() == Some(second.decision())), "{standing:?}");
}

#[test]
fn a_row_that_cannot_be_read_keeps_nobody_else_waiting() {
    let department = Department::sqlite();
    let rolls = apart(&department, "write = \"webhook\"").with_sender(Arc::new(Portal::default()));
    rolls.enrol(&enrolment("P-7"), now()).unwrap();
    let order = hold("P-1");
    rolls.hold(&order, now()).unwrap();
    department.execute(AS_HELD);
    // The department's system made a row without a status.
    department.execute(
        "CREATE TABLE other AS SELECT * FROM pension_beneficiary; DROP TABLE pension_beneficiary; \
         ALTER TABLE other RENAME TO pension_beneficiary; \
         INSERT INTO pension_beneficiary VALUES (104, 'P-7', 'Phulo', '1966-11-21', 387, NULL, NULL, NULL, 500)",
    );
    let done = vec![carried(&order.decision, "P-1"); 2];
    assert_eq!(rolls.found(&roll_id()).unwrap(), done);
    assert_eq!(rolls.settle(&roll_id(), now()).unwrap(), Settled { open: 1, failed: 1, done });
}
