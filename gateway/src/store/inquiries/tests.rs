use protocol::seal::{envelope::KeyRing, keyed_hash::MacKey};
use schemas::{answer::Record, time::Timestamp};
use service_kit::db::{Database, DatabaseError};
use service_kit_testing::DatabaseWorld;

use super::*;
use crate::{
    exchange::testing::databases,
    store::exchange::{ConsentChange, asks::ask_find, consent_index, consent_order},
};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

fn keys() -> Keys {
    let world = protocol_testing::World::new();
    Keys {
        columns: KeyRing::generate(),
        index: MacKey::generate(),
        ..crate::exchange::testing::keys(&world.consumer, world.now)
    }
}

fn id(n: u8) -> MessageId {
    format!("01936b1e-5b2f-7c3d-8e4f-0123456789{n:02x}").parse().unwrap()
}

fn key(n: u8) -> AskKey {
    AskKey::new("portal".parse().unwrap(), id(n))
}

fn new(keys: &Keys, n: u8, kind: Kind, parts: u32) -> NewInquiry {
    let about = |place| part_about_seal(keys, &id(n), place, &format!("number {place}")).unwrap();
    NewInquiry {
        id: id(n),
        key: key(100 + n),
        kind,
        department: "https://social.gov.example".parse().unwrap(),
        request: Digest::of(format!("request {n}")),
        officer: Some("officer-1".parse().unwrap()),
        about: inquiry_about_seal(keys, &id(n), &"about").unwrap(),
        parts: (0..parts).map(about).collect(),
        made_ms: 1_000,
    }
}

fn write<T: Send + 'static>(database: &Database, work: impl FnOnce(&mut AnyConnection) -> QueryResult<T> + Send) -> T {
    tokio::task::block_in_place(|| database.write_blocking(|conn| Ok::<_, DatabaseError>(work(conn)?))).unwrap()
}

fn end(place: u32, outcome: Outcome, ended: bool) -> PartEnd {
    PartEnd {
        place,
        outcome,
        ended,
        code: None,
        exchange: Some(id(50)),
        receipt: None,
        counterpart: None,
        at: Timestamp::from_seconds(2),
        value: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_names_one_inquiry_or_one_question_for_ever() {
    for DatabaseWorld { database, .. } in databases() {
        let keys = keys();
        let first = new(&keys, 1, Kind::Parts, 2);
        let there = write(&database, |conn| inquiry_insert(conn, &first));
        let Written::There(inquiry) = &there else { panic!("it is new") };
        assert_eq!((inquiry.kind, inquiry.parts, inquiry.state), (Kind::Parts, 2, State::Ended));
        assert_eq!(inquiry_about_open::<String>(&keys, &inquiry.id, inquiry.about.as_ref().unwrap()).unwrap(), "about");

        let again = NewInquiry { id: id(2), ..first.clone() };
        assert_eq!(write(&database, |conn| inquiry_insert(conn, &again)), there, "the same request finds the first");
        let other = NewInquiry { request: Digest::of("another"), ..again };
        assert_eq!(write(&database, |conn| inquiry_insert(conn, &other)), Written::Conflict);
        assert_eq!(write(&database, |conn| inquiry_find(conn, &id(2))), None, "nothing was written of it");
        let asked = write(&database, |conn| ask_find(conn, &key(101))).unwrap();
        assert_eq!(
            (asked.exchange, asked.open, asked.end),
            (id(1), None, None),
            "a single question under the key conflicts"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_is_final_and_a_part_without_one_is_found() {
    for DatabaseWorld { database, .. } in databases() {
        let keys = keys();
        write(&database, |conn| inquiry_insert(conn, &new(&keys, 1, Kind::Batch, 600)));
        let ends = [end(0, Outcome::Answered, true), end(1, Outcome::Unavailable, false)];
        write(&database, |conn| parts_write(conn, &id(1), &ends));
        write(&database, |conn| parts_write(conn, &id(1), &[end(0, Outcome::Refused, true)]));
        let (page, open, ended) = write(&database, |conn| {
            Ok((parts_page(conn, &id(1), 0, 3)?, parts_open(conn, &id(1), 0, 2)?, parts_ended(conn, &id(1))?))
        });
        let outcomes: Vec<_> = page.iter().map(|part| (part.place, part.outcome, part.ended)).collect();
        let expected = [(0, Some(Outcome::Answered), true), (1, Some(Outcome::Unavailable), false), (2, None, false)];
        assert_eq!((outcomes.as_slice(), ended), (expected.as_slice(), 1));
        assert_eq!(open.iter().map(|part| part.place).collect::<Vec<_>>(), [1, 2]);
        let about = page[2].about.as_ref().unwrap();
        assert_eq!(part_about_open::<String>(&keys, &id(1), 2, about).unwrap(), "number 2");
        assert!(part_about_open::<String>(&keys, &id(1), 1, about).is_err(), "it opens in its own row alone");
        let forced = tokio::task::block_in_place(|| {
            database.write_blocking(|conn| {
                let statement =
                    Statement::new("UPDATE inquiry_part SET outcome = 'refused' WHERE place = ").bind(0_i64);
                Ok::<_, DatabaseError>(statement.execute(conn)?)
            })
        });
        assert!(forced.is_err(), "the table itself keeps an end");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_at_a_time_works_on_a_batch() {
    for DatabaseWorld { database, .. } in databases() {
        let keys = keys();
        write(&database, |conn| inquiry_insert(conn, &new(&keys, 1, Kind::Batch, 3)));
        let first = write(&database, |conn| batch_claim(conn, 10, 110)).unwrap();
        assert_eq!(write(&database, |conn| batch_claim(conn, 100, 200)), None, "it is taken");
        assert!(write(&database, |conn| batch_renew(conn, &first, 150)));
        let second = write(&database, |conn| batch_claim(conn, 150, 250)).unwrap();
        assert_eq!(second.fence, first.fence + 1);
        assert!(!write(&database, |conn| batch_renew(conn, &first, 300)), "who was too slow has lost it");
        assert!(!write(&database, |conn| batch_stop(conn, &first, State::Ended, None)));
        write(&database, batches_hurry);
        assert!(write(&database, |conn| batch_claim(conn, 151, 300)).is_some(), "after a restart nobody has it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_batch_tells_everybody_who_was_left_and_goes_on_with_them() {
    for DatabaseWorld { database, .. } in databases() {
        let keys = keys();
        write(&database, |conn| inquiry_insert(conn, &new(&keys, 1, Kind::Batch, 3)));
        let claimed = write(&database, |conn| batch_claim(conn, 10, 110)).unwrap();
        write(&database, |conn| parts_write(conn, &id(1), &[end(0, Outcome::Answered, true)]));
        let left = (Code::LawQuotaExceeded, Outcome::Refused);
        assert!(write(&database, |conn| batch_stop(conn, &claimed, State::Stopped, Some(left))));
        let codes = |conn: &mut AnyConnection| {
            Ok(parts_page(conn, &id(1), 0, 9)?.into_iter().map(|part| part.code).collect::<Vec<_>>())
        };
        assert_eq!(write(&database, codes), [None, Some(left.0), Some(left.0)]);
        assert_eq!(write(&database, |conn| batch_claim(conn, 1_000, 2_000)), None, "nobody takes a stopped batch");
        assert!(write(&database, |conn| batch_resume(conn, &id(1))));
        assert!(!write(&database, |conn| batch_resume(conn, &id(1))), "it runs");
        assert_eq!(write(&database, codes), [None, None, None]);
        assert_eq!(write(&database, |conn| inquiry_find(conn, &id(1))).unwrap().state, State::Running);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn values_go_when_their_time_is_over_or_their_consent_revoked() {
    for DatabaseWorld { database, .. } in databases() {
        let keys = keys();
        let issuer = "did:jwk:eyJhIjoxfQ".parse().unwrap();
        let consent = |n: u8| consent_index(&keys, &issuer, &format!("urn:uuid:{}", id(n)).parse().unwrap());
        let record = Record { dataset: "revenue.income".parse().unwrap(), rows: Vec::new(), predicates: Vec::new() };
        let kept = |place: u32, until: i64| PartEnd {
            value: Some(PartValue {
                record: part_value_seal(&keys, &id(1), place, &record).unwrap(),
                until: Timestamp::from_seconds(until),
                consent: consent(u8::try_from(place).unwrap()),
            }),
            ..end(place, Outcome::Answered, true)
        };
        write(&database, |conn| inquiry_insert(conn, &new(&keys, 1, Kind::Case, 3)));
        write(&database, |conn| parts_write(conn, &id(1), &[kept(0, 100), kept(1, 900), kept(2, 900)]));
        let revoked = consent(1);
        write(&database, |conn| consent_order(conn, &revoked, 1, ConsentChange::Revoke));
        assert_eq!(write(&database, |conn| values_forget(conn, 100_000, 10)), 2);
        let values = write(&database, |conn| parts_page(conn, &id(1), 0, 9));
        let there: Vec<bool> = values.iter().map(|part| part.value.is_some()).collect();
        assert_eq!(there, [false, false, true]);
        let value = values[2].value.as_ref().unwrap();
        assert_eq!(part_value_open(&keys, &id(1), 2, value).unwrap(), record);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_speaks_of_people_is_forgotten_and_outcomes_stay() {
    for DatabaseWorld { database, .. } in databases() {
        let keys = keys();
        for (n, kind) in [(1, Kind::Batch), (2, Kind::Batch), (3, Kind::Parts)] {
            write(&database, |conn| inquiry_insert(conn, &new(&keys, n, kind, 2)));
        }
        let claimed = write(&database, |conn| batch_claim(conn, 0, 10)).unwrap();
        write(&database, |conn| batch_stop(conn, &claimed, State::Ended, None));
        assert_eq!(write(&database, |conn| inquiries_forget(conn, DAY_MS, 10)), 0, "not within a day");
        assert_eq!(write(&database, |conn| inquiries_forget(conn, 2 * DAY_MS, 10)), 1, "the batch that has ended");
        assert_eq!(write(&database, |conn| inquiries_forget(conn, 8 * DAY_MS, 10)), 2, "everything after a week");
        assert_eq!(write(&database, |conn| inquiries_forget(conn, 9 * DAY_MS, 10)), 0);
        for n in 1..=3 {
            let parts = write(&database, |conn| parts_page(conn, &id(n), 0, 9));
            assert!(parts.len() == 2 && parts.iter().all(|part| part.about.is_none()));
            assert_eq!(write(&database, |conn| inquiry_find(conn, &id(n))).unwrap().about, None);
        }
        assert_eq!(write(&database, |conn| batch_claim(conn, 99, 100)), None, "nobody goes on with what is forgotten");
    }
}
