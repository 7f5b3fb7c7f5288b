//! The commit under races, on both engines and by two writers on one PostgreSQL.

use std::sync::Arc;

use diesel::{RunQueryDsl, sql_query};
use protocol::consent::ConsentState;
use schemas::{consent::ConsentStatus, id::CompactJws};
use service_kit::db::Database;
use tokio::sync::Barrier;

use super::*;
use crate::{
    exchange::testing::{Scene, consent_of, count, databases, postgres_url, receipts_of},
    store::exchange::{
        ConsentChange, answers::answers_sweep, consent_find, consent_index, consent_order, issuer_index,
        receipts_of_consent_issuer, receipts_of_subject,
    },
};

/// Commits all at once and returns the answers in their order.
async fn race(journals: &[Journal], scene: &Scene, queries: Vec<PeerQuery>) -> Vec<Result<CompactJws, Rejected>> {
    let barrier = Arc::new(Barrier::new(queries.len()));
    let tasks: Vec<_> = queries
        .into_iter()
        .enumerate()
        .map(|(place, query)| {
            let (journal, barrier) = (journals[place % journals.len()].clone(), Arc::clone(&barrier));
            let decision = scene.granted(&query, scene.world.now);
            tokio::spawn(async move {
                barrier.wait().await;
                journal.commit(query, decision).await
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_hundred_queries_on_one_use_one_is_answered_and_each_has_a_receipt() {
    let scene = Scene::new();
    let url = postgres_url();
    let (one, two) = tokio::task::block_in_place(|| (Database::open(&url).unwrap(), Database::open(&url).unwrap()));
    let journals = [scene.journal(&one), scene.journal(&two)];
    for round in 1..=20 {
        let consent = scene.consent(1);
        let queries: Vec<_> = (0..200).map(|_| scene.query(&consent)).collect();
        let answers = race(&journals, &scene, queries.clone()).await;
        let codes: Vec<_> = answers.iter().map(|answer| scene.code(answer.as_ref().unwrap())).collect();
        assert_eq!(codes.iter().filter(|code| code.is_none()).count(), 1, "round {round}");
        assert_eq!(codes.iter().filter(|code| **code == Some(Code::ConsentUsedUp)).count(), 199, "round {round}");
        assert_eq!(count(&one, "receipt"), 200 * round);
        assert_eq!(count(&one, "outbox"), 200 * round, "each receipt waits for the log once");

        let winner = codes.iter().position(Option::is_none).unwrap();
        for journal in &journals {
            let again = journal.answered(&queries[winner], scene.world.now).await.unwrap();
            assert_eq!(again.as_ref(), answers[winner].as_ref().ok(), "the winner's bytes get the same answer");
        }
        assert_eq!(count(&one, "receipt"), 200 * round, "a repeat writes nothing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_bytes_at_once_get_one_answer_and_other_bytes_none() {
    for database in databases() {
        let (scene, database) = (Scene::new(), &database.database);
        let journals = [scene.journal(database), scene.journal(database)];
        let consent = scene.consent(4);
        let query = scene.query(&consent);
        let answers = race(&journals, &scene, vec![query.clone(); 20]).await;
        let first = answers[0].as_ref().unwrap();
        assert_eq!(scene.code(first), None);
        assert!(answers.iter().all(|answer| answer.as_ref() == Ok(first)), "everybody gets the winner's answer");
        assert_eq!((count(database, "receipt"), count(database, "exchange_claim")), (1, 1));

        let mut other = query.claims().clone();
        other.case = Some("another".parse().unwrap());
        let other = scene.accepted(&other);
        let looked_up = journals[0].answered(&other, scene.world.now).await;
        assert_eq!(looked_up.unwrap_err().code(), Code::Replayed);
        let committed = journals[1].commit(other.clone(), scene.granted(&other, scene.world.now)).await;
        assert_eq!(committed.unwrap_err().code(), Code::Replayed, "decided by the index, not by the look-up");
        assert_eq!(count(database, "receipt"), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_race_of_different_bytes_under_one_id_has_one_winner() {
    for database in databases() {
        let (scene, database) = (Scene::new(), &database.database);
        let journals = [scene.journal(database), scene.journal(database)];
        let consent = scene.consent(50);
        let base = scene.world.query(&consent);
        let queries = (0..20).map(|case| {
            let mut query = base.clone();
            query.case = Some(format!("case-{case}").parse().unwrap());
            scene.accepted(&query)
        });
        let answers = race(&journals, &scene, queries.collect()).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
        assert!(answers.iter().flat_map(|a| a.as_ref().err()).all(|rejected| rejected.code() == Code::Replayed));
        let index = index(&scene, &consent);
        let row = database.read(move |conn| Ok::<_, DatabaseError>(consent_find(conn, &index)?)).await.unwrap();
        assert_eq!(row.unwrap().state.uses, 1, "the losers count no use");
    }
}

fn index(scene: &Scene, consent: &protocol_testing::SignedConsent) -> crate::store::exchange::ConsentIndex {
    let verified = protocol::credential::vc::verify(&consent.jws, &scene.world.authority.entity).unwrap();
    consent_index(&scene.keys, verified.issuer(), verified.id())
}

async fn order(
    database: &Database,
    index: crate::store::exchange::ConsentIndex,
    n: u32,
    change: ConsentChange,
) -> crate::store::exchange::OrderEffect {
    let ordered = database.write(move |conn| Ok::<_, DatabaseError>(consent_order(conn, &index, n, change)?));
    ordered.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_between_decision_and_commit_stops_the_answer_and_its_repeat() {
    for database in databases() {
        let (scene, database) = (Scene::new(), &database.database);
        let (journal, now) = (scene.journal(database), scene.world.now);
        let consent = scene.consent(10);
        let before = scene.query(&consent);
        let answered = journal.commit(before.clone(), scene.granted(&before, now)).await.unwrap();
        assert_eq!(scene.code(&answered), None);
        let orders = [
            (1, ConsentChange::Pause, Some(Code::ConsentPaused), Err(Code::ConsentPaused)),
            (2, ConsentChange::Resume, None, Ok(())),
            (3, ConsentChange::Shorten(now.plus(-5)), Some(Code::ConsentExpired), Err(Code::ConsentExpired)),
            (4, ConsentChange::Revoke, Some(Code::ConsentRevoked), Err(Code::ConsentRevoked)),
        ];
        for (n, change, refusal, repeat) in orders {
            let query = scene.query(&consent);
            let decision = scene.granted(&query, now);
            assert!(order(database, index(&scene, &consent), n, change).await.applied, "{change:?}");
            let answer = journal.commit(query, decision).await.unwrap();
            assert_eq!(scene.code(&answer), refusal, "{change:?}");
            let repeated = journal.answered(&before, now).await;
            assert_eq!(repeated.map(drop).map_err(Rejected::code), repeat, "{change:?}: data leaves no second time");
        }
        let late = order(database, index(&scene, &consent), 5, ConsentChange::Resume).await;
        assert_eq!(
            (late.applied, late.state.status),
            (false, ConsentStatus::Revoked),
            "a revoked consent stays revoked"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_counts_before_the_first_query_and_only_in_the_order_of_its_number() {
    for database in databases() {
        let (scene, database) = (Scene::new(), &database.database);
        let consent = scene.consent(1);
        let index = || index(&scene, &consent);
        let first = order(database, index(), 7, ConsentChange::Pause).await;
        assert!(first.applied);
        for older in [6, 7] {
            let effect = order(database, index(), older, ConsentChange::Resume).await;
            assert_eq!((effect.applied, effect.state.status), (false, ConsentStatus::Paused), "n = {older}");
        }
        let query = scene.query(&consent);
        let answer =
            scene.journal(database).commit(query.clone(), scene.granted(&query, scene.world.now)).await.unwrap();
        assert_eq!(scene.code(&answer), Some(Code::ConsentPaused));
        let shortened = order(database, index(), 8, ConsentChange::Shorten(scene.world.now.plus(60))).await;
        let longer = order(database, index(), 9, ConsentChange::Shorten(scene.world.now.plus(600))).await;
        assert_eq!(longer.state.until, shortened.state.until, "an end is never moved out");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_answer_is_given_for_ten_minutes_and_then_the_query_is_a_replay() {
    for database in databases() {
        let (scene, database) = (Scene::new(), &database.database);
        let (journal, now) = (scene.journal(database), scene.world.now);
        let query = scene.query(&scene.consent(1));
        let answer = journal.commit(query.clone(), scene.granted(&query, now)).await.unwrap();
        assert_eq!(journal.answered(&query, now.plus(599)).await, Ok(Some(answer)), "even when stale");
        assert_eq!(journal.answered(&query, now.plus(600)).await.unwrap_err().code(), Code::Replayed);
        let swept = |at: Timestamp| {
            database.write(move |conn| Ok::<_, DatabaseError>(answers_sweep(conn, milliseconds(at), 100)?))
        };
        assert_eq!(swept(now.plus(599)).await.unwrap(), 0);
        assert_eq!(swept(now.plus(600)).await.unwrap(), 1);
        assert_eq!(journal.answered(&query, now).await.unwrap_err().code(), Code::Replayed, "forgotten");
        let again = journal.commit(query.clone(), scene.granted(&query, now)).await;
        assert_eq!(again.unwrap_err().code(), Code::Replayed, "(iss, jti) counts once for ever");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_answer_leaves_no_second_time_once_the_consent_ends_by_its_own_terms() {
    for database in databases() {
        let (scene, database) = (Scene::new(), &database.database);
        let (journal, now) = (scene.journal(database), scene.world.now);
        let query = scene.query(&scene.consent(1));
        let mut decision = scene.granted(&query, now);
        decision.trail.consent_until = Some(now.plus(60));
        let answer = journal.commit(query.clone(), decision).await.unwrap();
        assert_eq!(journal.answered(&query, now.plus(59)).await, Ok(Some(answer)));
        let ended = journal.answered(&query, now.plus(60)).await;
        assert_eq!(ended.unwrap_err().code(), Code::ConsentExpired, "as a new query would be refused");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_row_spoils_no_other() {
    for database in databases() {
        let (scene, world) = (Scene::new(), &database);
        let database = &world.database;
        let journal = scene.journal(database);
        let queries: Vec<_> = (0..10).map(|_| scene.query(&scene.consent(1))).collect();
        // A receipt without a claim stands in the way of one of them: a damaged row that no code path writes.
        let bad = queries[3].claims();
        tokio::task::block_in_place(|| {
            let mut conn = database.lend_writer().unwrap();
            let blob = if database.is_shared() { "'\\x00'::bytea" } else { "x'00'" };
            sql_query(format!(
                "INSERT INTO receipt (jti, role, peer, exchange, digest, jws, issued_at) \
                 VALUES ('bad', 'provider', '{}', '{}', {blob}, 'a.b.c', 0)",
                bad.iss, bad.jti
            ))
            .execute(&mut **conn)
            .unwrap();
        });
        let answers = race(&[journal], &scene, queries).await;
        for (place, answer) in answers.iter().enumerate() {
            match place {
                3 => assert_eq!(answer.as_ref().unwrap_err().code(), Code::Overloaded),
                _ => assert_eq!(scene.code(answer.as_ref().unwrap()), None),
            }
        }
        assert_eq!(count(database, "exchange_claim"), 9, "the bad one is rolled back whole");
        assert_eq!(count(database, "consent_state"), 9);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_receipted_counts_no_use_and_repeats() {
    for database in databases() {
        let (scene, database) = (Scene::new(), &database.database);
        let (journal, now) = (scene.journal(database), scene.world.now);
        let consent = scene.consent(1);
        let query = scene.query(&consent);
        let refused = journal.commit(query.clone(), scene.refused(Code::ConsentScopeExceeded, now)).await.unwrap();
        assert_eq!(scene.code(&refused), Some(Code::ConsentScopeExceeded));
        assert_eq!(journal.answered(&query, now).await, Ok(Some(refused)));
        assert_eq!((count(database, "receipt"), count(database, "consent_state")), (1, 0));
        let good = scene.query(&consent);
        let answer = journal.commit(good.clone(), scene.granted(&good, now)).await.unwrap();
        assert_eq!(scene.code(&answer), None, "the use is still there");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_are_found_by_person_issuer_and_exchange_and_cannot_be_changed() {
    for database in databases() {
        let (scene, database) = (Scene::new(), &database.database);
        let (journal, now) = (scene.journal(database), scene.world.now);
        let query = scene.query(&scene.consent(1));
        let decision = scene.granted(&query, now);
        let subject =
            crate::store::links::subject_index(&scene.keys, decision.trail.evidence.subject.as_ref().unwrap());
        let issuer = issuer_index(&scene.keys, decision.trail.issuer.as_ref().unwrap());
        let answer = journal.commit(query.clone(), decision).await.unwrap();
        let (answer, receipt) = scene.read(&answer);
        assert!(consent_of(&receipt).is_some());
        let (exchange, jti) = (query.claims().jti.clone(), receipt.jti.clone());
        let found = database.read(move |conn| {
            let by_person = receipts_of_subject(conn, &subject, now, 10)?;
            let by_issuer = receipts_of_consent_issuer(conn, &issuer, now, 10)?;
            assert_eq!(by_person, by_issuer);
            assert_eq!(by_person.len(), 1);
            assert_eq!(receipts_of_subject(conn, "nobody", now, 10)?, Vec::new());
            Ok::<_, DatabaseError>(by_person)
        });
        let history = found.await.unwrap();
        assert_eq!((&history[0].jws, history[0].log_index), (&answer.receipt, None));
        for id in [exchange, jti] {
            assert_eq!(receipts_of(database, &id).await, Some((answer.receipt.clone(), None)));
        }
        for change in [
            "UPDATE receipt SET peer = 'x'",
            "DELETE FROM receipt",
            "UPDATE exchange_claim SET peer = 'x'",
            "DELETE FROM exchange_claim",
            "UPDATE consent_state SET uses = 0",
            "DELETE FROM consent_state",
        ] {
            let changed = database.write(move |conn| Ok::<_, DatabaseError>(sql_query(change).execute(conn)?)).await;
            assert!(changed.is_err(), "{change}");
        }
    }
}

#[test]
fn a_use_is_taken_only_from_what_holds() {
    use protocol::consent::{UseClaim, Window, WindowUse};
    let now = Timestamp::from_seconds(1_795_248_100);
    let window = |index, uses| Window { index, start: now.plus(-1), end: now.plus(1), uses };
    let claim = |max_uses, window| UseClaim {
        issuer: "did:jwk:e30".parse().unwrap(),
        consent: "urn:uuid:01936b1e-5b2f-7c3d-8e4f-0123456789ab".parse().unwrap(),
        max_uses,
        window,
        live: None,
    };
    let fresh = ConsentState::fresh();
    let used =
        |uses, index, in_window| ConsentState { uses, window: Some(WindowUse { index, uses: in_window }), ..fresh };
    let table: [(&str, ConsentState, UseClaim, Result<ConsentState, Code>); 12] = [
        ("the first use", fresh, claim(1, None), Ok(ConsentState { uses: 1, ..fresh })),
        ("the last is gone", ConsentState { uses: 1, ..fresh }, claim(1, None), Err(Code::ConsentUsedUp)),
        ("no use was allowed", fresh, claim(0, None), Err(Code::ConsentUsedUp)),
        ("the first of a window", fresh, claim(9, Some(window(0, 2))), Ok(used(1, 0, 1))),
        ("the second of a window", used(1, 0, 1), claim(9, Some(window(0, 2))), Ok(used(2, 0, 2))),
        ("a full window", used(2, 0, 2), claim(9, Some(window(0, 2))), Err(Code::ConsentUsedUp)),
        ("the next window", used(2, 0, 2), claim(9, Some(window(1, 2))), Ok(used(3, 1, 1))),
        ("a window long after", used(2, 0, 2), claim(9, Some(window(7, 2))), Ok(used(3, 7, 1))),
        ("a clock that stepped back", used(2, 7, 1), claim(9, Some(window(6, 2))), Err(Code::ConsentUsedUp)),
        ("a window of none", fresh, claim(9, Some(window(0, 0))), Err(Code::ConsentUsedUp)),
        ("all in all", used(4, 1, 1), claim(4, Some(window(2, 2))), Err(Code::ConsentUsedUp)),
        ("ended this second", ConsentState { until: Some(now), ..fresh }, claim(1, None), Err(Code::ConsentExpired)),
    ];
    for (why, state, claim, expected) in table {
        assert_eq!(uses::used_once_more(state, &claim, now), expected, "{why}");
    }
}
