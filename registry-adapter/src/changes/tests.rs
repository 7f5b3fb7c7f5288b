//! A death in the register's table is noticed with it, once, until it was taken.

use schemas::event::EventPayload;

use super::*;
use crate::testing::{Department, MAPPING, departments};

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
            let EventPayload::DeathRegistered(death) = content.draft.payload(&[], None).unwrap() else { panic!() };
            assert_eq!(
                (death.registration_number.as_str(), death.death_date.to_string().as_str()),
                ("D-1", "2026-11-18")
            );
            assert_eq!((death.r#match.score, content.supersedes.as_deref(), content.repeats), (100, None, false));
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

/// A register of marriages, moves, households, corrections and signs of life beside that of deaths, which can be annulled.
const MORE_TABLES: &str = "
    ALTER TABLE deaths ADD COLUMN cancelled_on TEXT; ALTER TABLE deaths ADD COLUMN cancel_reason TEXT;
    CREATE TABLE marriages (reg_no TEXT PRIMARY KEY NOT NULL, husband TEXT, wife TEXT, married_on TEXT NOT NULL, ended_on TEXT,
        how TEXT);
    CREATE TABLE moves (id INTEGER PRIMARY KEY, resident_no TEXT, moved_on TEXT NOT NULL, from_lgd INTEGER, to_lgd INTEGER,
        how TEXT NOT NULL, back_again TEXT);
    CREATE TABLE attendance (id INTEGER PRIMARY KEY, resident_no TEXT, seen_on TEXT NOT NULL, how TEXT NOT NULL);
    CREATE VIEW attendance_in_our_words AS SELECT id, resident_no, seen_on,
        CASE how WHEN 'AEPS' THEN 'payment_in_person' ELSE 'officer' END AS kind FROM attendance;
";

const MORE: &str = r#"
[[change]]
event = "in.vinimay.death.annulled.v1"
table = "deaths"
key = "registration_number"
subject = "resident_no"
effective = "cancelled_on"
on = "update"
watch = ["cancelled_on"]
when = { cancelled_on = "*" }
supersedes = "registration_number"
[change.payload]
registration_number = "registration_number"
reason = "cancel_reason"

[[change]]
event = "in.vinimay.marriage.registered.v1"
table = "marriages"
key = "reg_no"
subject = "husband"
effective = "married_on"
ended = "ended_on"
related = { spouse = "wife" }
[change.payload]
registration_number = "reg_no"

[[change]]
event = "in.vinimay.marriage.ended.v1"
table = "marriages"
key = "reg_no"
subject = "husband"
effective = "ended_on"
on = "update"
watch = ["ended_on"]
when = { ended_on = "*" }
related = { spouse = "wife" }
[change.payload]
registration_number = "reg_no"
reason = "how"

[[change]]
event = "in.vinimay.residence.moved.v1"
table = "moves"
key = "id"
subject = "resident_no"
effective = "moved_on"
on = "both"
watch = ["to_lgd"]
[change.payload]
"from.district" = "from_lgd"
"to.district" = "to_lgd"
kind = "how"
temporary = "back_again"

[[change]]
event = "in.vinimay.presence.confirmed.v1"
table = "attendance"
key = "id"
subject = "resident_no"
effective = "seen_on"
read = "attendance_in_our_words"
[change.payload]
kind = "kind"

[[change]]
event = "in.vinimay.age.revised.v1"
table = "residents"
key = "resident_no"
subject = "resident_no"
effective = "date_of_birth"
on = "both"
watch = ["date_of_birth", "dob_precision"]
"#;

/// Both engines, with the wider register.
fn registers() -> [Department; 2] {
    let departments = departments();
    for department in &departments {
        department.execute(MORE_TABLES);
        department.write_mapping(&MAPPING.replace("\n[identity]", &format!("{MORE}\n[identity]")));
        department.install();
    }
    departments
}

/// What is pending now: type and payload, taken off.
fn taken(feed: &ChangeFeed) -> Vec<(EventKind, Result<EventPayload, ChangeUnreadable>)> {
    let pending = feed.pending(100).unwrap();
    feed.mark_done(&pending.iter().map(|change| change.position).collect::<Vec<_>>()).unwrap();
    let payload = |content: Content| content.draft.payload(&[], None).unwrap();
    pending.into_iter().map(|c| (EventKind::of(&c.event).unwrap(), c.content.map(payload))).collect()
}

#[test]
fn an_annulment_is_a_change_of_the_registration_and_names_it() {
    for department in registers() {
        let feed = feed(&department);
        department.execute("INSERT INTO deaths VALUES ('D-1', 'R-1', '2026-11-18', 'day', 387, NULL, NULL)");
        assert_eq!(taken(&feed).len(), 1, "registered, and not annulled");
        department.execute("UPDATE deaths SET place_lgd = 388 WHERE registration_number = 'D-1'");
        assert!(taken(&feed).is_empty(), "nobody watches the place");
        department.execute("UPDATE deaths SET cancelled_on = '2026-11-20', cancel_reason = 'NEVER_DIED'");
        let pending = feed.pending(10).unwrap();
        assert_eq!(pending[0].content.as_ref().unwrap().supersedes.as_deref(), Some("D-1"));
        let annulled = taken(&feed);
        assert!(
            matches!(&annulled[..], [(EventKind::DeathAnnulled, Ok(EventPayload::DeathAnnulled(_)))]),
            "{annulled:?}"
        );
        department.execute("UPDATE deaths SET cancelled_on = '2026-11-20' WHERE registration_number = 'D-1'");
        assert!(taken(&feed).is_empty(), "the same value again");
        department.execute("UPDATE deaths SET cancelled_on = NULL WHERE registration_number = 'D-1'");
        assert_eq!(taken(&feed)[0].1, Err(ChangeUnreadable::NotMeant));
    }
}

#[test]
fn words_of_the_register_become_ours_by_a_view_and_wrong_ones_are_told() {
    for department in registers() {
        let feed = feed(&department);
        department.execute("INSERT INTO attendance VALUES (1, 'R-1', '2026-11-18', 'AEPS')");
        department.execute("INSERT INTO moves VALUES (1, 'R-1', '2026-11-18', 387, 401, 'inter_district', 'n')");
        department.execute("INSERT INTO moves VALUES (2, 'R-1', '2026-11-18', 387, 401, 'far away', NULL)");
        let taken = taken(&feed);
        assert!(matches!(&taken[0].1, Ok(EventPayload::PresenceConfirmed(_))), "{:?}", taken[0]);
        let Ok(EventPayload::ResidenceMoved(moved)) = &taken[1].1 else { panic!("{:?}", taken[1]) };
        assert_eq!(moved.to.district.as_ref().map(|code| code.as_str()), Some("401"));
        assert!(!moved.temporary && moved.from.state.is_none());
        assert_eq!(taken[2].1, Err(ChangeUnreadable::NoPayload));
    }
}

#[test]
fn a_changed_row_comes_again_and_a_corrected_birth_date_is_noticed() {
    for department in registers() {
        let feed = feed(&department);
        department.execute("INSERT INTO moves VALUES (1, 'R-1', '2026-11-18', 387, 401, 'inter_district', NULL)");
        department.execute("UPDATE moves SET to_lgd = 402 WHERE id = 1");
        assert!(feed.pending(10).unwrap().iter().all(|change| change.content.as_ref().unwrap().repeats));
        assert_eq!(taken(&feed).len(), 2);
        department.execute("UPDATE residents SET date_of_birth = '1970-11-21' WHERE resident_no = 'R-1'");
        let pending = feed.pending(10).unwrap();
        assert_eq!(pending[0].event.as_str(), schemas::event::AGE_REVISED);
        assert_eq!(pending[0].subject.as_ref().unwrap().as_str(), "R-1");
    }
}

#[test]
fn the_register_knows_which_marriages_and_deaths_stand() {
    for department in registers() {
        let feed = feed(&department);
        let key = |text: &str| text.parse::<LocalKey>().unwrap();
        department.execute("INSERT INTO marriages VALUES ('M-1', 'R-2', 'R-1', '1970-05-01', NULL, NULL)");
        department.execute("INSERT INTO marriages VALUES ('M-0', 'R-9', 'R-1', '1960-05-01', '1969-01-01', 'divorce')");
        let wife = feed.marriages_of(&key("R-1")).unwrap();
        assert_eq!(
            wife.iter().map(|m| (m.registration_number.as_str(), m.spouse.as_str())).collect::<Vec<_>>(),
            [("M-1", "R-2")]
        );
        assert_eq!(feed.marriages_of(&key("R-2")).unwrap()[0].spouse.as_str(), "R-1");
        assert!(feed.marriages_of(&key("R-3")).unwrap().is_empty());
        department.execute("INSERT INTO deaths VALUES ('D-1', 'R-2', '2026-11-18', 'day', 387, NULL, NULL)");
        let death = feed.death_of(&key("R-2")).unwrap().unwrap();
        assert_eq!((death.registration_number.as_str(), death.day.to_string().as_str()), ("D-1", "2026-11-18"));
        department.execute("UPDATE deaths SET cancelled_on = '2026-11-20', cancel_reason = 'never_died'");
        assert_eq!(feed.death_of(&key("R-2")).unwrap(), None);
    }
}
