//! Nobody leaves a roll without the warrant of a delivered notice; who left wrongly comes back as if never gone.

use super::{super::*, warrant::*, *};
use crate::{catalogue::Engine, statement::Statement, testing::connection};

const DAY: i64 = 86_400;

fn restoration(of: &MessageId) -> Restoration {
    Restoration {
        roll: roll_id(),
        subject: "P-1".parse().unwrap(),
        removal: of.clone(),
        decision: random::message_id(now()),
        event: None,
        reason: "DEATH_ANNULLED".to_owned(),
        actor: "officer:8".to_owned(),
        paid: BTreeSet::new(),
    }
}

#[test]
fn a_warrant_takes_its_person_off_once_and_the_journal_names_decision_and_notice() {
    for department in departments() {
        let rolls = whole(&department);
        rolls.hold(&hold("P-1"), now()).unwrap();
        let warrant = warrant(&rolls, &roll_id(), "P-1", now());
        let applied = rolls.remove(&warrant, &removal(&roll_id(), "P-1"), now()).unwrap();
        assert_eq!(outcomes(&applied), [("101", RowOutcome::Removed), ("103", RowOutcome::Removed)]);
        assert_eq!(department.rows(ROLL)[0][1].as_deref(), Some("REMOVED"));
        let again = rolls.remove(&warrant, &removal(&roll_id(), "P-1"), now().plus(60)).unwrap();
        assert_eq!(again, applied, "asked again, it is the same removal");
        let entry = journal::of_decision(&mut connection(&department.owner), &roll_id(), warrant.decision()).unwrap();
        assert_eq!((entry[0].record, entry[0].notice), (Some(warrant.record()), Some(warrant.notice())));
        assert_eq!(rolls.verify(&roll_id(), None).unwrap(), []);
        let standing = rolls.standing(&roll_id(), &"P-1".parse().unwrap()).unwrap();
        assert!(!standing.is_enrolled());
        assert_eq!(standing.rows[0].removed_by.as_ref(), Some(warrant.decision()));
        let ended = rolls.remove(&self::warrant(&rolls, &roll_id(), "P-2", now()), &removal(&roll_id(), "P-2"), now());
        assert_eq!(outcomes(&ended.unwrap()), [("102", RowOutcome::NotActive)], "who left by herself is left alone");
    }
}

#[test]
fn a_warrant_for_one_person_or_roll_does_not_remove_another() {
    for department in departments() {
        let rolls = whole(&department);
        let before = department.rows(ROLL);
        let theirs = warrant(&rolls, &roll_id(), "P-2", now());
        let refused = rolls.remove(&theirs, &removal(&roll_id(), "P-1"), now());
        assert!(matches!(refused, Err(RollError::WarrantElsewhere(_))));
        let unknown = rolls.remove(&theirs, &removal(&"social.other".parse().unwrap(), "P-2"), now());
        assert!(matches!(unknown, Err(RollError::RollUnknown(_))));
        assert_eq!(department.rows(ROLL), before);
    }
}

#[test]
fn a_roll_without_a_word_for_removed_removes_nobody() {
    let department = Department::sqlite();
    let rolls = rolls(&department);
    let warrant = warrant(&rolls, &roll_id(), "P-1", now());
    let refused = rolls.remove(&warrant, &removal(&roll_id(), "P-1"), now());
    assert!(matches!(refused, Err(RollError::NotMapped { what: "removed", .. })));
}

#[test]
fn plain_sql_with_the_writers_role_takes_nobody_off() {
    let department = Department::postgres();
    let rolls = whole(&department);
    let removed = "UPDATE pension_beneficiary SET payment_status = 'REMOVED' WHERE ppo_no = 101";
    let refused = Statement::new(removed).execute(&mut connection(&department.writer)).unwrap_err();
    assert!(refused.to_string().contains("without a decision and a delivered notice"), "{refused}");
    // With a journal row of its own making the transaction passes; the digest of the row gives it away.
    let mut writer = connection(&department.writer);
    for sql in [
        "BEGIN",
        "INSERT INTO vinimay_journal.entry (roll, seq, at, row_key, decision, action, outcome, reason, actor, before_digest, \
         after_digest, before_state, after_state, prev_hash, hash, record, notice) VALUES ('social.pension', 1, \
         '2026-11-21T08:00:00Z', '101', '01936b1e-5b2f-7c3d-8e4f-012345678901', 'remove', 'removed', 'X', 'me', 'x', 'x', \
         'ACTIVE', 'REMOVED', 'x', 'x', 'x', 'x')",
        removed,
        "COMMIT",
    ] {
        Statement::new(sql).execute(&mut writer).unwrap();
    }
    assert_eq!(rolls.verify(&roll_id(), None).unwrap(), [Finding::Edited { seq: 1 }]);
    // The department's own clerks are not hindered.
    department.execute("UPDATE pension_beneficiary SET payment_status = 'REMOVED' WHERE ppo_no = 103");
}

#[test]
fn on_sqlite_a_removal_by_plain_sql_is_found_as_outside() {
    let department = Department::sqlite();
    let rolls = whole(&department);
    rolls.scan(&roll_id(), now()).unwrap();
    department.execute("UPDATE pension_beneficiary SET payment_status = 'REMOVED' WHERE ppo_no = 101");
    let found = rolls.note_outside(&roll_id(), now()).unwrap();
    assert_eq!(
        found.iter().map(|c| (c.row_key.as_str(), c.outcome)).collect::<Vec<_>>(),
        [("101", RowOutcome::ChangedOutside)]
    );
}

#[test]
fn who_was_removed_wrongly_is_back_as_before_the_hold_with_her_arrears_listed() {
    for department in departments() {
        let rolls = whole(&department);
        let before = department.rows(ROLL);
        rolls.hold(&hold("P-1"), now()).unwrap();
        let later = now().plus(40 * DAY); // 2026-12-31
        let warrant = warrant(&rolls, &roll_id(), "P-1", later);
        rolls.remove(&warrant, &removal(&roll_id(), "P-1"), later).unwrap();
        let order = restoration(warrant.decision());
        let applied = rolls.restore(&order, later.plus(50 * DAY)).unwrap(); // 2027-02-19
        assert_eq!(outcomes(&applied), [("101", RowOutcome::Restored), ("103", RowOutcome::Restored)]);
        assert_eq!(department.rows(ROLL), before, "as if never gone");
        let months = applied.rows[0].arrears.clone().unwrap().0;
        let listed: Vec<_> = months.iter().map(|unpaid| (unpaid.month.as_str(), unpaid.amount)).collect();
        assert_eq!(listed, [("2026-12", Some(500)), ("2027-01", Some(500)), ("2027-02", Some(500))]);
        assert_eq!(rolls.restore(&order, later.plus(60 * DAY)).unwrap(), applied);
        let twice = rolls.restore(&restoration(warrant.decision()), later.plus(60 * DAY)).unwrap();
        assert_eq!(twice.rows[0].outcome, RowOutcome::NotRemoved, "a removal is undone once");
        let held = rolls.hold(&hold("P-1"), later.plus(61 * DAY)).unwrap();
        assert_eq!(held.rows[0].outcome, RowOutcome::Held, "the old hold does not stick");
    }
}

#[test]
fn a_release_lists_the_months_that_were_not_paid() {
    for department in departments() {
        let rolls = whole(&department);
        let order = hold("P-1");
        rolls.hold(&order, now()).unwrap();
        let applied = rolls.release(&release(&order), now().plus(20 * DAY)).unwrap(); // 2026-12-11
        let months: Vec<_> = applied.rows.iter().map(|row| row.arrears.clone().unwrap().0).collect();
        assert_eq!((months[0][0].month.as_str(), months[0][0].amount), ("2026-12", Some(500)));
        assert_eq!((months[1].len(), months[1][0].amount), (1, Some(300)));
    }
}

#[test]
fn a_month_that_another_roll_paid_is_in_arrears_nowhere() {
    for department in departments() {
        let rolls = whole(&department);
        let listed = |paid: &[(&str, &str)]| {
            let order = hold("P-1");
            rolls.hold(&order, now()).unwrap(); // 2026-11-21
            let days = paid.iter().map(|(from, until)| (from.parse().unwrap(), until.parse().unwrap()));
            let paid = days.flat_map(|days| rolls.months_paid(&roll_id(), days).unwrap()).collect();
            let applied = rolls.release(&ReleaseDecision { paid, ..release(&order) }, now().plus(80 * DAY)).unwrap(); // 2027-02-09
            let months = applied.rows[0].arrears.clone().unwrap().0;
            months.into_iter().map(|unpaid| unpaid.month).collect::<Vec<_>>()
        };
        assert_eq!(listed(&[]), ["2026-12", "2027-01", "2027-02"]);
        assert_eq!(listed(&[("2026-10-01", "2026-11-20")]), ["2026-12", "2027-01", "2027-02"], "before the hold");
        assert_eq!(listed(&[("2026-11-21", "2027-01-31")]), ["2027-02"]);
        assert_eq!(listed(&[("2026-11-21", "2026-12-20"), ("2027-01-20", "2027-02-09")]), ["2027-01"], "in between");
        assert!(listed(&[("2026-11-21", "2027-02-09")]).is_empty());
    }
}

#[test]
fn what_others_did_while_the_window_ran_stops_the_removal_and_the_restoration() {
    for department in departments() {
        let rolls = whole(&department);
        rolls.hold(&hold("P-1"), now()).unwrap();
        department.execute("UPDATE pension_beneficiary SET status_reason = 'COURT' WHERE ppo_no = 101");
        let warrant = warrant(&rolls, &roll_id(), "P-1", now());
        let applied = rolls.remove(&warrant, &removal(&roll_id(), "P-1"), now()).unwrap();
        assert_eq!(outcomes(&applied), [("101", RowOutcome::ChangedOutside), ("103", RowOutcome::Removed)]);
        department.execute("UPDATE pension_beneficiary SET monthly_amount = 1 WHERE ppo_no = 103");
        let back = rolls.restore(&restoration(warrant.decision()), now()).unwrap();
        assert_eq!(outcomes(&back), [("101", RowOutcome::NotRemoved), ("103", RowOutcome::ChangedOutside)]);
        assert_eq!(department.rows(ROLL)[0][2].as_deref(), Some("COURT"));
    }
}

#[test]
fn a_writer_that_may_touch_more_than_mapped_columns_is_refused() {
    let department = Department::postgres();
    whole(&department);
    let writer = department.writer_role();
    for (grant, revoke) in [
        (
            "GRANT UPDATE (ppo_no) ON pension_beneficiary TO ROLE",
            "REVOKE UPDATE (ppo_no) ON pension_beneficiary FROM ROLE",
        ),
        ("GRANT CREATE ON SCHEMA public TO ROLE", "REVOKE CREATE ON SCHEMA public FROM ROLE"),
        ("GRANT TRUNCATE ON vinimay_journal.entry TO ROLE", "REVOKE TRUNCATE ON vinimay_journal.entry FROM ROLE"),
        ("GRANT DELETE ON vinimay_journal.guarded TO ROLE", "REVOKE DELETE ON vinimay_journal.guarded FROM ROLE"),
    ] {
        department.execute(&grant.replace("ROLE", &writer));
        let error = department.open().rolls(MacKey::from_bytes([7; 32])).unwrap_err();
        let excess = matches!(error, OpenError::Proof(crate::registry::ProofError::TooPowerful { .. }));
        assert!(excess, "{grant}: {error}");
        department.execute(&revoke.replace("ROLE", &writer));
        rolls(&department);
    }
    assert_eq!(department.engine, Engine::Postgres);
}
