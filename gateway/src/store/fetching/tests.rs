//! On both engines: one asks, the budget holds, and what was decided meanwhile stays.

use protocol::seal::random;
use schemas::time::Timestamp;
use service_kit_testing::DatabaseWorld;

use super::*;
use crate::{consents::testing::keys, store::MIGRATIONS};

fn on_both(check: impl Fn(&mut AnyConnection, &Keys) -> Result<(), DecisionStoreError>) {
    for world in [DatabaseWorld::sqlite(&MIGRATIONS), DatabaseWorld::postgres(&MIGRATIONS)] {
        world.database.write_blocking(|conn| check(conn, &keys())).unwrap();
    }
}

fn wanted(keys: &Keys, name: &str) -> (Person, FactWanted) {
    let subject = keys.subject_mac.sector_subject(name);
    let wanted = FactWanted {
        path: "household.bpl".parse().unwrap(),
        dataset: "food.household".parse().unwrap(),
        field: "bpl".parse().unwrap(),
        basis: FactBasis::Law("nfsa-2013-s12".parse().unwrap()),
        scheme: "CG-IGNOAPS".parse().unwrap(),
        title: BTreeMap::new(),
        subject,
    };
    (Person::of_subject(keys, &wanted.subject), wanted)
}

fn due(conn: &mut AnyConnection, keys: &Keys, now_ms: i64) -> Vec<FactAsk> {
    asks_due(conn, keys, now_ms, 10).unwrap()
}

const DAY: &str = "2026-11-21";

#[tokio::test(flavor = "multi_thread")]
async fn of_two_that_read_a_row_one_claims_it_and_a_lost_claim_writes_nothing() {
    tokio::task::block_in_place(|| {
        on_both(|conn, keys| {
            let (person, wanted) = wanted(keys, "asha");
            ask_want(conn, keys, (&person, &wanted), 1_000)?;
            ask_want(conn, keys, (&person, &wanted), 1_000)?;
            let ask = due(conn, keys, 1_000).remove(0);
            let id = random::message_id(Timestamp::from_seconds(0));
            let day = DAY.parse().unwrap();
            let claim = |conn: &mut AnyConnection| ask_claim(conn, (&ask, Some(&id)), (1_000, 61_000), (day, 5));
            let Claim::Ours(turn) = claim(conn)? else { panic!("nobody has it") };
            assert_eq!(claim(conn)?, Claim::Theirs);
            assert!(due(conn, keys, 60_999).is_empty());
            let again = due(conn, keys, 61_000).remove(0);
            assert_eq!((again.question.as_ref(), again.turn), (Some(&id), turn));
            let end = AskEnd {
                state: AskState::Due,
                question: None,
                request: None,
                consent: None,
                reason: Some("PEER_UNAVAILABLE"),
                tries: 1,
                next_ms: 90_000,
            };
            assert!(!ask_end(conn, &ask, &end)?, "read before it was claimed");
            assert!(ask_end(conn, &again, &end)?);
            assert!(due(conn, keys, 89_999).is_empty());
            let later = due(conn, keys, 90_000).remove(0);
            assert_eq!((later.question, later.reason.as_deref(), later.tries), (None, Some("PEER_UNAVAILABLE"), 1));
            assert_eq!(asks_unanswered(conn, keys, 10)?.len(), 1);
            Ok(())
        });
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_is_exact_and_a_question_that_goes_on_costs_nothing() {
    tokio::task::block_in_place(|| {
        on_both(|conn, keys| {
            for name in ["asha", "budhni", "chandni"] {
                let (person, wanted) = wanted(keys, name);
                ask_want(conn, keys, (&person, &wanted), 1_000)?;
            }
            let day = DAY.parse().unwrap();
            let mut claims = Vec::new();
            for ask in due(conn, keys, 1_000) {
                let id = random::message_id(Timestamp::from_seconds(0));
                claims.push(ask_claim(conn, (&ask, Some(&id)), (1_000, 2_000), (day, 2))?);
            }
            let spent = claims.iter().filter(|claim| **claim == Claim::Spent).count();
            assert_eq!((claims.len(), spent), (3, 1));
            let open = due(conn, keys, 2_000).into_iter().find(|ask| ask.question.is_some()).unwrap();
            let id = random::message_id(Timestamp::from_seconds(0));
            let goes_on = ask_claim(conn, (&open, Some(&id)), (2_000, 3_000), (day, 2))?;
            assert!(matches!(goes_on, Claim::Ours(_)), "{goes_on:?}");
            let none = due(conn, keys, 2_000).into_iter().find(|ask| ask.question.is_none()).unwrap();
            assert_eq!(ask_claim(conn, (&none, Some(&id)), (2_000, 3_000), (day, 0))?, Claim::Spent);
            Ok(())
        });
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_needs_rests_and_what_is_needed_again_is_due() {
    tokio::task::block_in_place(|| {
        on_both(|conn, keys| {
            let (person, wanted) = wanted(keys, "asha");
            ask_want(conn, keys, (&person, &wanted), 1_000)?;
            ask_rest(conn, (&person, &wanted.path), 1_000)?;
            assert_eq!(asks_of(conn, keys, &person)?[0].state, AskState::Idle);
            assert!(due(conn, keys, i64::MAX).is_empty());
            ask_want(conn, keys, (&person, &wanted), 9_000)?;
            let ask = due(conn, keys, 1_000).remove(0);
            let (day, id) = (DAY.parse().unwrap(), random::message_id(Timestamp::from_seconds(0)));
            ask_claim(conn, (&ask, Some(&id)), (1_000, 2_000), (day, 5))?;
            ask_rest(conn, (&person, &wanted.path), 1_999)?;
            assert_eq!(due(conn, keys, 2_000).len(), 1, "what is being asked ends as it does");
            let holder = Person::of_subject(keys, &keys.subject_mac.sector_subject("a key"));
            assert!(!is_proven(conn, (&person, &holder))?);
            for _ in 0..2 {
                proven_insert(conn, (&person, &holder), 1)?;
            }
            assert!(is_proven(conn, (&person, &holder))? && !is_proven(conn, (&holder, &person))?);
            Ok(())
        });
    });
}
