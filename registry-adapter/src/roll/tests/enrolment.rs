//! Entering people, changing what they draw, and reading how they stand.

use std::collections::BTreeMap;

use schemas::answer::FieldValue;

use super::{super::*, rolls as rolls_of, *};
use crate::mapping::RollStatus;

const WHOLE: &str = "SELECT CAST(ppo_no AS TEXT), person_no, applicant_name, dob, CAST(district_lgd AS TEXT), payment_status, \
     status_reason, CAST(status_since AS TEXT), CAST(monthly_amount AS TEXT) FROM pension_beneficiary ORDER BY ppo_no";

pub(super) fn enrolment(subject: &str) -> Enrolment {
    let text = |text: &str| FieldValue::Text(text.to_owned());
    Enrolment {
        roll: roll_id(),
        subject: Some(subject.parse().unwrap()),
        decision: random::message_id(now()),
        event: Some(Digest::of(b"the event")),
        reason: "AGE_ATTAINED".to_owned(),
        effective: "2026-11-21".parse().unwrap(),
        until: None,
        amount: Some(500),
        facts: BTreeMap::from([
            ("person.name".parse().unwrap(), text("Phulo O'Netam")),
            ("person.birth_date".parse().unwrap(), text("1966-11-21")),
        ]),
        actor: "scheme:CG-IGNOAPS@3".to_owned(),
    }
}

pub(super) fn amendment(subject: &str, amount: u32) -> Amendment {
    Amendment {
        roll: roll_id(),
        subject: subject.parse().unwrap(),
        decision: random::message_id(now()),
        event: None,
        reason: "SLAB_CHANGED".to_owned(),
        effective: "2026-12-01".parse().unwrap(),
        until: None,
        amount: Some(amount),
        facts: BTreeMap::new(),
        actor: "scheme:CG-IGNOAPS@3".to_owned(),
    }
}

#[test]
fn an_enrolment_makes_one_row_with_the_next_number_however_often_it_is_asked_for() {
    for department in departments() {
        let rolls = whole(&department);
        let order = enrolment("P-7");
        let applied = rolls.enrol(&order, now()).unwrap();
        assert_eq!(outcomes(&applied), [("104", RowOutcome::Enrolled)]);
        assert_eq!(rolls.enrol(&order, now().plus(9)).unwrap(), applied);
        let row = ["104", "P-7", "Phulo O'Netam", "1966-11-21", "387", "ACTIVE", "AGE_ATTAINED", "2026-11-21", "500"];
        assert_eq!(department.rows(WHOLE)[3], row.map(|text| Some(text.to_owned())).to_vec());
        assert_eq!(department.rows(WHOLE).len(), 4);
        assert_eq!(rolls.verify(&roll_id(), None).unwrap(), []);
        let other = rolls.enrol(&enrolment("P-7"), now()).unwrap();
        assert_eq!(outcomes(&other), [("104", RowOutcome::AlreadyEnrolled)], "one person, one row");
        assert_eq!(outcomes(&rolls.enrol(&enrolment("P-2"), now()).unwrap()), [("105", RowOutcome::Enrolled)]);
    }
}

#[test]
fn a_fact_that_is_not_known_or_a_person_who_is_not_named_stops_the_enrolment() {
    let department = Department::sqlite();
    let rolls = whole(&department);
    let mut order = enrolment("P-7");
    order.facts.remove(&"person.birth_date".parse().unwrap());
    assert!(matches!(rolls.enrol(&order, now()), Err(RollError::FactMissing { .. })));
    let nobody = Enrolment { subject: None, ..enrolment("P-7") };
    assert!(matches!(rolls.enrol(&nobody, now()), Err(RollError::NobodyNamed)));
    department.write_mapping(crate::testing::MAPPING);
    let plain = rolls_of(&department);
    assert!(matches!(plain.enrol(&enrolment("P-7"), now()), Err(RollError::NotMapped { .. })));
    assert_eq!(department.rows(WHOLE).len(), 3);
}

#[test]
fn rows_are_numbered_as_the_department_numbers_them() {
    for department in departments() {
        department.execute(
            "CREATE TABLE cards (card TEXT PRIMARY KEY NOT NULL, member TEXT NOT NULL, state TEXT NOT NULL, kind TEXT NOT NULL);
             INSERT INTO cards VALUES ('RC-0007', 'M-1', 'LIVE', 'A'), ('RC-OLD', 'M-2', 'LIVE', 'A'), ('X', 'M-3', 'LIVE', 'B')",
        );
        for (number, expected) in [
            ("number = \"prefixed\"\nprefix = \"RC-\"\ndigits = \"4\"", "RC-0008"),
            ("number = \"subject\"", "M-9"),
            ("number = \"uuid\"", ""),
        ] {
            let roll = format!(
                "{}\n[[roll]]\nid = \"food.card\"\ntable = \"cards\"\nkey = \"card\"\nsubject_key = \"member\"\nstatus = \"state\"\n\
                 active = \"LIVE\"\nheld = \"HELD\"\n[roll.only]\nkind = \"A\"\n[roll.enrol]\n{number}\n",
                crate::testing::MAPPING
            );
            department.write_mapping(&roll);
            department.install();
            let rolls = rolls_of(&department);
            let card: RollId = "food.card".parse().unwrap();
            let subject = Some("M-9".parse().unwrap());
            let order = Enrolment { roll: card.clone(), subject, facts: BTreeMap::new(), ..enrolment("M-9") };
            let applied = rolls.enrol(&order, now()).unwrap();
            let made = applied.rows[0].row_key.as_str();
            assert!(made == expected || (expected.is_empty() && made.len() == 36), "{number}: {made}");
            department.execute(&format!("DELETE FROM cards WHERE card = '{made}'"));
            assert_eq!(rolls.beneficiaries(&card, None).unwrap().len(), 2, "rows of another kind are another roll's");
            assert_eq!(rolls.headcount(&card).unwrap(), 2);
            rolls.note_outside(&card, now()).unwrap();
        }
    }
}

#[test]
fn an_amendment_changes_what_the_decision_names_and_nothing_else() {
    for department in departments() {
        let rolls = whole(&department);
        let mut order = amendment("P-1", 650);
        order.facts.insert("person.name".parse().unwrap(), FieldValue::Text("Sushila Sahu".to_owned()));
        let applied = rolls.amend(&order, now()).unwrap();
        assert_eq!(outcomes(&applied), [("101", RowOutcome::Amended), ("103", RowOutcome::Amended)]);
        assert_eq!(department.rows(WHOLE)[0][8].as_deref(), Some("650"));
        assert_eq!(department.rows(WHOLE)[0][5..8], [Some("ACTIVE".to_owned()), None, None]);
        let again = rolls.amend(&amendment("P-1", 650), now()).unwrap();
        assert_eq!(outcomes(&again), [("101", RowOutcome::Unchanged), ("103", RowOutcome::Unchanged)]);
        assert_eq!(outcomes(&rolls.amend(&amendment("P-2", 650), now()).unwrap()), [("102", RowOutcome::NotActive)]);
    }
}

#[test]
fn standing_tells_rows_words_and_which_decision_of_ours_holds() {
    for department in departments() {
        let rolls = whole(&department);
        let order = hold("P-1");
        rolls.hold(&order, now()).unwrap();
        let standing = rolls.standing(&roll_id(), &"P-1".parse().unwrap()).unwrap();
        assert!(standing.is_enrolled() && !standing.is_active());
        let row = &standing.rows[0];
        assert_eq!((row.status, row.word.as_str(), row.amount), (RollStatus::Held, "HOLD", Some(500)));
        assert_eq!(row.held_by.as_ref(), Some(&order.decision));
        assert_eq!(row.since.unwrap().to_string(), "2026-11-21");
        let left = rolls.standing(&roll_id(), &"P-2".parse().unwrap()).unwrap();
        assert_eq!((left.rows[0].status, left.is_enrolled()), (RollStatus::Other, false));
        assert_eq!(rolls.standing(&roll_id(), &"P-9".parse().unwrap()).unwrap(), Standing::default());
    }
}

#[test]
fn the_roster_streams_every_row_with_its_facts_through_the_reader() {
    for department in departments() {
        whole(&department);
        let roster = department.open().roster(&roll_id()).unwrap();
        let mut rows = Vec::new();
        roster
            .each(|row| -> Result<(), RollError> {
                rows.push(row);
                Ok(())
            })
            .unwrap();
        assert_eq!((roster.len().unwrap(), rows.len()), (3, 3));
        assert!(!roster.is_empty().unwrap());
        assert_eq!(rows[0].row_key.as_str(), "101");
        assert_eq!(rows[0].facts[&"person.birth_date".parse().unwrap()], FieldValue::Text("1964-02-29".to_owned()));
        assert_eq!(
            rows.iter().map(|row| row.status).collect::<Vec<_>>(),
            [RollStatus::Active, RollStatus::Other, RollStatus::Active]
        );
        assert_eq!(rows[2].amount, Some(300));
        assert!(department.open().roster(&"social.other".parse().unwrap()).is_none());
    }
}
