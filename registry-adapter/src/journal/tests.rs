//! Whoever edits, removes or shortens the journal is found out.

use std::thread;

use super::*;
use crate::testing::{Department, connection, departments};

fn roll() -> RollId {
    "social.pension".parse().unwrap()
}

fn entry(row: &str, n: u8) -> Entry {
    let digest = RowDigest([n; 32]);
    Entry {
        roll: roll(),
        seq: 0,
        at: Timestamp::from_seconds(1_795_248_100),
        row_key: row.parse().unwrap(),
        decision: Some(format!("01936b1e-5b2f-7c3d-8e4f-0123456789{n:02x}").parse().unwrap()),
        action: Action::Hold,
        outcome: RowOutcome::Held,
        reason: "DEATH_REGISTERED".to_owned(),
        actor: "rule:1".to_owned(),
        event: Some(Digest::of([n])),
        effective: Some("2026-11-18".parse().unwrap()),
        hold: None,
        before: digest,
        after: digest,
        before_state: "ACTIVE".to_owned(),
        after_state: "HOLD".to_owned(),
        before_reason: None,
        before_since: Some("2020-01-31".to_owned()),
        prev_hash: Digest::of(b""),
        hash: Digest::of(b""),
        before_row: None,
        after_row: None,
        record: None,
        notice: None,
        intent: None,
        arrears: None,
    }
}

/// Five entries, written as the owner.
fn journal(department: &Department) -> Vec<Entry> {
    let mut conn = connection(&department.owner);
    (1..=5).map(|n| append(&mut conn, entry("101", n)).unwrap()).collect()
}

fn findings(department: &Department, anchored: Option<JournalHead>) -> Vec<Finding> {
    verify(&mut connection(&department.owner), &roll(), anchored).unwrap()
}

/// What an owner of the database does who wants something gone: the guards are dropped first.
fn tamper(department: &Department, sql: &str) {
    department.execute(match department.engine {
        Engine::Sqlite => "DROP TRIGGER vinimay_journal_no_update; DROP TRIGGER vinimay_journal_no_delete",
        Engine::Postgres => "DROP TRIGGER insert_only ON vinimay_journal.entry",
    });
    department.execute(&sql.replace("JOURNAL", table(department.engine)));
}

#[test]
fn entries_read_back_as_written_and_are_numbered_and_linked() {
    for department in departments() {
        let written = journal(&department);
        let mut conn = connection(&department.owner);
        assert_eq!(of_row(&mut conn, &roll(), &"101".parse().unwrap()).unwrap(), written);
        assert_eq!(
            of_decision(&mut conn, &roll(), written[2].decision.as_ref().unwrap()).unwrap(),
            [written[2].clone()]
        );
        assert_eq!(written[0].prev_hash, beginning(&roll()));
        assert!(written.windows(2).all(|pair| pair[1].prev_hash == pair[0].hash && pair[1].seq == pair[0].seq + 1));
        let last = JournalHead { seq: 5, hash: written[4].hash };
        assert_eq!(head(&mut conn, &roll()).unwrap(), Some(last));
        assert_eq!(findings(&department, Some(last)), []);
    }
}

#[test]
fn the_hash_is_over_sorted_members_and_the_hash_before() {
    let entry = Entry { seq: 1, prev_hash: beginning(&roll()), ..entry("101", 1) };
    let json = format!(
        "{{\"action\":\"hold\",\"actor\":\"rule:1\",\"after_digest\":\"{0}\",\"after_state\":\"HOLD\",\
         \"at\":\"2026-11-21T08:01:40Z\",\"before_digest\":\"{0}\",\"before_reason\":null,\
         \"before_since\":\"2020-01-31\",\"before_state\":\"ACTIVE\",\
         \"decision\":\"01936b1e-5b2f-7c3d-8e4f-012345678901\",\"effective\":\"2026-11-18\",\"event\":\"{1}\",\
         \"hold\":null,\"outcome\":\"held\",\"prev_hash\":\"{2}\",\"reason\":\"DEATH_REGISTERED\",\"roll\":\
         \"social.pension\",\"row_key\":\"101\",\"seq\":\"1\"}}",
        RowDigest([1; 32]),
        Digest::of([1]),
        beginning(&roll())
    );
    assert_eq!(entry.computed_hash(), Digest::of(json));
}

#[test]
fn the_journal_refuses_update_and_delete_for_its_owner_too() {
    for department in departments() {
        journal(&department);
        for write in ["UPDATE ", "DELETE FROM "] {
            let statement = Statement::new(write).sql(table(department.engine));
            let statement = if write == "UPDATE " { statement.sql(" SET reason = ''") } else { statement };
            let error = statement.execute(&mut connection(&department.owner)).unwrap_err();
            assert!(error.to_string().contains("insert-only"), "{error}");
        }
        assert_eq!(findings(&department, None), []);
    }
}

#[test]
fn each_kind_of_tampering_is_named() {
    let cases: [(&str, &[Finding]); 6] = [
        ("UPDATE JOURNAL SET reason = 'OTHER' WHERE seq = 3", &[Finding::Edited { seq: 3 }]),
        ("UPDATE JOURNAL SET row_key = '102' WHERE seq = 1", &[Finding::Edited { seq: 1 }]),
        ("UPDATE JOURNAL SET action = 'remove' WHERE seq = 2", &[Finding::Edited { seq: 2 }]),
        ("DELETE FROM JOURNAL WHERE seq IN (2, 3)", &[Finding::Missing { from: 2, to: 3 }]),
        ("DELETE FROM JOURNAL WHERE seq = 1", &[Finding::Missing { from: 1, to: 1 }]),
        ("DELETE FROM JOURNAL WHERE seq > 3", &[Finding::HeadDisagrees { anchored: 5 }]),
    ];
    for (sql, expected) in cases {
        for department in departments() {
            let last = journal(&department).pop().unwrap();
            tamper(&department, sql);
            let anchored = JournalHead { seq: 5, hash: last.hash };
            assert_eq!(findings(&department, Some(anchored)), expected, "{sql}");
        }
    }
}

#[test]
fn an_entry_made_anew_with_a_good_hash_does_not_link() {
    let department = Department::sqlite();
    let written = journal(&department);
    let forged = Entry { reason: "FORGED".to_owned(), ..written[1].clone() };
    let hash = forged.computed_hash();
    tamper(&department, &format!("UPDATE JOURNAL SET reason = 'FORGED', hash = '{hash}' WHERE seq = 2"));
    assert_eq!(findings(&department, None), [Finding::Unlinked { seq: 3 }]);
}

#[test]
fn writers_at_the_same_time_leave_one_chain_without_gaps() {
    let department = Department::postgres();
    thread::scope(|scope| {
        for side in 0..4_u8 {
            let owner = &department.owner;
            scope.spawn(move || {
                let mut conn = connection(owner);
                for n in 0..10 {
                    let done: Result<(), JournalError> = crate::connection::transaction(&mut conn, |conn| {
                        lock(conn, &roll())?;
                        append(conn, entry("101", side * 10 + n)).map(|_| ())
                    });
                    done.unwrap();
                }
            });
        }
    });
    assert_eq!(findings(&department, None), []);
    assert_eq!(head(&mut connection(&department.owner), &roll()).unwrap().unwrap().seq, 40);
}

#[test]
fn an_edit_of_any_column_is_found() {
    for column in COLUMNS {
        let department = Department::sqlite();
        journal(&department);
        tamper(&department, &format!("UPDATE JOURNAL SET {column} = coalesce({column}, '') || '0' WHERE seq = 3"));
        let found = findings(&department, None);
        assert!(found.contains(&Finding::Edited { seq: 3 }), "{column}: {found:?}");
    }
}

#[test]
fn an_edit_of_the_number_or_the_roll_is_found() {
    for (sql, expected) in [
        (
            "UPDATE JOURNAL SET seq = 9 WHERE seq = 5",
            vec![Finding::Missing { from: 5, to: 8 }, Finding::Edited { seq: 9 }],
        ),
        ("UPDATE JOURNAL SET roll = 'social.other' WHERE seq = 2", vec![Finding::Missing { from: 2, to: 2 }]),
    ] {
        for department in departments() {
            journal(&department);
            tamper(&department, sql);
            assert_eq!(findings(&department, None), expected, "{sql}");
        }
    }
}
